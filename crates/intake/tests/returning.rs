//! Conversations opened with a receipt, reloads and links to opened pages, without JavaScript.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{CONTENT_TYPE, MultipartFormData, TestIntake, receipt_code, repeated_hex};
use protocol::{
    Hash,
    case::Stage,
    directory::TrustRoots,
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{
        envelope::{OpenedSubmission, SubmissionKind},
        treatment::{AttachmentTreatment, CleaningExtent, CleaningReport, SignatureState},
    },
};
use reqwest::StatusCode;
use scraper::{Html, Selector};
use time::{Duration, macros::datetime};
use web::Clock;

const SEND_REPORT_PATH: &str = "/en/report/send";

/// The mailbox that the case handler publishes for a submission.
fn put_mailbox(opened: &OpenedSubmission, received: u32) -> (Hash, Vec<u8>) {
    put_mailbox_with(opened, received, |_| ())
}

/// As [`put_mailbox`], with another header.
fn put_mailbox_with(
    opened: &OpenedSubmission,
    received: u32,
    change: impl FnOnce(&mut MailboxHeader),
) -> (Hash, Vec<u8>) {
    let (mailbox, case_recipient) = opened.keys.clone().unwrap();
    let mut header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Received,
        released_to_oversight: false,
        oversight_asked: false,
        unreadable: false,
        next_update: None,
        received,
    };
    change(&mut header);
    let capsule = opened.capsule.clone();
    let sealed = Mailbox {
        header,
        capsule,
        case_recipient,
        rotations: Vec::new(),
        log: None,
        replies: Vec::new(),
    }
    .seal(&mailbox);
    (opened.header.mailbox, sealed)
}

/// Changes the header of a mailbox.
type Change = fn(&mut MailboxHeader);

#[tokio::test]
async fn a_reporter_returns_and_sends_another_message() {
    let intake = TestIntake::with_directory().await;
    let (_, page) = intake
        .post_form(SEND_REPORT_PATH, MultipartFormData::report("the first words", 1).end())
        .await;
    let receipt = receipt_code(&page).unwrap();
    // An uncollected submission and an unknown receipt yield the same page.
    let (status, early) = intake.enter_receipt(&receipt).await;
    assert_eq!(status, StatusCode::OK);
    let unknown_receipt = Receipt::from_bytes([9; 16]).code();
    let (status, never) = intake.enter_receipt(&unknown_receipt).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(early.replace(&receipt, ""), never.replace(&unknown_receipt, ""));
    assert!(early.contains("There is nothing here"));
    // The page names a mistyped and an empty receipt as such.
    assert_eq!(intake.enter_receipt("ABCD").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(intake.enter_receipt("").await.0, StatusCode::UNPROCESSABLE_ENTITY);

    let opened = intake.collect_submissions().await;
    assert_eq!(intake.put_mailboxes(&[put_mailbox(&opened[0], 1)]).await, StatusCode::NO_CONTENT);
    let words = Receipt::parse(&receipt).unwrap().words("fr");
    for spelling in [receipt.clone(), receipt.to_lowercase().replace('-', " "), words] {
        let (status, thread) = intake.enter_receipt(&spelling).await;
        assert_eq!(status, StatusCode::OK);
        assert!(thread.contains("return/send"), "{thread}");
    }

    let reply = |message: &str| {
        MultipartFormData::default()
            .field("receipt", &receipt)
            .field("seed", repeated_hex(5))
            .field("message", message)
    };
    let (status, thread) = intake
        .post_form("/en/return/send", reply("more to say").file("b.pdf", b"%PDF").end())
        .await;
    assert_eq!(status, StatusCode::OK, "{thread}");
    let (_, _) = intake
        .post_form("/en/return/send", reply("more to say").file("b.pdf", b"%PDF").end())
        .await;
    let sent = intake.collect_submissions().await;
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].header.kind, SubmissionKind::FollowUp);
    assert_eq!(sent[0].header.case, opened[0].header.case);
    assert_eq!(
        sent[0].deduplication_tag, sent[1].deduplication_tag,
        "a second sending is known as one"
    );
    assert_eq!(sent[0].attachments.len(), 1);
    let (_, frame) = intake.read_frame(&opened[0], &sent[0]);
    let cleaned = AttachmentTreatment::Cleaned(CleaningReport {
        removed: [].into(),
        left: [].into(),
        reading: CleaningExtent::Whole,
        signature: SignatureState::Absent,
    });
    let [file] = &frame.header.attachments[..] else { panic!("one file is sent") };
    assert_eq!((&*file.name, &file.treatment), ("document-1.pdf", &Some(cleaned)));

    // The response to a message that is too large contains its text.
    let video = reply("words to keep").file("video.mp4", &vec![7; 257 << 20]);
    let (status, page) = intake.post_form("/en/return/send", video.end()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("words to keep"));

    // The response to an empty message names the error. An unknown receipt opens no conversation. A
    // form without a seed is rejected.
    assert_eq!(
        intake.post_form("/en/return/send", reply("").end()).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let unknown = MultipartFormData::default()
        .field("receipt", unknown_receipt)
        .field("seed", repeated_hex(5))
        .field("message", "x");
    let (status, page) = intake.post_form("/en/return/send", unknown.end()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("There is nothing here"));
    let no_seed = MultipartFormData::default().field("receipt", &receipt).field("message", "x");
    let (status, page) = intake.post_form("/en/return/send", no_seed.end()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        page.contains("name=\"message\" value=\"x\"") && page.contains("name=\"seed\" value=\"")
    );
    assert_eq!(intake.pull(10).await, []);

    // Without a directory the intake seals no message, and the response contains its text.
    intake.installation.clock.advance(Duration::days(31));
    let (status, page) = intake.post_form("/en/return/send", reply("words to keep").end()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("name=\"message\" value=\"words to keep\""), "{page}");
}

