//! The reporter notices lost messages in both directions: up to which message a person has read,
//! messages that never arrived, answers that no longer fit, and submissions that the log does not
//! contain. Both implementations decide alike.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, draft, fixture, incoming, open_case, open_submission, outgoing,
    peer::{BrowserPeer, base64},
    submit_report,
};
use ed25519_dalek::SigningKey;
use investigator::{OpenCase, ReplyDraft, SealedFrame, SealedReply};
use protocol::{
    RecordType,
    case::Stage,
    directory::Directory,
    encoding::padding::{REPLY_STEP, TEXT_STEP, pad_text, unpad_text},
    keys::{CaseRecipient, CaseSecret, MailboxRecipient},
    mailbox::{Mailbox, MailboxHeader},
    submission::{
        envelope::OpenedSubmission,
        frame::{Frame, FrameHeader, FrameKind, FrameRef},
        key_grant::Grant,
    },
};
use reporter::{
    FollowUpContent, FollowUpDraft, FollowUpSealer, Inbox, InboxIssue, LogStatus, LogView,
    ReportSecrets,
};
use serde_json::{Value, json};

/// A reporter, a reader of the case, and the program of the browser.
struct Conversation {
    world: ReportFixture,
    secrets: ReportSecrets,
    m: MailboxRecipient,
    c: CaseRecipient,
    case: OpenCase,
    peer: BrowserPeer,
}

impl Conversation {
    /// Returns the conversation and the report that starts it.
    fn start() -> (Self, OpenedSubmission) {
        let mut world = fixture();
        let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
        let report = open_submission(&world, &bytes);
        let (m, c) = report.keys.clone().unwrap();
        let case = open_case(&world, &report, "awa");
        let peer = BrowserPeer::start(&world);
        (Self { world, secrets, m, c, case, peer }, report)
    }

    fn mailbox(&self, received: u32, capsule: &[u8], replies: &[Vec<u8>]) -> Vec<u8> {
        let header = MailboxHeader {
            v: 1,
            week: "2026-W48".to_owned(),
            stage: Stage::Assessing,
            released_to_oversight: false,
            oversight_asked: false,
            unreadable: false,
            next_update: None,
            received,
        };
        let (capsule, replies) = (capsule.to_vec(), replies.to_vec());
        Mailbox {
            header,
            capsule,
            case_recipient: self.c.clone(),
            rotations: Vec::new(),
            log: None,
            replies,
        }
        .seal(&self.m)
    }

    /// Sends a follow-up of a reporter who sees this mailbox.
    fn follow_up(&self, mailbox_bytes: &[u8], text: &str) -> OpenedSubmission {
        let receipt = self.secrets.receipt();
        let inbox = Inbox::open(receipt, mailbox_bytes, Some(&self.world.directory)).unwrap();
        let message = FollowUpDraft {
            content: FollowUpContent::Text(text.to_owned()),
            lang: "fr".to_owned(),
            week: "2026-W49".to_owned(),
            release_to_oversight: false,
            token: [9; 32],
            related: None,
        };
        let (world, hash) = (&self.world, self.world.signed.hash());
        let sealer =
            FollowUpSealer::begin(&world.directory, hash, receipt, &inbox, message, Vec::new());
        open_submission(world, &sealer.unwrap().finish().unwrap())
    }

