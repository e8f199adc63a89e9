//! What a reporter's side accepts after key rotations, in both implementations. Each party without
//! the right keys makes, changes, drops, replays and reorders what the mailbox contains.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, confirmed_by, draft, fixture, grant_of, incoming, open_case, open_submission,
    outgoing,
    peer::{BrowserPeer, base64},
    submit_report,
};
use investigator::{OpenCase, ReplyDraft, RotationProposal, SealedFrame, Thread};
use protocol::{
    api::workbench::GenerationGrant,
    case::Stage,
    keys::{CaseRecipient, CaseSecret, MailboxRecipient},
    mailbox::{MAILBOX_LEN, Mailbox, MailboxHeader},
    rotation::{ConfirmedRotation, RotationStatement},
    submission::{
        envelope::OpenedSubmission,
        frame::{FrameKind, FrameRef, MAX_GENERATION},
    },
};
use reporter::{FollowUpContent, FollowUpDraft, FollowUpSealer, Inbox, InboxIssue, ReportSecrets};
use serde_json::{Value, json};

/// A case with one reply before the rotation. `awa` proposes it and leaves out `bila`; `coumba`
/// approves it.
struct Rotated {
    world: ReportFixture,
    secrets: ReportSecrets,
    opened: OpenedSubmission,
    m: MailboxRecipient,
    c0: CaseRecipient,
    /// The grants of `awa`, by generation.
    grants: Vec<GenerationGrant>,
    proposal: RotationProposal,
    before: Vec<u8>,
    before_copy: Vec<u8>,
}

impl Rotated {
    fn new() -> Self {
        let mut world = fixture();
        let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
        let opened = open_submission(&world, &bytes);
        let (m, c0) = opened.keys.clone().unwrap();
        let case = open_case(&world, &opened, "awa");
        let thread = case.read_thread([incoming(0, &opened.body)]);
        let before = case.seal_reply(&reply("before"), &thread, &m).unwrap();
        let (before, before_copy) = (before.reply.0, before.copy.0);
        let thread = case.read_thread([incoming(0, &opened.body), outgoing(1, &before_copy)]);
        let first = grant_of(&world, &opened, "awa").unwrap();
        let grants = vec![GenerationGrant { generation: 0, grant: first }];
        let proposal = propose(&mut world, &case, &thread, None);
        let grants = [grants, vec![proposal.grants[0].clone()]].concat();
        Self { world, secrets, opened, m, c0, grants, proposal, before, before_copy }
    }

    /// The case as `awa` opens it after the rotation.
    fn case(&self) -> OpenCase {
        let id = self.opened.header.case.id;
        OpenCase::open(id, &self.grants, &self.world.people["awa"]).unwrap()
    }

    /// The case as the former reader `bila` opens it.
    fn former(&self) -> OpenCase {
        open_case(&self.world, &self.opened, "bila")
    }

    fn thread(&self, copies: &[Vec<u8>]) -> Thread {
        let newer = copies
            .iter()
            .zip(2..)
            .map(|(copy, n)| SealedFrame { generation: 1, ..outgoing(n, copy) });
        let first = [incoming(0, &self.opened.body), outgoing(1, &self.before_copy)];
        self.case().read_thread(first.into_iter().chain(newer))
    }

    /// Returns the rotation as an honest case handler publishes it.
    fn rotation(&self) -> ConfirmedRotation {
        confirmed_by(&self.world, &self.proposal, &["awa", "coumba"])
    }

    fn mailbox(
        &self,
        rotations: &[ConfirmedRotation],
        case_recipient: &CaseRecipient,
        replies: &[Vec<u8>],
    ) -> Vec<u8> {
        self.mailbox_with(&self.opened.capsule, 1, (rotations, case_recipient, replies))
    }

