//! The protocol from end to end in memory: submit, collect, open, answer, read, continue.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, capsule_of, digest_of, draft, fixture, grant_of, incoming, open_case,
    open_submission, outgoing, report_story, resubmit_report, submit_report,
};
use investigator::{CaseError, OpenCase, ReplyDraft, SealedFrame, ThreadIssueKind};
use protocol::{
    api::workbench::GenerationGrant,
    case::Stage,
    encoding::{padding::TEXT_STEP, size_classes},
    keys::{CaseRecipient, CaseSecret, MailboxRecipient},
    mailbox::{MAILBOX_LEN, Mailbox, MailboxHeader},
    submission::{
        envelope::{OpenedSubmission, SealError, SubmissionKind},
        facts_body::FactsBody,
        frame::{FrameDirection, FrameKind},
        key_grant::Grant,
        report_body::{OVERSIGHT_QUESTION, ReportAnswer},
    },
};
use reporter::{
    FollowUpContent, FollowUpDraft, FollowUpSealer, Inbox, InboxIssue, ReportSealer, ReportSecrets,
};

/// Seals a mailbox that counts the report, and the follow-up if the capsule is that of a follow-up.
fn seal_mailbox(
    opened: &OpenedSubmission,
    capsule: &[u8],
    case: &CaseRecipient,
    replies: &[Vec<u8>],
) -> Vec<u8> {
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Received,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: None,
        received: if capsule == opened.capsule { 1 } else { 2 },
    };
    let content = Mailbox {
        header,
        capsule: capsule.to_vec(),
        case_recipient: case.clone(),
        rotations: Vec::new(),
        log: None,
        replies: replies.to_vec(),
    };
    let sealed = content.seal(&recipients_of(opened).0);
    assert_eq!(sealed.len(), MAILBOX_LEN);
    sealed
}

fn recipients_of(opened: &OpenedSubmission) -> (MailboxRecipient, CaseRecipient) {
    opened.keys.clone().expect("a report brings its keys")
}

fn reply_draft(text: &str) -> ReplyDraft {
    ReplyDraft {
        kind: FrameKind::Message,
        text: text.to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
    }
}

fn seal_follow_up(
    world: &ReportFixture,
    secrets: &ReportSecrets,
    inbox: &Inbox,
    text: &str,
    file: Option<&[u8]>,
) -> Vec<u8> {
    seal_content(world, secrets, inbox, FollowUpContent::Text(text.to_owned()), file)
}

fn seal_content(
    world: &ReportFixture,
    secrets: &ReportSecrets,
    inbox: &Inbox,
    content: FollowUpContent,
    file: Option<&[u8]>,
) -> Vec<u8> {
    let message = FollowUpDraft {
        related: None,
        content,
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
        release_to_oversight: false,
        token: [9; 32],
    };
    let mut sealer = FollowUpSealer::begin(
        &world.directory,
        world.signed.hash(),
        secrets.receipt(),
        inbox,
        message,
        Vec::new(),
    )
    .unwrap();
    if let Some(mut content) = file {
        sealer.attach("quittance.jpg", "image/jpeg", &mut content).unwrap();
    }
    sealer.finish().unwrap()
}

#[test]
fn added_facts_arrive_as_facts_in_the_envelope_of_a_message() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("une histoire", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (_, c) = recipients_of(&opened);
    let mailbox_bytes = seal_mailbox(&opened, &opened.capsule, &c, &[]);
    let inbox = Inbox::open(secrets.receipt(), &mailbox_bytes, Some(&world.directory)).unwrap();
    let answers = [("place".to_owned(), ReportAnswer::One("Dakola".to_owned()))];
    let facts = FactsBody { category: "EXT".to_owned(), answers: answers.into() };
    let content = FollowUpContent::Facts(facts.clone());
    let sent = seal_content(&world, &secrets, &inbox, content, None);
    let text = seal_follow_up(&world, &secrets, &inbox, "un message", None);
    assert_eq!(sent.len(), text.len());
    let [sent, text] = [&sent, &text].map(|bytes| open_submission(&world, bytes));
    assert_eq!(sent.header, text.header, "the envelope does not show that these are facts");
    // The grease of the age header has a random length.
    assert_eq!(sent.body.len() / TEXT_STEP, text.body.len() / TEXT_STEP);

    let case = open_case(&world, &opened, "awa");
    let thread = case.read_thread([incoming(0, &opened.body), incoming(1, &sent.body)]);
    assert_eq!(thread.issues, []);
    assert!(thread.incoming[0].parse_facts().is_none());
    assert_eq!(thread.incoming[1].header.kind, FrameKind::Facts);
    assert_eq!(thread.incoming[1].parse_facts().unwrap().unwrap(), facts);
    // The facts change nothing of the report.
    assert_eq!(report_story(&thread), "une histoire");
}