#[tokio::test]
async fn a_page_says_what_waits_for_the_team_and_that_a_report_could_not_be_opened() {
    let intake = TestIntake::with_directory().await;
    let (_, page) = intake
        .post_form(SEND_REPORT_PATH, MultipartFormData::report("the first words", 1).end())
        .await;
    let receipt = receipt_code(&page).unwrap();
    let opened = intake.collect_submissions().await.remove(0);
    let asked = "Two people of the team still have to give it access.";
    let unreadable = "We could not open your report. Please make a new one.";
    let form_field = "value=\"oversight-body\"";
    let done = "The work is done.";
    let changes: [(Change, [&str; 2], [&str; 2]); 3] = [
        (|_| (), [form_field, "Received"], [asked, unreadable]),
        (|header| header.oversight_asked = true, [asked, "Received"], [form_field, unreadable]),
        (
            |header| (header.stage, header.unreadable) = (Stage::Closed, true),
            [unreadable, "Case closed"],
            [asked, done],
        ),
    ];
    for (change, shown, hidden) in changes {
        let mailbox = put_mailbox_with(&opened, 1, change);
        assert_eq!(intake.put_mailboxes(&[mailbox]).await, StatusCode::NO_CONTENT);
        let (_, page) = intake.enter_receipt(&receipt).await;
        for text in shown {
            assert!(page.contains(text), "{text}: {page}");
        }
        for text in hidden {
            assert!(!page.contains(text), "{text}: {page}");
        }
    }
}

