//! Both implementations open what the other one sealed, for every object of the protocol.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    ReportFixture, capsule_of, confirmed_by, digest_of, draft, fixture, grant_of, incoming,
    open_case, open_submission, outgoing,
    peer::{BrowserPeer, base64, files_json},
    report_story, submit_report,
};
use investigator::{OpenCase, ReplyDraft, SealedFrame};
use protocol::{
    api::workbench::GenerationGrant,
    case::Stage,
    encoding::size_classes,
    keys::{CaseRecipient, MailboxRecipient},
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    rotation::ConfirmedRotation,
    submission::{
        envelope::{OpenedSubmission, SubmissionKind},
        frame::FrameKind,
        report_body::{PREFERENCE_QUESTION, ReportAnswer},
    },
};
use reporter::{Inbox, InboxIssue};
use serde_json::{Value, json};
use time::macros::date;

const SEED: [u8; 32] = [5; 32];
const STORY: &str = "On m’a demandé 5 000 francs.\nÀ la barrière, « pour le thé ».";

fn report_request(draft: &reporter::ReportDraft, attached: &[(&str, &[u8])]) -> Value {
    json!({
        "do": "report",
        "seed": base64(&SEED),
        "draft": {"body": draft.body, "lang": draft.lang, "priority": draft.priority, "week": draft.week},
        "files": files_json(attached),
    })
}

fn follow_up_request(
    receipt: &str,
    mailbox_bytes: &[u8],
    text: &str,
    release_to_oversight: bool,
) -> Value {
    message_request(receipt, mailbox_bytes, &json!({"text": text}), release_to_oversight)
}

fn message_request(
    receipt: &str,
    mailbox_bytes: &[u8],
    content: &Value,
    release_to_oversight: bool,
) -> Value {
    json!({
        "do": "follow-up",
        "receipt": receipt,
        "mailbox": base64(mailbox_bytes),
        "message": {"content": content, "lang": "fr", "week": "2026-W49", "releaseToOversight": release_to_oversight},
        "token": base64(&[9; 32]),
        "files": files_json(&[("quittance.jpg", b"jpeg bytes")]),
    })
}

fn open_mailbox(peer: &mut BrowserPeer, receipt: &str, mailbox_bytes: &[u8]) -> Value {
    peer.request(&json!({"do": "open", "receipt": receipt, "mailbox": base64(mailbox_bytes)}))
}

fn recipients_of(opened: &OpenedSubmission) -> (MailboxRecipient, CaseRecipient) {
    opened.keys.clone().expect("a report brings its keys")
}

/// Seals a mailbox that counts the report, and the follow-up if the capsule is that of a follow-up.
fn seal_mailbox(
    opened: &OpenedSubmission,
    capsule: &[u8],
    case: &CaseRecipient,
    replies: &[Vec<u8>],
) -> Vec<u8> {
    seal_mailbox_with(opened, capsule, case, (&[], replies))
}

/// As [`seal_mailbox`], with rotations.
fn seal_mailbox_with(
    opened: &OpenedSubmission,
    capsule: &[u8],
    case: &CaseRecipient,
    (rotations, replies): (&[ConfirmedRotation], &[Vec<u8>]),
) -> Vec<u8> {
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Assessing,
        released_to_oversight: true,
        oversight_asked: false,
        unreadable: false,
        next_update: Some(date!(2026 - 12 - 24)),
        received: if capsule == opened.capsule { 1 } else { 2 },
    };
    let (capsule, replies) = (capsule.to_vec(), replies.to_vec());
    Mailbox {
        header,
        capsule,
        case_recipient: case.clone(),
        rotations: rotations.to_vec(),
        log: None,
        replies,
    }
    .seal(&recipients_of(opened).0)
}

fn reply_draft(text: &str) -> ReplyDraft {
    ReplyDraft {
        kind: FrameKind::Message,
        text: text.to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
    }
}

/// Returns the issues that the Rust implementation finds in a mailbox, in the terms of the browser.
fn inbox_issues(world: &ReportFixture, receipt: &Receipt, mailbox_bytes: &[u8]) -> Value {
    let worded = |finding: &InboxIssue| match finding {
        InboxIssue::Forged => json!({"kind": "forged"}),
        InboxIssue::EarlierMessagesDropped(count) => {
            json!({"kind": "earlier-not-shown", "count": count})
        }
        InboxIssue::UnseenMessagesDropped(count) => {
            json!({"kind": "unseen-not-shown", "count": count})
        }
        InboxIssue::SubmissionsMissing(count) => {
            json!({"kind": "missing-submissions", "count": count})
        }
        InboxIssue::SurplusSubmissions => json!({"kind": "surplus-submissions"}),
        InboxIssue::MessagesWithheld(count) => json!({"kind": "withheld", "count": count}),
        InboxIssue::RolledBack => json!({"kind": "older-state"}),
        InboxIssue::SequenceConflict => json!({"kind": "sequence-conflict"}),
        InboxIssue::UnverifiedKey => json!({"kind": "wrong-key"}),
        InboxIssue::RotationUnconfirmed => json!({"kind": "unconfirmed-rotation"}),
    };
    Inbox::open(receipt, mailbox_bytes, Some(&world.directory))
        .unwrap()
        .issues
        .iter()
        .map(worded)
        .collect()
}

