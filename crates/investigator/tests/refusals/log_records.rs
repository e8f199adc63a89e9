//! Vectors of the log record of a mailbox: what a case handler can write, and what the reporter's
//! side shows. Each vector is accepted if the reader shows exactly the named status.

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority,
    case::event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, SignedEvent, midnight},
    directory::{Directory, LogSettings, LogWitness, SignedDirectory},
    keys::PublicKey,
    submission::{
        commitment::{FollowUpCommitment, ReportCommitment},
        frame::FrameRef,
        reply_capsule::ReplyCapsule,
    },
};
use reporter::{LogStatus, verify_log_record};
use serde_json::{Value, json};
use time::macros::date;
use transparency_log::{
    batch::{Batch, LoggedEvent},
    checkpoint::{Checkpoint, SignedCheckpoint, log_origin, member_key},
    leaf::LeafSecret,
    mailbox_record::{MailboxLogRecord, RecordedEvent, RecordedLeaf},
    merkle::node_hash,
};
use uuid::Uuid;

use super::{
    bytes,
    directories::{minimal_directory, roots},
    encode,
};

const CASE: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
const OTHER_CASE: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_8555_6666_7777_8888);
/// 2026-11-24, 12:00 UTC.
const NOON: u64 = 1_795_521_600;
/// The log has begun again once.
const EPOCH: u32 = 2;
const DAY: u64 = 86_400;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn handler() -> SigningKey {
    key(6)
}

/// Returns a directory whose keys these vectors sign with: 10 and 11 are members of a desk, 12 and
/// 13 the oversight body.
fn directory() -> Directory {
    let mut directory = minimal_directory();
    let mut second = directory.members[2].clone();
    "fofana".clone_into(&mut second.handle);
    second.recipient = protocol::keys::InvestigatorIdentity::from_seed(&[13; 32]).recipient();
    directory.members.push(second);
    for (member, seed) in directory.members.iter_mut().zip(10..) {
        member.device = PublicKey::from(&key(seed));
    }
    for desk in &mut directory.desks {
        if desk.id == directory.oversight {
            desk.members = vec!["eva".to_owned(), "fofana".to_owned()];
        }
    }
    directory.handler_key = PublicKey::from(&handler());
    directory.log = LogSettings { epoch: EPOCH, ..LogSettings::default() };
    directory
}

/// Returns the same directory with a witness, whose cosignature is required.
fn directory_with_witness() -> Directory {
    let mut directory = directory();
    let witness = LogWitness { name: WITNESS.to_owned(), key: PublicKey::from(&key(20)) };
    directory.log.witnesses.push(witness);
    directory.log.quorum.witnesses = 1;
    directory
}

/// Returns the directories of the vectors, as a browser gets them.
pub(super) fn signed_directories() -> Value {
    let signed = |directory: &Directory| {
        let [first, second, _] = roots();
        SignedDirectory::sign(directory, &[first, second]).unwrap()
    };
    json!([signed(&directory()), signed(&directory_with_witness())])
}

fn event(case: Uuid, seq: u32, actor: &str, action: Action, signer: &SigningKey) -> SignedEvent {
    let prev = (seq > 0).then(|| Hash::of(&[b"previous"]));
    let at = midnight(date!(2026 - 11 - 23));
    Event { v: EVENT_VERSION, case, seq, prev, at, actor: actor.to_owned(), action }.sign(signer)
}

fn received(case: Uuid, content: &[u8], desk: &str) -> SignedEvent {
    let commitment = report(content);
    let (desk, priority) = (desk.to_owned(), Priority::P3);
    let action = Action::Received {
        desk,
        priority,
        retention_months: 60,
        commitment,
        oversight_refused: false,
    };
    event(case, 0, HANDLER_ACTOR, action, &handler())
}

fn report(content: &[u8]) -> ReportCommitment {
    ReportCommitment {
        keys: Hash::of(&[b"keys"]),
        grants: vec![Hash::of(&[b"grant"])],
        parts: vec![Hash::of(&[content]), Hash::of(&[b"file"])],
    }
}

