//! One member deceives the reporter or a colleague. Every other reader of the case notices it, and
//! an honest reply still reaches the reporter, in both implementations.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, draft, fixture, grant_of, incoming, open_case, open_submission, outgoing,
    peer::{BrowserPeer, base64, files_json},
    submit_report,
};
use investigator::{OpenCase, ReplyDraft, ReplyStatement, Thread, ThreadIssueKind};
use protocol::{
    Hash,
    api::workbench::SealedBytes,
    case::Stage,
    keys::{CaseSecret, InvestigatorIdentity, MailboxRecipient, PublicKey},
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{
        envelope::OpenedSubmission,
        frame::FrameKind,
        key_grant::{Grant, SealedGrant, grant_tag},
    },
};
use reporter::{Inbox, InboxIssue, ReportSecrets};
use serde_json::{Value, json};

const LIE: &str = "On sait qui vous êtes.";
const RECORD: &str = "Votre dossier est examiné, merci.";
const HONEST: &str = "Le premier message n'est pas du bureau.";

/// A case that two members have opened. `awa` deceives, `bila` checks.
struct TwoReaders {
    world: ReportFixture,
    secrets: ReportSecrets,
    opened: OpenedSubmission,
    mailbox: MailboxRecipient,
    awa: OpenCase,
    bila: OpenCase,
}

impl TwoReaders {
    fn new() -> Self {
        let mut world = fixture();
        let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
        let opened = open_submission(&world, &bytes);
        let mailbox = opened.keys.clone().unwrap().0;
        let (awa, bila) = (open_case(&world, &opened, "awa"), open_case(&world, &opened, "bila"));
        Self { world, secrets, opened, mailbox, awa, bila }
    }

    fn receipt(&self) -> &Receipt {
        self.secrets.receipt()
    }

    /// Returns the thread of `bila` with these copies, and what the comparison of the replies
    /// finds.
    fn checked(&self, sent: &[(&SealedBytes, &SealedBytes)]) -> (Thread, Vec<ThreadIssueKind>) {
        let copies = sent.iter().zip(1..).map(|((_, copy), n)| outgoing(n, &copy.0));
        let frames = [incoming(0, &self.opened.body)].into_iter().chain(copies);
        let mut thread = self.bila.read_thread(frames);
        let statements = sent.iter().map(|(reply, copy)| ReplyStatement {
            signer: "awa",
            reply: reply.hash(),
            copy: copy.hash(),
        });
        self.bila.check_replies(&mut thread, &self.mailbox, statements).unwrap();
        let kinds = thread.issues.iter().map(|issue| issue.kind.clone()).collect();
        (thread, kinds)
    }

    fn seal(&self, member: &OpenCase, text: &str, thread: &Thread) -> (SealedBytes, SealedBytes) {
        let draft = ReplyDraft {
            kind: FrameKind::Message,
            text: text.to_owned(),
            lang: "fr".to_owned(),
            week: "2026-W49".to_owned(),
        };
        let sealed = member.seal_reply(&draft, thread, &self.mailbox).unwrap();
        (sealed.reply, sealed.copy)
    }