    /// Answers as a person who has read these frames.
    fn answer(&self, read: &[SealedFrame<'_>], text: &str) -> SealedReply {
        let draft = ReplyDraft {
            kind: FrameKind::Message,
            text: text.to_owned(),
            lang: "fr".to_owned(),
            week: "2026-W49".to_owned(),
        };
        let thread = self.case.read_thread(read.to_vec());
        self.case.seal_reply(&draft, &thread, &self.m).unwrap()
    }

    /// Opens a mailbox with both implementations. Returns what a person has read, and the issues.
    fn open(&mut self, mailbox_bytes: &[u8]) -> (Option<u32>, Vec<InboxIssue>) {
        let inbox = Inbox::open(self.secrets.receipt(), mailbox_bytes, Some(&self.world.directory))
            .unwrap();
        let code = self.secrets.receipt().code();
        let request = json!({"do": "open", "receipt": code, "mailbox": base64(mailbox_bytes)});
        let seen = self.peer.request(&request);
        assert_eq!(seen["readUpTo"], json!(inbox.read_up_to), "{seen}");
        let worded: Value = inbox.issues.iter().map(browser_finding).collect();
        assert_eq!(seen["findings"], worded, "{seen}");
        (inbox.read_up_to, inbox.issues)
    }
}

fn browser_finding(issue: &InboxIssue) -> Value {
    match issue {
        InboxIssue::Forged => json!({"kind": "forged"}),
        InboxIssue::EarlierMessagesDropped(count) => {
            json!({"kind": "earlier-not-shown", "count": count})
        }
        InboxIssue::UnseenMessagesDropped(count) => {
            json!({"kind": "unseen-not-shown", "count": count})
        }
        InboxIssue::MessagesWithheld(count) => json!({"kind": "withheld", "count": count}),
        InboxIssue::RolledBack => json!({"kind": "older-state"}),
        InboxIssue::SubmissionsMissing(count) => {
            json!({"kind": "missing-submissions", "count": count})
        }
        InboxIssue::SurplusSubmissions => json!({"kind": "surplus-submissions"}),
        InboxIssue::SequenceConflict => json!({"kind": "sequence-conflict"}),
        InboxIssue::UnverifiedKey => json!({"kind": "wrong-key"}),
        InboxIssue::RotationUnconfirmed => json!({"kind": "unconfirmed-rotation"}),
    }
}

#[test]
fn the_reporter_sees_up_to_which_message_a_person_has_read() {
    let (mut conversation, report) = Conversation::start();
    let quiet = conversation.mailbox(1, &report.capsule, &[]);
    assert_eq!(conversation.open(&quiet), (None, vec![]));
    let first = conversation.answer(&[incoming(0, &report.body)], "one");
    let answered = conversation.mailbox(1, &report.capsule, std::slice::from_ref(&first.reply.0));
    assert_eq!(conversation.open(&answered), (Some(0), vec![]));

    // The case handler counts a follow-up and withholds it from the investigators: their next
    // answer acknowledges the report only.
    let second = conversation.follow_up(&answered, "more");
    let withheld = [incoming(0, &report.body), outgoing(1, &first.copy.0)];
    let unaware = conversation.answer(&withheld, "we close the case");
    let replies = [first.reply.0.clone(), unaware.reply.0];
    let mailbox_bytes = conversation.mailbox(2, &second.capsule, &replies);
    assert_eq!(conversation.open(&mailbox_bytes), (Some(0), vec![]));
    // An answer by a person who had read it.
    let all = [incoming(0, &report.body), outgoing(1, &first.copy.0), incoming(2, &second.body)];
    let aware = conversation.answer(&all, "thank you");
    let replies = [first.reply.0.clone(), aware.reply.0];
    let mailbox_bytes = conversation.mailbox(2, &second.capsule, &replies);
    assert_eq!(conversation.open(&mailbox_bytes), (Some(1), vec![]));
}

#[test]
fn of_two_messages_with_one_number_the_page_claims_only_what_was_read() {
    let (mut conversation, report) = Conversation::start();
    let quiet = conversation.mailbox(1, &report.capsule, &[]);
    // Both are sent before the first one is collected.
    let one = conversation.follow_up(&quiet, "one");
    let other = conversation.follow_up(&quiet, "other");
    let reply = conversation.answer(&[incoming(0, &report.body), incoming(1, &one.body)], "yes");
    let replies = [reply.reply.0];
    for (capsule, read) in [(&one.capsule, 1), (&other.capsule, 0)] {
        let mailbox_bytes = conversation.mailbox(3, capsule, &replies);
        let issues = vec![InboxIssue::SurplusSubmissions];
        assert_eq!(conversation.open(&mailbox_bytes), (Some(read), issues));
    }
}

#[test]
fn a_submission_that_did_not_arrive_or_was_not_sent_is_reported_after_its_collection() {
    let (mut conversation, report) = Conversation::start();
    let quiet = conversation.mailbox(1, &report.capsule, &[]);
    let second = conversation.follow_up(&quiet, "more");
    // The second message was sent and not collected yet. This is no loss.
    assert_eq!(conversation.open(&quiet).1, []);
    let collected = conversation.mailbox(2, &second.capsule, &[]);
    assert_eq!(conversation.open(&collected).1, []);
    let third = conversation.follow_up(&collected, "and more");
    for (received, capsule, issues) in [
        (1, &second.capsule, vec![InboxIssue::SubmissionsMissing(1)]),
        (2, &third.capsule, vec![InboxIssue::SubmissionsMissing(1)]),
        (0, &third.capsule, vec![InboxIssue::SubmissionsMissing(3)]),
        (3, &third.capsule, vec![]),
        (4, &third.capsule, vec![InboxIssue::SurplusSubmissions]),
        (u32::MAX, &third.capsule, vec![InboxIssue::SurplusSubmissions]),
        // An older capsule with the true count.
        (3, &report.capsule, vec![InboxIssue::SurplusSubmissions]),
    ] {
        let mailbox_bytes = conversation.mailbox(received, capsule, &[]);
        assert_eq!(conversation.open(&mailbox_bytes), (None, issues), "{received}");
    }
}

#[test]
fn an_answer_that_no_longer_fits_is_unseen_unless_the_reporter_acknowledged_it() {
    let (mut conversation, report) = Conversation::start();
    let mut answers: Vec<SealedReply> = Vec::new();
    for text in ["one", "two", "three", "four"] {
        let copies = answers.iter().zip(1..).map(|(answer, n)| outgoing(n, &answer.copy.0));
        let read: Vec<_> = [incoming(0, &report.body)].into_iter().chain(copies).collect();
        let answer = conversation.answer(&read, text);
        drop(read);
        answers.push(answer);
    }
    let replies: Vec<Vec<u8>> = answers.into_iter().map(|answer| answer.reply.0).collect();
    let unseen = InboxIssue::UnseenMessagesDropped;
    let mailbox_bytes = conversation.mailbox(1, &report.capsule, &replies[2..]);
    assert_eq!(conversation.open(&mailbox_bytes), (Some(0), vec![unseen(2)]));
    // The reporter writes after the first answer, and after the first three.
    for (seen, issues) in [
        (1, vec![InboxIssue::EarlierMessagesDropped(1), unseen(2)]),
        (3, vec![InboxIssue::EarlierMessagesDropped(3)]),
    ] {
        let before = conversation.mailbox(1, &report.capsule, &replies[..seen]);
        let second = conversation.follow_up(&before, "seen");
        let mailbox_bytes = conversation.mailbox(2, &second.capsule, &replies[3..]);
        assert_eq!(conversation.open(&mailbox_bytes), (Some(0), issues), "{seen}");
    }
}

#[test]
fn only_a_holder_of_the_case_secret_can_claim_that_a_message_was_read() {
    let (mut conversation, report) = Conversation::start();
    let answer = conversation.answer(&[incoming(0, &report.body)], "one");
    let replies = [answer.reply.0.clone()];
    let answered = conversation.mailbox(1, &report.capsule, &replies);
    let second = conversation.follow_up(&answered, "more");
    let receipt = conversation.secrets.receipt().clone();
    let padded = receipt.mailbox_identity().open(&answer.reply.0).unwrap();
    let plain = unpad_text(&padded, REPLY_STEP).unwrap();
    let header = Frame::decode_unverified(plain).unwrap();
    let grant = common::grant_of(&conversation.world, &report, "awa").unwrap();
    let awa = &conversation.world.people["awa"];
    let secret = Grant::open(&grant, awa, report.header.case.id, 0).unwrap().secret;
    let message = secret.identity().open(&second.body).unwrap();
    let message = unpad_text(&message, TEXT_STEP).unwrap();
    let sent = FrameRef { seq: 1, hash: common::hash(message) };
    let claim = FrameHeader { seq: 1, prev: Some(common::hash(plain)), ack: Some(sent), ..header };
    let seal = |frame: &[u8]| conversation.m.seal(&pad_text(frame, REPLY_STEP));
    let sealed = |key: &SigningKey| seal(&Frame::sign(&claim, b"read", key));
    let handler = sealed(&SigningKey::from_bytes(&[9; 32]));
    let reporter = sealed(&receipt.signing_key());
    let of_another_case = sealed(&CaseSecret::from_bytes([66; 32]).replies_key());
    // A byte of the signed header, and a message of the reporter in the place of an answer.
    let mut changed = plain.to_vec();
    let at = plain.windows(6).position(|six| six == b"\"seq\":").unwrap() + 6;
    changed[at] = b'1';
    let changed = seal(&changed);
    let moved = seal(message);
    let member = sealed(&secret.replies_key());
    let other = FrameRef { seq: 1, hash: common::hash(b"another message") };
    let other = FrameHeader { ack: Some(other), ..claim.clone() };
    let guessed = seal(&Frame::sign(&other, b"read", &secret.replies_key()));
    let forged = vec![InboxIssue::Forged];
    for (who, frames, expected) in [
        ("the handler, with its own key", vec![handler], (Some(0), forged.clone())),
        ("the reporter's key", vec![reporter], (Some(0), forged.clone())),
        ("the key of another case", vec![of_another_case], (Some(0), forged.clone())),
        ("a changed answer", vec![changed], (Some(0), forged.clone())),
        ("the reporter's message, moved", vec![moved], (Some(0), forged)),
        (
            "the same answer again",
            vec![answer.reply.0.clone()],
            (Some(0), vec![InboxIssue::SequenceConflict]),
        ),
        // The positive control. Colleagues see the copy of every answer.
        ("a member", vec![member.clone()], (Some(1), vec![])),
        ("a member, of another message", vec![guessed], (Some(0), vec![])),
    ] {
        let replies = [vec![answer.reply.0.clone()], frames].concat();
        let mailbox_bytes = conversation.mailbox(2, &second.capsule, &replies);
        assert_eq!(conversation.open(&mailbox_bytes), expected, "{who}");
    }
    // Dropped or reordered answers never claim more.
    let dropped = conversation.mailbox(2, &second.capsule, &replies);
    assert_eq!(conversation.open(&dropped), (Some(0), vec![]));
    let reordered = conversation.mailbox(2, &second.capsule, &[member, answer.reply.0]);
    let issues = vec![InboxIssue::EarlierMessagesDropped(1), InboxIssue::SequenceConflict];
    assert_eq!(conversation.open(&reordered), (Some(1), issues));
}

/// `refusals.json` contains the records that a case handler can write.
#[test]
fn the_inbox_shows_what_the_log_record_proves() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, case_recipient) = opened.keys.clone().unwrap();
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Received,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: None,
        received: 1,
    };
    let capsule = opened.capsule.clone();
    let mut mailbox = Mailbox {
        header,
        capsule,
        case_recipient,
        rotations: Vec::new(),
        log: None,
        replies: Vec::new(),
    };
    let log_of = |mailbox: &Mailbox, directory: Option<&Directory>| {
        Inbox::open(secrets.receipt(), &mailbox.seal(&m), directory).unwrap().log
    };
    let shown = |report| Some(LogView { report, newest_message: None });
    assert_eq!(log_of(&mailbox, None), None, "without a directory nothing is verified");
    assert_eq!(log_of(&mailbox, Some(&world.directory)), shown(LogStatus::Missing));
    mailbox.log = Some(b"{}".to_vec());
    assert_eq!(log_of(&mailbox, Some(&world.directory)), shown(LogStatus::Wrong));
    mailbox.log = Some(br#"{"events":[],"checkpoint":null}"#.to_vec());
    assert_eq!(log_of(&mailbox, Some(&world.directory)), shown(LogStatus::Missing));
}

/// `docs/PROTOCOL.md` states these numbers.
#[test]
fn a_mailbox_has_room_for_replies_beside_the_log_record() {
    let mut world = fixture();
    let (_, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, case_recipient) = opened.keys.clone().unwrap();
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Investigating,
        released_to_oversight: true,
        oversight_asked: false,
        unreadable: false,
        next_update: Some(time::Date::MAX),
        received: 12,
    };
    let replies = vec![m.seal(&[0; REPLY_STEP]); 9];
    let capsule = opened.capsule.clone();
    let mut mailbox =
        Mailbox { header, capsule, case_recipient, rotations: Vec::new(), log: None, replies };
    for (len, replies) in [(3 * 1024, 6), (5 * 1024, 5), (RecordType::Log.max_len(), 3)] {
        mailbox.log = Some(vec![0; len]);
        // The headers of age files differ in length, so one more fits sometimes.
        let fitting = mailbox.fitting_reply_count(&m);
        assert!((replies..=replies + 1).contains(&fitting), "{fitting} beside {len} bytes");
    }
}