fn message(content: &[u8]) -> FollowUpCommitment {
    FollowUpCommitment { generation: 0, parts: vec![Hash::of(&[content])] }
}

fn followed_up(case: Uuid, seq: u32, commitment: FollowUpCommitment) -> SignedEvent {
    event(case, seq, HANDLER_ACTOR, Action::FollowedUp(commitment), &handler())
}

/// The log of the vectors: two batches of one event each at most, and dummies.
struct SampleLog {
    secret: LeafSecret,
    batches: [Batch; 2],
    events: Vec<(u64, SignedEvent)>,
}

impl SampleLog {
    /// Returns a log with these events at the leaves 5, 6, … of the first batch.
    fn new(events: &[&SignedEvent]) -> Self {
        let secret = LeafSecret::from_bytes([1; 32]);
        let events: Vec<_> = (5..).zip(events.iter().copied().cloned()).collect();
        let logged: Vec<_> = events
            .iter()
            .map(|(index, event)| LoggedEvent { index: *index, event: event.hash() })
            .collect();
        let batches =
            [Batch::build(0, &logged, &secret).unwrap(), Batch::build(1, &[], &secret).unwrap()];
        Self { secret, batches, events }
    }

    fn head(&self) -> Checkpoint {
        let root = node_hash(&self.batches[0].root(), &self.batches[1].root());
        let origin = log_origin(directory().instance, EPOCH).to_string();
        Checkpoint { origin, size: 512, root }
    }

    /// Returns a checkpoint with the cosignatures of these members.
    fn checkpoint(&self, cosigners: &[(&str, u8, u64)]) -> SignedCheckpoint {
        cosigned(SignedCheckpoint::sign(self.head(), &handler()).unwrap(), cosigners)
    }

    fn record(&self, checkpoint: &SignedCheckpoint) -> MailboxLogRecord {
        let recorded = |(index, event): &(u64, SignedEvent)| {
            let lookup = |_| Some(self.batches[1].root());
            let path = self.batches[0].prove_inclusion(*index, 2, lookup).unwrap();
            let salt = Hash(*self.secret.salt(*index).as_bytes());
            let leaf = Some(RecordedLeaf { salt, index: *index, path });
            RecordedEvent { event: event.clone(), leaf }
        };
        let events = self.events.iter().map(recorded).collect();
        MailboxLogRecord { events, checkpoint: Some(checkpoint.to_string()) }
    }
}

fn cosigned(mut checkpoint: SignedCheckpoint, by: &[(&str, u8, u64)]) -> SignedCheckpoint {
    for (handle, seed, time) in by {
        let name = member_key(directory().instance, handle, (&key(*seed)).into()).unwrap().name;
        let signature = checkpoint.cosign(name, &key(*seed), *time);
        checkpoint.add_signature(signature).unwrap();
    }
    checkpoint
}

fn capsule(newest: Option<&FollowUpCommitment>) -> ReplyCapsule {
    let report = report(b"report").digest();
    ReplyCapsule {
        case: CASE,
        generation: 0,
        case_recipient: Hash::of(&[b"C"]),
        replies_keys: vec![PublicKey::from(&key(7))],
        report,
        sent: FrameRef { seq: u32::from(newest.is_some()), hash: Hash::of(&[b"sent"]) },
        sent_digest: newest.map_or(report, FollowUpCommitment::digest),
        seen: None,
    }
}

fn vector(what: &str, record: Option<&[u8]>, capsule: &ReplyCapsule, shows: [&str; 2]) -> Value {
    let [report, message] = shows;
    let message = if message.is_empty() { Value::Null } else { json!(message) };
    json!({
        "what": what,
        "accepted": true,
        "record": record.map(encode),
        "directory": 0,
        "capsule": capsule,
        "shows": {"report": report, "newest_message": message},
    })
}

const EVA: (&str, u8, u64) = ("eva", 12, NOON);
const WITNESS: &str = "witness.example";
const NEXT_DAY: &str = "countersigned 2026-11-25";
const ON_24: &str = "countersigned 2026-11-24";