#[test]
fn a_report_sealed_in_the_browser_is_answered_and_continued() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let photo = vec![0x5a; 300_000];
    let draft = draft(STORY, &["regional"]);
    let (bytes, answer) =
        peer.seal(&report_request(&draft, &[("photo.jpg", &photo), ("vide.txt", b"")]));
    assert!(size_classes::is_size_class(bytes.len() as u64));
    let opened = open_submission(&world, &bytes);
    assert_eq!(opened.header.kind, SubmissionKind::Report);
    assert_eq!(
        (&*opened.header.desk, opened.header.priority),
        ("internal_affairs", draft.priority)
    );
    assert_eq!(opened.header.directory, world.signed.hash());
    let (m, c) = recipients_of(&opened);

    // Exactly the members whom the directory names and the reporter did not exclude have a grant.
    for handle in ["bila", "dao"] {
        let identity = &world.people[handle];
        assert!(
            opened.grants.iter().all(|grant| identity.open(&grant.sealed).is_err()),
            "{handle}"
        );
    }
    for handle in ["awa", "coumba", "eva", "fofana"] {
        let thread = open_case(&world, &opened, handle).read_thread([incoming(0, &opened.body)]);
        assert_eq!(thread.issues, [], "{handle}");
        assert_eq!(report_story(&thread), STORY);
    }
    let case = open_case(&world, &opened, "awa");
    let thread = case.read_thread([incoming(0, &opened.body)]);
    assert_eq!(thread.incoming[0].parse_report().unwrap().unwrap(), draft.body);
    for (at, content) in [(0, &photo[..]), (1, b"")] {
        let manifest = &thread.incoming[0].header.attachments[at];
        assert_eq!(
            &case.open_attachment(&opened.attachments[at], 0, manifest).unwrap()[..],
            content
        );
    }

    // An answer and a rotation: the browser follows and writes with the new key.
    let receipt = answer["receipt"].as_str().unwrap();
    let before = case.seal_reply(&reply_draft("Où était-ce ?"), &thread, &m).unwrap();
    let thread = case.read_thread([incoming(0, &opened.body), outgoing(1, &before.copy.0)]);
    let stay = [&world.people["awa"].recipient(), &world.people["coumba"].recipient()];
    let newest = thread.newest_outgoing();
    let rotated = case.propose_rotation(&stay, None, newest, &mut world.rng).unwrap();
    let rotations = [confirmed_by(&world, &rotated, &["awa", "coumba"])];
    let own = grant_of(&world, &opened, "awa").unwrap();
    let own = [GenerationGrant { generation: 0, grant: own }, rotated.grants[0].clone()];
    let case = OpenCase::open(case.id(), &own, &world.people["awa"]).unwrap();
    let replies = [before.reply.0.clone()];
    let with_rotations = |capsule: &[u8], rotations: &[ConfirmedRotation], c: &CaseRecipient| {
        seal_mailbox_with(&opened, capsule, c, (rotations, &replies))
    };
    let mailbox_bytes = with_rotations(&opened.capsule, &rotations, &rotated.case_recipient);
    let seen = open_mailbox(&mut peer, receipt, &mailbox_bytes);
    assert_eq!((&seen["findings"], &seen["generation"]), (&json!([]), &json!(1)));
    assert_eq!(seen["messages"].as_array().unwrap().len(), 1);
    assert_eq!(seen["messages"][0]["text"], "Où était-ce ?");
    let header = json!({"v": 1, "week": "2026-W48", "stage": "assessing", "released_to_oversight": true, "oversight_asked": false, "unreadable": false, "next_update": "2026-12-24", "received": 1});
    assert_eq!(seen["header"], header);

    let (bytes, _) = peer.seal(&follow_up_request(
        receipt,
        &mailbox_bytes,
        "Au poste, voici la quittance.",
        true,
    ));
    let second = open_submission(&world, &bytes);
    assert_eq!(second.header.kind, SubmissionKind::FollowUp);
    assert_eq!(
        (second.header.mailbox, second.header.case.id),
        (opened.header.mailbox, opened.header.case.id)
    );
    assert_eq!((second.header.case.generation, second.header.release_to_oversight), (1, true));
    assert_eq!((opened.header.seq, second.header.seq), (0, 1));
    let frames = [
        incoming(0, &opened.body),
        outgoing(1, &before.copy.0),
        SealedFrame { generation: 1, ..incoming(2, &second.body) },
    ];
    let thread = case.read_thread(frames);
    assert_eq!(thread.issues, []);
    assert_eq!(thread.incoming[1].body_text(), "Au poste, voici la quittance.");
    assert_eq!(thread.last_acknowledged_by_reporter(), thread.newest_outgoing());
    let manifest = &thread.incoming[1].header.attachments[0];
    assert_eq!(
        &case.open_attachment(&second.attachments[0], 1, manifest).unwrap()[..],
        b"jpeg bytes"
    );

    // Facts that the browser adds. Their file belongs to them.
    let answers = json!({"place": "Dakola", "goods": ["fuel", "food"]});
    let facts = json!({"facts": {"category": "EXT", "answers": answers}});
    let (bytes, _) = peer.seal(&message_request(receipt, &mailbox_bytes, &facts, false));
    let added = open_submission(&world, &bytes);
    let thread = case.read_thread([
        incoming(0, &opened.body),
        outgoing(1, &before.copy.0),
        SealedFrame { generation: 1, ..incoming(2, &added.body) },
    ]);
    assert_eq!(thread.issues, []);
    let read = thread.incoming[1].parse_facts().unwrap().unwrap();
    assert_eq!(read.category, "EXT");
    assert_eq!(read.answers["place"], ReportAnswer::One("Dakola".to_owned()));
    assert_eq!(read.answers["goods"], ReportAnswer::Many(vec!["fuel".into(), "food".into()]));

    // The browser's capsule serves a reporter who returns without scripts.
    let known = Receipt::parse(receipt).unwrap();
    let [first, newest] = [&opened, &second].map(|opened| capsule_of(&known, opened));
    assert_eq!((first.report, first.sent_digest), (digest_of(&opened), digest_of(&opened)));
    assert_eq!((newest.report, newest.sent_digest), (digest_of(&opened), digest_of(&second)));
    let mailbox_bytes = with_rotations(&second.capsule, &[], &rotated.case_recipient);
    assert_eq!(inbox_issues(&world, &known, &mailbox_bytes), json!([]));
    // Neither implementation accepts the old key any more, and the browser seals nothing to it.
    let old = with_rotations(&opened.capsule, &rotations, &c);
    let seen = open_mailbox(&mut peer, receipt, &old);
    assert_eq!(
        (&seen["findings"], &seen["canWrite"]),
        (&json!([{"kind": "wrong-key"}]), &json!(false))
    );
    let refused = peer.request(&follow_up_request(receipt, &old, "secret", false));
    assert!(refused["refused"].is_string() && refused["sealed"].is_null());
}

