//! Onboarding in the pages, from an empty folder to the queue, and later changes of a member's
//! keys.

use reqwest::{Method, StatusCode, header};
use secrecy::SecretString;
use workbench::{
    keys::key_file::{InvestigatorKey, MembershipRequest},
    private_files,
    session::profile::ProfileDir,
};

use crate::common::{PASSPHRASE, browser::WorkbenchBrowser, environment::TestEnvironment};

const NEW_PASSPHRASE: &str = "abricot tunnel girafe 71";
const SECOND_PASSPHRASE: &str = "cactus violon brume 58";

/// Starts a workbench with an empty profile folder.
async fn empty_profile() -> (WorkbenchBrowser, ProfileDir) {
    let environment = TestEnvironment::start();
    let profile = ProfileDir::new(environment.installation.dir.path().join("home-of-a-new-member"));
    (WorkbenchBrowser::start_in(environment, profile.clone()).await, profile)
}

/// Returns the fields of the form for a new key.
fn key_form<'a>(handle: &'a str, new: &'a str, again: &'a str) -> [(&'static str, &'a str); 3] {
    [("handle", handle), ("new", new), ("again", again)]
}

impl WorkbenchBrowser {
    async fn create_key(&self, handle: &str) {
        let made = self.post("/start/key", &key_form(handle, NEW_PASSPHRASE, NEW_PASSPHRASE)).await;
        assert_eq!(
            (made.status, made.redirect.ends_with("/start?done=made")),
            (StatusCode::SEE_OTHER, true),
            "{}",
            made.text
        );
    }

    /// Posts the form with its two files, as a browser does.
    async fn offer_handler(
        &self,
        handler: &str,
        ca: &str,
        trust: &str,
    ) -> crate::common::browser::TestPage {
        let part = |name: &str, content: &str| {
            let file = if name == "handler" {
                ""
            } else {
                "; filename=\"file\"\r\ncontent-type: text/plain"
            };
            format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
            )
        };
        let body =
            [part("handler", handler), part("ca", ca), part("trust", trust), "--b--\r\n".into()]
                .concat();
        let request = self.request(&Method::POST, "/keys/connect");
        let request =
            request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b").body(body);
        crate::common::browser::TestPage::from_response(request.send().await.unwrap()).await
    }
}

fn opens_with(profile: &ProfileDir, passphrase: &str) -> bool {
    let sealed = private_files::read(&profile.key_path()).unwrap();
    InvestigatorKey::open(&sealed, &SecretString::from(passphrase)).is_ok()
}

#[tokio::test]
async fn a_key_is_created_only_with_a_strong_passphrase() {
    let (screen, profile) = empty_profile().await;
    for path in ["/queue/mine", "/keys", "/keys/sheet", "/absence"] {
        assert!(
            screen.get(path).await.redirect.ends_with("/start"),
            "{path} leads to the beginning"
        );
    }
    assert_eq!(screen.get("/start").await.texts(".choice").len(), 2);
    assert_eq!(screen.get("/start/key").await.status, StatusCode::OK);
    for (handle, new, again, field) in [
        ("Awa Traoré", NEW_PASSPHRASE, NEW_PASSPHRASE, "handle"),
        ("newcomer", "zq7 zq7", "zq7 zq7", "new"),
        ("newcomer", "motdepasse123!", "motdepasse123!", "new"),
        ("newcomer", NEW_PASSPHRASE, SECOND_PASSPHRASE, "again"),
    ] {
        let page = screen.post("/start/key", &key_form(handle, new, again)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}");
        assert_eq!(page.texts("[role=alert]").len(), 1, "one thing at a time");
        assert!(!page.text.contains(new), "no passphrase comes back in a page");
    }
    assert!(!profile.dir().exists(), "nothing was written");
    let measure = async |new: &str| {
        screen.post("/start/strength", &[("new", new), ("handle", "")]).await.text
    };
    for (new, level) in [("short", 1), ("azertyuiop123", 2), (NEW_PASSPHRASE, 4)] {
        assert!(measure(new).await.contains(&format!("\"level\":{level}")), "{new}");
    }

    screen.create_key("newcomer").await;
    assert!(
        opens_with(&profile, NEW_PASSPHRASE)
            && !private_files::is_accessible_to_others(&profile.key_path()).unwrap()
    );
    let sealed = private_files::read(&profile.key_path()).unwrap();
    let again = screen
        .post("/start/key", &key_form("newcomer", SECOND_PASSPHRASE, SECOND_PASSPHRASE))
        .await;
    assert!(again.redirect.ends_with("/start"), "a key is never overwritten");
    assert!(screen.post("/start/restore", &[]).await.redirect.ends_with("/start"));
    assert_eq!(private_files::read(&profile.key_path()).unwrap(), sealed);

    screen.post("/lock", &[]).await;
    let locked = screen.get("/start").await;
    assert_eq!((locked.status, locked.texts("#passphrase").len()), (StatusCode::UNAUTHORIZED, 1));
    assert!(screen.get("/keys/request").await.status == StatusCode::UNAUTHORIZED);
    let unlocked =
        screen.post("/unlock", &[("passphrase", NEW_PASSPHRASE), ("to", "/queue/mine")]).await;
    assert!(
        unlocked.redirect.ends_with("/start"),
        "unlocked, and nowhere to go yet: {}",
        unlocked.redirect
    );
}