    fn mailbox_with(
        &self,
        capsule: &[u8],
        received: u32,
        (rotations, case_recipient, replies): (&[ConfirmedRotation], &CaseRecipient, &[Vec<u8>]),
    ) -> Vec<u8> {
        let header = MailboxHeader {
            v: 1,
            week: "2026-W50".to_owned(),
            stage: Stage::Assessing,
            released_to_oversight: false,
            oversight_asked: false,
            unreadable: false,
            next_update: None,
            received,
        };
        let content = Mailbox {
            header,
            capsule: capsule.to_vec(),
            case_recipient: case_recipient.clone(),
            rotations: rotations.to_vec(),
            log: None,
            replies: replies.to_vec(),
        };
        let sealed = content.seal(&self.m);
        assert_eq!(sealed.len(), MAILBOX_LEN);
        sealed
    }

    /// Opens a mailbox. Both implementations must show the same, and agree on whether the reporter
    /// can write.
    fn open(&self, mailbox_bytes: &[u8]) -> Inbox {
        let receipt = self.secrets.receipt();
        let inbox = Inbox::open(receipt, mailbox_bytes, Some(&self.world.directory)).unwrap();
        let mut peer = BrowserPeer::start(&self.world);
        let question =
            json!({"do": "open", "receipt": receipt.code(), "mailbox": base64(mailbox_bytes)});
        let seen = peer.request(&question);
        let texts: Value = inbox.messages.iter().map(|message| message.text.clone()).collect();
        let shown: Value = seen["messages"]
            .as_array()
            .unwrap_or_else(|| panic!("{seen}"))
            .iter()
            .map(|message| message["text"].clone())
            .collect();
        assert_eq!(shown, texts);
        assert_eq!(seen["canWrite"], json!(inbox.can_write()), "{seen}");
        assert_eq!(seen["findings"], inbox.issues.iter().map(browser_finding).collect::<Value>());
        assert!(peer.exits_successfully());
        inbox
    }

    /// Opens a mailbox. Returns what it shows, its issues, and whether the reporter can write.
    fn seen(&self, mailbox_bytes: &[u8]) -> (Vec<String>, Vec<InboxIssue>, bool) {
        let inbox = self.open(mailbox_bytes);
        let can_write = inbox.can_write();
        (inbox.messages.into_iter().map(|message| message.text).collect(), inbox.issues, can_write)
    }

    fn follow_up(&self, inbox: &Inbox) -> OpenedSubmission {
        let message = FollowUpDraft {
            content: FollowUpContent::Text("after".to_owned()),
            lang: "fr".to_owned(),
            week: "2026-W50".to_owned(),
            release_to_oversight: false,
            token: [9; 32],
            related: None,
        };
        let (receipt, hash) = (self.secrets.receipt(), self.world.signed.hash());
        let sealer =
            FollowUpSealer::begin(&self.world.directory, hash, receipt, inbox, message, Vec::new());
        open_submission(&self.world, &sealer.unwrap().finish().unwrap())
    }
}

fn propose(
    world: &mut ReportFixture,
    case: &OpenCase,
    thread: &Thread,
    previous: Option<&RotationStatement>,
) -> RotationProposal {
    let stay = ["awa", "coumba", "eva", "fofana"].map(|handle| world.people[handle].recipient());
    let stay: Vec<_> = stay.iter().collect();
    let previous = previous.map(RotationStatement::hash);
    case.propose_rotation(&stay, previous, thread.newest_outgoing(), &mut world.rng).unwrap()
}

fn reply(text: &str) -> ReplyDraft {
    ReplyDraft {
        kind: FrameKind::Message,
        text: text.to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
    }
}