pub(super) fn log_records() -> Vec<Value> {
    [
        of_a_report(),
        of_a_message(),
        of_other_events(),
        of_checkpoints(),
        of_witnesses(),
        of_leaves(),
    ]
    .concat()
}

fn of_a_report() -> Vec<Value> {
    let own = received(CASE, b"report", "audit");
    let log = SampleLog::new(&[&own]);
    let alone = capsule(None);
    let carried = |what: &str, record: &MailboxLogRecord, status: &str| {
        vector(what, Some(&record.to_bytes()), &alone, [status, ""])
    };
    let waiting = MailboxLogRecord {
        events: vec![RecordedEvent { event: own.clone(), leaf: None }],
        checkpoint: None,
    };
    let mut forged = waiting.clone();
    forged.events[0].event.signature[0] ^= 1;
    let both = [EVA, ("fofana", 13, NOON + DAY)];
    let late = [("eva", 12, NOON + DAY), ("fofana", 13, NOON)];
    vec![
        carried("a countersigned report", &log.record(&log.checkpoint(&[EVA])), ON_24),
        carried("countersigned by two", &log.record(&log.checkpoint(&both)), ON_24),
        carried("the second is the earlier one", &log.record(&log.checkpoint(&late)), ON_24),
        carried("no cosignature yet", &log.record(&log.checkpoint(&[])), "logged"),
        carried("no leaf yet", &waiting, "waiting"),
        carried("no leaf, and no signature of the log key", &forged, "wrong"),
        vector("no record", None, &alone, ["missing", ""]),
        vector("a record that is no JSON", Some(b"{"), &alone, ["wrong", ""]),
    ]
}

fn of_a_message() -> Vec<Value> {
    let own = received(CASE, b"report", "audit");
    let newest = message(b"second");
    let follow_up = followed_up(CASE, 3, newest.clone());
    let older = followed_up(CASE, 1, message(b"first"));
    let known = capsule(Some(&newest));
    let shown = |what: &str, record: &MailboxLogRecord, shows: [&str; 2]| {
        vector(what, Some(&record.to_bytes()), &known, shows)
    };
    let log = SampleLog::new(&[&own, &follow_up]);
    let whole = log.record(&log.checkpoint(&[EVA]));
    let mut waiting = whole.clone();
    waiting.events[1].leaf = None;
    let mut without = whole.clone();
    without.events.truncate(1);
    let with_older = SampleLog::new(&[&own, &older]);
    let other = FollowUpCommitment { generation: 1, ..newest.clone() };
    let generation = SampleLog::new(&[&own, &followed_up(CASE, 3, other)]);
    vec![
        shown("a countersigned message", &whole, [ON_24, ON_24]),
        shown("a message without a leaf", &waiting, [ON_24, "waiting"]),
        shown("no event of the message", &without, [ON_24, "missing"]),
        shown(
            "an older message",
            &with_older.record(&with_older.checkpoint(&[EVA])),
            [ON_24, "missing"],
        ),
        shown(
            "the message under another generation",
            &generation.record(&generation.checkpoint(&[EVA])),
            [ON_24, "missing"],
        ),
        vector("no record, after a message", None, &known, ["missing", "missing"]),
    ]
}

fn of_other_events() -> Vec<Value> {
    let alone = capsule(None);
    let parts = FollowUpCommitment { generation: 0, parts: report(b"report").parts };
    let by_member = {
        let (desk, priority) = ("audit".to_owned(), Priority::P3);
        let commitment = report(b"report");
        let action = Action::Received {
            desk,
            priority,
            retention_months: 60,
            commitment,
            oversight_refused: false,
        };
        event(CASE, 0, "awa", action, &key(10))
    };
    [
        ("the report under the id of another case", received(OTHER_CASE, b"report", "audit")),
        ("another report under the id of the case", received(CASE, b"another", "audit")),
        ("the report of another case", received(OTHER_CASE, b"another", "audit")),
        ("the report recorded as a message", followed_up(CASE, 1, parts)),
        ("the report recorded by a member", by_member),
    ]
    .into_iter()
    .map(|(what, event)| {
        let log = SampleLog::new(&[&event]);
        let record = log.record(&log.checkpoint(&[EVA])).to_bytes();
        vector(what, Some(&record), &alone, ["missing", ""])
    })
    .collect()
}