#[test]
fn a_report_is_opened_answered_and_continued() {
    let mut world = fixture();
    let photo = vec![0x5a; 300_000];
    let (secrets, bytes) = submit_report(
        &mut world,
        draft("On m’a demandé 5 000 francs.", &[]),
        &[("photo.jpg", &photo)],
    );
    assert!(size_classes::is_size_class(bytes.len() as u64));
    let opened = open_submission(&world, &bytes);
    assert_eq!(opened.header.kind, SubmissionKind::Report);
    assert_eq!(opened.header.desk, "internal_affairs");
    let (m, c) = recipients_of(&opened);

    // The investigator opens it.
    let case = open_case(&world, &opened, "awa");
    let thread = case.read_thread([incoming(0, &opened.body)]);
    assert_eq!(thread.issues, []);
    assert_eq!(report_story(&thread), "On m’a demandé 5 000 francs.");
    let manifest = &thread.incoming[0].header.attachments[0];
    assert!(*case.open_attachment(&opened.attachments[0], 0, manifest).unwrap() == photo);

    // The answer, read with the receipt.
    let answer = case.seal_reply(&reply_draft("Où était-ce ?"), &thread, &m).unwrap();
    let mailbox_bytes =
        seal_mailbox(&opened, &opened.capsule, &c, std::slice::from_ref(&answer.reply.0));
    let inbox = Inbox::open(secrets.receipt(), &mailbox_bytes, Some(&world.directory)).unwrap();
    assert_eq!(inbox.issues, []);
    assert_eq!(inbox.messages[0].text, "Où était-ce ?");

    // The reporter continues with a file.
    let second = seal_follow_up(
        &world,
        &secrets,
        &inbox,
        "Au poste, voici la quittance.",
        Some(b"jpeg bytes"),
    );
    let second = open_submission(&world, &second);
    // The capsules name both submissions as the case handler receives them.
    let report = capsule_of(secrets.receipt(), &opened);
    assert_eq!((report.report, report.sent_digest), (digest_of(&opened), digest_of(&opened)));
    let newest = capsule_of(secrets.receipt(), &second);
    assert_eq!((newest.report, newest.sent_digest), (digest_of(&opened), digest_of(&second)));
    assert_eq!(second.header.kind, SubmissionKind::FollowUp);
    assert_eq!(second.header.mailbox, opened.header.mailbox);
    let frames =
        [incoming(0, &opened.body), incoming(1, &second.body), outgoing(2, &answer.copy.0)];
    let thread = case.read_thread(frames.clone());
    assert_eq!(thread.issues, []);
    assert_eq!(thread.incoming[1].body_text(), "Au poste, voici la quittance.");
    assert_eq!(thread.last_acknowledged_by_reporter(), thread.newest_outgoing());
    let manifest = &thread.incoming[1].header.attachments[0];
    assert_eq!(
        &case.open_attachment(&second.attachments[0], 0, manifest).unwrap()[..],
        b"jpeg bytes"
    );

    // The case handler cannot hide the reporter's answer, nor the message that it answers.
    let hidden: Vec<_> = case.read_thread([frames[1].clone(), frames[2].clone()]).issues;
    assert!(hidden.iter().any(|f| f.kind == ThreadIssueKind::NoReport));
    assert!(hidden.iter().any(|f| f.kind == ThreadIssueKind::Withheld(0)));
    let hidden = case.read_thread([frames[0].clone(), frames[1].clone()]).issues;
    assert!(hidden.iter().any(|f| f.kind == ThreadIssueKind::Withheld(0)));

    // It cannot ingest a frame twice, swap the directions, or show a frame of one case in another.
    let twice = case.read_thread([
        frames[0].clone(),
        frames[1].clone(),
        frames[2].clone(),
        frames[1].clone(),
    ]);
    assert_eq!(twice.issues.iter().filter(|f| f.kind == ThreadIssueKind::Replayed).count(), 1);
    assert_eq!(twice.incoming.len(), 2);
    let swapped =
        case.read_thread([SealedFrame { direction: FrameDirection::Out, ..frames[0].clone() }]);
    assert!(matches!(swapped.issues[0].kind, ThreadIssueKind::Rejected(_)));
}