/// A wish for a woman or a man leaves the others of the desk without a grant. The case handler sees
/// eight grants, and the others cannot open one.
#[test]
fn both_implementations_seal_a_report_to_the_preferred_members_only() {
    let mut world = fixture();
    for (handle, unit) in [("awa", "woman"), ("bila", "man"), ("coumba", "woman"), ("eva", "man")] {
        let member = world.directory.members.iter_mut().find(|member| member.handle == handle);
        member.unwrap().units.push(unit.to_owned());
    }
    world.signed =
        protocol::directory::SignedDirectory::sign(&world.directory, &world.roots[..2]).unwrap();
    let mut peer = BrowserPeer::start(&world);
    for (preference, readers) in [
        ("woman", &["awa", "coumba", "eva", "fofana"][..]),
        ("man", &["awa", "bila", "coumba", "eva", "fofana"]),
        ("any", &["awa", "bila", "coumba", "eva", "fofana"]),
    ] {
        let mut draft = draft(STORY, &[]);
        let answer = ReportAnswer::One(preference.to_owned());
        draft.body.answers.insert(PREFERENCE_QUESTION.to_owned(), answer);
        let (from_browser, _) = peer.seal(&report_request(&draft, &[]));
        let (_, from_rust) = submit_report(&mut world, draft, &[]);
        for bytes in [from_browser, from_rust] {
            let opened = open_submission(&world, &bytes);
            assert_eq!((opened.grants.len(), &*opened.header.desk), (8, "internal_affairs"));
            let opens = |handle: &&str| {
                let identity = &world.people[handle];
                opened.grants.iter().any(|grant| identity.open(&grant.sealed).is_ok())
            };
            let all = ["awa", "bila", "coumba", "dao", "eva", "fofana"];
            let found: Vec<&str> = all.into_iter().filter(opens).collect();
            assert_eq!(found, readers, "{preference}");
        }
    }
}

