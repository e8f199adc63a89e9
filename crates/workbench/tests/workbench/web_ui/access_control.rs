//! Access control of the pages, and the lock after inactivity.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use rand::rngs::OsRng;
use reqwest::{Method, RequestBuilder, StatusCode};

use crate::common::{PASSPHRASE, browser::WorkbenchBrowser, environment::TestEnvironment};

#[tokio::test]
async fn a_request_without_the_session_of_the_owner_is_rejected() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporter = screen.environment.file_report(&[]);
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
    assert!(keys.text.contains(&format!("{count} unexpected requests")), "its owner is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_has_the_status_of_its_rule() {
    let screen = WorkbenchBrowser::open("lead").await;
    let raw = |lines: &[String]| {
        let mut stream = TcpStream::connect(screen.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "{}\r\nconnection: close\r\n\r\n", lines.join("\r\n")).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let (host, cookie) =
        (format!("host: {}", screen.address), format!("cookie: {}", screen.cookie));
    let path = format!("/{}/en/queue/open", screen.path_secret);
    let asked = |line: String, more: &[&str]| {
        let lines: Vec<String> =
            [line].into_iter().chain(more.iter().map(ToString::to_string)).collect();
        tokio::task::block_in_place(|| raw(&lines))
    };
    let get = format!("GET {path} HTTP/1.1");
    assert_eq!(asked(get.clone(), &[&host, &cookie]), 401, "signed in, and locked");
    assert_eq!(asked(get.clone(), &[&host]), 403);
    assert_eq!(asked(get.clone(), &["host: evil.example", &cookie]), 421);
    assert_eq!(asked(get.clone(), &[&host, "host: evil.example", &cookie]), 421, "two hosts");
    assert_eq!(asked(format!("GET {path} HTTP/1.0"), &[&cookie]), 421, "no host");
    assert_eq!(asked(format!("GET http://evil.example{path} HTTP/1.1"), &[&host, &cookie]), 421);
    let post = format!("POST /{}/en/lock HTTP/1.1", screen.path_secret);
    let length = "content-length: 0";
    assert_eq!(asked(post.clone(), &[&host, &cookie, length]), 403, "no origin");
    let own = format!("origin: http://{}", screen.address);
    assert_eq!(asked(post.clone(), &[&host, &cookie, length, &own]), 200);
    assert_eq!(asked(post, &[&host, &cookie, length, &own, "origin: https://evil.example"]), 403);
    let other = format!("GET /{}/en/queue/open HTTP/1.1", "A".repeat(43));
    assert_eq!(asked(other, &[&host, &cookie]), 404, "another path secret");
}

#[tokio::test]
async fn a_link_signs_one_browser_in_once() {
    let mut screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let link = screen.link_issuer.issue_link(&mut OsRng);
    let first = screen.http.get(&link).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let second = screen.http.get(&link).header("accept-language", "en").send().await.unwrap();
    assert_eq!(second.status(), StatusCode::FORBIDDEN);
    assert!(!second.headers().contains_key("set-cookie"));
    assert!(
        second.text().await.unwrap().contains("another person did"),
        "an owner who comes second is told"
    );
    assert_eq!(
        screen.get("/queue/open").await.status,
        StatusCode::FORBIDDEN,
        "the browser before is out"
    );
    screen.follow_login_link().await;
    screen.clock.advance(time::Duration::hours(13));
    assert_eq!(
        screen.get("/queue/open").await.status,
        StatusCode::FORBIDDEN,
        "a working day is over"
    );
}

#[tokio::test]
async fn the_workbench_locks_when_idle_and_retains_drafts() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporter = screen.environment.file_report(&[]);
    assert_eq!(screen.get("/queue/open").await.status, StatusCode::UNAUTHORIZED);
    let wrong = screen.post("/unlock", &[("passphrase", "guessed"), ("to", "/queue/open")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert_eq!(wrong.texts("[role=alert]").len(), 1);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    screen.clock.advance(time::Duration::minutes(9));
    assert_eq!(
        screen.request(&Method::POST, "/here").send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    screen.clock.advance(time::Duration::minutes(9));
    assert_eq!(screen.get(&case).await.status, StatusCode::OK, "a sign of life");
    screen.clock.advance(time::Duration::minutes(11));
    assert_eq!(
        screen.request(&Method::POST, "/here").send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let locked = screen
        .post(&format!("{case}/notes"), &[("text", "Two lines\nof it."), ("kind", "task")])
        .await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED);
    assert!(!locked.text.contains("An officer"));
    assert!(!locked.text.contains("Two lines"), "sealed until the passphrase is typed");
    let notes = format!("{case}/notes");
    let unlocked = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", &notes)]).await;
    assert!(unlocked.redirect.ends_with(&notes), "{} {}", unlocked.status, unlocked.text);
    let page = screen.get(&notes).await;
    assert_eq!(page.texts("textarea"), ["Two lines\nof it."]);
    assert!(page.text.contains("value=\"task\" checked"));
    assert_eq!(screen.get(&notes).await.texts("textarea"), [""], "it comes back once");

    let messages = format!("{case}/messages");
    let left =
        screen.post("/lock", &[("page", &messages), ("text", "Since when?"), ("lang", "en")]).await;
    assert!(
        left.texts(".warn")[0].contains("Your text is kept") && !left.text.contains("Since when?")
    );
    assert_eq!(screen.get(&case).await.status, StatusCode::UNAUTHORIZED);
    screen.unlock().await;
    assert_eq!(screen.get(&messages).await.texts("textarea"), ["Since when?"]);
    let away = screen
        .post("/unlock", &[("passphrase", PASSPHRASE), ("to", "//evil.example/\r\nx: y")])
        .await;
    assert!(
        away.redirect.starts_with(&format!("/{}/en", screen.path_secret))
            && !away.redirect.contains("evil"),
        "{}",
        away.redirect
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn locking_ends_an_unlocking_that_waits_for_the_case_handler() {
    let environment = TestEnvironment::start();
    // The kernel accepts connections to it, and nothing answers them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let profile = environment.installation.profile_dir("lead", &url);
    let screen = WorkbenchBrowser::start_in(environment, profile).await;
    let fields = [("passphrase", PASSPHRASE), ("to", "/keys")];
    let unlocking = screen.post("/unlock", &fields);
    let locking = async {
        // The time limit of the connection is 10 seconds.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let start = Instant::now();
        assert_eq!(screen.post("/lock", &[]).await.status, StatusCode::OK);
        start
    };
    let (unlocked, start) = tokio::join!(unlocking, locking);
    let waited = start.elapsed();
    assert_eq!(unlocked.status, StatusCode::UNAUTHORIZED, "{}", unlocked.text);
    assert_eq!(unlocked.value("[name=to]"), "/keys");
    assert_eq!(screen.get("/keys").await.status, StatusCode::UNAUTHORIZED);
    assert!(waited < Duration::from_secs(3), "{waited:?}");
}

#[tokio::test]
async fn setting_the_clock_neither_delays_nor_causes_the_lock() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    screen.clock.jump(time::Duration::hours(3));
    assert_eq!(screen.get("/keys").await.status, StatusCode::OK, "no time has passed");
    screen.clock.jump(time::Duration::hours(-4));
    screen.clock.advance(time::Duration::minutes(9));
    assert_eq!(screen.get("/keys").await.status, StatusCode::OK);
    screen.clock.jump(time::Duration::hours(-1));
    screen.clock.advance(time::Duration::minutes(11));
    assert_eq!(screen.get("/keys").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn setting_the_clock_back_does_not_extend_a_link_or_a_cookie() {
    let mut screen = WorkbenchBrowser::open("lead").await;
    let link = screen.link_issuer.issue_link(&mut OsRng);
    screen.clock.jump(time::Duration::hours(-1));
    screen.clock.advance(time::Duration::minutes(11));
    let late = screen.http.get(&link).send().await.unwrap();
    assert_eq!(late.status(), StatusCode::FORBIDDEN);
    screen.follow_login_link().await;
    screen.clock.jump(time::Duration::hours(-24));
    screen.clock.advance(time::Duration::hours(13));
    assert_eq!(screen.get("/keys").await.status, StatusCode::FORBIDDEN);
}
