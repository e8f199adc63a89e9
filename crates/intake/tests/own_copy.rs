//! The own copy without JavaScript: the intake opens the file in memory and returns it with the
//! message that was sent.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use common::{MultipartFormData, TestIntake, receipt_code, repeated_hex};
use protocol::submission::envelope::OpenedSubmission;
use reqwest::StatusCode;

const SEND_PATH: &str = "/en/return/send";

/// Sends a report with a wish for an own copy. Returns its receipt and the file.
async fn send_report(intake: &TestIntake, story: &str) -> (String, Vec<u8>) {
    let form = MultipartFormData::report(story, 1).field("copy", "yes").end();
    let (_, page) = intake.post_form("/en/report/send", form).await;
    (receipt_code(&page).unwrap(), offered_copy(&page).unwrap())
}

/// Returns the file that a page offers.
fn offered_copy(page: &str) -> Option<Vec<u8>> {
    let url = page.split("data:application/octet-stream;base64,").nth(1)?.split('"').next()?;
    Some(BASE64_STANDARD.decode(url).unwrap())
}

/// Returns the opened copy that the form of a page contains.
fn carried_copy(page: &str) -> Option<&str> {
    page.split("name=\"own\" value=\"").nth(1)?.split('"').next()
}

fn reply(receipt: &str, seed: u8) -> MultipartFormData {
    MultipartFormData::default().field("receipt", receipt).field("seed", repeated_hex(seed))
}

async fn publish(
    intake: &TestIntake,
    report: &OpenedSubmission,
    newest: &OpenedSubmission,
    received: u32,
) {
    let mailbox = [(report.header.mailbox, intake.mailbox(report, newest, received, 0))];
    assert_eq!(intake.put_mailboxes(&mailbox).await, StatusCode::NO_CONTENT);
}

async fn open_copy(intake: &TestIntake, receipt: &str, copy: &[u8]) -> (StatusCode, String) {
    let form = reply(receipt, 9).field("go", "own").file_in("copy", copy);
    intake.post_form(SEND_PATH, form.end()).await
}

/// Collects messages, in the order of their texts: the intake returns them in a random order.
async fn collect_messages(
    intake: &TestIntake,
    report: &OpenedSubmission,
) -> Vec<(String, u32, OpenedSubmission)> {
    let read = |sent: OpenedSubmission| {
        let (_, frame) = intake.read_frame(report, &sent);
        (String::from_utf8_lossy(&frame.body).into_owned(), frame.header.seq, sent)
    };
    let mut sent: Vec<_> = intake.collect_submissions().await.into_iter().map(read).collect();
    sent.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    sent
}

const OWN: &str = "class=\"own\"";
const OLDER: &str = "Your copy does not contain your newest messages.";

#[tokio::test]
async fn two_messages_before_one_collection_are_both_in_the_own_copy() {
    let intake = TestIntake::with_directory().await;
    let (receipt, copy) = send_report(&intake, "the story").await;
    let report = intake.collect_submissions().await.remove(0);
    publish(&intake, &report, &report, 1).await;
    let (_, mut page) = open_copy(&intake, &receipt, &copy).await;
    for (seed, text) in [(5, "message 1"), (6, "message 2")] {
        let form = reply(&receipt, seed).field("message", text);
        let form = form.field("own", carried_copy(&page).unwrap()).end();
        page = intake.post_form(SEND_PATH, form).await.1;
        assert!(page.contains(text) && !page.contains(OLDER), "{page}");
    }
    assert_eq!(page.matches(OWN).count(), 3);
    let longer = offered_copy(&page).unwrap();

    let sent = collect_messages(&intake, &report).await;
    assert_eq!(sent.iter().map(|(_, seq, _)| *seq).collect::<Vec<_>>(), [1, 2]);
    publish(&intake, &report, &sent[1].2, 3).await;
    let (status, page) = open_copy(&intake, &receipt, &longer).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!((page.matches(OWN).count(), page.contains(OLDER)), (3, false), "{page}");
}