#[tokio::test]
async fn a_button_takes_the_nearest_word_of_a_mistyped_receipt() {
    let intake = TestIntake::with_directory().await;
    let words = Receipt::from_bytes([9; 16]).words("en");
    let last = words.rsplit_once(' ').unwrap().1;
    let mistyped = format!("{words}x");
    let (status, page) = intake.enter_receipt(&mistyped).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains(&format!("Word 12, “{last}x”, is not in the list.")), "{page}");
    assert!(page.contains(&format!("Use “{last}”</button>")), "{page}");
    // The button sends the text as it was typed. The corrected one is in the field of the answer.
    let body = format!("receipt={}&take=nearest", mistyped.replace(' ', "+"));
    let (status, _, page) = TestBrowser::new(&intake).post("/en/return", body, "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("There is nothing here"), "{page}");
    assert!(page.contains(&format!("{words}</textarea>")), "{page}");
    // Two words that are swapped are not guessed, and the button changes nothing.
    let swapped = words.split(' ').rev().collect::<Vec<_>>().join("+");
    let body = format!("receipt={swapped}&take=nearest");
    let (status, _, page) = TestBrowser::new(&intake).post("/en/return", body, "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("one is wrong or two are swapped"), "{page}");
    assert!(!page.contains("value=\"nearest\""), "{page}");
}

#[tokio::test]
async fn readers_can_compare_the_fingerprint_with_a_poster() {
    let intake = TestIntake::new().await;
    let kept: TrustRoots = serde_json::from_slice(
        &std::fs::read(&intake.installation.config.directory.trust).unwrap(),
    )
    .unwrap();
    let page = intake.get("/en/protect").await.text().await.unwrap();
    let words = Receipt::from_bytes(kept.fingerprint()).words("en");
    let shown = format!("<li>{}</li>", words.replace(' ', "</li><li>"));
    assert!(page.contains(&shown), "{words} in {page}");
}

/// A client that sends the headers of a browser with a request of this site, or none for "".
struct TestBrowser<'a> {
    intake: &'a TestIntake,
    http: reqwest::Client,
}

impl<'a> TestBrowser<'a> {
    fn new(intake: &'a TestIntake) -> Self {
        let http =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { intake, http: http.build().unwrap() }
    }

    async fn post(
        &self,
        path: &str,
        body: String,
        site: &str,
    ) -> (StatusCode, Option<String>, String) {
        let request = self.http.post(format!("{}{path}", self.intake.public)).body(body);
        self.send_following_redirects(
            request.header("content-type", "application/x-www-form-urlencoded"),
            site,
        )
        .await
    }

    async fn read(&self, path: &str, site: &str) -> (StatusCode, Option<String>, String) {
        self.send_following_redirects(self.http.get(format!("{}{path}", self.intake.public)), site)
            .await
    }