#[tokio::test]
async fn nothing_is_pinned_before_the_fingerprint_is_confirmed() {
    let (screen, profile) = empty_profile().await;
    let installation = screen.environment.installation.clone();
    let (url, ca, trust) = (
        &*screen.environment.handler.url,
        installation.ca_pem(),
        String::from_utf8(private_files::to_pretty_json(&installation.trust)).unwrap(),
    );
    assert!(
        screen.offer_handler(url, &ca, &trust).await.redirect.ends_with("/start"),
        "the key comes first"
    );
    screen.create_key("newcomer").await;
    for (url, ca, trust, field) in [
        ("http://127.0.0.1:1", &*ca, &*trust, "handler"),
        (url, "no certificate", &trust, "ca"),
        (url, &ca, "{}", "trust"),
    ] {
        let page = screen.offer_handler(url, ca, trust).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}: {}", page.text);
    }
    let unreachable = screen.offer_handler("https://127.0.0.1:1", &ca, &trust).await;
    assert_eq!(unreachable.status, StatusCode::BAD_GATEWAY);
    let mut other = installation.trust.clone();
    other.instance = uuid::Uuid::new_v4();
    let other = String::from_utf8(private_files::to_pretty_json(&other)).unwrap();
    let forged = screen.offer_handler(url, &ca, &other).await;
    assert_eq!(forged.status, StatusCode::BAD_GATEWAY);
    assert!(forged.texts("[role=alert]")[0].contains("ALARM"), "{}", forged.text);
    let shown = screen.offer_handler(url.strip_prefix("https://").unwrap(), &ca, &trust).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let words = workbench::session::fingerprint(&installation.trust, "en");
    assert_eq!(shown.texts(".typed")[0], words, "in the language of the page first");
    assert!(!profile.is_connected(), "they were not compared yet");

    let compared = [("handler", url), ("ca", &ca), ("trust", &trust), ("same", "yes")];
    let waits = screen.post("/keys/connect", &compared).await;
    assert!(
        waits.redirect.ends_with("/start") && profile.is_connected(),
        "pinned, but the administrator has not signed"
    );
    let still = screen.post("/start/join", &[("to", "/queue/open")]).await;
    assert_eq!(still.status, StatusCode::FORBIDDEN);
    assert!(still.texts("[role=alert]")[0].contains("does not know you"), "{}", still.text);

    // The administrator adds the member with the public key file, and signs the directory.
    let request: MembershipRequest =
        serde_json::from_str(&screen.get("/keys/request").await.text).unwrap();
    request.verify().unwrap();
    assert!(
        screen.get("/start").await.text.contains(&request.fingerprint_words("fr")),
        "the administrator may see the others"
    );
    let mut draft = installation.admin_dir.draft().unwrap();
    draft.add_member(&request, Vec::new(), vec!["fr".into()], false).unwrap();
    let members = ["lead", "two", "three", "newcomer"];
    draft
        .add_desk(crate::common::desk("internal_affairs", &members, &["FAC", "EXT"]), true)
        .unwrap();
    installation.admin_dir.save_draft(&draft).unwrap();
    let signed = installation.sign_directory();
    screen.environment.handler.store.lock().unwrap().directories.push(signed);
    let joined = screen.post("/start/join", &[("to", "/queue/open")]).await;
    assert!(joined.redirect.ends_with("/queue/open"), "{}", joined.text);
    assert_eq!(screen.get("/queue/open").await.status, StatusCode::OK);
    assert!(screen.get("/start").await.redirect.ends_with("/queue/mine"), "the beginning is over");
}

