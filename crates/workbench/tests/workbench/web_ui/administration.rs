//! Actions on several cases, and exports.

use std::io::{Cursor, Read as _};

use reqwest::{Method, StatusCode};
use secrecy::SecretString;
use workbench::{audit::export::LogExport, keys::passphrase_encryption};
use zip::ZipArchive;

use crate::{
    common::{browser::WorkbenchBrowser, cheap_scrypt, environment::claim_case, passphrase},
    former_readers::remove_two_and_rekey_three,
};

#[tokio::test]
async fn former_readers_cannot_open_messages_after_a_rotation() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporters = [
        screen.environment.file_report(&[]),
        screen.environment.file_report(&[]),
        screen.environment.file_report(&[]),
    ];
    screen.unlock().await;
    let no_reader = screen.get("/administration/former").await;
    assert_eq!((no_reader.status, no_reader.texts("table").len()), (StatusCode::OK, 0));
    for reporter in &reporters[..2] {
        screen.submit_case_form(&format!("/case/{}/act/claim", reporter.case), &[]).await;
    }
    let renewed = remove_two_and_rekey_three(&screen.environment.installation);
    screen
        .environment
        .handler
        .store
        .lock()
        .unwrap()
        .directories
        .push(screen.environment.installation.signed_directory());
    // A new session loads the new directory.
    screen.post("/lock", &[]).await;
    screen.unlock().await;
    let listed = screen.get("/administration/former").await;
    assert_eq!(listed.texts("tbody tr").len(), 3);
    assert!(listed.texts("tbody tr")[0].contains("two has left"), "{:?}", listed.texts("tbody tr"));
    assert!(listed.texts("tbody tr")[0].contains("three with an old key"));
    assert_eq!(
        listed.texts("tbody button").len(),
        3,
        "new keys show nothing, and need no declaration"
    );

    let one = reporters[0].case.to_string();
    let done = screen.post("/administration/former", &[("case", &one)]).await;
    assert!(done.redirect.ends_with("/administration/former?done=proposed-keys"), "{}", done.text);
    let listed = screen.get("/administration/former").await;
    assert_eq!(listed.texts("tbody button").len(), 2, "the other two can be proposed");
    assert_eq!(screen.post("/administration/former", &[]).await.status, StatusCode::SEE_OTHER);
    let listed = screen.get("/administration/former").await;
    assert_eq!(listed.texts("tbody button").len(), 0);
    assert!(listed.texts("tbody tr")[0].contains("wait for a second person"));

    // The member with the new key sees who reads on, and approves one and then the others.
    let environment = screen.environment;
    let profile = environment.installation.profile_dir("three", &environment.handler.url);
    let sealed = renewed.seal(&passphrase(), cheap_scrypt());
    workbench::private_files::replace_private(&profile.key_path(), &sealed).unwrap();
    let second = WorkbenchBrowser::start_in(environment, profile).await;
    second.unlock().await;
    let waiting = second.get("/administration/former").await;
    assert_eq!(waiting.texts("tbody a").len(), 3 + 3, "of both tables: {}", waiting.text);
    let path = format!("/administration/former/{one}");
    let shown = second.get(&path).await;
    assert_eq!(shown.texts("section li b"), ["lead", "three", "outside"]);
    assert!(shown.text.contains("only after it is released"), "{}", shown.text);
    let shown_events = shown.value("[name=shown]");
    let done = second.post(&path, &[("shown", &shown_events)]).await;
    assert!(done.redirect.ends_with("/administration/former?done=renewed"), "{}", done.text);
    let all = second.post("/administration/former", &[("approve", "yes")]).await;
    assert!(all.redirect.ends_with("/administration/former?done=renewed"), "{}", all.text);
    let left = second.get("/administration/former").await;
    assert_eq!(left.texts("tbody tr").len(), 0, "none is left");
    let environment = second.environment;
    let profile = environment.installation.profile_dir("lead", &environment.handler.url);
    let screen = WorkbenchBrowser::start_in(environment, profile).await;
    screen.unlock().await;
    for reporter in &reporters {
        assert_eq!(
            screen.environment.handler.with_case(reporter.case, |kept| kept.state.generation),
            1
        );
    }
    // A case with an alarm, such as a note that no event names, gets no new keys.
    screen.environment.handler.with_case(reporters[2].case, |kept| {
        kept.add_part(protocol::api::workbench::PartKind::Note, 1, 9, b"forged".to_vec());
    });
    let refused =
        screen.post("/administration/former", &[("case", &reporters[2].case.to_string())]).await;
    assert!(refused.texts("[role=alert] li")[0].contains("alarms"), "{}", refused.text);
}

