//! Reports and messages from the form, without JavaScript.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{MultipartFormData, TestIntake, receipt_code, repeated_hex};
use protocol::{
    Hash,
    case::Stage,
    directory::TrustRoots,
    mailbox::{Mailbox, MailboxHeader},
    receipt::Receipt,
    submission::{
        envelope::{OpenedSubmission, SubmissionKind},
        frame::Frame,
        report_body::ReportBody,
        treatment::{
            AttachmentTreatment, CleaningExtent as Read, CleaningReport, MetadataCategory,
            SignatureState,
        },
    },
};
use reqwest::StatusCode;
use time::Duration;

const SEND_REPORT_PATH: &str = "/en/report/send";

/// What an investigator reads.
struct DecryptedReport {
    body: ReportBody,
    files: Vec<(String, Vec<u8>)>,
}

fn decrypt_report(intake: &TestIntake, opened: &OpenedSubmission) -> DecryptedReport {
    let (identity, frame) = intake.read_frame(opened, opened);
    let files =
        frame.header.attachments.iter().zip(&opened.attachments).map(|(attachment, sealed)| {
            let content = identity.open(sealed).unwrap();
            assert_eq!(
                (attachment.len, attachment.sha256),
                (content.len() as u64, Hash::of(&[&content]))
            );
            (attachment.name.clone(), content.to_vec())
        });
    DecryptedReport { files: files.collect(), body: ReportBody::from_bytes(&frame.body).unwrap() }
}

/// The name of each file, and what the frame says was done to it.
fn file_treatments(frame: &Frame) -> Vec<(&str, AttachmentTreatment)> {
    let files = frame.header.attachments.iter();
    files.map(|file| (&*file.name, file.treatment.clone().unwrap())).collect()
}

fn cleaned_treatment<const R: usize, const L: usize>(
    removed: [MetadataCategory; R],
    left: [MetadataCategory; L],
    reading: Read,
    signature: SignatureState,
) -> AttachmentTreatment {
    AttachmentTreatment::Cleaned(CleaningReport {
        removed: removed.into(),
        left: left.into(),
        reading,
        signature,
    })
}