#[test]
fn a_frame_of_one_case_is_refused_in_another() {
    let mut world = fixture();
    let (_, one) = submit_report(&mut world, draft("first", &[]), &[]);
    let (_, two) = submit_report(&mut world, draft("second", &[]), &[]);
    let (one, two) = (open_submission(&world, &one), open_submission(&world, &two));
    let case = open_case(&world, &one, "awa");
    assert!(matches!(
        case.read_thread([incoming(0, &two.body)]).issues[0].kind,
        ThreadIssueKind::Rejected(_)
    ));
    // Grants of one case do not open under the id of another.
    let grant = grant_of(&world, &one, "awa").unwrap();
    let grants = [GenerationGrant { generation: 0, grant: grant.clone() }];
    assert!(OpenCase::open(two.header.case.id, &grants, &world.people["awa"]).is_err());
    let grants = [GenerationGrant { generation: 1, grant }];
    assert!(OpenCase::open(one.header.case.id, &grants, &world.people["awa"]).is_err());
}

#[test]
fn a_bad_grant_does_not_prevent_reading() {
    let mut world = fixture();
    let (_, one) = submit_report(&mut world, draft("story", &[]), &[]);
    let (_, two) = submit_report(&mut world, draft("another", &[]), &[]);
    let (one, two) = (open_submission(&world, &one), open_submission(&world, &two));
    let id = one.header.case.id;
    let awa = &world.people["awa"];
    let good = GenerationGrant { generation: 0, grant: grant_of(&world, &one, "awa").unwrap() };
    // A grant of another report under the id of this case, as a member with a modified program
    // could make it.
    let other =
        Grant::open(&grant_of(&world, &two, "awa").unwrap(), awa, two.header.case.id, 0).unwrap();
    let forged = |generation| GenerationGrant {
        generation,
        grant: Grant { case: id, generation, ..other.clone() }.seal(&awa.recipient()),
    };
    let mut garbage = GenerationGrant { generation: 2, ..good.clone() };
    garbage.grant.sealed[1000] ^= 1;
    let wrong = CaseSecret::from_bytes([7; 32]);
    let mine = Grant::open(&good.grant, awa, id, 0).unwrap();
    let twice = GenerationGrant {
        generation: 0,
        grant: Grant { secret: wrong, ..mine }.seal(&awa.recipient()),
    };

    let grants = [garbage.clone(), forged(1), good.clone(), twice, good];
    let case = OpenCase::open(id, &grants, awa).unwrap();
    assert_eq!(report_story(&case.read_thread([incoming(0, &one.body)])), "story");
    assert_eq!(case.newest_generation(), 0);
    let refused: Vec<_> =
        case.rejected_grants().iter().map(|grant| (grant.generation, &grant.reason)).collect();
    assert!(matches!(
        refused[..],
        [
            (0, CaseError::ConflictingGrants),
            (1, CaseError::ReporterMismatch),
            (2, CaseError::Grant(_))
        ]
    ));
    assert!(matches!(OpenCase::open(id, &[garbage], awa), Err(CaseError::Grant(_))));
    assert!(matches!(OpenCase::open(id, &[], awa), Err(CaseError::NoGrant)));
}

#[test]
fn an_excluded_member_can_open_no_grant() {
    let mut world = fixture();
    for (excluded, out, to) in [
        (&["regional"][..], &["bila", "dao"][..], &["awa", "coumba", "eva", "fofana"][..]),
        (&["hr_integrity"], &["coumba", "dao"], &["awa", "bila", "eva", "fofana"]),
        (&["internal_affairs"], &["awa", "bila", "coumba", "dao"], &["eva", "fofana"]),
        (&["regional", "hr_integrity"], &["awa", "bila", "coumba", "dao"], &["eva", "fofana"]),
        (&["unsure_all"], &["awa", "bila", "coumba", "dao"], &["eva", "fofana"]),
    ] {
        let (_, bytes) = submit_report(&mut world, draft("story", excluded), &[]);
        let opened = open_submission(&world, &bytes);
        assert_eq!(opened.grants.len(), 8);
        for handle in out {
            assert!(grant_of(&world, &opened, handle).is_none(), "{handle} without {excluded:?}");
            let identity = &world.people[handle];
            assert!(
                opened.grants.iter().all(|grant| identity.open(&grant.sealed).is_err()),
                "{handle}"
            );
        }
        for handle in to {
            open_case(&world, &opened, handle);
        }
        let desk = if to.len() == 2 { "external" } else { "internal_affairs" };
        assert_eq!(opened.header.desk, desk, "{excluded:?}");
    }
}

