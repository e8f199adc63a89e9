//! Forms that a browser, a proxy or an old phone changed: the intake accepts the report, or returns
//! the form with its text.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{MultipartFormData, TestInstallation, TestIntake, receipt_code};
use protocol::submission::{envelope::OpenedSubmission, report_body::ReportBody};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const SEND_REPORT_PATH: &str = "/en/report/send";

/// Returns the story and the file names that an investigator reads.
fn story_and_file_names(intake: &TestIntake, opened: &OpenedSubmission) -> (String, Vec<String>) {
    let (_, frame) = intake.read_frame(opened, opened);
    let names = frame.header.attachments.iter().map(|attachment| attachment.name.clone()).collect();
    (ReportBody::from_bytes(&frame.body).unwrap().story, names)
}

/// Adds a part with this disposition.
fn with_part(form: MultipartFormData, disposition: &str, content: &str) -> MultipartFormData {
    let mut form = form;
    form.0.extend_from_slice(
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
            .as_bytes(),
    );
    form
}

#[tokio::test]
async fn control_characters_of_word_processors_do_not_prevent_sending() {
    let intake = TestIntake::with_directory().await;
    let story = "one\u{c}two\u{b}three\u{85}four\u{3}\u{1b}\r\nfive";
    let (status, page) =
        intake.post_form(SEND_REPORT_PATH, MultipartFormData::report(story, 1).end()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let opened = intake.collect_submissions().await;
    assert_eq!(story_and_file_names(&intake, &opened[0]).0, "one\ntwo\nthree\nfour\nfive");
}

#[tokio::test]
async fn a_file_arrives_with_any_spelling_of_its_name() {
    let intake = TestIntake::with_directory().await;
    let form = MultipartFormData::report("a story", 1).field("keep", "files");
    let form = with_part(form, "name=\"files\"; filename*=utf-8''re%C3%A7u.txt", "one");
    let form = with_part(form, "name=\"files\"; FileName=\"capital.txt\"", "two");
    let form = with_part(form, "name=\"files\"; filename=\"say %22hi%22.txt\"", "three");
    let form = with_part(form, "name=\"files\"", "four");
    let form =
        with_part(form, &format!("name=\"files\"; filename=\"{}.pdf\"", "م".repeat(250)), "five");
    // A field that a proxy added after the files.
    let form = with_part(form, "name=\"gtranslate\"", "fr");
    let (status, page) = intake.post_form(SEND_REPORT_PATH, form.end()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(receipt_code(&page).is_some());
    let opened = intake.collect_submissions().await;
    let (_, names) = story_and_file_names(&intake, &opened[0]);
    assert_eq!(names[..4], ["reçu.txt", "capital.txt", "say \"hi\".txt", "file-4"]);
    assert_eq!((names[4].chars().count(), names[4].ends_with("م.pdf")), (120, true));
}

#[tokio::test]
async fn a_button_that_does_not_send_stores_nothing() {
    let intake = TestIntake::with_directory().await;
    for go in ["tell", "cover.phone.story", "review", "facts"] {
        // A browser without `formaction` posts the steps to this address.
        let form = MultipartFormData::report("call me at 70 12 34 56", 1)
            .field("go", go)
            .file("a.jpg", b"x")
            .end();
        let request = intake.http.post(format!("{}{SEND_REPORT_PATH}", intake.public));
        let request = request.header("content-type", common::CONTENT_TYPE).body(form);
        let step = request.send().await.unwrap();
        assert_eq!(step.status(), StatusCode::SEE_OTHER, "{go}");
        let page =
            intake.get(step.headers()["location"].to_str().unwrap()).await.text().await.unwrap();
        assert_eq!(page.contains("70 12 34 56"), !go.starts_with("cover"), "{go}: {page}");
    }
    assert_eq!(intake.pull(10).await, []);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_returned_for_shortening() {
    let intake = TestIntake::with_directory().await;
    let long = "س".repeat(33_000);
    let (status, page) =
        intake.post_form(SEND_REPORT_PATH, MultipartFormData::report(&long, 1).end()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.matches('س').count(), 33_000);
}

#[tokio::test]
async fn an_incomplete_form_with_files_is_refused_and_returned() {
    let intake = TestIntake::with_directory().await;
    let photo = vec![7; 400_000];
    let report = MultipartFormData::report("a story to keep", 1).file("a.jpg", &photo);
    // A proxy that ends a body early sends the end of the shorter one.
    let cut = report.0[..report.0.len() - 10].to_vec();
    let (status, page) = intake.post_form(SEND_REPORT_PATH, cut).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{page}");
    assert!(page.contains("value=\"a story to keep\""), "{page}");
    let reply = MultipartFormData::default()
        .field("receipt", "0000-0000-0000-0000-0000-0000-006X")
        .field("message", "words to keep")
        .file("a.jpg", &photo);
    let (status, page) = intake.post_form("/en/return/send", reply.0).await;
    assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{page}");
    assert_eq!(intake.pull(10).await, []);
}

#[tokio::test]
async fn a_rate_limited_response_contains_the_form_of_the_client() {
    let mut installation = TestInstallation::new();
    installation.config.limits.per_network_burst = 5;
    installation.config.limits.per_network_per_minute = 1;
    installation.config.limits.concurrent_reads = 8;
    installation.config.public.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let intake = installation.start().await;
    // Slots are scarce, and this address has used up its share.
    let mut stalled = Vec::new();
    for _ in 0..6 {
        let mut stream =
            TcpStream::connect(intake.public.strip_prefix("http://").unwrap()).await.unwrap();
        let post = b"POST /en/return HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.7\r\ncontent-length: 100\r\n\r\nx";
        stream.write_all(post).await.unwrap();
        stalled.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let post = async |path: &str, content_type: &str, body: Vec<u8>| {
        let request = intake.http.post(format!("{}{path}", intake.public));
        let request =
            request.header("x-forwarded-for", "192.0.2.7").header("content-type", content_type);
        let response = request.body(body).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    let urlencoded = "application/x-www-form-urlencoded";
    let story = "One%20line%0AAnother%20line%20to%20keep";
    let step = format!("category=FAC&a.story={story}&a.place=Dakola&go=review&utf8=x").into_bytes();
    let (status, page) = post("/en/report", urlencoded, step).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.contains("Another line to keep</textarea>"), "{page}");
    for field in [
        "name=\"a.place\" value=\"Dakola\"",
        "name=\"go\" value=\"review\"",
        "action=\"/en/report\"",
    ] {
        assert!(page.contains(field), "{field}");
    }
    assert!(!page.contains("utf8"));
    // A form with files, which the service does not read.
    let form =
        MultipartFormData::report("a story to keep", 1).file("a.jpg", &vec![7; 400_000]).end();
    let (status, page) = post(SEND_REPORT_PATH, common::CONTENT_TYPE, form).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.contains("value=\"a story to keep\"") && page.contains("type=\"file\""), "{page}");
    let (status, page) = post("/en/return", urlencoded, b"receipt=ABCD-EFGH".to_vec()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.contains("name=\"receipt\" value=\"ABCD-EFGH\""));
    // The file of the own copy precedes the message, which is not read then. A part of the form is
    // not shown as the form.
    let form = MultipartFormData::default().field("receipt", "ABCD-EFGH");
    let form = with_part(form, "name=\"copy\"; filename=\"c\"", &"c".repeat(400_000));
    let form = form.field("message", "words to keep").end();
    let (status, page) = post("/en/return/send", common::CONTENT_TYPE, form).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.contains("ABCD-EFGH") && page.contains("It sends everything again."), "{page}");
    let (status, page) = post("/en/nowhere", urlencoded, b"a=1".to_vec()).await;
    assert_eq!((status, page.contains("<form id=\"f\"")), (StatusCode::TOO_MANY_REQUESTS, false));
}

/// Sends a POST request in two pieces. Between them, another client takes its only slot.
async fn post_with_eviction(
    intake: &TestIntake,
    (path, content_type): (&str, &str),
    body: &[u8],
    cut: usize,
) -> (StatusCode, String) {
    let address = intake.public.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nx-forwarded-for: 192.0.2.7\r\n\
         connection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..cut]).await.unwrap();
    stream.flush().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let other = intake.post("/en/return", "receipt=".as_bytes().to_vec()).await;
    assert_ne!(other.status(), StatusCode::SERVICE_UNAVAILABLE, "the other client has the slot");
    stream.write_all(&body[cut..]).await.unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    let response = String::from_utf8_lossy(&response).into_owned();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    (StatusCode::from_u16(status).unwrap(), response)
}