    async fn send_following_redirects(
        &self,
        mut request: reqwest::RequestBuilder,
        site: &str,
    ) -> (StatusCode, Option<String>, String) {
        if !site.is_empty() {
            request = request.header("sec-fetch-site", site);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
        let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (response.status(), to, response.text().await.unwrap())
    }
}

const SAME_ORIGIN: &str = "same-origin";

#[tokio::test]
async fn back_and_reload_show_an_opened_conversation_and_a_copied_link_does_not() {
    let intake = TestIntake::with_directory().await;
    let browser = TestBrowser::new(&intake);
    let typed = "receipt=0000-0000-0000-0000-0000-0000-006X";
    // An error page has its own address, so that no browser stores the typed code under it.
    let (status, address, _) =
        browser.post("/en/return", "receipt=0000-1111".to_owned(), SAME_ORIGIN).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let mistyped = address.unwrap();
    let token = mistyped.strip_prefix("/en/return/").unwrap().to_owned();
    for _ in 0..2 {
        let (status, _, page) = browser.read(&mistyped, SAME_ORIGIN).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            page.contains("0000-1111")
                && page.contains(&format!("name=\"visit\" value=\"{token}\""))
        );
        assert!(page.contains(&format!("/leave/{token}")));
    }
    // The next response replaces it, and the responses to one receipt have the same address.
    let address =
        browser.post("/en/return", format!("{typed}&visit={token}"), SAME_ORIGIN).await.1.unwrap();
    assert_ne!(address, mistyped);
    assert_eq!(browser.read(&mistyped, SAME_ORIGIN).await.1.as_deref(), Some("/en/return"));
    let token = address.strip_prefix("/en/return/").unwrap().to_owned();
    let again = browser.post("/en/return", format!("{typed}&visit={token}"), SAME_ORIGIN).await.1;
    assert_eq!(again.as_deref(), Some(&*address));
    assert!(browser.read(&address, SAME_ORIGIN).await.2.contains("There is nothing here"));
    // A shared link shows nothing, and a form that was posted from another site is not stored.
    for site in ["none", "cross-site", "same-site", ""] {
        let (_, to, page) = browser.read(&address, site).await;
        assert_eq!((to.as_deref(), page.as_str()), (Some("/en/return"), ""), "{site}");
        let posted =
            browser.post("/en/return", format!("receipt=0000-2222&visit={token}"), site).await;
        assert_eq!((posted.0, posted.1), (StatusCode::UNPROCESSABLE_ENTITY, None), "{site}");
        assert!(posted.2.contains("0000-2222") && !posted.2.contains(&token), "{site}");
        assert!(
            browser.read(&address, SAME_ORIGIN).await.2.contains("There is nothing here"),
            "{site}"
        );
    }
    // After the conversation is closed, the address shows no content.
    assert_eq!(
        browser.read(&format!("{address}/close"), SAME_ORIGIN).await.1.as_deref(),
        Some("/en")
    );
    assert_eq!(browser.read(&address, SAME_ORIGIN).await.1.as_deref(), Some("/en/return"));
    assert_eq!(browser.read("/en/return/0f0f", SAME_ORIGIN).await.1.as_deref(), Some("/en/return"));
    // After the quick exit, the address redirects to the other site.
    let left = browser.post("/en/return", typed.to_owned(), SAME_ORIGIN).await.1.unwrap();
    let away = browser.read(&left.replace("/en/return/", "/leave/"), SAME_ORIGIN).await.1;
    assert!(away.is_some());
    assert_eq!(browser.read(&left, SAME_ORIGIN).await.1, away);
}

/// Sends a report, publishes its mailbox, and returns its receipt.
async fn intake_with_mailbox(intake: &TestIntake) -> String {
    let (_, page) = intake
        .post_form(SEND_REPORT_PATH, MultipartFormData::report("the first words", 1).end())
        .await;
    let opened = intake.collect_submissions().await;
    assert_eq!(intake.put_mailboxes(&[put_mailbox(&opened[0], 1)]).await, StatusCode::NO_CONTENT);
    receipt_code(&page).unwrap()
}

#[tokio::test]
async fn a_token_chosen_by_another_client_stores_no_receipt() {
    let intake = TestIntake::with_directory().await;
    let (browser, receipt) = (TestBrowser::new(&intake), intake_with_mailbox(&intake).await);
    let token_in = |address: Option<String>| address.unwrap().split('/').nth(3).unwrap().to_owned();
    let post =
        async |path: &str, body: String| token_in(browser.post(path, body, SAME_ORIGIN).await.1);
    // Tokens that an attacker knows: an invented one, and those of a mistyped receipt, of another
    // receipt, and of a report.
    let other = Receipt::from_bytes([9; 16]).code();
    let traps = [
        "0b".repeat(16),
        post("/en/return", "receipt=0000-1111".to_owned()).await,
        post("/en/return", format!("receipt={other}")).await,
        post("/en/report", "go=category.FAC&audience=trader".to_owned()).await,
    ];
    for trap in &traps {
        // A truncated receipt is a mistyped one.
        let nearly = post("/en/return", format!("receipt={}&visit={trap}", &receipt[..30])).await;
        let opened = post("/en/return", format!("receipt={receipt}&visit={trap}")).await;
        let form = MultipartFormData::default()
            .field("receipt", &receipt)
            .field("visit", trap)
            .field("seed", repeated_hex(5));
        let request = browser.http.post(format!("{}/en/return/send", intake.public));
        let request = request.header("content-type", common::CONTENT_TYPE);
        let replied = browser
            .send_following_redirects(
                request.body(form.field("message", "CANARY").end()),
                SAME_ORIGIN,
            )
            .await
            .1;
        let replied = token_in(replied);
        assert!(
            browser.read(&format!("/en/return/{opened}"), SAME_ORIGIN).await.2.contains(&receipt)
        );
        assert!(
            browser.read(&format!("/en/return/{replied}"), SAME_ORIGIN).await.2.contains(&receipt)
        );
        for token in [nearly, opened, replied] {
            assert!(!traps.contains(&token), "{token}");
        }
        for path in [format!("/en/return/{trap}"), format!("/en/report/{trap}/questions")] {
            let (_, _, seen) = browser.read(&path, SAME_ORIGIN).await;
            assert!(!seen.contains(&receipt[..30]) && !seen.contains("CANARY"), "{path}: {seen}");
        }
    }
}