fn of_checkpoints() -> Vec<Value> {
    let own = received(CASE, b"report", "audit");
    let log = SampleLog::new(&[&own]);
    let sound = log.checkpoint(&[EVA]);
    let by_other = SignedCheckpoint::sign(log.head(), &key(8)).unwrap();
    let of_log = |instance, epoch| {
        let origin = log_origin(instance, epoch).to_string();
        let head = Checkpoint { origin, ..log.head() };
        cosigned(SignedCheckpoint::sign(head, &handler()).unwrap(), &[EVA])
    };
    let partial = SignedCheckpoint::sign(Checkpoint { size: 511, ..log.head() }, &handler());
    let log_as_member = [("eva", 6, NOON)];
    let desk_as_member = [("eva", 10, NOON)];
    let mut changed: Vec<(&str, String, &str)> = [
        ("an unknown cosigner", log.checkpoint(&[("zida", 14, NOON)]), "logged"),
        ("an unknown cosigner beside a member", cosigned(sound.clone(), &[("zida", 14, 0)]), ON_24),
        ("the log key under a member's name", log.checkpoint(&log_as_member), "logged"),
        ("a member of a desk as cosigner", log.checkpoint(&[("awa", 10, NOON)]), "logged"),
        ("a member of a desk under another name", log.checkpoint(&desk_as_member), "logged"),
        ("a time after the year 9999", log.checkpoint(&[("eva", 12, 1 << 60)]), "wrong"),
        (
            "the last second of the year 9999",
            log.checkpoint(&[("eva", 12, 253_402_300_799)]),
            "countersigned 9999-12-31",
        ),
        ("signed by another key", cosigned(by_other, &[EVA]), "wrong"),
        ("the log of another installation", of_log(OTHER_CASE, EPOCH), "wrong"),
        ("the log before the restart", of_log(directory().instance, EPOCH - 1), "wrong"),
        ("a tree that ends within a batch", cosigned(partial.unwrap(), &[EVA]), "wrong"),
    ]
    .map(|(what, checkpoint, status)| (what, checkpoint.to_string(), status))
    .into();
    let text = sound.to_string();
    let root = text.lines().nth(2).unwrap();
    let other_root = SampleLog::new(&[]).head().to_string();
    let flipped = |line: &str| {
        // The last character of a signature line encodes bits of the last byte.
        let at = line.len() - 2;
        let other = if line.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &line[..at], &line[at + 1..])
    };
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
    let (by_log, by_member) = (line("— burkindi/log"), line("— burkindi/member"));
    changed.extend([
        ("another root", text.replace(root, other_root.lines().nth(2).unwrap()), "wrong"),
        ("a changed signature of the log", text.replace(by_log, &flipped(by_log)), "wrong"),
        ("a changed cosignature", text.replace(by_member, &flipped(by_member)), "wrong"),
        ("without the signature of the log", text.replace(&format!("{by_log}\n"), ""), "wrong"),
        ("without a signature", text.split("— ").next().unwrap().to_owned(), "wrong"),
        ("a size with a zero before it", text.replace("\n512\n", "\n0512\n"), "wrong"),
        ("an extension line", text.replace("\n\n", "\nextension\n\n"), "wrong"),
        ("a line that is no signature", format!("{text}x\n"), "wrong"),
    ]);
    changed
        .into_iter()
        .map(|(what, checkpoint, status)| {
            let record = MailboxLogRecord { checkpoint: Some(checkpoint), ..log.record(&sound) };
            vector(what, Some(&record.to_bytes()), &capsule(None), [status, ""])
        })
        .collect()
}