#[tokio::test]
async fn a_client_that_loses_its_slot_gets_its_whole_form_back() {
    let mut installation = TestInstallation::new();
    installation.config.limits.concurrent_reads = 1;
    installation.config.public.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let intake = installation.start().await;
    let step = ("/en/report", "application/x-www-form-urlencoded");
    let short = "One%20line%0AAnother%20line%20to%20keep";
    // Longer than the part of a body that is read before the request needs a slot for uploads.
    let long = format!("One%20line%0A{}%20to%20keep", "%D8%B3".repeat(33_000));
    for story in [short, long.as_str()] {
        let body = format!("category=FAC&a.story={story}&a.place=Dakola&go=review").into_bytes();
        let (status, page) = post_with_eviction(&intake, step, &body, 40).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.contains("One line\n") && page.contains("to keep</textarea>"), "{page:.3000}");
        assert!(page.contains("name=\"category\" value=\"FAC\""), "{page:.3000}");
        assert!(page.contains("name=\"a.place\" value=\"Dakola\""), "{page:.3000}");
        assert_eq!(page.matches('س').count(), story.matches("%D8%B3").count());
    }
    let form =
        MultipartFormData::report("a story to keep", 1).file("a.jpg", &vec![7; 400_000]).end();
    let send = (SEND_REPORT_PATH, common::CONTENT_TYPE);
    let (status, page) = post_with_eviction(&intake, send, &form, 300).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("value=\"a story to keep\"") && page.contains("value=\"FAC\""), "{page}");
}