/// Returns the text of a field, and whether the reporter can change it.
fn message_field(page: &str) -> (String, bool) {
    let html = Html::parse_document(page);
    let field = html.select(&Selector::parse("#f textarea[name=message]").unwrap()).next();
    let field = field.unwrap_or_else(|| panic!("no message in {page}"));
    (field.text().collect::<String>(), field.value().attr("readonly").is_none())
}

#[tokio::test]
async fn a_message_that_is_too_long_is_returned_for_shortening() {
    let intake = TestIntake::with_directory().await;
    let receipt = intake_with_mailbox(&intake).await;
    let post = async |length: usize| {
        let reply = MultipartFormData::default().field("receipt", &receipt);
        let reply = reply.field("seed", repeated_hex(5)).field("message", "س".repeat(length));
        intake.post_form("/en/return/send", reply.end()).await
    };
    for length in [6_001, 33_000] {
        let (status, page) = post(length).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("The limit is 6000 characters."), "{page:.2000}");
        assert_eq!(message_field(&page), ("س".repeat(length), true));
    }
    assert_eq!(post(6_000).await.0, StatusCode::OK);
    assert_eq!(intake.collect_submissions().await.len(), 1);
}

#[tokio::test]
async fn a_message_stays_on_the_page_until_its_mailbox_opens() {
    let intake = TestIntake::with_directory().await;
    let (_, page) = intake
        .post_form(SEND_REPORT_PATH, MultipartFormData::report("the first words", 1).end())
        .await;
    let receipt = receipt_code(&page).unwrap();
    let opened = intake.collect_submissions().await;
    let reply = MultipartFormData::default().field("receipt", &receipt);
    let reply = reply.field("seed", repeated_hex(5)).field("message", "words to keep").end();
    let (_, page) = intake.post_form("/en/return/send", reply).await;
    assert!(page.contains("There is nothing here"));
    assert_eq!(message_field(&page), ("words to keep".to_owned(), false));
    // The buttons that look again and change the language post the same form.
    let post = async |more: &str| {
        let request = intake.http.post(format!("{}/en/return", intake.public));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let form = format!("receipt={receipt}&message=words+to+keep{more}");
        request.body(form).send().await.unwrap().text().await.unwrap()
    };
    for more in ["", "&go=look", "&go=lang", "&receipt=ABCD"] {
        assert_eq!(message_field(&post(more).await), ("words to keep".to_owned(), false), "{more}");
    }
    let (id, mailbox) = put_mailbox(&opened[0], 1);
    let mut damaged = mailbox.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(intake.put_mailboxes(&[(id, damaged)]).await, StatusCode::NO_CONTENT);
    let page = post("").await;
    assert!(!page.contains("return/send"), "{page}");
    assert_eq!(message_field(&page), ("words to keep".to_owned(), false));
    assert_eq!(intake.put_mailboxes(&[(id, mailbox)]).await, StatusCode::NO_CONTENT);
    assert_eq!(message_field(&post("").await), ("words to keep".to_owned(), true));
}

