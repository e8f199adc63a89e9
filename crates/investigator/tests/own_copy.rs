//! The own copy: a file with which a reporter reads their own messages again. No service stores it.
//! Each party that does not have both the file and the receipt tries to read it, to make one, to
//! change it, to drop messages, to replay it and to change the order. Both implementations decide
//! alike.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::sync::mpsc;

use common::{
    ReportFixture, draft, fixture, grant_of, incoming, open_case, open_submission,
    peer::{BrowserPeer, base64},
};
use ed25519_dalek::SigningKey;
use protocol::{
    case::Stage,
    encoding::padding::{TEXT_STEP, pad_text},
    keys::InvestigatorIdentity,
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{envelope::OpenedSubmission, frame::Frame, key_grant::Grant},
};
use reporter::{
    FollowUpContent, FollowUpDraft, FollowUpSealer, Inbox, OwnCopy, OwnCopyError, ReportSealer,
    ReportSecrets,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

type SignedFrame = Zeroizing<Vec<u8>>;

/// A report with two messages after it, and the mailbox after the last one was collected.
struct Conversation {
    secrets: ReportSecrets,
    frames: Vec<SignedFrame>,
    mailbox: Vec<u8>,
    report: OpenedSubmission,
}

impl Conversation {
    fn start(world: &mut ReportFixture, story: &str) -> Self {
        let secrets = ReportSecrets::generate(&mut world.rng);
        let (sender, frames) = mpsc::channel();
        let hash = world.signed.hash();
        let to_channel =
            |sender: mpsc::Sender<SignedFrame>| move |frame| sender.send(frame).unwrap();
        let bytes = ReportSealer::begin(
            &world.directory,
            hash,
            &secrets,
            draft(story, &[]),
            Vec::new(),
            &mut world.rng,
        )
        .unwrap()
        .on_frame(to_channel(sender.clone()))
        .finish()
        .unwrap();
        let report = open_submission(world, &bytes);
        let mut mailbox = seal_mailbox(&report, &report.capsule, 1);
        for number in 1..=2 {
            let inbox = Inbox::open(secrets.receipt(), &mailbox, Some(&world.directory)).unwrap();
            let message = FollowUpDraft {
                content: FollowUpContent::Text(format!("message {number}")),
                lang: "fr".to_owned(),
                week: "2026-W49".to_owned(),
                release_to_oversight: false,
                token: [number; 32],
                related: None,
            };
            let receipt = secrets.receipt();
            let bytes =
                FollowUpSealer::begin(&world.directory, hash, receipt, &inbox, message, Vec::new())
                    .unwrap()
                    .on_frame(to_channel(sender.clone()))
                    .finish()
                    .unwrap();
            let sent = open_submission(world, &bytes);
            mailbox = seal_mailbox(&report, &sent.capsule, u32::from(number) + 1);
        }
        drop(sender);
        Self { secrets, frames: frames.iter().collect(), mailbox, report }
    }

    fn receipt(&self) -> &Receipt {
        self.secrets.receipt()
    }

    fn copy(&self) -> Vec<u8> {
        OwnCopy::seal(self.receipt(), &self.frames)
    }

    fn inbox(&self) -> Inbox {
        Inbox::open(self.receipt(), &self.mailbox, None).unwrap()
    }

    /// Opens a copy in both implementations. Returns the messages, or `None` if both refuse it.
    fn read(&self, peer: &mut BrowserPeer, copy: &[u8]) -> Option<Vec<(u32, String)>> {
        let response = peer.request(&json!({
            "do": "own-copy",
            "receipt": self.receipt().code(),
            "mailbox": base64(&self.mailbox),
            "copy": base64(copy),
        }));
        let opened = OwnCopy::open(self.receipt(), copy, &self.inbox()).ok();
        let messages = opened.map(|copy| {
            let texts = copy.messages().iter().map(|message| {
                (message.header.seq, String::from_utf8_lossy(&message.body).into_owned())
            });
            texts.collect::<Vec<_>>()
        });
        assert_eq!(response["messages"], messages.as_ref().map_or(Value::Null, |all| json!(all)));
        assert_eq!(response["refused"].is_string(), messages.is_none());
        messages
    }

    fn read_frames(
        &self,
        peer: &mut BrowserPeer,
        frames: &[SignedFrame],
    ) -> Option<Vec<(u32, String)>> {
        self.read(peer, &OwnCopy::seal(self.receipt(), frames))
    }
}

fn seal_mailbox(report: &OpenedSubmission, capsule: &[u8], received: u32) -> Vec<u8> {
    let (m, c) = report.keys.clone().unwrap();
    let header = MailboxHeader {
        v: 1,
        week: "2026-W49".to_owned(),
        stage: Stage::Assessing,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: None,
        received,
    };
    Mailbox {
        header,
        capsule: capsule.to_vec(),
        case_recipient: c,
        rotations: Vec::new(),
        log: None,
        replies: Vec::new(),
    }
    .seal(&m)
}

/// Returns a frame with a change of its header, signed again.
fn signed_again(
    frame: &[u8],
    key: &SigningKey,
    body: &[u8],
    change: impl FnOnce(&mut protocol::submission::frame::FrameHeader),
) -> SignedFrame {
    let mut header = Frame::decode_unverified(frame).unwrap();
    change(&mut header);
    Frame::sign(&header, body, key)
}

#[test]
fn an_own_copy_opens_with_the_file_and_the_receipt_together() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let one = Conversation::start(&mut world, "the story");
    let copy = one.copy();
    let messages = one.read(&mut peer, &copy).unwrap();
    assert_eq!(messages.len(), 3);
    assert!(messages[0].1.contains("the story"));
    assert_eq!(messages[2], (2, "message 2".to_owned()));
    // The browser seals it again, and Rust opens that.
    let request = json!({"do": "own-copy", "receipt": one.receipt().code(), "mailbox": base64(&one.mailbox), "copy": base64(&copy)});
    let (from_browser, _) = peer.seal(&request);
    assert_eq!(one.read(&mut peer, &from_browser).unwrap(), messages);
    // A copy can be extended by the next message only.
    let older = OwnCopy::seal(one.receipt(), &one.frames[..2]);
    let open = |copy: &[u8]| OwnCopy::open(one.receipt(), copy, &one.inbox()).unwrap();
    assert!(!open(&older).contains_newest(&one.inbox()), "the page says so");
    let extended = open(&older).extended(one.frames[2].clone()).unwrap();
    assert_eq!(one.read(&mut peer, &extended.seal_again(one.receipt())).unwrap(), messages);
    for other in [0, 1] {
        assert!(open(&older).extended(one.frames[other].clone()).is_none());
    }
}