    /// Returns the texts and the issues that the reporter sees. Both implementations must agree.
    fn shown_to_reporter(&self, replies: &[&SealedBytes]) -> (Vec<String>, Vec<InboxIssue>) {
        let mailbox_bytes = self.seal_mailbox(replies);
        let inbox =
            Inbox::open(self.receipt(), &mailbox_bytes, Some(&self.world.directory)).unwrap();
        let texts: Vec<String> =
            inbox.messages.iter().map(|message| message.text.clone()).collect();
        let mut peer = BrowserPeer::start(&self.world);
        let code = self.receipt().code();
        let seen = peer
            .request(&json!({"do": "open", "receipt": code, "mailbox": base64(&mailbox_bytes)}));
        let in_browser: Vec<Value> = seen["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["text"].clone())
            .collect();
        assert_eq!(in_browser, texts);
        let kind = |issue: &InboxIssue| match issue {
            InboxIssue::Forged => json!({"kind": "forged"}),
            InboxIssue::SequenceConflict => json!({"kind": "sequence-conflict"}),
            InboxIssue::UnseenMessagesDropped(count) => {
                json!({"kind": "unseen-not-shown", "count": count})
            }
            other => panic!("unexpected issue {other:?}"),
        };
        assert_eq!(seen["findings"], inbox.issues.iter().map(kind).collect::<Value>());
        assert!(peer.exits_successfully());
        (texts, inbox.issues)
    }

    fn seal_mailbox(&self, replies: &[&SealedBytes]) -> Vec<u8> {
        let header = MailboxHeader {
            v: 1,
            week: "2026-W49".to_owned(),
            stage: Stage::Received,
            released_to_oversight: false,
            oversight_asked: false,
            unreadable: false,
            next_update: None,
            received: 1,
        };
        let (mailbox, case_recipient) = self.opened.keys.clone().unwrap();
        let replies = replies.iter().map(|reply| reply.0.clone()).collect();
        Mailbox {
            header,
            capsule: self.opened.capsule.clone(),
            case_recipient,
            rotations: Vec::new(),
            log: None,
            replies,
        }
        .seal(&mailbox)
    }
}

fn reply_differs() -> ThreadIssueKind {
    ThreadIssueKind::ReplyDiffers { signer: "awa".to_owned() }
}

#[test]
fn an_honest_reply_is_confirmed_by_every_colleague() {
    let case = TwoReaders::new();
    let (thread, _) = case.checked(&[]);
    let (reply, copy) = case.seal(&case.awa, RECORD, &thread);
    let (thread, issues) = case.checked(&[(&reply, &copy)]);
    assert_eq!(issues, []);
    assert_eq!(thread.outgoing[0].body_text(), RECORD);
    // A reply is compared with the reporter's key only.
    let other = Receipt::from_bytes([3; 16]).mailbox_identity().recipient();
    let mut thread = case.checked(&[]).0;
    assert!(case.bila.check_replies(&mut thread, &other, []).is_err());
}

#[test]
fn a_colleague_notices_every_reply_that_differs_from_the_copy() {
    let case = TwoReaders::new();
    let (before, _) = case.checked(&[]);
    let (reply, copy) = case.seal(&case.awa, RECORD, &before);
    let (lie, _) = case.seal(&case.awa, LIE, &before);
    let frame = case.receipt().mailbox_identity().open(&reply.0).unwrap();
    let other_mailbox = Receipt::from_bytes([3; 16]).mailbox_identity().recipient();
    for (what, sent) in [
        ("another text", lie),
        ("bytes that do not open", SealedBytes(vec![7; 1000])),
        ("nothing", SealedBytes(Vec::new())),
        ("the same frame to another key", SealedBytes(other_mailbox.seal(&frame))),
        ("the same frame, sealed with random bytes", SealedBytes(case.mailbox.seal(&frame))),
        ("the copy itself", copy.clone()),
    ] {
        assert_eq!(case.checked(&[(&sent, &copy)]).1, [reply_differs()], "{what}");
    }
    // A later event repeats an older reply instead of its own.
    let (thread, _) = case.checked(&[(&reply, &copy)]);
    let (_, second) = case.seal(&case.awa, "second", &thread);
    let replayed = case.checked(&[(&reply, &copy), (&reply, &second)]).1;
    assert_eq!(replayed, [reply_differs()]);
    // A later event repeats an older reply with its copy.
    let replayed = case.checked(&[(&reply, &copy), (&reply, &copy)]).1;
    assert_eq!(replayed, [ThreadIssueKind::Replayed]);
}

#[test]
fn a_copy_that_does_not_open_is_noticed() {
    let case = TwoReaders::new();
    let (before, _) = case.checked(&[]);
    let (lie, _) = case.seal(&case.awa, LIE, &before);
    let identity = case.receipt().mailbox_identity();
    let frame = identity.open(&lie.0).unwrap();
    for copy in [vec![7; 1000], Vec::new(), identity.recipient().seal(&frame)] {
        let (thread, issues) = case.checked(&[(&lie, &SealedBytes(copy))]);
        assert!(matches!(issues[..], [ThreadIssueKind::Rejected(_)]), "{issues:?}");
        assert_eq!(thread.outgoing.len(), 0);
    }
}

/// A member sent the reporter another reply than the team's copy. Version 1 dropped the honest
/// reply of a colleague as forged, and the colleague saw nothing.
#[test]
fn one_lie_neither_stays_hidden_nor_silences_honest_colleagues() {
    let case = TwoReaders::new();
    let (before, _) = case.checked(&[]);
    let (lie, _) = case.seal(&case.awa, LIE, &before);
    let (_, copy) = case.seal(&case.awa, RECORD, &before);
    let (thread, issues) = case.checked(&[(&lie, &copy)]);
    assert_eq!(issues, [reply_differs()]);
    let (honest, _) = case.seal(&case.bila, HONEST, &thread);
    let shown = case.shown_to_reporter(&[&lie, &honest]);
    let texts = [LIE, HONEST].map(str::to_owned).to_vec();
    assert_eq!(shown, (texts, vec![InboxIssue::SequenceConflict]));
}

#[test]
fn an_honest_reply_after_a_reply_that_does_not_open_is_shown() {
    let case = TwoReaders::new();
    let (before, _) = case.checked(&[]);
    let (_, copy) = case.seal(&case.awa, RECORD, &before);
    let junk = SealedBytes(vec![7; 1000]);
    let (thread, issues) = case.checked(&[(&junk, &copy)]);
    assert_eq!(issues, [reply_differs()]);
    let (honest, _) = case.seal(&case.bila, HONEST, &thread);
    let (texts, issues) = case.shown_to_reporter(&[&junk, &honest]);
    assert_eq!(texts, [HONEST]);
    assert_eq!(issues, [InboxIssue::Forged, InboxIssue::UnseenMessagesDropped(1)]);
    // The copy does not open either, so the honest reply has the number of the lie.
    let (lie, _) = case.seal(&case.awa, LIE, &before);
    let (thread, _) = case.checked(&[(&lie, &junk)]);
    let (honest, _) = case.seal(&case.bila, HONEST, &thread);
    let (texts, issues) = case.shown_to_reporter(&[&lie, &honest]);
    assert_eq!(texts, [LIE, HONEST]);
    assert_eq!(issues, [InboxIssue::SequenceConflict]);
}

/// Returns the grant in a report for this member, and the hash that a colleague expects.
fn expected_by(case: &OpenCase, world: &ReportFixture, handle: &str) -> Hash {
    case.grant_hash(0, &world.people[handle].recipient()).unwrap()
}

#[test]
fn every_reader_confirms_the_grants_of_all_readers_whichever_program_sealed_them() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let draft = draft("story", &["regional"]);
    let (from_browser, _) = peer.seal(&json!({
        "do": "report",
        "seed": base64(&[5; 32]),
        "draft": {"body": draft.body, "lang": draft.lang, "priority": draft.priority, "week": draft.week},
        "files": files_json(&[]),
    }));
    let (_, from_form) = submit_report(&mut world, draft, &[]);
    for bytes in [from_browser, from_form] {
        let opened = open_submission(&world, &bytes);
        let sent: Vec<Hash> = opened.grants.iter().map(SealedGrant::hash).collect();
        for checking in ["awa", "coumba", "eva", "fofana"] {
            let case = open_case(&world, &opened, checking);
            for handle in ["awa", "coumba", "eva", "fofana"] {
                assert!(sent.contains(&expected_by(&case, &world, handle)), "{handle}");
            }
            for handle in ["bila", "dao"] {
                assert!(!sent.contains(&expected_by(&case, &world, handle)), "{handle}");
            }
            assert_eq!(case.grant_hash(1, &world.people[checking].recipient()), None);
        }
    }
    assert!(peer.exits_successfully());
}

