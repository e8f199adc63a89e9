//! The first day in the pages, from an empty folder to the queue; and what can be done with one's keys later.

use reqwest::{Method, StatusCode, header};
use secrecy::SecretString;
use workbench::{
    files,
    home::Home,
    keyfile::{InvestigatorKey, Request},
};

use crate::common::{PASSPHRASE, office::Office, screen::Screen};

const NEW: &str = "abricot tunnel girafe 71";
const NEWER: &str = "cactus violon brume 58";

/// A workbench in a folder where nothing is.
async fn empty() -> (Screen, Home) {
    let office = Office::open();
    let home = Home::at(office.house.dir.path().join("home-of-somebody-new"));
    (Screen::at(office, home.clone()).await, home)
}

/// What the form for a key brings.
fn asked<'a>(handle: &'a str, new: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
    [("handle", handle), ("new", new), ("again", again)]
}

impl Screen {
    async fn makes_a_key(&self, handle: &str) {
        let made = self.post("/start/key", &asked(handle, NEW, NEW)).await;
        assert_eq!(
            (made.status, made.to.ends_with("/start?done=made")),
            (StatusCode::SEE_OTHER, true),
            "{}",
            made.text
        );
    }

    /// As a browser posts the form with its two files.
    async fn offers(&self, handler: &str, ca: &str, trust: &str) -> crate::common::screen::Page {
        let part = |name: &str, content: &str| {
            let file = if name == "handler" { "" } else { "; filename=\"file\"\r\ncontent-type: text/plain" };
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n")
        };
        let body =
            [part("handler", handler), part("ca", ca), part("trust", trust), "--b--\r\n".into()].concat();
        let request = self.ask(&Method::POST, "/keys/connect");
        let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b").body(body);
        crate::common::screen::Page::of(request.send().await.unwrap()).await
    }
}

fn opens(home: &Home, passphrase: &str) -> bool {
    let sealed = files::read(&home.key_path()).unwrap();
    InvestigatorKey::open(&sealed, &SecretString::from(passphrase)).is_ok()
}

#[tokio::test]
async fn a_key_is_made_with_a_good_passphrase_or_not_at_all() {
    let (screen, home) = empty().await;
    for path in ["/queue/mine", "/keys", "/keys/sheet", "/absence"] {
        assert!(screen.get(path).await.to.ends_with("/start"), "{path} leads to the beginning");
    }
    assert_eq!(screen.get("/start").await.texts(".choice").len(), 2);
    assert_eq!(screen.get("/start/key").await.status, StatusCode::OK);
    for (handle, new, again, field) in [
        ("Awa Traoré", NEW, NEW, "handle"),
        ("somebody", "zq7", "zq7", "new"),
        ("somebody", "motdepasse123!", "motdepasse123!", "new"),
        ("somebody", NEW, NEWER, "again"),
    ] {
        let page = screen.post("/start/key", &asked(handle, new, again)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}");
        assert_eq!(page.texts("[role=alert]").len(), 1, "one thing at a time");
        assert!(!page.text.contains(new), "no passphrase comes back in a page");
    }
    assert!(!home.dir().exists(), "nothing was written");
    let measure =
        async |new: &str| screen.post("/start/strength", &[("new", new), ("handle", "")]).await.text;
    for (new, level) in [("short", 1), ("azertyuiop123", 2), (NEW, 4)] {
        assert!(measure(new).await.contains(&format!("\"level\":{level}")), "{new}");
    }

    screen.makes_a_key("somebody").await;
    assert!(opens(&home, NEW) && !files::is_open_to_others(&home.key_path()).unwrap());
    let sealed = files::read(&home.key_path()).unwrap();
    let again = screen.post("/start/key", &asked("somebody", NEWER, NEWER)).await;
    assert!(again.to.ends_with("/start"), "a key is never overwritten");
    assert!(screen.post("/start/restore", &[]).await.to.ends_with("/start"));
    assert_eq!(files::read(&home.key_path()).unwrap(), sealed);

    screen.post("/lock", &[]).await;
    let locked = screen.get("/start").await;
    assert_eq!((locked.status, locked.texts("#passphrase").len()), (StatusCode::UNAUTHORIZED, 1));
    assert!(screen.get("/keys/request").await.status == StatusCode::UNAUTHORIZED);
    let unlocked = screen.post("/unlock", &[("passphrase", NEW), ("to", "/queue/mine")]).await;
    assert!(unlocked.to.ends_with("/start"), "unlocked, and nowhere to go yet: {}", unlocked.to);
}