#[test]
fn both_implementations_derive_the_same_report_from_a_form() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let draft = draft(STORY, &[]);
    let body = serde_json::to_vec(&draft.body).unwrap();
    let content = [draft.lang.as_bytes(), &[0], &body].concat();
    let secrets = reporter::ReportSecrets::from_seed(&SEED, &content);
    let from_rust = common::resubmit_report(&mut world, &secrets, draft.clone(), &[("a", b"file")]);
    let (from_browser, answer) = peer.seal(&report_request(&draft, &[("a", b"file")]));
    assert_eq!(answer["receipt"], secrets.receipt().code());
    let (from_rust, from_browser) =
        (open_submission(&world, &from_rust), open_submission(&world, &from_browser));
    assert_eq!(from_rust.header, from_browser.header);
    assert_eq!(from_rust.keys, from_browser.keys);
    assert_eq!(from_rust.deduplication_tag, from_browser.deduplication_tag);
}

#[test]
fn both_implementations_find_the_same_issues_in_a_mailbox() {
    let mut world = fixture();
    let mut peer = BrowserPeer::start(&world);
    let (secrets, bytes) = submit_report(&mut world, draft("story", &[]), &[]);
    let (receipt, code) = (secrets.receipt(), secrets.receipt().code());
    let opened = open_submission(&world, &bytes);
    let (m, c) = recipients_of(&opened);
    let case = open_case(&world, &opened, "awa");
    let mut sealed = Vec::new();
    let mut copies = Vec::new();
    for text in ["one", "two", "three"] {
        let shown = copies.iter().zip(1..).map(|(copy, n): (&Vec<u8>, u32)| outgoing(n, copy));
        let thread = case.read_thread([incoming(0, &opened.body)].into_iter().chain(shown));
        let answer = case.seal_reply(&reply_draft(text), &thread, &m).unwrap();
        sealed.push(answer.reply.0.clone());
        copies.push(answer.copy.0.clone());
    }
    let mut damaged = sealed.clone();
    *damaged[2].last_mut().unwrap() ^= 1;
    let (_, another) = submit_report(&mut world, draft("another", &[]), &[]);
    let wrong = recipients_of(&open_submission(&world, &another)).1;
    let whole = seal_mailbox(&opened, &opened.capsule, &c, &sealed);
    let (bytes, _) = peer.seal(&follow_up_request(&code, &whole, "seen", false));
    let after = open_submission(&world, &bytes);
    let [one, two, three] = [0, 1, 2].map(|n| sealed[n].clone());
    for (replies, capsule, key, texts) in [
        (sealed.clone(), &opened.capsule, &c, "onetwothree"),
        (vec![one.clone(), three], &opened.capsule, &c, "onethree"),
        (sealed[1..].to_vec(), &opened.capsule, &c, "twothree"),
        (vec![two.clone(), one.clone()], &opened.capsule, &c, "twoone"),
        (vec![one.clone(), one.clone(), two], &opened.capsule, &c, "onetwo"),
        (damaged, &opened.capsule, &c, "onetwo"),
        (sealed.clone(), &opened.capsule, &wrong, "onetwothree"),
        // Written after all three were read.
        (sealed.clone(), &after.capsule, &c, "onetwothree"),
        (vec![one], &after.capsule, &c, "one"),
        (Vec::new(), &after.capsule, &c, ""),
    ] {
        let mailbox_bytes = seal_mailbox(&opened, capsule, key, &replies);
        let seen = open_mailbox(&mut peer, &code, &mailbox_bytes);
        assert_eq!(seen["findings"], inbox_issues(&world, receipt, &mailbox_bytes), "{texts}");
        let shown: String = seen["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["text"].as_str().unwrap())
            .collect();
        assert_eq!(shown, texts);
    }
    // The mailbox of another reporter does not open.
    let (other_report, _) = submit_report(&mut world, draft("other report", &[]), &[]);
    assert!(open_mailbox(&mut peer, &other_report.receipt().code(), &whole)["refused"].is_string());
}

#[test]
fn the_browser_seals_nothing_with_an_invalid_directory() {
    let mut world = fixture();
    world.signed.signatures.truncate(1);
    assert!(!BrowserPeer::start(&world).exits_successfully());
}
