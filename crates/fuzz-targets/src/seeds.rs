//! Valid inputs, which mutations begin with: built here, or from the test vectors of the protocol.

use std::{collections::BTreeMap, sync::LazyLock};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    api::relay::encode_submission_header,
    case::{Stage, event::SignedEvent},
    directory::{Desk, Directory, LogSettings, Member, SignedDirectory},
    encoding::padding::{REPLY_STEP, pad_text},
    keys::{CaseSecret, InvestigatorIdentity, PublicKey, TransportIdentity},
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{frame::FrameRef, reply_capsule::ReplyCapsule, report_body::ReportBody},
};
use serde_json::{Value, json};
use time::macros::date;
use transparency_log::{
    checkpoint::{Checkpoint, SignedCheckpoint, log_key, log_origin, member_key},
    leaf::LeafSalt,
    mailbox_record::{MailboxLogRecord, RecordedEvent, RecordedLeaf},
    policy::LogPolicy,
    proof::LogProof,
    witness::AddCheckpoint,
};
use uuid::Uuid;

static VECTORS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../protocol/vectors.json"))
        .expect("the test vectors are JSON")
});

/// Made once, because its keys are slow to derive.
static DOCUMENT: LazyLock<Directory> = LazyLock::new(sample_directory);

/// Signed once, because signing is slow.
static DIRECTORY: LazyLock<SignedDirectory> = LazyLock::new(|| {
    SignedDirectory::sign(&DOCUMENT, &[root_key()]).expect("the sample directory is valid")
});

static LOG_POLICY: LazyLock<LogPolicy> = LazyLock::new(|| {
    LogPolicy::of_directory(&DOCUMENT).expect("the directory has an oversight body")
});

/// Returns a text from the test vectors, such as `/sealed/submission`.
fn vector_text(pointer: &str) -> String {
    VECTORS.pointer(pointer).and_then(Value::as_str).expect("a test vector").to_owned()
}

fn vector_bytes(pointer: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(vector_text(pointer)).expect("base64url")
}

fn vector_seed(pointer: &str) -> [u8; 32] {
    vector_bytes(pointer).try_into().expect("32 bytes")
}

/// Returns the key that signs directories.
pub(crate) fn root_key() -> SigningKey {
    SigningKey::from_bytes(&[4; 32])
}

/// Returns the receipt that opens the sample mailboxes.
pub(crate) fn sample_receipt() -> Receipt {
    Receipt::from_bytes([5; 16])
}

/// Returns the signed sample directory.
pub(crate) fn signed_directory() -> &'static SignedDirectory {
    &DIRECTORY
}

/// Returns the sample directory.
pub(crate) fn directory_document() -> &'static Directory {
    &DOCUMENT
}

/// Returns the policy of the sample directory.
pub(crate) fn log_policy() -> &'static LogPolicy {
    &LOG_POLICY
}

fn sample_directory() -> Directory {
    let handles = ["awa", "bila", "eva"];
    let member = |(handle, seed): (&str, u8)| Member {
        handle: handle.to_owned(),
        recipient: InvestigatorIdentity::from_seed(&[seed; 32]).recipient(),
        device: PublicKey::from(&SigningKey::from_bytes(&[seed; 32])),
        units: vec!["DR-1".to_owned()],
        languages: vec!["fr".to_owned()],
    };
    let desk = |id: &str, members: &[&str]| Desk {
        id: id.to_owned(),
        labels: BTreeMap::from([("fr".to_owned(), id.to_owned())]),
        categories: Vec::new(),
        audiences: Vec::new(),
        members: members.iter().map(ToString::to_string).collect(),
        units: Vec::new(),
    };
    Directory {
        v: 1,
        instance: Uuid::nil(),
        epoch: 1,
        previous: None,
        issued: date!(2026 - 11 - 23),
        expires: date!(2026 - 12 - 23),
        transport: vec![TransportIdentity::from_seed(&[3; 32]).recipient()],
        handler_key: PublicKey::from(&sample_log_key()),
        log: LogSettings::default(),
        members: handles.into_iter().zip(10..).map(member).collect(),
        desks: vec![desk("audit", &["awa", "bila"]), desk("external", &["eva"])],
        oversight: "external".to_owned(),
        programs: Vec::new(),
    }
}