/// Sends a message that continues the newest one that the inbox knows.
fn send(
    world: &mut ReportFixture,
    receipt: &Receipt,
    inbox: &Inbox,
    text: &str,
) -> (SignedFrame, OpenedSubmission) {
    let message = FollowUpDraft {
        content: FollowUpContent::Text(text.to_owned()),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
        release_to_oversight: false,
        token: [text.len().try_into().unwrap(); 32],
        related: None,
    };
    let (sender, frames) = mpsc::channel();
    let hash = world.signed.hash();
    let bytes = FollowUpSealer::begin(&world.directory, hash, receipt, inbox, message, Vec::new())
        .unwrap()
        .on_frame(move |frame| sender.send(frame).unwrap())
        .finish()
        .unwrap();
    (frames.recv().unwrap(), open_submission(world, &bytes))
}

#[test]
fn two_messages_before_one_collection_have_two_numbers_if_the_own_copy_is_open() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let mut one = Conversation::start(&mut world, "the story");
    let receipt = one.receipt().clone();
    let mut copy = one.copy();
    let mut newest = None;
    for text in ["the first", "the second one"] {
        // The mailbox is the one from before both.
        let mut inbox = one.inbox();
        let opened = OwnCopy::open(&receipt, &copy, &inbox).unwrap();
        opened.continue_in(&mut inbox);
        assert!(opened.contains_newest(&inbox));
        let (frame, sent) = send(&mut world, &receipt, &inbox, text);
        copy = opened.extended(frame).expect(text).seal_again(&receipt);
        assert!(one.read(&mut peer, &copy).is_some(), "{text}: not collected");
        newest = Some(sent);
    }
    one.mailbox = seal_mailbox(&one.report, &newest.unwrap().capsule, 5);
    let messages = one.read(&mut peer, &copy).expect("after the collection");
    assert_eq!(messages[3..], [(3, "the first".to_owned()), (4, "the second one".to_owned())]);
}