#[tokio::test]
async fn a_key_is_restored_only_from_its_backup_sheet() {
    let (screen, profile) = empty_profile().await;
    screen.create_key("newcomer").await;
    let sheet = screen.get("/keys/sheet").await;
    assert_eq!(sheet.texts("article svg").len(), 1, "{}", sheet.text);
    assert!(
        !sheet.text.contains(NEW_PASSPHRASE) && !sheet.text.contains("style="),
        "and nothing that the policy would refuse"
    );
    assert!(profile.backup_record().unwrap().is_none(), "looking at it is not having it");
    let made = screen.post("/keys/sheet", &[]).await;
    assert!(
        made.redirect.ends_with("/start?done=sheet") && profile.backup_record().unwrap().is_some()
    );

    let text = sheet.texts("article pre").concat();
    let (other, restored) = empty_profile().await;
    let without_a_line = text
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 3)
        .map(|(_, line)| line)
        .collect::<Vec<_>>()
        .join("\n");
    for (sheet, passphrase, field) in [
        (&*text, "guessed", "passphrase"),
        (&without_a_line, NEW_PASSPHRASE, "sheet"),
        ("my shopping list", NEW_PASSPHRASE, "sheet"),
    ] {
        let page =
            other.post("/start/restore", &[("sheet", sheet), ("passphrase", passphrase)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}: {}", page.text);
        assert!(!restored.has_key());
    }
    // The saved page works as well as its text.
    let page = other
        .post("/start/restore", &[("file", &sheet.text), ("passphrase", NEW_PASSPHRASE)])
        .await;
    assert!(page.redirect.ends_with("/start?done=restored"), "{}", page.text);
    assert_eq!(
        private_files::read(&restored.key_path()).unwrap(),
        private_files::read(&profile.key_path()).unwrap()
    );
}

#[tokio::test]
async fn a_passphrase_change_requires_the_old_one_and_invalidates_the_backup_sheet() {
    let screen = WorkbenchBrowser::open("lead").await;
    let profile = ProfileDir::new(screen.environment.installation.profile_path("lead"));
    screen.unlock().await;
    assert!(screen.post("/keys/sheet", &[]).await.redirect.ends_with("/keys?done=sheet"));
    assert_eq!(screen.get("/keys").await.texts(".checks .warning").len(), 0);
    let change = async |old: &str, new: &str, again: &str| {
        screen.post("/keys/passphrase", &[("old", old), ("new", new), ("again", again)]).await
    };
    for (old, new, again, field) in [
        ("guessed", SECOND_PASSPHRASE, SECOND_PASSPHRASE, "old"),
        (PASSPHRASE, "short", "short", "new"),
        (PASSPHRASE, SECOND_PASSPHRASE, NEW_PASSPHRASE, "again"),
    ] {
        let page = change(old, new, again).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.texts(&format!("#{field}-wrong")).len(), 1, "{field}");
        assert!(opens_with(&profile, PASSPHRASE), "{field}: nothing was changed");
    }
    let changed = change(PASSPHRASE, SECOND_PASSPHRASE, SECOND_PASSPHRASE).await;
    assert!(changed.redirect.ends_with("/keys?done=passphrase"), "{}", changed.text);
    assert!(opens_with(&profile, SECOND_PASSPHRASE) && !opens_with(&profile, PASSPHRASE));
    let keys = screen.get("/keys").await;
    assert!(
        keys.texts(".checks .warning").concat().contains("Backup sheet"),
        "the old sheet no longer counts"
    );
    screen.post("/lock", &[]).await;
    let old = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", "")]).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN);
    assert_eq!(
        screen.post("/unlock", &[("passphrase", SECOND_PASSPHRASE), ("to", "")]).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn the_keys_page_works_without_the_case_handler() {
    let environment = TestEnvironment::start();
    let profile = environment.installation.profile_dir("lead", "https://127.0.0.1:1");
    let screen = WorkbenchBrowser::start_in(environment, profile).await;
    let page = screen.post("/unlock", &[("passphrase", PASSPHRASE), ("to", "/case/x/notes")]).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.texts("[role=alert]")[0].contains("does not answer"), "{}", page.text);
    assert!(page.text.contains("value=\"/case/x/notes\""), "and knows where to go on");
    assert_eq!(page.texts(".ways").len(), 0, "nowhere to go");
    assert_eq!(screen.get("/keys/sheet").await.status, StatusCode::OK);
    assert!(screen.get("/queue/mine").await.redirect.ends_with("/start"));
}
