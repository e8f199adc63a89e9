//! The protocol from end to end in memory: file, collect, open, answer, read, go on, rotate.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    World, collect, draft, file, file_again, grant_of, incoming, open_case, outgoing, story, world,
};
use envelope::{
    desk_api::GenerationGrant,
    frame::{Direction, FrameKind},
    grant::Grant,
    keys::{CaseRecipient, CaseSecret, MailboxRecipient},
    ladder,
    life::Stage,
    mailbox::{MAILBOX_LEN, Mailbox, MailboxHeader},
    submission::{Opened, SubmissionKind},
};
use investigator::{CaseError, FindingKind, OpenCase, ReplyDraft, SealedFrame, Thread};
use reporter::{Filing, Finding, FollowUp, FollowUpSealer, Inbox};

fn mailbox(opened: &Opened, capsule: &[u8], case: &CaseRecipient, replies: &[Vec<u8>]) -> Vec<u8> {
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Received,
        with_oversight: false,
        next: None,
        received: 1,
    };
    let content = Mailbox {
        header,
        capsule: capsule.to_vec(),
        case_recipient: case.clone(),
        replies: replies.to_vec(),
    };
    let sealed = content.seal(&keys(opened).0);
    assert_eq!(sealed.len(), MAILBOX_LEN);
    sealed
}

fn keys(opened: &Opened) -> (MailboxRecipient, CaseRecipient) {
    opened.keys.clone().expect("a report brings its keys")
}

fn reply(text: &str) -> ReplyDraft {
    ReplyDraft {
        kind: FrameKind::Message,
        text: text.to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
    }
}