#[test]
fn an_own_copy_with_one_of_two_messages_with_one_number_opens() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let mut one = Conversation::start(&mut world, "the story");
    let receipt = one.receipt().clone();
    // Two pages send before either message is collected. The own copy is open in the first one.
    let (first, first_sent) = send(&mut world, &receipt, &one.inbox(), "from one page");
    let (second, second_sent) = send(&mut world, &receipt, &one.inbox(), "from the other page");
    let with = |frame: &SignedFrame| {
        let opened = OwnCopy::open(&receipt, &one.copy(), &one.inbox()).unwrap();
        opened.extended(frame.clone()).unwrap().seal_again(&receipt)
    };
    let copies = [with(&first), with(&second)];
    // The case handler collects both, in either order. The capsule names the last one.
    for (capsule, missing) in [(&second_sent.capsule, 0), (&first_sent.capsule, 1)] {
        one.mailbox = seal_mailbox(&one.report, capsule, 5);
        for (at, copy) in copies.iter().enumerate() {
            let messages = one.read(&mut peer, copy).expect("a genuine copy");
            assert_eq!(messages.len(), 4);
            let mut inbox = one.inbox();
            let opened = OwnCopy::open(&receipt, copy, &inbox).unwrap();
            opened.continue_in(&mut inbox);
            assert_eq!(opened.contains_newest(&inbox), at != missing, "the page says so");
        }
        // Only one of them was collected: the other copy contains what did not arrive.
        one.mailbox = seal_mailbox(&one.report, capsule, 4);
        assert_eq!(one.read(&mut peer, &copies[missing]), None);
        assert!(one.read(&mut peer, &copies[1 - missing]).is_some());
    }
}

#[test]
fn without_the_receipt_or_without_the_file_no_party_reads_an_own_copy() {
    let mut world = fixture();
    let one = Conversation::start(&mut world, "the story");
    let copy = one.copy();
    // The file without the receipt: an excluded member, a reader of the case with the case secret,
    // the case handler with the transport key, another reporter.
    for identity in world.people.values() {
        assert!(identity.open(&copy).is_err());
    }
    assert!(world.transport.open(&copy).is_err());
    let grant = grant_of(&world, &one.report, "awa").unwrap();
    let grant = Grant::open(&grant, &world.people["awa"], one.report.header.case.id, 0).unwrap();
    assert!(grant.secret.identity().open(&copy).is_err());
    let other = Receipt::from_bytes([9; 16]);
    assert!(matches!(OwnCopy::open(&other, &copy, &one.inbox()), Err(OwnCopyError::Unopenable(_))));
    // The receipt without the file: the mailbox of a reporter with an own copy contains no word.
    let opened = one.receipt().mailbox_identity().open(&one.mailbox).unwrap();
    for word in ["the story", "message 1", "FAC", "trader"] {
        assert!(!opened.windows(word.len()).any(|part| part == word.as_bytes()), "{word}");
    }
}