#[tokio::test]
async fn nothing_is_pinned_before_the_words_were_compared() {
    let (screen, home) = empty().await;
    let house = screen.office.house.clone();
    let (url, ca, trust) =
        (&*screen.office.handler.url, house.ca(), String::from_utf8(files::pretty(&house.trust)).unwrap());
    assert!(screen.offers(url, &ca, &trust).await.to.ends_with("/start"), "the key comes first");
    screen.makes_a_key("somebody").await;
    for (url, ca, trust, field) in [
        ("http://127.0.0.1:1", &*ca, &*trust, "handler"),
        (url, "no certificate", &trust, "ca"),
        (url, &ca, "{}", "trust"),
    ] {
        let page = screen.offers(url, ca, trust).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}: {}", page.text);
    }
    let nobody = screen.offers("https://127.0.0.1:1", &ca, &trust).await;
    assert_eq!(nobody.status, StatusCode::BAD_GATEWAY);
    let mut other = house.trust.clone();
    other.instance = uuid::Uuid::new_v4();
    let other = String::from_utf8(files::pretty(&other)).unwrap();
    let forged = screen.offers(url, &ca, &other).await;
    assert_eq!(forged.status, StatusCode::BAD_GATEWAY);
    assert!(forged.texts("[role=alert]")[0].contains("ALARM"), "{}", forged.text);
    let shown = screen.offers(url.strip_prefix("https://").unwrap(), &ca, &trust).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let words = workbench::connection::fingerprint(&house.trust, "en");
    assert_eq!(shown.texts(".typed")[0], words, "in the language of the page first");
    assert!(!home.is_connected(), "they were not compared yet");

    let compared = [("handler", url), ("ca", &ca), ("trust", &trust), ("same", "yes")];
    let waits = screen.post("/keys/connect", &compared).await;
    assert!(
        waits.to.ends_with("/start") && home.is_connected(),
        "pinned, but the administrator has not signed"
    );
    let still = screen.post("/start/join", &[("to", "/queue/open")]).await;
    assert_eq!(still.status, StatusCode::FORBIDDEN);
    assert!(still.texts("[role=alert]")[0].contains("does not know you"), "{}", still.text);

    // The seat: the administrator takes the file and signs.
    let request: Request = serde_json::from_str(&screen.get("/keys/request").await.text).unwrap();
    request.verify().unwrap();
    assert!(
        screen.get("/start").await.text.contains(&request.words("fr")),
        "the administrator may see the others"
    );
    let mut draft = house.admin.draft().unwrap();
    draft.add_member(&request, Vec::new(), vec!["fr".into()], false).unwrap();
    let members = ["lead", "two", "three", "somebody"];
    draft.add_desk(crate::common::desk("internal_affairs", &members, &["FAC", "EXT"]), true).unwrap();
    house.admin.save_draft(&draft).unwrap();
    let signed = house.sign();
    screen.office.handler.shelf.lock().unwrap().directories.push(signed);
    let joined = screen.post("/start/join", &[("to", "/queue/open")]).await;
    assert!(joined.to.ends_with("/queue/open"), "{}", joined.text);
    assert_eq!(screen.get("/queue/open").await.status, StatusCode::OK);
    assert!(screen.get("/start").await.to.ends_with("/queue/mine"), "the beginning is over");
}