/// With the directory whose quorum contains a witness.
fn of_witnesses() -> Vec<Value> {
    let own = received(CASE, b"report", "audit");
    let log = SampleLog::new(&[&own]);
    let by_witness = |mut checkpoint: SignedCheckpoint, name: &str, seed: u8, time: u64| {
        let signature = checkpoint.cosign(name.parse().unwrap(), &key(seed), time);
        checkpoint.add_signature(signature).unwrap();
        checkpoint
    };
    let (alone, with_eva) = (log.checkpoint(&[]), log.checkpoint(&[EVA]));
    let later = NOON + DAY;
    [
        ("a member and a witness", by_witness(with_eva.clone(), WITNESS, 20, later), NEXT_DAY),
        ("a member without a witness", with_eva.clone(), "logged"),
        ("a witness without a member", by_witness(alone, WITNESS, 20, later), "logged"),
        ("another witness", by_witness(with_eva.clone(), "other.example", 21, later), "logged"),
        ("another key of the witness", by_witness(with_eva, WITNESS, 21, later), "logged"),
    ]
    .into_iter()
    .map(|(what, checkpoint, status)| {
        let record = log.record(&checkpoint).to_bytes();
        let mut vector = vector(what, Some(&record), &capsule(None), [status, ""]);
        vector["directory"] = json!(1);
        vector
    })
    .collect()
}

fn of_leaves() -> Vec<Value> {
    let own = received(CASE, b"report", "audit");
    let log = SampleLog::new(&[&own]);
    let sound = log.record(&log.checkpoint(&[EVA]));
    let changed = |change: &dyn Fn(&mut RecordedEvent, &mut RecordedLeaf)| {
        let mut record = sound.clone();
        let mut leaf = record.events[0].leaf.clone().unwrap();
        change(&mut record.events[0], &mut leaf);
        record.events[0].leaf = Some(leaf);
        record.to_bytes()
    };
    let text = String::from_utf8(sound.to_bytes()).unwrap();
    let without_checkpoint = MailboxLogRecord { checkpoint: None, ..sound.clone() };
    [
        ("another index", changed(&|_, leaf| leaf.index = 4)),
        ("an index outside of the tree", changed(&|_, leaf| leaf.index = 512)),
        ("another salt", changed(&|_, leaf| leaf.salt = Hash::of(&[b"salt"]))),
        ("a shorter path", changed(&|_, leaf| leaf.path.truncate(1))),
        ("a longer path", changed(&|_, leaf| leaf.path.push(Hash::default()))),
        ("two hashes of the path swapped", changed(&|_, leaf| leaf.path.swap(0, 1))),
        ("another desk", changed(&|recorded, _| recorded.event = received(CASE, b"report", "hr"))),
        ("another signature", changed(&|recorded, _| recorded.event.signature[0] ^= 1)),
        ("a path without a checkpoint", without_checkpoint.to_bytes()),
        ("an unknown field", text.replacen("{\"events\"", "{\"w\":1,\"events\"", 1).into_bytes()),
        ("a space", text.replacen("{\"events\"", "{ \"events\"", 1).into_bytes()),
        ("an index in another form", text.replacen("\"index\":5", "\"index\":5.0", 1).into_bytes()),
    ]
    .into_iter()
    .map(|(what, record)| vector(what, Some(&record), &capsule(None), ["wrong", ""]))
    .collect()
}

fn worded(status: LogStatus) -> String {
    match status {
        LogStatus::Countersigned { date } => format!("countersigned {date}"),
        LogStatus::Logged => "logged".to_owned(),
        LogStatus::Waiting => "waiting".to_owned(),
        LogStatus::Missing => "missing".to_owned(),
        LogStatus::Wrong => "wrong".to_owned(),
    }
}

pub(super) fn shows_status(vector: &Value) -> bool {
    let record = (!vector["record"].is_null()).then(|| bytes(&vector["record"]));
    let capsule = serde_json::from_value(vector["capsule"].clone()).unwrap();
    let with_witness = vector["directory"] == json!(1);
    let directory = if with_witness { directory_with_witness() } else { directory() };
    let view = verify_log_record(record.as_deref(), &capsule, &directory).unwrap();
    let shows =
        json!({"report": worded(view.report), "newest_message": view.newest_message.map(worded)});
    shows == vector["shows"]
}
