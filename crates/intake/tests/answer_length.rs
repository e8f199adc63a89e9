//! The answers of the return page have one length on the wire, whatever the mailbox contains. A
//! damaged mailbox is never shown as an absent one.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use std::collections::BTreeMap;

use common::{MultipartFormData, TestIntake, receipt_code};
use protocol::{mailbox::MAILBOX_LEN, receipt::Receipt};
use reqwest::{StatusCode, redirect::Policy};

/// The answers to a receipt without and with a redirect, and the pages that they contain.
struct Answer {
    /// Status, headers with the lengths of their values, and length of the body, of each response.
    wire: Vec<(StatusCode, BTreeMap<String, usize>, usize)>,
    page: String,
}

async fn enter(intake: &TestIntake, lang: &str, receipt: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let mut answer = Answer { wire: Vec::new(), page: String::new() };
    for site in ["", "same-origin"] {
        let form = client
            .post(format!("{}/{lang}/return", intake.public))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("receipt={receipt}"));
        let mut request = form;
        loop {
            let response = request
                .header("sec-fetch-site", site)
                .header("accept-encoding", "gzip, deflate, br, zstd")
                .send()
                .await
                .unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            answer.page = response.text().await.unwrap();
            let lengths = headers.iter().map(|(name, value)| (name.to_string(), value.len()));
            answer.wire.push((status, lengths.collect(), answer.page.len()));
            let Some(to) = headers.get("location") else { break };
            request = client.get(format!("{}{}", intake.public, to.to_str().unwrap()));
        }
    }
    answer
}

#[tokio::test]
async fn the_answer_has_one_length_for_an_unknown_code_and_every_mailbox() {
    let intake = TestIntake::with_directory().await;
    let report = MultipartFormData::report("a story", 1).end();
    let (_, page) = intake.post_form("/en/report/send", report).await;
    let receipt = receipt_code(&page).unwrap();
    for lang in ["fr", "en", "ar", "es", "pt"] {
        let unknown = enter(&intake, lang, &Receipt::from_bytes([9; 16]).code()).await;
        assert_eq!(unknown.wire.len(), 3);
        let uncollected = enter(&intake, lang, &receipt).await;
        assert_eq!(uncollected.wire, unknown.wire, "{lang}: not collected");
    }
    let opened = intake.collect_submissions().await;
    let report = &opened[0];
    for count in 0..=4 {
        let sealed = intake.mailbox(report, report, 1, count);
        let published = [(report.header.mailbox, sealed)];
        assert_eq!(intake.put_mailboxes(&published).await, StatusCode::NO_CONTENT);
        for lang in ["fr", "en", "ar", "es", "pt"] {
            let unknown = enter(&intake, lang, &Receipt::from_bytes([9; 16]).code()).await;
            let answer = enter(&intake, lang, &receipt).await;
            assert_eq!(answer.wire, unknown.wire, "{lang}: {count} answers");
            let shown = answer.page.matches("class=\"story\"").count();
            assert_eq!(shown, usize::try_from(count).unwrap(), "{lang}");
        }
    }
}

#[tokio::test]
async fn every_damage_of_a_mailbox_is_shown_as_damage_with_the_same_length() {
    let intake = TestIntake::with_directory().await;
    let report = MultipartFormData::report("a story", 1).end();
    let (_, page) = intake.post_form("/en/report/send", report).await;
    let receipt = receipt_code(&page).unwrap();
    let opened = intake.collect_submissions().await;
    let report = &opened[0];
    let (m, _) = report.keys.clone().unwrap();
    let sound = intake.mailbox(report, report, 1, 1);
    let identity = Receipt::parse(&receipt).unwrap().mailbox_identity();
    let plain = identity.open(&sound).unwrap();
    // Seals a changed plaintext to a mailbox of the right length.
    let sealed_with = |change: &dyn Fn(&mut Vec<u8>)| loop {
        let mut plain = plain.to_vec();
        change(&mut plain);
        let sealed = m.seal(&plain);
        // The length of the header varies.
        if sealed.len() == MAILBOX_LEN {
            break sealed;
        }
    };
    let flipped = |at: usize| {
        let mut sealed = sound.clone();
        sealed[at] ^= 1;
        sealed
    };
    let truncated = |len: usize| {
        let mut sealed = sound.clone();
        sealed[len..].fill(0);
        sealed
    };
    let unknown = enter(&intake, "en", &Receipt::from_bytes([9; 16]).code()).await;
    assert!(unknown.page.contains("There is nothing here"));
    for (what, sealed) in [
        ("the payload", flipped(MAILBOX_LEN / 2)),
        ("the last byte", flipped(MAILBOX_LEN - 1)),
        ("the first byte", flipped(0)),
        ("the end of the transfer", truncated(MAILBOX_LEN / 2)),
        ("all but the first bytes", truncated(100)),
        ("everything", truncated(0)),
        ("another version", sealed_with(&|plain| plain[8 + 5] = b'9')),
        ("another format", sealed_with(&|plain| plain[3] = b'X')),
        (
            "another week",
            sealed_with(&|plain| {
                let at = plain.windows(8).position(|eight| eight == b"2026-W48").unwrap();
                plain[at + 6] = b'9';
            }),
        ),
    ] {
        let published = [(report.header.mailbox, sealed)];
        assert_eq!(intake.put_mailboxes(&published).await, StatusCode::NO_CONTENT, "{what}");
        let answer = enter(&intake, "en", &receipt).await;
        assert!(answer.page.contains("This mailbox is damaged"), "{what}");
        assert!(!answer.page.contains("There is nothing here"), "{what}");
        assert_eq!(answer.wire, unknown.wire, "{what}");
    }
}
