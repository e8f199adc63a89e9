//! An impostor without the reporter's key tries to write to the reporter as the service. The reply
//! capsule determines which keys a reporter trusts. Both implementations report every attempt as
//! damage and none as an empty mailbox.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, draft, fixture, grant_of, incoming, open_case, open_submission, outgoing,
    peer::{BrowserPeer, base64},
    submit_report,
};
use ed25519_dalek::{Signer, SigningKey};
use investigator::ReplyDraft;
use protocol::{
    Hash,
    case::Stage,
    encoding::padding::{REPLY_STEP, TEXT_STEP, pad_text, unpad_text},
    keys::{CaseRecipient, CaseSecret, MailboxRecipient},
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{
        envelope::OpenedSubmission,
        frame::{Frame, FrameDirection, FrameHeader, FrameKind, FrameRef},
        key_grant::Grant,
        reply_capsule::ReplyCapsule,
    },
};
use reporter::{FollowUpContent, FollowUpDraft, FollowUpSealer, Inbox, InboxError, InboxIssue};
use serde_json::json;
use uuid::Uuid;

const LABEL: &[u8] = b"burkindi/capsule/v1\0";

fn recipients_of(opened: &OpenedSubmission) -> (MailboxRecipient, CaseRecipient) {
    opened.keys.clone().unwrap()
}

fn header(received: u32) -> MailboxHeader {
    MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Received,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: None,
        received,
    }
}

fn seal_mailbox(
    m: &MailboxRecipient,
    c: &CaseRecipient,
    capsule: Vec<u8>,
    replies: Vec<Vec<u8>>,
) -> Vec<u8> {
    Mailbox {
        header: header(1),
        capsule,
        case_recipient: c.clone(),
        rotations: Vec::new(),
        log: None,
        replies,
    }
    .seal(m)
}

/// The impostor's case secret, a capsule that names its key, and a question signed with it.
struct ForgedCapsule {
    capsule: ReplyCapsule,
    c: CaseRecipient,
    question: Vec<u8>,
}

impl ForgedCapsule {
    fn new(case: Uuid, m: &MailboxRecipient) -> Self {
        let secret = CaseSecret::from_bytes([66; 32]);
        let c = secret.identity().recipient();
        let capsule = ReplyCapsule {
            case,
            generation: 0,
            case_recipient: c.hash(),
            replies_keys: vec![(&secret.replies_key()).into()],
            report: Hash::of(&[b"any"]),
            sent: FrameRef { seq: 0, hash: Hash::of(&[b"any"]) },
            sent_digest: Hash::of(&[b"any"]),
            seen: None,
        };
        let question = Frame::sign(
            &Self::header(case, m),
            "Quel est votre nom ?".as_bytes(),
            &secret.replies_key(),
        );
        Self { capsule, c, question: m.seal(&pad_text(&question, REPLY_STEP)) }
    }

    fn header(case: Uuid, m: &MailboxRecipient) -> FrameHeader {
        FrameHeader {
            v: 2,
            case,
            generation: 0,
            direction: FrameDirection::Out,
            seq: 0,
            prev: None,
            ack: None,
            recipient: m.hash(),
            kind: FrameKind::Message,
            lang: "fr".to_owned(),
            week: "2026-W48".to_owned(),
            salt: Hash::of(&[b"salt"]),
            routing: None,
            program: None,
            attachments: Vec::new(),
            reporter_key: None,
            related: None,
        }
    }

    fn json(&self) -> Vec<u8> {
        serde_json::to_vec(&self.capsule).unwrap()
    }

    fn signed(&self, key: &SigningKey, label: &[u8]) -> Vec<u8> {
        let json = self.json();
        let signature = key.sign(&[label, &json].concat()).to_bytes();
        [&json[..], &signature].concat()
    }
}

/// Asserts that both implementations refuse the mailbox as damaged, and not as absent.
fn assert_damage(world: &ReportFixture, receipt: &Receipt, mailbox_bytes: &[u8], who: &str) {
    let opened = Inbox::open(receipt, mailbox_bytes, Some(&world.directory));
    assert!(matches!(&opened, Err(error) if error.is_damage()), "{who}: {opened:?}");
    let mut peer = BrowserPeer::start(world);
    let question =
        json!({"do": "open", "receipt": receipt.code(), "mailbox": base64(mailbox_bytes)});
    let seen = peer.request(&question);
    assert_eq!(seen["damaged"], true, "{who}: {seen}");
    assert!(peer.exits_successfully());
}

