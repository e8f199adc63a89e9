//! The holder of a surrendered receipt opens the mailbox and tries guesses of the report, with
//! everything that the receipt opens, and everything that the intake returns to anyone who has it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::{env, iter};

use common::{draft, fixture, grant_of, open_submission, submit_report};
use protocol::{
    Hash, Priority,
    keys::CaseSecret,
    receipt::Receipt,
    submission::{
        frame::{Frame, FrameDirection, FrameHeader, FrameKind, Routing, follow_up_salt},
        key_grant::Grant,
        reply_capsule::ReplyCapsule,
        report_body::{EXCLUSION_QUESTION, ReportAnswer, ReportBody},
    },
};

/// The number of guesses, at most a million. The true report is among them.
fn guess_count() -> usize {
    env::var("GUESSES").map_or(600, |count| count.parse().unwrap())
}

/// Returns reports without a story: combinations of the answers that the form offers.
fn guesses() -> impl Iterator<Item = ReportBody> {
    let answers = |number: usize| {
        let often = ["once", "often", "each-time"][number % 3];
        let excluded = ReportAnswer::Many(vec![format!("desk-{}", number / 3)]);
        [
            ("how_often".to_owned(), ReportAnswer::One(often.to_owned())),
            (EXCLUSION_QUESTION.to_owned(), excluded),
        ]
    };
    (0..).map(move |number| ReportBody {
        category: "FAC".to_owned(),
        audience: "trader".to_owned(),
        answers: answers(number).into(),
        story: String::new(),
    })
}

/// Signs a guess as the reporter's program signs a report, with a salt.
fn frame_hash(
    receipt: &Receipt,
    capsule: &ReplyCapsule,
    body: &ReportBody,
    routing: &Routing,
    salt: Hash,
) -> Hash {
    let key = receipt.signing_key();
    let header = FrameHeader {
        v: 2,
        case: capsule.case,
        generation: 0,
        direction: FrameDirection::In,
        seq: 0,
        prev: None,
        ack: None,
        recipient: capsule.case_recipient,
        kind: FrameKind::Report,
        lang: "fr".to_owned(),
        week: "2026-W48".to_owned(),
        salt,
        routing: Some(routing.clone()),
        program: None,
        attachments: Vec::new(),
        reporter_key: Some((&key).into()),
        related: None,
    };
    Frame::hash_of(&Frame::sign(&header, &body.to_bytes(), &key))
}

#[test]
fn no_guess_of_the_report_differs_from_the_others() {
    let mut world = fixture();
    let truth = guesses().nth(guess_count() / 2).unwrap();
    let mut report = draft("", &[]);
    report.body = truth.clone();
    let priority = report.priority;
    let (secrets, bytes) = submit_report(&mut world, report, &[]);
    let opened = open_submission(&world, &bytes);
    let receipt = secrets.receipt();
    let capsule = ReplyCapsule::open(
        &opened.capsule,
        &receipt.mailbox_identity(),
        &(&receipt.signing_key()).into(),
    )
    .unwrap();
    let routing = Routing { priority, ..opened.header.routing() };
    // The control: with the salt, which follows from the case secret, exactly the true report has
    // the hash that the capsule contains.
    let grant = grant_of(&world, &opened, "awa").unwrap();
    let grant = Grant::open(&grant, &world.people["awa"], capsule.case, 0).unwrap();
    let salt = grant.secret.frame_salt();
    assert_eq!(frame_hash(receipt, &capsule, &truth, &routing, salt), capsule.sent.hash);
    // Every salt that can be computed from what the receipt opens.
    let known = [
        *Hash::default().as_bytes(),
        *receipt.locator().mailbox_id().as_bytes(),
        receipt.signing_key().to_bytes(),
        *capsule.sent.hash.as_bytes(),
        *capsule.case_recipient.as_bytes(),
    ];
    let salts = known.iter().flat_map(|bytes| {
        [Hash(*bytes), CaseSecret::from_bytes(*bytes).frame_salt(), follow_up_salt(bytes)]
    });
    let salts: Vec<Hash> = salts.chain(iter::once(Hash::of(&[b"salt"]))).collect();
    assert!(!salts.contains(&salt));
    for (number, guess) in guesses().take(guess_count()).enumerate() {
        let salt = salts[number % salts.len()];
        assert_ne!(frame_hash(receipt, &capsule, &guess, &routing, salt), capsule.sent.hash);
        let tag = receipt.deduplication_tag(&[0; 32], &guess.to_bytes(), &[]);
        assert_ne!(tag, opened.deduplication_tag, "the token is not the one of protocol 1");
    }
    // The true report with every salt.
    for salt in salts {
        assert_ne!(frame_hash(receipt, &capsule, &truth, &routing, salt), capsule.sent.hash);
    }
    let token = grant.secret.sending_token();
    let tag = receipt.deduplication_tag(&token, &truth.to_bytes(), &[]);
    assert_eq!(tag, opened.deduplication_tag, "the control: with the token, the tag is that one");
    assert_eq!(priority, Priority::P3);
}