#[tokio::test]
async fn an_own_copy_opens_after_another_page_sent_a_message_with_the_same_number() {
    let intake = TestIntake::with_directory().await;
    let (receipt, copy) = send_report(&intake, "the story").await;
    let report = intake.collect_submissions().await.remove(0);
    publish(&intake, &report, &report, 1).await;
    let (_, page) = open_copy(&intake, &receipt, &copy).await;
    let form = reply(&receipt, 5).field("message", "with the copy");
    let form = form.field("own", carried_copy(&page).unwrap()).end();
    let longer = offered_copy(&intake.post_form(SEND_PATH, form).await.1).unwrap();
    let form = reply(&receipt, 6).field("message", "without the copy").end();
    assert_eq!(intake.post_form(SEND_PATH, form).await.0, StatusCode::OK);

    let sent = collect_messages(&intake, &report).await;
    assert_eq!(sent.iter().map(|(_, seq, _)| *seq).collect::<Vec<_>>(), [1, 1]);
    let newest = &sent[1].2;
    publish(&intake, &report, newest, 3).await;
    let (status, page) = open_copy(&intake, &receipt, &longer).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("with the copy") && page.contains(OLDER), "{page}");
    // A message that was sent and never collected is not shown as one that was.
    publish(&intake, &report, newest, 2).await;
    let (status, page) = open_copy(&intake, &receipt, &longer).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    assert!(!page.contains(OWN) && page.contains("it was changed"), "{page}");
}

/// The answers of the page, as an observer of the network sees them: the length of each.
async fn lengths(intake: &TestIntake, form: MultipartFormData) -> (Vec<usize>, String) {
    let mut lengths = Vec::new();
    let body = form.end();
    let mut request = intake
        .http
        .post(format!("{}{SEND_PATH}", intake.public))
        .header("content-type", common::CONTENT_TYPE)
        .body(body);
    loop {
        let response = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
        let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let page = response.text().await.unwrap();
        lengths.push(page.len());
        let Some(to) = to else { return (lengths, page) };
        request = intake.http.get(format!("{}{to}", intake.public));
    }
}

#[tokio::test]
async fn the_page_has_one_length_with_and_without_an_own_copy() {
    // The form contains a copy that has room beside its messages. Messages that have no room are
    // not shown.
    for (story, is_carried, shown) in
        [("é".repeat(100), true, 1), ("é".repeat(9_000), false, 1), ("<".repeat(12_000), false, 0)]
    {
        let intake = TestIntake::with_directory().await;
        let (receipt, copy) = send_report(&intake, &story).await;
        let report = intake.collect_submissions().await.remove(0);
        for answers in [0, 4] {
            let what = format!("a story of {} bytes, {answers} answers", story.len());
            let mailbox = [(report.header.mailbox, intake.mailbox(&report, &report, 1, answers))];
            assert_eq!(intake.put_mailboxes(&mailbox).await, StatusCode::NO_CONTENT);
            let closed = reply(&receipt, 9).field("go", "look");
            let (without, page) = lengths(&intake, closed.clone()).await;
            assert_eq!(page.matches(OWN).count(), 0);
            let (with, page) = lengths(&intake, closed.file_in("copy", &copy)).await;
            assert_eq!(with, without, "{what}");
            assert_eq!(page.matches(OWN).count(), shown, "{what}");
            assert_eq!(page.contains("oldest messages have no room"), shown == 0, "{what}");
            assert_eq!(carried_copy(&page).is_some(), is_carried, "{what}");
            assert_eq!(page.contains("Choose it again"), !is_carried, "{what}");
        }
        // The page after sending offers the longer copy.
        let sent = reply(&receipt, 8).field("message", "more");
        let (without, _) = lengths(&intake, sent.clone()).await;
        let (with, page) = lengths(&intake, sent.file_in("copy", &copy)).await;
        assert!(offered_copy(&page).is_some(), "{}", story.len());
        if is_carried {
            assert_eq!(with, without, "{}", story.len());
        } else {
            let pairs = with.iter().zip(&without);
            assert!(pairs.clone().all(|(one, other)| *one == 0 || one % other == 0), "{with:?}");
        }
    }
}