fn sample_log_key() -> SigningKey {
    SigningKey::from_bytes(&[6; 32])
}

/// Returns the head that the sample checkpoint states.
pub(crate) fn log_head() -> Checkpoint {
    let origin = log_origin(Uuid::nil(), 1).to_string();
    Checkpoint { origin, size: 768, root: Hash([7; 32]) }
}

fn sample_capsule() -> ReplyCapsule {
    ReplyCapsule {
        case: Uuid::nil(),
        generation: 0,
        case_recipient: Hash::default(),
        replies_keys: vec![PublicKey::from(&root_key())],
        report: Hash::default(),
        sent: FrameRef { seq: 0, hash: Hash::default() },
        sent_digest: Hash::default(),
        seen: None,
    }
}

pub(crate) fn age_file() -> Vec<Vec<u8>> {
    let short = crate::mailbox_identity().recipient().seal(b"a message");
    vec![short, vector_bytes("/sealed/submission"), vector_bytes("/case/grant/sealed"), Vec::new()]
}

pub(crate) fn capsule() -> Vec<Vec<u8>> {
    let key = crate::reporter_key();
    let sealed = sample_capsule().seal(&crate::mailbox_identity().recipient(), &key);
    vec![crate::mailbox_identity().open(&sealed).expect("sealed to it").to_vec()]
}

pub(crate) fn certificate() -> Vec<Vec<u8>> {
    vec![include_bytes!("../fuzz/corpus/certificate/leaf.pem").to_vec()]
}

pub(crate) fn desk_api() -> Vec<Vec<u8>> {
    let report = ReportBody::from_bytes(
        "{\"v\":1,\"category\":\"FAC\",\"audience\":\"trader\",\"answers\":{\"where\":\"Dakola\",\"who\":[\"a\",\"b\"]},\"story\":\"…\"}"
            .as_bytes(),
    );
    let report = report.map(|report| report.to_bytes()).unwrap_or_default();
    let signed = VECTORS.pointer("/event/signed").expect("a test vector");
    let logged = json!({ "event": signed, "index": 300 });
    let log = json!({ "leaf_secret": Hash([1; 32]), "batches": 2, "events": [logged] });
    let event = json!({ "event": signed, "payload": {} });
    vec![report, log.to_string().into_bytes(), event.to_string().into_bytes()]
}

pub(crate) fn directory() -> Vec<Vec<u8>> {
    vec![serde_json::to_vec(signed_directory()).expect("JSON")]
}

pub(crate) fn event() -> Vec<Vec<u8>> {
    vec![vector_bytes("/event/signed/bytes")]
}

pub(crate) fn form() -> Vec<Vec<u8>> {
    let form = "audience=trader&family=money&category=FAC&seed=07&a.frequency=always&a.story=Le+12%2F03%2F2026%2C+11+HK+2233%2C\
                +70+12+34+56%2C+IFU+00012345X%2C+j%27ai+%C3%A9t%C3%A9+%5B&go=review";
    vec![form.as_bytes().to_vec(), b"receipt=7H3V-B13J-WBSN-S41T-CSY2-4J7C-E4DC".to_vec()]
}

pub(crate) fn frame() -> Vec<Vec<u8>> {
    vec![vector_bytes("/frames/0/frame"), vector_bytes("/frames/1/frame")]
}

pub(crate) fn grant() -> Vec<Vec<u8>> {
    let member = InvestigatorIdentity::from_seed(&vector_seed("/sealed/member_seed"));
    vec![member.open(&vector_bytes("/case/grant/sealed")).expect("a test vector").to_vec()]
}

pub(crate) fn keys() -> Vec<Vec<u8>> {
    let raw = InvestigatorIdentity::from_seed(&[7; 32]).recipient().as_bytes().to_vec();
    let texts = ["/case/case_recipient", "/case/grant_tag"]
        .map(|pointer| vector_text(pointer).into_bytes());
    texts.into_iter().chain([raw]).collect()
}