fn follow_up(world: &World, filing: &Filing, inbox: &Inbox, text: &str, file: Option<&[u8]>) -> Vec<u8> {
    let message = FollowUp {
        earlier: None,
        text: text.to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
        ask_oversight: false,
        token: [9; 32],
    };
    let mut sealer = FollowUpSealer::begin(
        &world.directory,
        world.signed.hash(),
        filing.receipt(),
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
fn a_report_goes_all_the_way_and_back() {
    let mut world = world();
    let photo = vec![0x5a; 300_000];
    let (filing, bytes) =
        file(&mut world, draft("On m’a demandé 5 000 francs.", &[]), &[("photo.jpg", &photo)]);
    assert!(ladder::is_rung(bytes.len() as u64));
    let opened = collect(&world, &bytes);
    assert_eq!(opened.header.kind, SubmissionKind::Report);
    assert_eq!(opened.header.desk, "internal_affairs");
    let (m, c) = keys(&opened);

    // The investigator opens it.
    let case = open_case(&world, &opened, "awa");
    let thread = case.read([incoming(0, &opened.body)]);
    assert_eq!(thread.findings, []);
    assert_eq!(story(&thread), "On m’a demandé 5 000 francs.");
    let manifest = &thread.incoming[0].header.attachments[0];
    assert!(*case.attachment(&opened.attachments[0], 0, manifest).unwrap() == photo);

    // The answer, read with the receipt.
    let answer = case.reply(&reply("Où était-ce ?"), &thread, &m).unwrap();
    let laid_out = mailbox(&opened, &opened.capsule, &c, std::slice::from_ref(&answer.reply.0));
    let inbox = Inbox::open(filing.receipt(), &laid_out).unwrap();
    assert_eq!(inbox.findings, []);
    assert_eq!(inbox.messages[0].text, "Où était-ce ?");

    // The reporter goes on with a file.
    let second = follow_up(&world, &filing, &inbox, "Au poste, voici la quittance.", Some(b"jpeg bytes"));
    let second = collect(&world, &second);
    assert_eq!(second.header.kind, SubmissionKind::FollowUp);
    assert_eq!(second.header.mailbox, opened.header.mailbox);
    let frames = [incoming(0, &opened.body), incoming(1, &second.body), outgoing(2, &answer.copy.0)];
    let thread = case.read(frames.clone());
    assert_eq!(thread.findings, []);
    assert_eq!(thread.incoming[1].text(), "Au poste, voici la quittance.");
    assert_eq!(thread.seen_by_reporter(), thread.newest_outgoing());
    let manifest = &thread.incoming[1].header.attachments[0];
    assert_eq!(&case.attachment(&second.attachments[0], 0, manifest).unwrap()[..], b"jpeg bytes");

    // The handler cannot hide what the reporter answered, nor the answer that it was to.
    let hidden: Vec<_> = case.read([frames[1].clone(), frames[2].clone()]).findings;
    assert!(hidden.iter().any(|f| f.kind == FindingKind::NoReport));
    assert!(hidden.iter().any(|f| f.kind == FindingKind::Withheld(0)));
    let hidden = case.read([frames[0].clone(), frames[1].clone()]).findings;
    assert!(hidden.iter().any(|f| f.kind == FindingKind::Withheld(0)));

    // Nor can it file a frame twice, swap the directions, or show one case's frame in another.
    let twice = case.read([frames[0].clone(), frames[1].clone(), frames[2].clone(), frames[1].clone()]);
    assert_eq!(twice.findings.iter().filter(|f| f.kind == FindingKind::Replayed).count(), 1);
    assert_eq!(twice.incoming.len(), 2);
    let swapped = case.read([SealedFrame { direction: Direction::Out, ..frames[0].clone() }]);
    assert!(matches!(swapped.findings[0].kind, FindingKind::Refused(_)));
}

#[test]
fn a_frame_of_one_case_is_refused_in_another() {
    let mut world = world();
    let (_, one) = file(&mut world, draft("first", &[]), &[]);
    let (_, two) = file(&mut world, draft("second", &[]), &[]);
    let (one, two) = (collect(&world, &one), collect(&world, &two));
    let case = open_case(&world, &one, "awa");
    assert!(matches!(case.read([incoming(0, &two.body)]).findings[0].kind, FindingKind::Refused(_)));
    // Grants of one case do not open under another's number.
    let grant = grant_of(&world, &one, "awa").unwrap();
    let grants = [GenerationGrant { generation: 0, grant: grant.clone() }];
    assert!(OpenCase::open(two.header.case.id, &grants, &world.people["awa"]).is_err());
    let grants = [GenerationGrant { generation: 1, grant }];
    assert!(OpenCase::open(one.header.case.id, &grants, &world.people["awa"]).is_err());
}

#[test]
fn a_bad_grant_takes_nothing_from_its_reader() {
    let mut world = world();
    let (_, one) = file(&mut world, draft("story", &[]), &[]);
    let (_, two) = file(&mut world, draft("another", &[]), &[]);
    let (one, two) = (collect(&world, &one), collect(&world, &two));
    let id = one.header.case.id;
    let awa = &world.people["awa"];
    let good = GenerationGrant { generation: 0, grant: grant_of(&world, &one, "awa").unwrap() };
    // Of another report, but under this case's number, as a member with another program could make it.
    let other = Grant::open(&grant_of(&world, &two, "awa").unwrap(), awa, two.header.case.id, 0).unwrap();
    let forged = |generation| GenerationGrant {
        generation,
        grant: Grant { case: id, generation, ..other.clone() }.seal(&awa.recipient()),
    };
    let mut garbage = GenerationGrant { generation: 2, ..good.clone() };
    garbage.grant.sealed[1000] ^= 1;
    let wrong = CaseSecret::from_bytes([7; 32]);
    let mine = Grant::open(&good.grant, awa, id, 0).unwrap();
    let twice =
        GenerationGrant { generation: 0, grant: Grant { secret: wrong, ..mine }.seal(&awa.recipient()) };

    let grants = [garbage.clone(), forged(1), good.clone(), twice, good];
    let case = OpenCase::open(id, &grants, awa).unwrap();
    assert_eq!(story(&case.read([incoming(0, &one.body)])), "story");
    assert_eq!(case.newest_generation(), 0);
    let refused: Vec<_> = case.refused().iter().map(|grant| (grant.generation, &grant.reason)).collect();
    assert!(matches!(
        refused[..],
        [(0, CaseError::Twice), (1, CaseError::Contradiction), (2, CaseError::Grant(_))]
    ));
    assert!(matches!(OpenCase::open(id, &[garbage], awa), Err(CaseError::Grant(_))));
    assert!(matches!(OpenCase::open(id, &[], awa), Err(CaseError::NoGrant)));
}

#[test]
fn an_excluded_member_can_open_no_grant() {
    let mut world = world();
    for (excluded, out, to) in [
        (&["regional"][..], &["bila", "dao"][..], &["awa", "coumba", "eva", "fofana"][..]),
        (&["hr_integrity"], &["coumba", "dao"], &["awa", "bila", "eva", "fofana"]),
        (&["internal_affairs"], &["awa", "bila", "coumba", "dao"], &["eva", "fofana"]),
        (&["regional", "hr_integrity"], &["awa", "bila", "coumba", "dao"], &["eva", "fofana"]),
        (&["unsure_all"], &["awa", "bila", "coumba", "dao"], &["eva", "fofana"]),
    ] {
        let (_, bytes) = file(&mut world, draft("story", excluded), &[]);
        let opened = collect(&world, &bytes);
        assert_eq!(opened.grants.len(), 8);
        for handle in out {
            assert!(grant_of(&world, &opened, handle).is_none(), "{handle} without {excluded:?}");
            let identity = &world.people[handle];
            assert!(opened.grants.iter().all(|grant| identity.open(&grant.sealed).is_err()), "{handle}");
        }
        for handle in to {
            open_case(&world, &opened, handle);
        }
        let desk = if to.len() == 2 { "external" } else { "internal_affairs" };
        assert_eq!(opened.header.desk, desk, "{excluded:?}");
    }
}

#[test]
fn no_answer_is_sealed_to_a_key_that_the_handler_made_up() {
    let mut world = world();
    let (_, bytes) = file(&mut world, draft("story", &[]), &[]);
    let opened = collect(&world, &bytes);
    let mut case = open_case(&world, &opened, "awa");
    let thread = case.read([incoming(0, &opened.body)]);
    let made_up = Filing::generate(&mut world.rng).receipt().mailbox_identity().recipient();
    assert!(matches!(case.reply(&reply("secret"), &thread, &made_up), Err(CaseError::Mailbox)));
    let rotated = case.rotate(&[], &thread, &made_up, ("fr", "2026-W50"), &mut world.rng);
    assert!(matches!(rotated, Err(CaseError::Mailbox)));
}

#[test]
fn the_same_form_sent_twice_is_the_same_report() {
    let mut world = world();
    let seed = [3; 32];
    let filing = Filing::from_seed(&seed, b"content");
    let one = file_again(&mut world, &filing, draft("story", &[]), &[("a", b"file")]);
    let again = Filing::from_seed(&seed, b"content");
    let two = file_again(&mut world, &again, draft("story", &[]), &[("a", b"file")]);
    let other_file = file_again(&mut world, &again, draft("story", &[]), &[("a", b"another")]);
    let changed = Filing::from_seed(&seed, b"other content");
    assert_eq!(filing.receipt(), again.receipt());
    assert_ne!(filing.receipt(), changed.receipt());
    assert_ne!(filing.case(), changed.case());
    assert_eq!(filing.case().get_version_num(), 4);
    let tags: Vec<_> = [&one, &two, &other_file].map(|bytes| collect(&world, bytes).sending_tag).into();
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[0], tags[2], "another file is not a second sending: it must not be dropped");
}

#[test]
fn the_reporter_sees_what_is_wrong_with_a_mailbox() {
    let mut world = world();
    let (filing, bytes) = file(&mut world, draft("story", &[]), &[]);
    let opened = collect(&world, &bytes);
    let (m, c) = keys(&opened);
    let case = open_case(&world, &opened, "awa");
    let mut thread = case.read([incoming(0, &opened.body)]);
    let mut replies = Vec::new();
    for (n, text) in ["one", "two", "three"].into_iter().enumerate() {
        let sealed = case.reply(&reply(text), &thread, &m).unwrap();
        let mut frames = vec![incoming(0, &opened.body)];
        replies.push(sealed);
        frames.extend(replies.iter().zip(1..).map(|(reply, n)| outgoing(n, &reply.copy.0)));
        thread = case.read(frames);
        assert_eq!(thread.outgoing.len(), n + 1);
    }
    let sealed: Vec<_> = replies.iter().map(|reply| reply.reply.0.clone()).collect();
    let open = |replies: &[Vec<u8>], capsule: &[u8], case: &CaseRecipient| {
        let inbox = Inbox::open(filing.receipt(), &mailbox(&opened, capsule, case, replies)).unwrap();
        (inbox.messages.iter().map(|m| m.text.clone()).collect::<Vec<_>>().concat(), inbox.findings)
    };
    let (all, fine) = open(&sealed, &opened.capsule, &c);
    assert_eq!((all.as_str(), fine), ("onetwothree", vec![]));
    let (text, findings) = open(&[sealed[0].clone(), sealed[2].clone()], &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("onethree", vec![Finding::Withheld(1)]));
    let (text, findings) = open(&sealed[1..], &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("twothree", vec![Finding::EarlierNotShown(1)]));
    let (text, findings) = open(&[sealed[1].clone(), sealed[0].clone()], &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("two", vec![Finding::EarlierNotShown(1), Finding::Forged]));
    let mut damaged = sealed.clone();
    *damaged[2].last_mut().unwrap() ^= 1;
    let (text, findings) = open(&damaged, &opened.capsule, &c);
    assert_eq!((text.as_str(), findings), ("onetwo", vec![Finding::Forged]));
    // Another key in place of C, which the handler could read.
    let (_, bytes) = file(&mut world, draft("another", &[]), &[]);
    let wrong = keys(&collect(&world, &bytes)).1;
    let (_, findings) = open(&sealed, &opened.capsule, &wrong);
    assert_eq!(findings, [Finding::WrongKey]);
    // After the reporter wrote, the handler cannot go back to before what was seen.
    let inbox = Inbox::open(filing.receipt(), &mailbox(&opened, &opened.capsule, &c, &sealed)).unwrap();
    let second = collect(&world, &follow_up(&world, &filing, &inbox, "seen", None));
    let (_, findings) = open(&sealed[..1], &second.capsule, &c);
    assert_eq!(findings, [Finding::Withheld(2)]);
}

#[test]
fn another_receipt_opens_no_mailbox() {
    let mut world = world();
    let (_, bytes) = file(&mut world, draft("story", &[]), &[]);
    let opened = collect(&world, &bytes);
    let laid_out = mailbox(&opened, &opened.capsule, &keys(&opened).1, &[]);
    let stranger = Filing::generate(&mut world.rng);
    assert!(Inbox::open(stranger.receipt(), &laid_out).is_err());
}

#[test]
fn rotation_locks_out_the_old_secret_and_the_reporter_follows() {
    let mut world = world();
    let (filing, bytes) = file(&mut world, draft("story", &[]), &[]);
    let opened = collect(&world, &bytes);
    let (m, c0) = keys(&opened);
    let id = opened.header.case.id;
    let leaving = open_case(&world, &opened, "bila");
    let mut case = open_case(&world, &opened, "awa");
    let thread = case.read([incoming(0, &opened.body)]);
    let before = case.reply(&reply("before"), &thread, &m).unwrap();
    let thread = case.read([incoming(0, &opened.body), outgoing(1, &before.copy.0)]);
    let stay = [&world.people["awa"].recipient(), &world.people["coumba"].recipient()];
    let rotated = case.rotate(&stay, &thread, &m, ("fr", "2026-W50"), &mut world.rng).unwrap();

    // The reporter follows to the new key and writes with it.
    let replies = [before.reply.0.clone(), rotated.reply.reply.0.clone()];
    let laid_out = mailbox(&opened, &opened.capsule, &rotated.case_recipient, &replies);
    let inbox = Inbox::open(filing.receipt(), &laid_out).unwrap();
    assert_eq!(inbox.findings, []);
    // The old key is not accepted any more.
    let old = mailbox(&opened, &opened.capsule, &c0, &replies);
    assert_eq!(Inbox::open(filing.receipt(), &old).unwrap().findings, [Finding::WrongKey]);
    let second = collect(&world, &follow_up(&world, &filing, &inbox, "after", None));
    assert_eq!(second.header.case.generation, 1);

    // Who left cannot open it; who stayed, and whom the new grants reach, can.
    let frames = |g| {
        [
            incoming(0, &opened.body),
            outgoing(1, &before.copy.0),
            outgoing(2, &rotated.reply.copy.0),
            SealedFrame { generation: g, ..incoming(3, &second.body) },
        ]
    };
    assert!(matches!(leaving.read(frames(0)).findings[0].kind, FindingKind::Refused(_)));
    let grants: Vec<GenerationGrant> = [
        vec![GenerationGrant { generation: 0, grant: grant_of(&world, &opened, "coumba").unwrap() }],
        vec![rotated.grants[1].clone()],
    ]
    .concat();
    let colleague = OpenCase::open(id, &grants, &world.people["coumba"]).unwrap();
    for reader in [&case, &colleague] {
        let thread: Thread = reader.read(frames(1));
        assert_eq!(thread.findings, []);
        assert_eq!(thread.incoming[1].text(), "after");
    }
    // A frame that the one who left signs with the old key after the rotation is not believed.
    let forged = leaving.reply(&reply("trust me"), &case.read(frames(1)), &m).unwrap();
    let later = [&replies[..], &[forged.reply.0]].concat();
    let laid_out = mailbox(&opened, &opened.capsule, &rotated.case_recipient, &later);
    let inbox = Inbox::open(filing.receipt(), &laid_out).unwrap();
    assert_eq!(inbox.findings, [Finding::Forged]);
    assert_eq!(inbox.messages.len(), 1);
    // The reporter wrote after the rotation; reading the old frames again is still fine.
    let laid_out = mailbox(&opened, &second.capsule, &rotated.case_recipient, &replies);
    assert_eq!(Inbox::open(filing.receipt(), &laid_out).unwrap().findings, []);
}