/// The reporter refuses the oversight body: no grant opens with its keys, and decoys keep the
/// number of grants. Only "yes" is a consent once the question is answered.
#[test]
fn a_refused_oversight_body_can_open_no_grant() {
    let mut world = fixture();
    for (answer, reads) in [("no", false), ("unknown", false), ("unsaid", false), ("yes", true)] {
        let mut refusing = draft("story", &[]);
        let answer = ReportAnswer::One(answer.to_owned());
        refusing.body.answers.insert(OVERSIGHT_QUESTION.to_owned(), answer.clone());
        let (_, bytes) = submit_report(&mut world, refusing, &[]);
        let opened = open_submission(&world, &bytes);
        assert_eq!(opened.grants.len(), 8);
        for handle in ["eva", "fofana"] {
            let identity = &world.people[handle];
            let opens = opened.grants.iter().any(|grant| identity.open(&grant.sealed).is_ok());
            assert_eq!(opens, reads, "{handle} with the answer {answer:?}");
            assert_eq!(grant_of(&world, &opened, handle).is_some(), reads, "{handle}");
        }
        for handle in ["awa", "bila", "coumba"] {
            open_case(&world, &opened, handle);
        }
        assert_eq!(opened.header.desk, "internal_affairs");
    }
}

/// The reporter excludes every desk and refuses the oversight body.
#[test]
fn a_report_that_no_person_may_read_is_not_sealed() {
    let mut world = fixture();
    for answer in ["no", "unknown", "unsaid"] {
        let mut unread = draft("story", &["unsure_all"]);
        let answer = ReportAnswer::One(answer.to_owned());
        unread.body.answers.insert(OVERSIGHT_QUESTION.to_owned(), answer);
        let secrets = ReportSecrets::generate(&mut world.rng);
        let (hash, mut out) = (world.signed.hash(), Vec::new());
        let sealed =
            ReportSealer::begin(&world.directory, hash, &secrets, unread, &mut out, &mut world.rng);
        assert!(matches!(sealed.err(), Some(SealError::NoReader)));
        assert!(out.is_empty());
    }
}

#[test]
fn no_answer_is_sealed_to_a_forged_mailbox_key() {
    let mut world = fixture();
    let (_, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let case = open_case(&world, &opened, "awa");
    let thread = case.read_thread([incoming(0, &opened.body)]);
    let made_up = ReportSecrets::generate(&mut world.rng).receipt().mailbox_identity().recipient();
    assert!(matches!(
        case.seal_reply(&reply_draft("secret"), &thread, &made_up),
        Err(CaseError::WrongMailbox)
    ));
}

#[test]
fn the_same_form_sent_twice_makes_the_same_report() {
    let mut world = fixture();
    let seed = [3; 32];
    let secrets = ReportSecrets::from_seed(&seed, b"content");
    let one = resubmit_report(&mut world, &secrets, draft("story", &[]), &[("a", b"file")]);
    let again = ReportSecrets::from_seed(&seed, b"content");
    let two = resubmit_report(&mut world, &again, draft("story", &[]), &[("a", b"file")]);
    let other_file = resubmit_report(&mut world, &again, draft("story", &[]), &[("a", b"another")]);
    let changed = ReportSecrets::from_seed(&seed, b"other content");
    assert_eq!(secrets.receipt(), again.receipt());
    assert_ne!(secrets.receipt(), changed.receipt());
    assert_ne!(secrets.case_id(), changed.case_id());
    assert_eq!(secrets.case_id().get_version_num(), 4);
    let tags: Vec<_> = [&one, &two, &other_file]
        .map(|bytes| open_submission(&world, bytes).deduplication_tag)
        .into();
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[0], tags[2], "another file is not a second sending: it must not be dropped");
}