fn browser_finding(issue: &InboxIssue) -> Value {
    match issue {
        InboxIssue::Forged => json!({"kind": "forged"}),
        InboxIssue::MessagesWithheld(count) => json!({"kind": "withheld", "count": count}),
        InboxIssue::UnseenMessagesDropped(count) => {
            json!({"kind": "unseen-not-shown", "count": count})
        }
        InboxIssue::EarlierMessagesDropped(count) => {
            json!({"kind": "earlier-not-shown", "count": count})
        }
        InboxIssue::SequenceConflict => json!({"kind": "sequence-conflict"}),
        InboxIssue::UnverifiedKey => json!({"kind": "wrong-key"}),
        InboxIssue::RotationUnconfirmed => json!({"kind": "unconfirmed-rotation"}),
        other => panic!("unexpected issue {other:?}"),
    }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

/// The reporter follows to the new keys, and
/// the former reader neither reads nor writes any more.
#[test]
fn a_rotation_excludes_the_old_secret_and_the_reporter_follows() {
    let case = Rotated::new();
    let c1 = &case.proposal.case_recipient;
    let mailbox_bytes = case.mailbox(&[case.rotation()], c1, std::slice::from_ref(&case.before));
    assert_eq!(case.seen(&mailbox_bytes), (texts(&["before"]), vec![], true));
    // The old key is not accepted any more.
    let old = case.mailbox(&[case.rotation()], &case.c0, std::slice::from_ref(&case.before));
    let expected = (texts(&["before"]), vec![InboxIssue::UnverifiedKey], false);
    assert_eq!(case.seen(&old), expected);

    let inbox = case.open(&mailbox_bytes);
    let second = case.follow_up(&inbox);
    assert_eq!(second.header.case.generation, 1);
    let after = SealedFrame { generation: 1, ..incoming(2, &second.body) };
    let frames = [incoming(0, &case.opened.body), outgoing(1, &case.before_copy), after];
    assert!(!case.former().read_thread(frames.clone()).issues.is_empty());
    let first = grant_of(&case.world, &case.opened, "coumba").unwrap();
    let own = [GenerationGrant { generation: 0, grant: first }, case.proposal.grants[1].clone()];
    let id = case.opened.header.case.id;
    let colleague = OpenCase::open(id, &own, &case.world.people["coumba"]).unwrap();
    for reader in [&case.case(), &colleague] {
        let thread = reader.read_thread(frames.clone());
        assert_eq!(thread.issues, []);
        assert_eq!(thread.incoming[1].body_text(), "after");
    }
    // The mailbox contains no statement after the newest capsule knows the keys.
    let replies = std::slice::from_ref(&case.before);
    let later = case.mailbox_with(&second.capsule, 2, (&[], c1, replies));
    assert_eq!(case.seen(&later), (texts(&["before"]), vec![], true));
}

/// A10. In version 1, these answers pushed the rotation out of the mailbox: none was shown, and the
/// reporter could not write. A mailbox has room for seven of them, with a rotation and without.
#[test]
fn long_answers_after_a_rotation_are_shown_and_the_reporter_can_write() {
    let rotated = Rotated::new();
    let case = rotated.case();
    let (mut replies, mut copies) = (Vec::new(), Vec::new());
    let long: Vec<String> = (0..8).map(|n| n.to_string().repeat(1000)).collect();
    for text in &long {
        let sealed = case.seal_reply(&reply(text), &rotated.thread(&copies), &rotated.m).unwrap();
        replies.push(sealed.reply.0);
        copies.push(sealed.copy.0);
    }
    let c1 = &rotated.proposal.case_recipient;
    for (count, dropped) in [(7, 1), (8, 2)] {
        let mailbox_bytes = rotated.mailbox(&[rotated.rotation()], c1, &replies[..count]);
        let (shown, issues, can_write) = rotated.seen(&mailbox_bytes);
        assert!(shown == long[count - 7..count], "{} answers are shown", shown.len());
        assert_eq!(issues, [InboxIssue::UnseenMessagesDropped(dropped)]);
        assert!(can_write);
    }
    let without = rotated.mailbox(&[], &rotated.c0, &replies);
    let identity = rotated.secrets.receipt().mailbox_identity();
    assert_eq!(Mailbox::open(&without, &identity).unwrap().replies.len(), 7);
}

/// A10. A former member and the case handler publish the mailbox of before with a fork.
#[test]
fn a_former_member_and_the_case_handler_move_no_reporter() {
    let mut case = Rotated::new();
    let before = [case.before.clone()];
    let (thread, former) = (case.thread(&[]), case.former());
    let mut rng = case.world.rng.clone();
    let own = case.world.people["bila"].recipient();
    let newest = thread.newest_outgoing();
    let fork = former.propose_rotation(&[&own], None, newest, &mut rng).unwrap();
    case.world.remove_member("bila");
    let refused = (texts(&["before"]), vec![InboxIssue::RotationUnconfirmed], false);
    // Confirmed by no member, by the former one, and by a current one who helps.
    for by in [&[][..], &["bila"], &["bila", "bila"], &["bila", "awa"]] {
        let rotation = confirmed_by(&case.world, &fork, by);
        let mailbox_bytes = case.mailbox(&[rotation], &fork.case_recipient, &before);
        assert_eq!(case.seen(&mailbox_bytes), refused, "{by:?}");
    }
    // With the confirmations of the true rotation.
    let mut replayed = confirmed_by(&case.world, &fork, &[]);
    replayed.confirmations = case.rotation().confirmations;
    let mailbox_bytes = case.mailbox(&[replayed], &fork.case_recipient, &before);
    assert_eq!(case.seen(&mailbox_bytes), refused);
}

#[test]
fn a_frame_with_an_old_key_after_the_rotation_is_refused() {
    let case = Rotated::new();
    let c1 = &case.proposal.case_recipient;
    // The former reader signs with the old key, after the newest frame of before.
    let former = case.former();
    let forged = former.seal_reply(&reply("trust me"), &case.thread(&[]), &case.m).unwrap();
    let replies = [case.before.clone(), forged.reply.0.clone()];
    let mailbox_bytes = case.mailbox(&[case.rotation()], c1, &replies);
    let expected = (texts(&["before"]), vec![InboxIssue::Forged], true);
    assert_eq!(case.seen(&mailbox_bytes), expected);
    // In the position of the newest frame of before: shown with a warning, as in version 1.
    let empty = case.case().read_thread([incoming(0, &case.opened.body)]);
    let other = former.seal_reply(&reply("other"), &empty, &case.m).unwrap();
    let mailbox_bytes = case.mailbox(&[case.rotation()], c1, &[other.reply.0]);
    let (shown, issues, can_write) = case.seen(&mailbox_bytes);
    assert_eq!((shown, can_write), (texts(&["other"]), true));
    assert_eq!(issues, [InboxIssue::SequenceConflict]);
    // The frame of before is withheld.
    let mailbox_bytes = case.mailbox(&[case.rotation()], c1, &[]);
    let (_, issues, _) = case.seen(&mailbox_bytes);
    assert_eq!(issues, [InboxIssue::MessagesWithheld(1)]);
    // The reporter has written with the new keys. An old frame after what was seen is refused.
    let seen = case.mailbox(&[case.rotation()], c1, std::slice::from_ref(&case.before));
    let second = case.follow_up(&case.open(&seen));
    let mailbox_bytes = case.mailbox_with(&second.capsule, 2, (&[], c1, &replies));
    assert_eq!(case.seen(&mailbox_bytes), expected);
}

#[test]
fn a_rotation_without_two_confirmations_moves_no_reporter() {
    let case = Rotated::new();
    let c1 = &case.proposal.case_recipient;
    let newer = case.case().seal_reply(&reply("newer"), &case.thread(&[]), &case.m).unwrap();
    let replies = [case.before.clone(), newer.reply.0];
    let honest = case.mailbox(&[case.rotation()], c1, &replies);
    assert_eq!(case.seen(&honest), (texts(&["before", "newer"]), vec![], true));
    for by in [&[][..], &["awa"], &["awa", "awa"]] {
        let rotation = confirmed_by(&case.world, &case.proposal, by);
        let mailbox_bytes = case.mailbox(&[rotation], c1, &replies);
        let unconfirmed = (texts(&["before"]), vec![InboxIssue::RotationUnconfirmed], false);
        assert_eq!(case.seen(&mailbox_bytes), unconfirmed, "{by:?}");
    }
    // Any two members of the directory confirm it.
    let rotation = confirmed_by(&case.world, &case.proposal, &["eva", "dao"]);
    let mailbox_bytes = case.mailbox(&[rotation], c1, &replies);
    assert_eq!(case.seen(&mailbox_bytes), (texts(&["before", "newer"]), vec![], true));
}

#[test]
fn statements_that_are_made_changed_dropped_replayed_or_reordered_are_refused() {
    let mut case = Rotated::new();
    let thread = case.thread(&[]);
    let (first, open) = (case.rotation(), case.case());
    let statement = &first.rotation.statement;
    let second = propose(&mut case.world, &open, &thread, Some(statement));
    let newest = confirmed_by(&case.world, &second, &["awa", "coumba"]);
    let mut bare = first.clone();
    bare.confirmations.clear();
    let c2 = &second.case_recipient;
    let before = std::slice::from_ref(&case.before);
    let follow = |rotations: &[ConfirmedRotation]| case.seen(&case.mailbox(rotations, c2, before));
    assert_eq!(follow(&[bare.clone(), newest.clone()]), (texts(&["before"]), vec![], true));
    // The case handler alone, or an outsider, makes one with keys of its own.
    let own = CaseSecret::from_bytes([9; 32]);
    let made = RotationStatement {
        case_recipient: own.identity().recipient().hash(),
        replies_key: (&own.replies_key()).into(),
        ..statement.clone()
    };
    let mut forged = first.clone();
    forged.rotation = made.clone().sign(&own.replies_key());
    let mut changed = first.clone();
    changed.rotation.statement = made;
    let mut other_limit = bare.clone();
    other_limit.rotation.statement.newest_reply =
        Some(FrameRef { seq: 9, ..thread.newest_outgoing().unwrap() });
    for (what, rotations) in [
        ("dropped: the newest", vec![bare.clone()]),
        ("dropped: all", vec![]),
        ("dropped: the first", vec![newest.clone()]),
        ("reordered", vec![newest.clone(), bare.clone()]),
        ("replayed", vec![bare.clone(), bare.clone(), newest.clone()]),
        ("made", vec![forged]),
        ("changed", vec![changed]),
        ("changed: the newest reply", vec![other_limit, newest.clone()]),
    ] {
        let (shown, issues, can_write) = follow(&rotations);
        assert_eq!(shown, ["before"], "{what}");
        let expected = if what == "dropped: the newest" {
            InboxIssue::RotationUnconfirmed
        } else {
            InboxIssue::UnverifiedKey
        };
        assert_eq!((issues, can_write), (vec![expected], false), "{what}");
    }
}

/// `MAX_GENERATION` is chosen so that the reporter still gets the newest reply, whatever its
/// length, beside a log record of two messages without files.
#[test]
fn all_statements_of_a_case_and_the_longest_reply_fit_into_one_mailbox() {
    let case = Rotated::new();
    let mut statement = case.rotation().rotation.statement;
    statement.newest_reply = Some(FrameRef { seq: 1_000_000, ..statement.newest_reply.unwrap() });
    statement.previous = Some(statement.hash());
    statement.generation = MAX_GENERATION;
    let key = CaseSecret::from_bytes([9; 32]).replies_key();
    let devices = ["awa", "coumba"].map(|handle| statement.confirm(&case.world.devices[handle]));
    let mut rotations =
        vec![
            ConfirmedRotation { rotation: statement.sign(&key), confirmations: Vec::new() };
            MAX_GENERATION as usize
        ];
    rotations.last_mut().unwrap().confirmations = devices.to_vec();
    assert!(rotations.last().unwrap().to_bytes().len() <= 1024);
    let header = MailboxHeader {
        v: 1,
        week: "2026-W50".to_owned(),
        stage: Stage::Investigating,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: Some(time::macros::date!(2026 - 12 - 24)),
        received: u32::MAX,
    };
    let mailbox = Mailbox {
        header,
        capsule: case.opened.capsule.clone(),
        case_recipient: case.c0.clone(),
        rotations,
        log: Some(vec![0; 2 * 1024]),
        replies: vec![vec![0; 12 * 1024]],
    };
    assert_eq!(mailbox.fitting_reply_count(&case.m), 1);
}
