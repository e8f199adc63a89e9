//! Reports and messages from the form, without JavaScript.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod common;

use common::{MultipartFormData, TestIntake, receipt_code, repeated_hex};
use protocol::{
    Hash,
    receipt::Receipt,
    submission::{
        envelope::OpenedSubmission,
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

/// The report as an investigator reads it.
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

/// Returns the name of each file and its treatment in the frame.
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
async fn the_frame_names_the_treatment_of_each_file() {
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
    assert_eq!(page.matches("This file is empty.").count(), 1, "{page}");
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
async fn a_malformed_form_is_rejected_with_its_error_and_not_stored() {
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
    // For text that is not UTF-8, the response contains the questions and the readable text.
    let not_text =
        MultipartFormData::report("a story to keep", 1).field("a.place", b"caf\xe9").end();
    let (status, page) = intake.post_form(SEND_REPORT_PATH, not_text).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("a story to keep") && page.contains("value=\"caf\u{fffd}\""));
    // Without a story, the response contains the questions and the typed text.
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
    // Of a form above the limit, the page would contain a part only, which could be sent.
    let large =
        MultipartFormData::report("a story to keep", 1).field("a.place", "x".repeat(330_000));
    let (status, page) = intake.post_form(SEND_REPORT_PATH, large.end()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("too much") && page.contains("shorten it"), "{page}");
    assert!(!page.contains("a story to keep"), "{page}");
    let many = (0..33)
        .fold(MultipartFormData::report("a story to keep", 1), |form, _| form.file("a.jpg", b"x"));
    let (status, page) = intake.post_form(SEND_REPORT_PATH, many.end()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("value=\"a story to keep\""));
    assert_eq!(intake.pull(100).await, []);
}

#[tokio::test]
async fn a_submission_above_the_largest_size_class_is_rejected_and_leaves_no_rows() {
    let intake = TestIntake::with_directory().await;
    let huge = vec![7; 30 * 1024 * 1024];
    let form = (0..9)
        .fold(MultipartFormData::report("a story", 1), |form, _| form.file("a.jpg", &huge))
        .end();
    // The size is announced in one request, and exceeded during the upload in the other.
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
async fn without_a_valid_directory_no_submission_is_accepted() {
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

#[tokio::test]
async fn a_report_without_a_story_needs_a_file() {
    let intake = TestIntake::with_directory().await;
    let form = || MultipartFormData::report("", 7).field("story_in_file", "file");
    let (status, page) = intake.post_form(SEND_REPORT_PATH, form().end()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
    assert!(page.contains("You neither wrote nor attached a file. Nothing was sent."), "{page}");
    assert!(page.contains(r#"name="story_in_file" value="file""#), "the choice remains: {page}");
    assert!(intake.collect_submissions().await.is_empty());
    let (status, page) =
        intake.post_form(SEND_REPORT_PATH, form().file("memo.mp3", b"ID3 sound").end()).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let opened = intake.collect_submissions().await;
    let (_, frame) = intake.read_frame(&opened[0], &opened[0]);
    assert_eq!(ReportBody::from_bytes(&frame.body).unwrap().story, "");
    assert_eq!(frame.header.attachments.len(), 1);
}

#[tokio::test]
async fn only_the_pages_of_a_report_may_ask_for_the_microphone() {
    let intake = TestIntake::with_directory().await;
    for (path, may_ask) in
        [("/en/report", true), ("/en", false), ("/en/return", false), ("/en/protect", false)]
    {
        let response = intake.get(path).await;
        let policy = response.headers()["permissions-policy"].to_str().unwrap().to_owned();
        // A build without scripts has no recorder.
        let microphone = if may_ask && response.text().await.unwrap().contains("data-voice=") {
            "microphone=(self), "
        } else {
            "microphone=(), "
        };
        assert!(policy.starts_with(microphone), "{path}: {policy}");
    }
}