#[tokio::test]
async fn the_log_is_verified_and_copied() {
    let screen = WorkbenchBrowser::open("outside").await;
    let reporter = screen.environment.file_report(&[]);
    claim_case(&mut screen.environment.connect("lead").await, &reporter).await;
    screen.unlock().await;
    let well = screen.post("/administration/log", &[]).await;
    assert!(
        well.texts(".answer")[0]
            .contains("All signatures, chains, case rules and proofs are valid."),
        "{}",
        well.text
    );
    assert_eq!(well.texts(".answer dd"), ["2", "1"]);
    assert_eq!(well.texts(".answer code").len(), 1, "the root of the log");
    let copy = screen.request(&Method::POST, "/administration/log/copy").send().await.unwrap();
    assert!(copy.headers()["content-disposition"].to_str().unwrap().contains("burkindi-log-"));
    let export: LogExport = serde_json::from_slice(&copy.bytes().await.unwrap()).unwrap();
    assert!(
        export.is_whole()
            && export
                .verify(&screen.environment.installation.trust, None)
                .unwrap()
                .alarms
                .is_empty()
    );

    screen.environment.handler.store.lock().unwrap().log.pop();
    let wrong = screen.post("/administration/log", &[]).await;
    assert!(wrong.texts(".answer")[0].contains("ALARM"));
    assert!(
        wrong.texts("[role=alert] li").concat().contains("An old state is shown for the newest.")
    );
}

/// Posts the form of an export.
async fn export(
    screen: &WorkbenchBrowser,
    path: &str,
    fields: &[(&str, &str)],
) -> reqwest::Response {
    let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    screen
        .request(&Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.join("&"))
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_archive_is_sealed_unless_the_member_decides_otherwise() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporter = screen.environment.file_report(&[]);
    screen.unlock().await;
    screen.open_case(&reporter).await;
    let path = format!("/case/{}/export", reporter.case);
    let chosen = screen.get(&path).await.texts("input[name=seal][checked]").len();
    assert_eq!(chosen, 1, "the archive is sealed to a member if nothing else is chosen");
    let two = screen.environment.installation.key_of("two");
    let unlisted = protocol::keys::InvestigatorIdentity::generate(&mut rand::rngs::OsRng);
    let key = unlisted.recipient().to_string();
    for (fields, identity) in [
        ([("seal", "member"), ("member", "two")], two.identity()),
        ([("seal", "key"), ("key", &*key)], &unlisted),
    ] {
        let answer = export(&screen, &path, &fields).await;
        let disposition = answer.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.ends_with(".zip.age"), "{disposition}");
        let sealed = answer.bytes().await.unwrap();
        let plain = identity.open(&sealed).unwrap();
        assert!(ZipArchive::new(Cursor::new(&plain[..])).unwrap().len() > 4);
        let lead = screen.environment.installation.key_of("lead");
        assert!(lead.identity().open(&sealed).is_err(), "only the recipient opens it");
    }
    let words = "five-random-words-of-a-list";
    let fields = [("seal", "passphrase"), ("new", words), ("again", words)];
    let sealed = export(&screen, &path, &fields).await.bytes().await.unwrap();
    let opened = passphrase_encryption::decrypt(&sealed, &SecretString::from(words)).unwrap();
    assert!(ZipArchive::new(Cursor::new(&opened[..])).unwrap().len() > 4);

    for fields in [
        &[][..],
        &[("seal", "member"), ("member", "unlisted")],
        &[("seal", "key"), ("key", "age1rubbish")],
        &[("seal", "passphrase"), ("new", "short"), ("again", "short")],
        &[("seal", "passphrase"), ("new", words), ("again", "another")],
    ] {
        let refused = screen.post(&path, fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert_eq!(refused.texts("[role=alert]").len(), 1, "{fields:?}");
    }
}

#[tokio::test]
async fn a_case_is_exported_as_one_archive() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporter = screen.environment.file_report(&[]);
    screen.unlock().await;
    let path = format!("/case/{}/export", reporter.case);
    assert!(
        screen.get(&path).await.redirect.ends_with("/declare"),
        "nothing is shown before the declaration"
    );
    assert!(screen.post(&path, &[]).await.redirect.ends_with("/declare"), "and nothing leaves");
    screen.open_case(&reporter).await;
    let page = screen.get(&path).await;
    assert!(
        page.texts("form.careful").concat().contains("anyone who gets the archive can read it")
    );

    let answer = export(&screen, &path, &[("seal", "unsealed")]).await;
    let name = format!("case-{}", &reporter.case.to_string()[..8]);
    let disposition = answer.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, format!("attachment; filename*=UTF-8''{name}.zip"));
    let mut archive = ZipArchive::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let mut read = |file: &str| {
        let mut content = Vec::new();
        archive.by_name(&format!("{name}/{file}")).unwrap().read_to_end(&mut content).unwrap();
        content
    };
    assert_eq!(read("files/01 photo.jpg"), b"a photograph of a receipt book");
    let case = String::from_utf8(read("case.html")).unwrap();
    assert!(case.contains("<html lang=\"en\"") && case.contains("An officer asked me for money."));
    let sums = String::from_utf8(read("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 5);
    assert_eq!(read("manifest.sig").len(), 64);
    assert_eq!(archive.len(), 8);

    let photo = |kept: &mut crate::common::fake_handler::StoredCase| {
        *kept.parts[0].1.last_mut().unwrap() ^= 1;
    };
    screen.environment.handler.with_case(reporter.case, photo);
    let answer = export(&screen, &path, &[("seal", "unsealed")]).await;
    let mut archive = ZipArchive::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
    assert_eq!(archive.len(), 6, "a file that is not what the report names stays out");
    let mut case = String::new();
    archive.by_name(&format!("{name}/case.html")).unwrap().read_to_string(&mut case).unwrap();
    assert!(case.contains("Data differ from their hash."), "and the page says so");
}