pub(crate) fn languages() -> Vec<Vec<u8>> {
    ["mos, fr-BF;q=0.7, en;q=0.3", "*", "Mon, 23 Nov 2026 12:00:05 GMT"]
        .map(|text| text.as_bytes().to_vec())
        .into()
}

pub(crate) fn log_texts() -> Vec<Vec<u8>> {
    let mut checkpoint =
        SignedCheckpoint::sign(log_head(), &sample_log_key()).expect("the head is valid");
    let device = SigningKey::from_bytes(&[12; 32]);
    let member = member_key(Uuid::nil(), "eva", (&device).into()).expect("the handle is a name");
    let cosignature = checkpoint.cosign(member.name.clone(), &device, 1_780_000_000);
    checkpoint.add_signature(cosignature).expect("it has one signature");
    let hashes = vec![Hash([1; 32]), Hash([2; 32])];
    let proof = LogProof {
        salt: LeafSalt::from_bytes([3; 32]),
        index: 300,
        path: hashes.clone(),
        checkpoint: checkpoint.clone(),
    };
    let request = AddCheckpoint { old_size: 256, proof: hashes, checkpoint: checkpoint.clone() };
    let log = log_key(Uuid::nil(), 1, (&sample_log_key()).into());
    [checkpoint.to_string(), proof.to_string(), request.to_string(), log.to_string()]
        .map(String::into_bytes)
        .into()
}

fn sample_log_record() -> MailboxLogRecord {
    let event = SignedEvent {
        bytes: vector_bytes("/event/signed/bytes"),
        signature: vector_bytes("/event/signed/signature"),
    };
    let leaf = RecordedLeaf { salt: Hash([3; 32]), index: 300, path: vec![Hash([1; 32])] };
    let checkpoint =
        SignedCheckpoint::sign(log_head(), &sample_log_key()).expect("the head is valid");
    MailboxLogRecord {
        events: vec![RecordedEvent { event, leaf: Some(leaf) }],
        checkpoint: Some(checkpoint.to_string()),
    }
}

pub(crate) fn mailbox() -> Vec<Vec<u8>> {
    let identity = sample_receipt().mailbox_identity();
    let mailbox = Mailbox {
        header: MailboxHeader {
            v: 1,
            week: "2026-W48".to_owned(),
            stage: Stage::Received,
            released_to_oversight: false,
            oversight_asked: false,
            unreadable: false,
            next_update: Some(date!(2026 - 11 - 30)),
            received: 1,
        },
        capsule: sample_capsule().seal(&identity.recipient(), &sample_receipt().signing_key()),
        case_recipient: CaseSecret::from_bytes([8; 32]).identity().recipient(),
        rotations: Vec::new(),
        log: Some(sample_log_record().to_bytes()),
        replies: vec![
            identity.recipient().seal(&pad_text(&vector_bytes("/frames/0/frame"), REPLY_STEP)),
        ],
    };
    let plain = identity.open(&mailbox.seal(&identity.recipient())).expect("sealed to it");
    // Without most of the padding.
    let end = plain.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 64);
    vec![plain[..end.min(plain.len())].to_vec()]
}

pub(crate) fn receipt() -> Vec<Vec<u8>> {
    let receipt = sample_receipt();
    [
        receipt.code(),
        receipt.words("fr"),
        receipt.words("es"),
        vector_text("/receipts/0/code"),
        vector_text("/receipts/1/words/en"),
    ]
    .map(String::into_bytes)
    .into()
}

pub(crate) fn relay() -> Vec<Vec<u8>> {
    vec![encode_submission_header(Uuid::nil(), 32_768).to_vec(), vec![1; 32 + 32_768]]
}

pub(crate) fn submission() -> Vec<Vec<u8>> {
    let transport = TransportIdentity::from_seed(&vector_seed("/sealed/transport_seed"));
    let plain = transport.open(&vector_bytes("/sealed/submission")).expect("a test vector");
    let end = plain.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 64);
    vec![plain[..end.min(plain.len())].to_vec()]
}