#[tokio::test]
async fn without_scripts_the_receipt_is_shown_until_it_is_confirmed() {
    let intake = TestIntake::with_directory().await;
    let visit = "0d".repeat(16);
    let form = MultipartFormData::report("a story", 1).field("visit", &visit).end();
    let post = async |body: Vec<u8>| {
        let request = intake.http.post(format!("{}{SEND_REPORT_PATH}", intake.public));
        request.header("content-type", common::CONTENT_TYPE).body(body).send().await.unwrap()
    };
    let sent = post(form.clone()).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let address = sent.headers()["location"].to_str().unwrap().to_owned();
    let receipt = receipt_code(&intake.get(&address).await.text().await.unwrap()).unwrap();
    assert_eq!(receipt_code(&intake.get(&address).await.text().await.unwrap()).unwrap(), receipt);
    // If the connection is lost before the response, sending the same form again creates no second
    // report.
    let again = post(form).await;
    let page =
        intake.get(again.headers()["location"].to_str().unwrap()).await.text().await.unwrap();
    assert_eq!(receipt_code(&page).unwrap(), receipt);
    let noted = intake.post("/en/report/noted", format!("visit={visit}")).await;
    assert_eq!(noted.status(), StatusCode::SEE_OTHER);
    assert_eq!(intake.get(&address).await.status(), StatusCode::SEE_OTHER, "to the first page");
    let opened = intake.collect_submissions().await;
    assert!(opened.iter().all(|one| one.header.case == opened[0].header.case));
}