#[tokio::test]
async fn a_refresh_of_the_conversation_retains_the_draft() {
    let intake = TestIntake::with_directory().await;
    let (browser, receipt) = (TestBrowser::new(&intake), intake_with_mailbox(&intake).await);
    let address =
        browser.post("/en/return", format!("receipt={receipt}"), SAME_ORIGIN).await.1.unwrap();
    let page = browser.read(&address, SAME_ORIGIN).await.2;
    // The button belongs to the form with the message.
    let button = "form=\"f\" formaction=\"/en/return\"";
    assert!(
        page.contains(button)
            && page.contains("id=\"f\" method=\"post\" action=\"/en/return/send\"")
    );
    let token = address.strip_prefix("/en/return/").unwrap();
    let seed = repeated_hex(6);
    let long = "%F0%9F%98%80".repeat(5_900);
    let fields =
        format!("receipt={receipt}&visit={token}&seed={seed}&kind=oversight-body&earlier=ABCD");
    for (message, shown) in
        [("Half+a+word", "Half a word".to_owned()), (long.as_str(), "😀".repeat(5_900))]
    {
        let body = format!("{fields}&message={message}&files=photo.jpg&go=look");
        let to = browser.post("/en/return", body, SAME_ORIGIN).await.1;
        assert_eq!(to.as_deref(), Some(&*address));
        // The client reads the page twice, as Back and reload do.
        for _ in 0..2 {
            let page = browser.read(&address, SAME_ORIGIN).await.2;
            assert!(
                page.contains(&format!("\n{shown}</textarea>"))
                    && page.contains("\nABCD</textarea>")
            );
            assert!(page.contains("value=\"oversight-body\" checked") && page.contains(&seed));
            assert!(page.contains("Choose your files again."));
        }
    }
    // Browsers that know no `formaction` post the button with the message. Only the button without
    // a name sends.
    let form = MultipartFormData::default()
        .field("receipt", &receipt)
        .field("seed", &seed)
        .field("go", "look");
    let (status, page) =
        intake.post_form("/en/return/send", form.field("message", "Half a word").end()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("\nHalf a word</textarea>"));
    assert_eq!(intake.pull(10).await, []);
}

#[tokio::test]
async fn a_stored_answer_asks_to_retry_later_as_the_response_itself_does() {
    let intake = TestIntake::with_directory().await;
    let report = MultipartFormData::report("the first words", 1).end();
    let (_, page) = intake.post_form(SEND_REPORT_PATH, report).await;
    let receipt = receipt_code(&page).unwrap();
    let opened = intake.collect_submissions().await;
    assert_eq!(intake.put_mailboxes(&[put_mailbox(&opened[0], 1)]).await, StatusCode::NO_CONTENT);
    // The directory has expired: no message can be sealed.
    let mut installation = intake.stop().await;
    installation.clock = Clock::fixed(datetime!(2027-02-01 12:00 UTC));
    let intake = installation.start().await;
    let form = || {
        MultipartFormData::default()
            .field("receipt", &receipt)
            .field("seed", repeated_hex(5))
            .field("message", "a message")
            .end()
    };
    for site in ["", SAME_ORIGIN] {
        let request = intake.http.post(format!("{}/en/return/send", intake.public));
        let request = request.header("content-type", CONTENT_TYPE).header("sec-fetch-site", site);
        let mut response = request.body(form()).send().await.unwrap();
        if site == SAME_ORIGIN {
            assert_eq!(response.status(), StatusCode::SEE_OTHER);
            let address = response.headers()["location"].to_str().unwrap().to_owned();
            let request = intake.http.get(format!("{}{address}", intake.public));
            response = request.header("sec-fetch-site", site).send().await.unwrap();
        }
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{site}");
        assert!(response.headers().contains_key("retry-after"), "{site}");
        assert!(response.text().await.unwrap().contains("a message"));
    }
}