#[test]
fn an_own_copy_that_is_made_changed_cut_replayed_or_reordered_is_refused() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let one = Conversation::start(&mut world, "the story");
    let other = Conversation::start(&mut world, "another story");
    let [report, first, second] = <[SignedFrame; 3]>::try_from(one.frames.clone()).unwrap();
    let reporter = one.receipt().signing_key();
    let unknown_key = SigningKey::generate(&mut world.rng);
    // A member knows the frames and the case handler knows M. Neither has the reporter's key.
    let forged = signed_again(&first, &unknown_key, b"forged", |_| {});
    let mut changed = first.clone();
    let middle = changed.len() - 70;
    changed[middle] ^= 1;
    // The holder of the receipt has it. The mailbox names the newest message, and each message the
    // one before it.
    let rewritten_last = signed_again(&second, &reporter, b"rewritten", |_| {});
    let rewritten = signed_again(&first, &reporter, b"rewritten", |_| {});
    let relinked = signed_again(&second, &reporter, b"message 2", |header| {
        header.prev = Some(Frame::hash_of(&rewritten));
    });
    let reply = signed_again(&first, &reporter, b"message 1", |header| {
        header.direction = protocol::submission::frame::FrameDirection::Out;
        header.routing = None;
    });
    let refused: [(&str, Vec<SignedFrame>); 13] = [
        ("made by another key", vec![report.clone(), forged]),
        ("changed", vec![report.clone(), changed]),
        ("nothing", vec![]),
        ("without the report", vec![first.clone(), second.clone()]),
        ("without a message between", vec![report.clone(), second.clone()]),
        ("a message twice", vec![report.clone(), first.clone(), first.clone()]),
        ("another order", vec![report.clone(), second.clone(), first.clone()]),
        ("another case", other.frames.clone()),
        ("a message of another case", vec![report.clone(), other.frames[1].clone()]),
        ("another direction", vec![report.clone(), reply]),
        ("another newest message", vec![report.clone(), first.clone(), rewritten_last]),
        ("an earlier message rewritten", vec![report.clone(), rewritten.clone(), second.clone()]),
        ("all messages linked again", vec![report.clone(), rewritten, relinked]),
    ];
    for (what, frames) in &refused {
        assert_eq!(one.read_frames(&mut peer, frames), None, "{what}");
    }
    // The copy of another receipt, and bytes of every other form.
    assert_eq!(one.read(&mut peer, &other.copy()), None);
    let m = one.receipt().mailbox_identity().recipient();
    let framed = |magic: &[u8], len: usize| {
        [magic, &u32::try_from(len).unwrap().to_be_bytes(), &report].concat()
    };
    let sealed = [
        m.seal(&framed(b"BKO1", report.len())),
        m.seal(&pad_text(&framed(b"BKO2", report.len()), TEXT_STEP)),
        m.seal(&pad_text(&framed(b"BKO1", report.len() + 1), TEXT_STEP)),
        m.seal(&pad_text(&framed(b"BKO1", report.len() - 1), TEXT_STEP)),
        m.seal(&pad_text(b"BKO1", TEXT_STEP)),
        vec![0; OwnCopy::MAX_LEN + 1],
        one.copy()[..5_000].to_vec(),
        InvestigatorIdentity::generate(&mut world.rng).recipient().seal(b"BKO1"),
    ];
    for (number, sealed) in sealed.iter().enumerate() {
        assert_eq!(one.read(&mut peer, sealed), None, "form {number}");
    }
    assert!(one.read_frames(&mut peer, &[report, first, second]).is_some(), "the control");
}

#[test]
fn no_party_sees_whether_a_reporter_wants_an_own_copy() {
    let mut world = fixture();
    let secrets = ReportSecrets::generate(&mut world.rng);
    let hash = world.signed.hash();
    let mut submit = |wants_copy: bool| {
        let report = draft("the story", &["regional"]);
        let sealer = ReportSealer::begin(
            &world.directory,
            hash,
            &secrets,
            report,
            Vec::new(),
            &mut world.rng,
        );
        let sealer = sealer.unwrap();
        let sealer = if wants_copy { sealer.on_frame(drop) } else { sealer };
        sealer.finish().unwrap()
    };
    let [with, without] = [submit(true), submit(false)];
    assert_eq!(with.len(), without.len());
    let [with, without] = [with, without].map(|bytes| open_submission(&world, &bytes));
    assert_eq!(with.header, without.header);
    assert_eq!(with.deduplication_tag, without.deduplication_tag);
    // The case handler, a reader of the case and the holder of the receipt open the same.
    let frame_of = |opened: &OpenedSubmission| {
        let thread = open_case(&world, opened, "awa").read_thread([incoming(0, &opened.body)]);
        thread.incoming[0].reference
    };
    assert_eq!(frame_of(&with), frame_of(&without));
    let capsule_of = |opened: &OpenedSubmission| {
        let opened = common::capsule_of(secrets.receipt(), opened);
        (opened.case, opened.generation, opened.case_recipient, opened.sent, opened.seen)
    };
    assert_eq!(capsule_of(&with), capsule_of(&without));
    let length = |opened: &OpenedSubmission| seal_mailbox(opened, &opened.capsule, 1).len();
    assert_eq!(length(&with), length(&without));
}