#[tokio::test]
async fn a_key_comes_back_from_its_printed_page_and_no_other_way() {
    let (screen, home) = empty().await;
    screen.makes_a_key("somebody").await;
    let sheet = screen.get("/keys/sheet").await;
    assert_eq!(sheet.texts("article svg").len(), 1, "{}", sheet.text);
    assert!(
        !sheet.text.contains(NEW) && !sheet.text.contains("style="),
        "and nothing that the policy would refuse"
    );
    assert!(home.backup().unwrap().is_none(), "looking at it is not having it");
    let made = screen.post("/keys/sheet", &[]).await;
    assert!(made.to.ends_with("/start?done=sheet") && home.backup().unwrap().is_some());

    let text = sheet.texts("article pre").concat();
    let (other, restored) = empty().await;
    let without_a_line = text
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 3)
        .map(|(_, line)| line)
        .collect::<Vec<_>>()
        .join("\n");
    for (sheet, passphrase, field) in [
        (&*text, "guessed", "passphrase"),
        (&without_a_line, NEW, "sheet"),
        ("my shopping list", NEW, "sheet"),
    ] {
        let page = other.post("/start/restore", &[("sheet", sheet), ("passphrase", passphrase)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}: {}", page.text);
        assert!(!restored.has_key());
    }
    // The saved page is as good as its text.
    let page = other.post("/start/restore", &[("file", &sheet.text), ("passphrase", NEW)]).await;
    assert!(page.to.ends_with("/start?done=restored"), "{}", page.text);
    assert_eq!(files::read(&restored.key_path()).unwrap(), files::read(&home.key_path()).unwrap());
}

#[tokio::test]
async fn a_new_passphrase_asks_for_the_old_one_and_makes_the_sheet_worthless() {
    let screen = Screen::open("lead").await;
    let home = Home::at(screen.office.house.home_path("lead"));
    screen.unlock().await;
    assert!(screen.post("/keys/sheet", &[]).await.to.ends_with("/keys?done=sheet"));
    assert_eq!(screen.get("/keys").await.texts(".checks .soon").len(), 0);
    let change = async |old: &str, new: &str, again: &str| {
        screen.post("/keys/passphrase", &[("old", old), ("new", new), ("again", again)]).await
    };
    for (old, new, again, field) in [
        ("guessed", NEWER, NEWER, "old"),
        (PASSPHRASE, "short", "short", "new"),
        (PASSPHRASE, NEWER, NEW, "again"),
    ] {
        let page = change(old, new, again).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}");
        assert!(opens(&home, PASSPHRASE), "{field}: nothing was changed");
    }
    let changed = change(PASSPHRASE, NEWER, NEWER).await;
    assert!(changed.to.ends_with("/keys?done=passphrase"), "{}", changed.text);
    assert!(opens(&home, NEWER) && !opens(&home, PASSPHRASE));
    let keys = screen.get("/keys").await;
    assert!(keys.texts(".checks .soon").concat().contains("Backup sheet"), "the old sheet no longer counts");
    screen.post("/lock", &[]).await;
    let old = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", "")]).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN);
    assert_eq!(
        screen.post("/unlock", &[("passphrase", NEWER), ("to", "")]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn who_cannot_reach_the_case_handler_still_reaches_the_keys() {
    let office = Office::open();
    let home = office.house.home("lead", "https://127.0.0.1:1");
    let screen = Screen::at(office, home).await;
    let page = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", "/case/x/notes")]).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.texts("[role=alert]")[0].contains("does not answer"), "{}", page.text);
    assert!(page.text.contains("value=\"/case/x/notes\""), "and knows where to go on");
    assert_eq!(page.texts(".ways").len(), 0, "nowhere to go");
    assert_eq!(screen.get("/keys/sheet").await.status, StatusCode::OK);
    assert!(screen.get("/queue/mine").await.to.ends_with("/start"));
}