#[tokio::test]
async fn the_frame_says_what_was_done_to_each_file() {
    let intake = TestIntake::with_directory().await;
    let signed = b"%PDF-1.4\n1 0 obj<</Author(Awa)/CreationDate(D:20261101)>>endobj\n\
        2 0 obj<</Type/Sig/ByteRange[0 9 9 9]/Contents<00>>>endobj\ntrailer<</Info 1 0 R>>\n%%EOF";
    let files = |form: MultipartFormData| {
        let form =
            form.file("Awa.pdf", signed).file("note.txt", b"a note").file("Awa.rtf", b"{\\rtf1 x}");
        form.file("empty.txt", b"").end()
    };
    let (status, page) =
        intake.post_form(SEND_REPORT_PATH, files(MultipartFormData::report("one", 1))).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let opened = intake.collect_submissions().await;
    let (_, frame) = intake.read_frame(&opened[0], &opened[0]);
    let (whole, none) = (Read::Whole, SignatureState::Absent);
    let expected = [
        (
            "document-1.pdf",
            cleaned_treatment(
                [MetadataCategory::Author, MetadataCategory::Date],
                [MetadataCategory::Author],
                whole,
                SignatureState::Broken,
            ),
        ),
        ("document-2.txt", cleaned_treatment([], [], whole, none)),
        (
            "document-3.rtf",
            cleaned_treatment(
                [],
                [MetadataCategory::Author, MetadataCategory::Date, MetadataCategory::Device],
                Read::Unknown,
                none,
            ),
        ),
        ("file-4.txt", cleaned_treatment([], [], Read::Empty, none)),
    ];
    assert_eq!(file_treatments(&frame), expected);

    let kept = MultipartFormData::report("two", 2).field("keep", "files");
    let (status, page) = intake.post_form(SEND_REPORT_PATH, files(kept)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let opened = intake.collect_submissions().await;
    let sent = opened.last().unwrap();
    let (_, frame) = intake.read_frame(sent, sent);
    let names = ["Awa.pdf", "note.txt", "Awa.rtf", "empty.txt"];
    assert_eq!(file_treatments(&frame), names.map(|name| (name, AttachmentTreatment::Kept)));
}

#[tokio::test]
async fn a_report_with_a_file_arrives_as_it_was_typed() {
    let intake = TestIntake::with_directory().await;
    let content: Vec<u8> = (0..5 * 1024 * 1024u32).map(|n| (n * 7 % 251) as u8).collect();
    let form =
        MultipartFormData::report("Ils ont demandé 5 000 francs.", 1).field("a.place", "Dakola");
    let form = form.file("C:\\photos\\quai.jpg", &content).file("", b"");
    let (status, page) = intake.post_form(SEND_REPORT_PATH, form.end()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let receipt = Receipt::parse(&receipt_code(&page).unwrap()).unwrap();
    assert!(page.contains(receipt.words("en").split(' ').next().unwrap()));
    assert!(!page.contains("francs"));
    let opened = intake.collect_submissions().await;
    let [opened] = &opened[..] else { panic!("one submission") };
    assert_eq!(opened.header.mailbox, receipt.locator().mailbox_id());
    assert_eq!(opened.header.desk, "internal_affairs");
    let reading = decrypt_report(&intake, opened);
    assert_eq!(reading.body.story, "Ils ont demandé 5 000 francs.");
    assert_eq!(reading.body.audience, "trader");
    assert!(reading.body.answers.contains_key("place"));
    assert_eq!(reading.files, [("file-1.jpg".to_owned(), content)]);
}

#[tokio::test]
async fn the_same_form_twice_is_one_report_with_one_receipt() {
    let intake = TestIntake::with_directory().await;
    let form = |story, seed| MultipartFormData::report(story, seed).end();
    let (_, first) = intake.post_form(SEND_REPORT_PATH, form("the same", 1)).await;
    let (_, again) = intake.post_form(SEND_REPORT_PATH, form("the same", 1)).await;
    let (_, changed) = intake.post_form(SEND_REPORT_PATH, form("the same, changed", 1)).await;
    let (_, other) = intake.post_form(SEND_REPORT_PATH, form("the same", 2)).await;
    assert_eq!(receipt_code(&first).unwrap(), receipt_code(&again).unwrap());
    assert_ne!(receipt_code(&first), receipt_code(&changed));
    assert_ne!(receipt_code(&first), receipt_code(&other));
    let opened = intake.collect_submissions().await;
    assert_eq!(opened.len(), 4, "sealed twice, and known by case and tag to be one");
    let same = opened.iter().filter(|a| {
        opened
            .iter()
            .filter(|b| {
                a.header.case == b.header.case && a.deduplication_tag == b.deduplication_tag
            })
            .count()
            == 2
    });
    assert_eq!(same.count(), 2);
}

#[tokio::test]
async fn what_is_broken_is_said_and_nothing_is_filed() {
    let intake = TestIntake::with_directory().await;
    let whole =
        MultipartFormData::report("a story to keep", 1).file("a.jpg", &vec![7; 100_000]).end();
    let late = MultipartFormData::report("a story to keep", 1)
        .file("a.jpg", b"x")
        .field("a.place", "late")
        .end();
    let no_seed = MultipartFormData::default()
        .field("category", "FAC")
        .field("a.story", "a story to keep")
        .end();
    for (what, body) in [
        ("cut off", whole[..60_000].to_vec()),
        ("cut off before the end", whole[..whole.len() - 3].to_vec()),
        ("field after files", late),
        ("no seed", no_seed),
    ] {
        let (status, page) = intake.post_form(SEND_REPORT_PATH, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{what}");
        assert!(page.contains("We could not read this form"), "{what}");
        assert!(
            page.contains("value=\"a story to keep\""),
            "{what}: what was typed is still there"
        );
        assert_eq!(page.contains("value=\"late\""), what == "field after files", "{what}");
    }
    for (what, body) in
        [("nothing", MultipartFormData::default().end()), ("no form", b"hello".to_vec())]
    {
        let (status, page) = intake.post_form(SEND_REPORT_PATH, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{what}");
        assert!(page.contains("We could not read this form"), "{what}");
    }
    // Not UTF-8: the questions come back, with what could be read of it.
    let not_text =
        MultipartFormData::report("a story to keep", 1).field("a.place", b"caf\xe9").end();
    let (status, page) = intake.post_form(SEND_REPORT_PATH, not_text).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("a story to keep") && page.contains("value=\"caf\u{fffd}\""));
    // No story: the same, with what was typed.
    let form = MultipartFormData::default()
        .field("audience", "trader")
        .field("family", "money")
        .field("category", "FAC");
    let (status, page) = intake
        .post_form(
            SEND_REPORT_PATH,
            form.field("seed", repeated_hex(1)).field("a.place", "Dakola").end(),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Dakola"));
    let many = (0..33)
        .fold(MultipartFormData::report("a story to keep", 1), |form, _| form.file("a.jpg", b"x"));
    let (status, page) = intake.post_form(SEND_REPORT_PATH, many.end()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("value=\"a story to keep\""));
    assert_eq!(intake.pull(100).await, []);
}

#[tokio::test]
async fn more_than_the_largest_size_class_is_said_and_leaves_nothing() {
    let intake = TestIntake::with_directory().await;
    let huge = vec![7; 30 * 1024 * 1024];
    let form = (0..3)
        .fold(MultipartFormData::report("a story", 1), |form, _| form.file("a.jpg", &huge))
        .end();
    // Announced, and found out on the way.
    let (status, page) = intake.post_form(SEND_REPORT_PATH, form.clone()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("too much"));
    assert!(page.contains("name=\"a.story\" value=\"a story\""), "what was typed is still there");
    let pieces: Vec<_> =
        form.chunks(100_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let (status, page) = intake.post_form(SEND_REPORT_PATH, body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("too much"));
    assert_eq!(intake.pull(100).await, []);
}

#[tokio::test]
async fn without_a_directory_in_force_nothing_is_taken() {
    let intake = TestIntake::new().await;
    let form = || MultipartFormData::report("a story", 1).file("a.jpg", &vec![1; 300_000]).end();
    let (status, page) = intake.post_form(SEND_REPORT_PATH, form()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("We cannot take reports safely right now"));
    assert!(page.contains("name=\"a.story\" value=\"a story\""), "what was typed is still there");
    let signed = intake.installation.keys.directory(1, intake.installation.clock.today(), 2);
    intake.put_directory(&signed).await;
    assert_eq!(intake.post_form(SEND_REPORT_PATH, form()).await.0, StatusCode::OK);
    intake.installation.clock.advance(Duration::days(31));
    assert_eq!(intake.post_form(SEND_REPORT_PATH, form()).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(intake.collect_submissions().await.len(), 1);
}

/// What the case handler would lay out after a tick.
fn put_mailbox(opened: &OpenedSubmission, received: u32) -> (Hash, Vec<u8>) {
    let (mailbox, case_recipient) = opened.keys.clone().unwrap();
    let header = MailboxHeader {
        v: 1,
        week: "2026-W48".to_owned(),
        stage: Stage::Received,
        released_to_oversight: false,
        next_update: None,
        received,
    };
    let capsule = opened.capsule.clone();
    let sealed = Mailbox { header, capsule, case_recipient, replies: Vec::new() }.seal(&mailbox);
    (opened.header.mailbox, sealed)
}

#[tokio::test]
async fn a_reporter_comes_back_and_writes_again() {
    let intake = TestIntake::with_directory().await;
    let (_, page) = intake
        .post_form(SEND_REPORT_PATH, MultipartFormData::report("the first words", 1).end())
        .await;
    let receipt = receipt_code(&page).unwrap();
    // Not collected yet, and never heard of: the same page.
    let (status, early) = intake.enter_receipt(&receipt).await;
    assert_eq!(status, StatusCode::OK);
    let stranger = Receipt::from_bytes([9; 16]).code();
    let (status, never) = intake.enter_receipt(&stranger).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(early.replace(&receipt, ""), never.replace(&stranger, ""));
    assert!(early.contains("Nothing is here yet"));
    // Mistyped and empty are said to be so.
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
    assert_eq!(
        file_treatments(&frame),
        [("document-1.pdf", cleaned_treatment([], [], Read::Whole, SignatureState::Absent))]
    );

    // Too large: the words stay.
    let film = reply("words to keep").file("film.mp4", &vec![7; 66 << 20]);
    let (status, page) = intake.post_form("/en/return/send", film.end()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("words to keep"));

    // An empty message comes back with what is wrong; a stranger's receipt leads nowhere; no seed
    // is no form of ours.
    assert_eq!(
        intake.post_form("/en/return/send", reply("").end()).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let strangers = MultipartFormData::default()
        .field("receipt", stranger)
        .field("seed", repeated_hex(5))
        .field("message", "x");
    let (status, page) = intake.post_form("/en/return/send", strangers.end()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Nothing is here yet"));
    let no_seed = MultipartFormData::default().field("receipt", &receipt).field("message", "x");
    let (status, page) = intake.post_form("/en/return/send", no_seed.end()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        page.contains("name=\"message\" value=\"x\"") && page.contains("name=\"seed\" value=\"")
    );
    assert_eq!(intake.pull(10).await, []);

    // Without a directory nothing can be sealed, and the words come back.
    intake.installation.clock.advance(Duration::days(31));
    let (status, page) = intake.post_form("/en/return/send", reply("words to keep").end()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.contains("name=\"message\" value=\"words to keep\""), "{page}");
}

#[tokio::test]
async fn the_keys_can_be_held_against_a_poster() {
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

/// One that sends what browsers send with a request of this site; nothing for "".
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
async fn back_and_reload_show_what_a_receipt_opened_and_a_link_shows_nobody_anything() {
    let intake = TestIntake::with_directory().await;
    let browser = TestBrowser::new(&intake);
    let typed = "receipt=0000-0000-0000-0000-0000-0000-006X";
    // What is wrong is an address, too, so that no browser keeps the typed code in the place of it.
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
    // The next answer takes the place of it, and the answers to one receipt share an address.
    let address =
        browser.post("/en/return", format!("{typed}&visit={token}"), SAME_ORIGIN).await.1.unwrap();
    assert_ne!(address, mistyped);
    assert_eq!(browser.read(&mistyped, SAME_ORIGIN).await.1.as_deref(), Some("/en/return"));
    let token = address.strip_prefix("/en/return/").unwrap().to_owned();
    let again = browser.post("/en/return", format!("{typed}&visit={token}"), SAME_ORIGIN).await.1;
    assert_eq!(again.as_deref(), Some(&*address));
    assert!(browser.read(&address, SAME_ORIGIN).await.2.contains("Nothing is here yet"));
    // A link that was passed on shows nothing, and what is posted from elsewhere is kept nowhere.
    for site in ["none", "cross-site", "same-site", ""] {
        let (_, to, page) = browser.read(&address, site).await;
        assert_eq!((to.as_deref(), page.as_str()), (Some("/en/return"), ""), "{site}");
        let posted =
            browser.post("/en/return", format!("receipt=0000-2222&visit={token}"), site).await;
        assert_eq!((posted.0, posted.1), (StatusCode::UNPROCESSABLE_ENTITY, None), "{site}");
        assert!(posted.2.contains("0000-2222") && !posted.2.contains(&token), "{site}");
        assert!(
            browser.read(&address, SAME_ORIGIN).await.2.contains("Nothing is here yet"),
            "{site}"
        );
    }
    // Closed, it is gone.
    assert_eq!(
        browser.read(&format!("{address}/close"), SAME_ORIGIN).await.1.as_deref(),
        Some("/en")
    );
    assert_eq!(browser.read(&address, SAME_ORIGIN).await.1.as_deref(), Some("/en/return"));
    assert_eq!(browser.read("/en/return/0f0f", SAME_ORIGIN).await.1.as_deref(), Some("/en/return"));
    // Left quickly, its address leads away.
    let left = browser.post("/en/return", typed.to_owned(), SAME_ORIGIN).await.1.unwrap();
    let away = browser.read(&left.replace("/en/return/", "/leave/"), SAME_ORIGIN).await.1;
    assert!(away.is_some());
    assert_eq!(browser.read(&left, SAME_ORIGIN).await.1, away);
}

/// Sends a report, lays out its mailbox, and returns its receipt.
async fn intake_with_mailbox(intake: &TestIntake) -> String {
    let (_, page) = intake
        .post_form(SEND_REPORT_PATH, MultipartFormData::report("the first words", 1).end())
        .await;
    let opened = intake.collect_submissions().await;
    assert_eq!(intake.put_mailboxes(&[put_mailbox(&opened[0], 1)]).await, StatusCode::NO_CONTENT);
    receipt_code(&page).unwrap()
}

#[tokio::test]
async fn a_token_that_somebody_else_chose_keeps_nothing_of_a_receipt() {
    let intake = TestIntake::with_directory().await;
    let (browser, receipt) = (TestBrowser::new(&intake), intake_with_mailbox(&intake).await);
    let token_in = |address: Option<String>| address.unwrap().split('/').nth(3).unwrap().to_owned();
    let post =
        async |path: &str, body: String| token_in(browser.post(path, body, SAME_ORIGIN).await.1);
    // Tokens that an attacker knows: made up, of a mistyped receipt, of another receipt, and of a
    // report.
    let other = Receipt::from_bytes([9; 16]).code();
    let traps = [
        "0b".repeat(16),
        post("/en/return", "receipt=0000-1111".to_owned()).await,
        post("/en/return", format!("receipt={other}")).await,
        post("/en/report", "go=category.FAC&audience=trader".to_owned()).await,
    ];
    for trap in &traps {
        // A mistyped receipt is nearly the receipt.
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

#[tokio::test]
async fn looking_again_keeps_the_message_that_is_being_written() {
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
        // Read twice, as Back and reload do.
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
