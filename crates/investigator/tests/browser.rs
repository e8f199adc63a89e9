//! What the browser's implementation seals opens here, and what is sealed here opens there: every object of the protocol.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{
    collect, draft, file, incoming, open_case, outgoing,
    peer::{Peer, base64, files},
    story, world,
};
use envelope::{
    frame::FrameKind,
    keys::{CaseRecipient, MailboxRecipient},
    ladder,
    life::Stage,
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{Opened, SubmissionKind},
};
use investigator::{ReplyDraft, SealedFrame};
use reporter::{Finding, Inbox};
use serde_json::{Value, json};
use time::macros::date;

const SEED: [u8; 32] = [5; 32];
const STORY: &str = "On m’a demandé 5 000 francs.\nÀ la barrière, « pour le thé ».";

fn report(draft: &reporter::Draft, attached: &[(&str, &[u8])]) -> Value {
    json!({
        "do": "report",
        "seed": base64(&SEED),
        "draft": {"body": draft.body, "lang": draft.lang, "urgency": draft.urgency, "week": draft.week},
        "files": files(attached),
    })
}

fn follow_up(receipt: &str, laid_out: &[u8], text: &str, ask_oversight: bool) -> Value {
    json!({
        "do": "follow-up",
        "receipt": receipt,
        "mailbox": base64(laid_out),
        "message": {"text": text, "lang": "fr", "week": "2026-W49", "askOversight": ask_oversight},
        "token": base64(&[9; 32]),
        "files": files(&[("quittance.jpg", b"jpeg bytes")]),
    })
}

fn look(peer: &mut Peer, receipt: &str, laid_out: &[u8]) -> Value {
    peer.ask(&json!({"do": "open", "receipt": receipt, "mailbox": base64(laid_out)}))
}

fn keys(opened: &Opened) -> (MailboxRecipient, CaseRecipient) {
    opened.keys.clone().expect("a report brings its keys")
}

fn lay_out(opened: &Opened, capsule: &[u8], case: &CaseRecipient, replies: &[Vec<u8>]) -> Vec<u8> {
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Assessing,
        with_oversight: true,
        next: Some(date!(2026 - 12 - 24)),
        received: 2,
    };
    let (capsule, replies) = (capsule.to_vec(), replies.to_vec());
    Mailbox { header, capsule, case_recipient: case.clone(), replies }.seal(&keys(opened).0)
}

fn reply(text: &str) -> ReplyDraft {
    ReplyDraft {
        kind: FrameKind::Message,
        text: text.to_owned(),
        lang: "fr".to_owned(),
        week: "2026-W49".to_owned(),
    }
}

/// What a reader here finds in the same mailbox, as the browser words it.
fn findings(receipt: &Receipt, laid_out: &[u8]) -> Value {
    let worded = |finding: &Finding| match finding {
        Finding::Forged => json!({"kind": "forged"}),
        Finding::EarlierNotShown(count) => json!({"kind": "earlier-not-shown", "count": count}),
        Finding::Withheld(count) => json!({"kind": "withheld", "count": count}),
        Finding::OlderState => json!({"kind": "older-state"}),
        Finding::WrongKey => json!({"kind": "wrong-key"}),
    };
    Inbox::open(receipt, laid_out).unwrap().findings.iter().map(worded).collect()
}