#[test]
fn a_capsule_cannot_be_made_without_the_reporters_key() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, _) = recipients_of(&opened);
    let case = opened.header.case.id;
    let impostor = ForgedCapsule::new(case, &m);
    // The member has the content of a grant: the case secret, and with it K_c.
    let member = grant_of(&world, &opened, "awa").unwrap();
    let grant = Grant::open(&member, &world.people["awa"], case, 0).unwrap();
    let own = SigningKey::from_bytes(&[9; 32]);
    // The reporter's signature over something else, moved to a capsule.
    let identity = grant.secret.identity();
    let body = identity.open(&opened.body).unwrap();
    let frame = unpad_text(&body, TEXT_STEP).unwrap();
    let moved = [&impostor.json()[..], &frame[frame.len() - 64..]].concat();
    for (who, plain) in [
        ("the handler, unsigned", impostor.json()),
        ("the handler, with its own key", impostor.signed(&own, LABEL)),
        ("the handler, with zeros", [&impostor.json()[..], &[0; 64]].concat()),
        ("a member, with the key of replies", impostor.signed(&grant.secret.replies_key(), LABEL)),
        ("a member, with a signature of a frame", moved),
        (
            "the reporter's key under another label",
            impostor.signed(&secrets.receipt().signing_key(), b"x\0"),
        ),
        ("an empty capsule", Vec::new()),
    ] {
        let mailbox_bytes =
            seal_mailbox(&m, &impostor.c, m.seal(&plain), vec![impostor.question.clone()]);
        assert_damage(&world, secrets.receipt(), &mailbox_bytes, who);
    }
}

#[test]
fn a_changed_capsule_or_one_of_another_case_is_damage() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let (other, other_bytes) = submit_report(&mut world, draft("another", &[]), &[]);
    let (opened, another) =
        (open_submission(&world, &bytes), open_submission(&world, &other_bytes));
    let ((m, c), (_, other_c)) = (recipients_of(&opened), recipients_of(&another));
    // The capsule of another report of the same person, opened with its own key and sealed again.
    let plain = other.receipt().mailbox_identity().open(&another.capsule).unwrap();
    let replayed = seal_mailbox(&m, &other_c, m.seal(&plain), Vec::new());
    assert_damage(&world, secrets.receipt(), &replayed, "another case's capsule");
    let as_it_came = seal_mailbox(&m, &other_c, another.capsule.clone(), Vec::new());
    assert_damage(&world, secrets.receipt(), &as_it_came, "another case's capsule as it came");
    // One flipped bit at any position.
    let plain = secrets.receipt().mailbox_identity().open(&opened.capsule).unwrap();
    for at in (0..plain.len()).step_by(plain.len() / 7) {
        let mut changed = plain.to_vec();
        changed[at] ^= 1;
        let mailbox_bytes = seal_mailbox(&m, &c, m.seal(&changed), Vec::new());
        assert_damage(&world, secrets.receipt(), &mailbox_bytes, &format!("byte {at} changed"));
    }
    let cut = seal_mailbox(&m, &c, m.seal(&plain[..63]), Vec::new());
    assert_damage(&world, secrets.receipt(), &cut, "cut");
}

#[test]
fn a_malformed_mailbox_that_opens_is_damage() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, c) = recipients_of(&opened);
    let sound = seal_mailbox(&m, &c, opened.capsule.clone(), Vec::new());
    let plain = secrets.receipt().mailbox_identity().open(&sound).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut plain = plain.to_vec();
        change(&mut plain);
        m.seal(&plain)
    };
    let header_len = u32::from_be_bytes(plain[4..8].try_into().unwrap()) as usize;
    for (what, mailbox_bytes) in [
        ("magic", with(&|plain| plain[0] = b'X')),
        ("version", with(&|plain| plain[8 + 5] = b'9')),
        ("no capsule", with(&|plain| plain[8 + header_len] = 7)),
        ("padding", with(&|plain| *plain.last_mut().unwrap() = 1)),
        ("cut", m.seal(&plain[..40])),
        ("empty", m.seal(b"")),
        ("payload", [&sound[..sound.len() - 1], &[sound.last().unwrap() ^ 1]].concat()),
    ] {
        assert_damage(&world, secrets.receipt(), &mailbox_bytes, what);
    }
    // A decoy is not damage.
    let other_mailbox = Receipt::from_bytes([3; 16]).mailbox_identity().recipient().seal(&plain);
    let absent = Inbox::open(secrets.receipt(), &other_mailbox, Some(&world.directory));
    assert!(matches!(&absent, Err(InboxError::NotFound(_))), "{absent:?}");
    let mut peer = BrowserPeer::start(&world);
    let code = secrets.receipt().code();
    let seen =
        peer.request(&json!({"do": "open", "receipt": code, "mailbox": base64(&other_mailbox)}));
    assert_eq!(seen["damaged"], false, "{seen}");
    assert!(peer.exits_successfully());
}