#[test]
fn a_colleague_notices_every_grant_that_differs() {
    let case = TwoReaders::new();
    let (world, opened) = (&case.world, &case.opened);
    let (awa, coumba) = (&world.people["awa"], world.people["coumba"].recipient());
    let id = opened.header.case.id;
    let own = Grant::open(&grant_of(world, opened, "awa").unwrap(), awa, id, 0).unwrap();
    let tag = grant_tag(id, &coumba);
    let other_key = PublicKey::from(&Receipt::from_bytes([3; 16]).signing_key());
    let random = InvestigatorIdentity::from_seed(&[3; 32]).recipient();
    let honest = own.seal(&coumba);
    assert_eq!(honest.hash(), expected_by(&case.bila, world, "coumba"));
    let plain = world.people["coumba"].open(&honest.sealed).unwrap();
    for (what, grant) in [
        ("bytes that do not open", SealedGrant { tag, sealed: vec![0; 2000] }),
        ("nothing", SealedGrant { tag, sealed: Vec::new() }),
        (
            "another secret",
            Grant { secret: CaseSecret::from_bytes([9; 32]), ..own.clone() }.seal(&coumba),
        ),
        ("another reporter key", Grant { reporter_key: other_key, ..own.clone() }.seal(&coumba)),
        (
            "another mailbox key",
            Grant { mailbox_recipient: Hash::default(), ..own.clone() }.seal(&coumba),
        ),
        ("another generation", Grant { generation: 1, ..own.clone() }.seal(&coumba)),
        ("sealed to another key", SealedGrant { tag, ..own.seal(&random) }),
        ("sealed with random bytes", SealedGrant { tag, sealed: coumba.seal(&plain) }),
        ("the tag of another member", SealedGrant { tag: Hash::default(), ..honest.clone() }),
    ] {
        assert_ne!(grant.hash(), expected_by(&case.bila, world, "coumba"), "{what}");
    }
}