#[test]
fn a_report_of_the_browser_goes_all_the_way_and_back() {
    let mut world = world();
    let mut peer = Peer::of(&world);
    let photo = vec![0x5a; 300_000];
    let draft = draft(STORY, &["regional"]);
    let (bytes, answer) = peer.seal(&report(&draft, &[("photo.jpg", &photo), ("vide.txt", b"")]));
    assert!(ladder::is_rung(bytes.len() as u64));
    let opened = collect(&world, &bytes);
    assert_eq!(opened.header.kind, SubmissionKind::Report);
    assert_eq!((&*opened.header.desk, opened.header.urgency), ("internal_affairs", draft.urgency));
    assert_eq!(opened.header.directory, world.signed.hash());
    let (m, c) = keys(&opened);

    // Exactly those whom the directory names and the reporter did not exclude hold a grant.
    for handle in ["bila", "dao"] {
        let identity = &world.people[handle];
        assert!(opened.grants.iter().all(|grant| identity.open(&grant.sealed).is_err()), "{handle}");
    }
    for handle in ["awa", "coumba", "eva", "fofana"] {
        let thread = open_case(&world, &opened, handle).read([incoming(0, &opened.body)]);
        assert_eq!(thread.findings, [], "{handle}");
        assert_eq!(story(&thread), STORY);
    }
    let mut case = open_case(&world, &opened, "awa");
    let thread = case.read([incoming(0, &opened.body)]);
    assert_eq!(thread.incoming[0].report().unwrap().unwrap(), draft.body);
    for (at, content) in [(0, &photo[..]), (1, b"")] {
        let manifest = &thread.incoming[0].header.attachments[at];
        assert_eq!(&case.attachment(&opened.attachments[at], 0, manifest).unwrap()[..], content);
    }

    // An answer and a rotation: the browser follows, and writes with the new key.
    let receipt = answer["receipt"].as_str().unwrap();
    let before = case.reply(&reply("Où était-ce ?"), &thread, &m).unwrap();
    let thread = case.read([incoming(0, &opened.body), outgoing(1, &before.copy.0)]);
    let stay = [&world.people["awa"].recipient(), &world.people["coumba"].recipient()];
    let rotated = case.rotate(&stay, &thread, &m, ("fr", "2026-W50"), &mut world.rng).unwrap();
    let replies = [before.reply.0.clone(), rotated.reply.reply.0.clone()];
    let laid_out = lay_out(&opened, &opened.capsule, &rotated.case_recipient, &replies);
    let seen = look(&mut peer, receipt, &laid_out);
    assert_eq!((&seen["findings"], &seen["generation"]), (&json!([]), &json!(1)));
    assert_eq!(seen["messages"].as_array().unwrap().len(), 1);
    assert_eq!(seen["messages"][0]["text"], "Où était-ce ?");
    let header = json!({"v": 1, "week": "2026-W48", "stage": "assessing", "with_oversight": true, "next": "2026-12-24", "received": 2});
    assert_eq!(seen["header"], header);

    let (bytes, _) = peer.seal(&follow_up(receipt, &laid_out, "Au poste, voici la quittance.", true));
    let second = collect(&world, &bytes);
    assert_eq!(second.header.kind, SubmissionKind::FollowUp);
    assert_eq!(
        (second.header.mailbox, second.header.case.id),
        (opened.header.mailbox, opened.header.case.id)
    );
    assert_eq!((second.header.case.generation, second.header.ask_oversight), (1, true));
    let frames = [
        incoming(0, &opened.body),
        outgoing(1, &before.copy.0),
        outgoing(2, &rotated.reply.copy.0),
        SealedFrame { generation: 1, ..incoming(3, &second.body) },
    ];
    let thread = case.read(frames);
    assert_eq!(thread.findings, []);
    assert_eq!(thread.incoming[1].text(), "Au poste, voici la quittance.");
    assert_eq!(thread.seen_by_reporter(), thread.newest_outgoing());
    let manifest = &thread.incoming[1].header.attachments[0];
    assert_eq!(&case.attachment(&second.attachments[0], 1, manifest).unwrap()[..], b"jpeg bytes");

    // The capsule of the browser serves a reporter who comes back without scripts.
    let known = Receipt::parse(receipt).unwrap();
    let laid_out = lay_out(&opened, &second.capsule, &rotated.case_recipient, &replies);
    assert_eq!(findings(&known, &laid_out), json!([]));
    // The old key is accepted by neither any more, and the browser writes nothing to it.
    let old = lay_out(&opened, &opened.capsule, &c, &replies);
    let seen = look(&mut peer, receipt, &old);
    assert_eq!((&seen["findings"], &seen["canWrite"]), (&json!([{"kind": "wrong-key"}]), &json!(false)));
    let refused = peer.ask(&follow_up(receipt, &old, "secret", false));
    assert!(refused["refused"].is_string() && refused["sealed"].is_null());
}