#[test]
fn the_inbox_lists_the_issues_of_a_mailbox() {
    let mut world = fixture();
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let (m, c) = recipients_of(&opened);
    let case = open_case(&world, &opened, "awa");
    let mut thread = case.read_thread([incoming(0, &opened.body)]);
    let mut replies = Vec::new();
    for (n, text) in ["one", "two", "three"].into_iter().enumerate() {
        let sealed = case.seal_reply(&reply_draft(text), &thread, &m).unwrap();
        let mut frames = vec![incoming(0, &opened.body)];
        replies.push(sealed);
        frames.extend(replies.iter().zip(1..).map(|(reply, n)| outgoing(n, &reply.copy.0)));
        thread = case.read_thread(frames);
        assert_eq!(thread.outgoing.len(), n + 1);
    }
    let sealed: Vec<_> = replies.iter().map(|reply| reply.reply.0.clone()).collect();
    let directory = world.directory.clone();
    let open = |replies: &[Vec<u8>], capsule: &[u8], case: &CaseRecipient| {
        let inbox = Inbox::open(
            secrets.receipt(),
            &seal_mailbox(&opened, capsule, case, replies),
            Some(&directory),
        )
        .unwrap();
        (inbox.messages.iter().map(|m| m.text.clone()).collect::<Vec<_>>().concat(), inbox.issues)
    };
    let (all, fine) = open(&sealed, &opened.capsule, &c);
    assert_eq!((all.as_str(), fine), ("onetwothree", vec![]));
    let (text, findings) = open(&[sealed[0].clone(), sealed[2].clone()], &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("onethree", vec![InboxIssue::MessagesWithheld(1)]));
    let (text, findings) = open(&sealed[1..], &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("twothree", vec![InboxIssue::UnseenMessagesDropped(1)]));
    let (text, findings) = open(&[sealed[1].clone(), sealed[0].clone()], &opened.capsule, &c);
    assert_eq!(
        (text.as_str(), findings),
        ("twoone", vec![InboxIssue::UnseenMessagesDropped(1), InboxIssue::SequenceConflict])
    );
    let mut damaged = sealed.clone();
    *damaged[2].last_mut().unwrap() ^= 1;
    let (text, findings) = open(&damaged, &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("onetwo", vec![InboxIssue::Forged]));
    // Another key instead of C, which the case handler could read.
    let (_, bytes) = submit_report(&mut world, draft("another", &[]), &[]);
    let wrong = recipients_of(&open_submission(&world, &bytes)).1;
    let (_, findings) = open(&sealed, &opened.capsule, &wrong);
    assert_eq!(findings, [InboxIssue::UnverifiedKey]);
    // After the reporter has seen a reply, the case handler cannot remove it.
    let inbox = Inbox::open(
        secrets.receipt(),
        &seal_mailbox(&opened, &opened.capsule, &c, &sealed),
        Some(&world.directory),
    )
    .unwrap();
    let second = open_submission(&world, &seal_follow_up(&world, &secrets, &inbox, "seen", None));
    let (_, findings) = open(&sealed[..1], &second.capsule, &c);
    assert_eq!(findings, [InboxIssue::MessagesWithheld(2)]);
}

#[test]
fn a_file_opens_only_as_the_entry_of_the_manifest_that_describes_it() {
    let mut world = fixture();
    let files: [(&str, &[u8]); 3] = [("a", b"first"), ("b", b"other"), ("c", b"longer than these")];
    let (_, bytes) = submit_report(&mut world, draft("story", &[]), &files);
    let opened = open_submission(&world, &bytes);
    let case = open_case(&world, &opened, "awa");
    let thread = case.read_thread([incoming(0, &opened.body)]);
    for (sealed, position) in opened.attachments.iter().zip(0..) {
        for (described, entry) in thread.incoming[0].header.attachments.iter().zip(0..) {
            let found = case.open_attachment(sealed, 0, described);
            assert_eq!(found.is_ok(), position == entry, "file {position} as entry {entry}");
        }
    }
}

#[test]
fn another_receipt_opens_no_mailbox() {
    let mut world = fixture();
    let (_, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let opened = open_submission(&world, &bytes);
    let mailbox_bytes = seal_mailbox(&opened, &opened.capsule, &recipients_of(&opened).1, &[]);
    let other_report = ReportSecrets::generate(&mut world.rng);
    assert!(Inbox::open(other_report.receipt(), &mailbox_bytes, Some(&world.directory)).is_err());
}