#[test]
fn a_rolled_back_capsule_is_detected_by_the_acknowledgement() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, c) = recipients_of(&opened);
    let receipt = secrets.receipt();
    let inbox = Inbox::open(
        receipt,
        &seal_mailbox(&m, &c, opened.capsule.clone(), Vec::new()),
        Some(&world.directory),
    )
    .unwrap();
    let message = FollowUpDraft {
        content: FollowUpContent::Text("Encore ceci.".to_owned()),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
        release_to_oversight: false,
        token: [1; 32],
        related: None,
    };
    let hash = world.signed.hash();
    let sealer =
        FollowUpSealer::begin(&world.directory, hash, receipt, &inbox, message, Vec::new())
            .unwrap();
    let second = open_submission(&world, &sealer.finish().unwrap());
    let case = open_case(&world, &opened, "awa");
    let thread = case.read_thread([incoming(0, &opened.body), incoming(1, &second.body)]);
    let draft = ReplyDraft {
        kind: FrameKind::Message,
        text: "Merci.".to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
    };
    let reply = case.seal_reply(&draft, &thread, &m).unwrap();
    let thread = case.read_thread([
        incoming(0, &opened.body),
        incoming(1, &second.body),
        outgoing(2, &reply.copy.0),
    ]);
    assert_eq!(thread.issues, []);
    let honest = Mailbox {
        header: header(2),
        capsule: second.capsule,
        case_recipient: c.clone(),
        rotations: Vec::new(),
        log: None,
        replies: vec![reply.reply.0.clone()],
    }
    .seal(&m);
    let rolled_back = seal_mailbox(&m, &c, opened.capsule, vec![reply.reply.0]);
    let mut peer = BrowserPeer::start(&world);
    for (mailbox_bytes, findings, worded) in [
        (honest, vec![], json!([])),
        (rolled_back, vec![InboxIssue::RolledBack], json!([{"kind": "older-state"}])),
    ] {
        let inbox = Inbox::open(receipt, &mailbox_bytes, Some(&world.directory)).unwrap();
        assert_eq!((&inbox.issues, inbox.messages.len()), (&findings, 1));
        let question =
            json!({"do": "open", "receipt": receipt.code(), "mailbox": base64(&mailbox_bytes)});
        assert_eq!(peer.request(&question)["findings"], worded);
    }
    assert!(peer.exits_successfully());
}

#[test]
fn an_invalid_number_or_week_stops_neither_reporter_nor_colleagues() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, c) = recipients_of(&opened);
    let case = open_case(&world, &opened, "awa");
    let member = grant_of(&world, &opened, "bila").unwrap();
    let grant = Grant::open(&member, &world.people["bila"], opened.header.case.id, 0).unwrap();
    let (key, identity) = (grant.secret.replies_key(), grant.secret.identity());
    let sound = ForgedCapsule::header(opened.header.case.id, &m);
    for (what, header) in [
        ("the largest number", FrameHeader { seq: u32::MAX, ..sound.clone() }),
        ("a number above the bound", FrameHeader { seq: 1_000_001, ..sound.clone() }),
        ("a generation above the bound", FrameHeader { generation: u32::MAX, ..sound.clone() }),
        ("a week of no shape", FrameHeader { week: "x".to_owned(), ..sound.clone() }),
        ("a language with a line end", FrameHeader { lang: "fr\nx".to_owned(), ..sound.clone() }),
    ] {
        let frame = Frame::sign(&header, b"text", &key);
        let mailbox_bytes = seal_mailbox(
            &m,
            &c,
            opened.capsule.clone(),
            vec![m.seal(&pad_text(&frame, REPLY_STEP))],
        );
        let inbox = Inbox::open(secrets.receipt(), &mailbox_bytes, Some(&world.directory)).unwrap();
        assert_eq!((inbox.issues, inbox.messages.len()), (vec![InboxIssue::Forged], 0), "{what}");
        // The thread of a colleague lists it, and the colleague can still answer.
        let copy = identity.recipient().seal(&pad_text(&frame, REPLY_STEP));
        let thread = case.read_thread([incoming(0, &opened.body), outgoing(1, &copy)]);
        assert_eq!((thread.issues.len(), thread.outgoing.len()), (1, 0), "{what}");
        let draft = ReplyDraft {
            kind: FrameKind::Message,
            text: "Merci.".to_owned(),
            lang: "fr".to_owned(),
            week: "2026-W49".to_owned(),
        };
        assert!(case.seal_reply(&draft, &thread, &m).is_ok(), "{what}");
        let other = ReplyDraft { lang: "français".to_owned(), ..draft };
        assert!(case.seal_reply(&other, &thread, &m).is_err(), "readers would refuse it");
    }
}