#[test]
fn the_same_form_makes_the_same_report_either_way() {
    let mut world = world();
    let mut peer = Peer::of(&world);
    let draft = draft(STORY, &[]);
    let body = serde_json::to_vec(&draft.body).unwrap();
    let content = [draft.lang.as_bytes(), &[0], &body].concat();
    let filing = reporter::Filing::from_seed(&SEED, &content);
    let ours = common::file_again(&mut world, &filing, draft.clone(), &[("a", b"file")]);
    let (theirs, answer) = peer.seal(&report(&draft, &[("a", b"file")]));
    assert_eq!(answer["receipt"], filing.receipt().code());
    let (ours, theirs) = (collect(&world, &ours), collect(&world, &theirs));
    assert_eq!(ours.header, theirs.header);
    assert_eq!(ours.keys, theirs.keys);
    assert_eq!(ours.sending_tag, theirs.sending_tag);
}

#[test]
fn both_find_the_same_wrong_with_a_mailbox() {
    let mut world = world();
    let mut peer = Peer::of(&world);
    let (filing, bytes) = file(&mut world, draft("story", &[]), &[]);
    let (receipt, code) = (filing.receipt(), filing.receipt().code());
    let opened = collect(&world, &bytes);
    let (m, c) = keys(&opened);
    let case = open_case(&world, &opened, "awa");
    let mut sealed = Vec::new();
    let mut copies = Vec::new();
    for text in ["one", "two", "three"] {
        let shown = copies.iter().zip(1..).map(|(copy, n): (&Vec<u8>, u32)| outgoing(n, copy));
        let thread = case.read([incoming(0, &opened.body)].into_iter().chain(shown));
        let answer = case.reply(&reply(text), &thread, &m).unwrap();
        sealed.push(answer.reply.0.clone());
        copies.push(answer.copy.0.clone());
    }
    let mut damaged = sealed.clone();
    *damaged[2].last_mut().unwrap() ^= 1;
    let (_, another) = file(&mut world, draft("another", &[]), &[]);
    let wrong = keys(&collect(&world, &another)).1;
    let whole = lay_out(&opened, &opened.capsule, &c, &sealed);
    let (bytes, _) = peer.seal(&follow_up(&code, &whole, "seen", false));
    let after = collect(&world, &bytes);
    let [one, two, three] = [0, 1, 2].map(|n| sealed[n].clone());
    for (replies, capsule, key, texts) in [
        (sealed.clone(), &opened.capsule, &c, "onetwothree"),
        (vec![one.clone(), three], &opened.capsule, &c, "onethree"),
        (sealed[1..].to_vec(), &opened.capsule, &c, "twothree"),
        (vec![two.clone(), one.clone()], &opened.capsule, &c, "two"),
        (vec![one.clone(), one.clone(), two], &opened.capsule, &c, "onetwo"),
        (damaged, &opened.capsule, &c, "onetwo"),
        (sealed.clone(), &opened.capsule, &wrong, "onetwothree"),
        // Written after all three were read.
        (sealed.clone(), &after.capsule, &c, "onetwothree"),
        (vec![one], &after.capsule, &c, "one"),
        (Vec::new(), &after.capsule, &c, ""),
    ] {
        let laid_out = lay_out(&opened, capsule, key, &replies);
        let seen = look(&mut peer, &code, &laid_out);
        assert_eq!(seen["findings"], findings(receipt, &laid_out), "{texts}");
        let shown: String =
            seen["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap()).collect();
        assert_eq!(shown, texts);
    }
    // Somebody else's mailbox does not open.
    let (stranger, _) = file(&mut world, draft("stranger", &[]), &[]);
    assert!(look(&mut peer, &stranger.receipt().code(), &whole)["refused"].is_string());
}

#[test]
fn an_unbelievable_directory_makes_the_browser_seal_nothing() {
    let mut world = world();
    world.signed.signatures.truncate(1);
    assert!(!Peer::of(&world).ends_well());
}
