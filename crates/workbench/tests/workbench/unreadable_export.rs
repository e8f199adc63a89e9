//! A case whose report does not open is exported with its events. `burkindi verify` accepts it and
//! names what it does not open.

use std::{
    fs,
    io::{Cursor, Read as _},
    path::Path,
};

use reqwest::{Method, StatusCode};
use tempfile::TempDir;
use workbench::{
    case::{
        CaseReadError,
        export::{
            CaseExport, manifest::ExportManifest, source::ExportSource, verify::verify_export,
        },
    },
    session::HandlerConnection,
};
use zip::ZipArchive;

use crate::{
    cli::{code, json, run},
    common::{
        PASSPHRASE, browser::WorkbenchBrowser, environment::TestEnvironment,
        fake_handler::SealedReport, reporter::TestReporter,
    },
    unreadable::{corrupt_grants, file_tampered},
};

fn corrupt_body(sent: &mut SealedReport) {
    sent.sealed_body = b"bytes that no key opens".to_vec();
}

async fn export_unreadable(member: &mut HandlerConnection, reporter: &TestReporter) -> TempDir {
    let Err(CaseReadError::Unreadable(unreadable)) = member.read_case(reporter.case).await else {
        panic!("the report opens");
    };
    let mut export = CaseExport::new(ExportSource::Unreadable(&unreadable), "en");
    let folder = tempfile::tempdir().unwrap();
    while let Some(file) = export.next_file(member).await.unwrap() {
        fs::write(folder.path().join(&file.name), &*file.content).unwrap();
    }
    folder
}

fn subjects(folder: &Path) -> Vec<String> {
    let result = verify_export(folder, None).unwrap();
    result.differences.into_iter().map(|difference| difference.subject).collect()
}

#[tokio::test]
async fn an_unreadable_case_is_exported_and_verified_without_its_parts() {
    for spoil in [corrupt_grants, corrupt_body] {
        let environment = TestEnvironment::start();
        let reporter = file_tampered(&environment, spoil);
        let folder = export_unreadable(&mut environment.connect("lead").await, &reporter).await;
        let result = verify_export(folder.path(), None).unwrap();
        assert_eq!(result.differences, []);
        let summary = result.summary.unwrap();
        let kinds: Vec<&str> = summary.unopened.iter().map(|part| part.kind).collect();
        assert_eq!(kinds, ["report", "file"]);
        let [proves, does_not_prove] = summary.statements("en");
        assert!(proves.contains("had recorded this report"), "{proves}");
        assert!(does_not_prove.contains("2 sealed parts are not opened here"), "{does_not_prove}");
        let page = fs::read_to_string(folder.path().join("case.html")).unwrap();
        assert!(page.contains("This export does not open the report."), "{page}");
        assert!(page.contains("<li>the report, ") && page.contains("<li>an attached file, "));
        assert!(!folder.path().join("sealed").exists());
    }
}

#[tokio::test]
async fn a_changed_export_of_an_unreadable_case_is_refused() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, corrupt_body);
    let mut lead = environment.connect("lead").await;
    let folder = export_unreadable(&mut lead, &reporter).await;
    let (page, signature) = (folder.path().join("case.html"), folder.path().join("manifest.sig"));
    let (honest, signed) = (fs::read(&page).unwrap(), fs::read(&signature).unwrap());
    let changed = String::from_utf8(honest.clone()).unwrap();
    let changed = changed.replace("This export does not open the report.", "The report is empty.");
    fs::write(&page, changed).unwrap();
    assert_eq!(subjects(folder.path()), ["case.html", "case.html"]);
    fs::write(&page, honest).unwrap();
    let manifest = fs::read(folder.path().join("manifest.json")).unwrap();
    let other = environment.installation.key_of("two");
    fs::write(&signature, ExportManifest::sign(&manifest, other.device())).unwrap();
    assert_eq!(subjects(folder.path()), ["manifest.sig"]);
    fs::write(&signature, signed).unwrap();
    assert_eq!(subjects(folder.path()), [""; 0]);
    // The event that commits to the parts cannot be left out.
    let mut manifest: ExportManifest = serde_json::from_slice(&manifest).unwrap();
    manifest.events.clear();
    let bytes = manifest.to_bytes();
    fs::write(&signature, ExportManifest::sign(&bytes, lead.key().device())).unwrap();
    fs::write(folder.path().join("manifest.json"), bytes).unwrap();
    assert_eq!(subjects(folder.path()), ["events"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_export_and_verify_an_unreadable_case() {
    let environment = TestEnvironment::start();
    let reporter = file_tampered(&environment, corrupt_body);
    environment.installation.profile_dir("lead", &environment.handler.url);
    let folder = environment.installation.dir.path();
    let lead = |args: &[&str]| {
        let all = [&["--home", "home-lead", "--passphrase-fd", "0", "--lang", "en"], args].concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let id = reporter.case.to_string();
    let exported = lead(&["export", &id, "--unsealed", "--output", "out"]);
    let text = String::from_utf8_lossy(&exported.stdout).into_owned();
    assert_eq!(code(&exported), 0, "{text}");
    assert!(text.contains("The report does not open"), "{text}");
    let result = json(&lead(&["--json", "verify", "out"]));
    assert_eq!(result["ok"], true, "{result}");
    assert_eq!(result["summary"]["unopened"][0]["kind"], "report");
    let shown = lead(&["verify", "out"]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(text.contains("Not opened: the report of event 0."), "{text}");
}

/// The page exports what the command exports, and says what the archive does not contain.
#[tokio::test]
async fn the_page_exports_a_case_whose_report_does_not_open() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = file_tampered(&screen.environment, corrupt_body);
    let case = format!("/case/{}", reporter.case);
    let export = format!("{case}/export");
    let error = screen.get(&case).await.text;
    assert!(error.contains(&format!("{export}\"")), "the error page links to it: {error}");
    let page = screen.get(&export).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let notice = page.texts("div.careful").concat();
    assert!(
        notice.contains("does not open. So the archive contains neither the report"),
        "{notice}"
    );
    assert!(!page.text.contains("what the reporter wrote"), "{}", page.text);
    let refused = screen.post(&export, &[("seal", "key"), ("key", "age1")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.texts("div.careful").len(), 1, "the sentence is there after a mistake too");

    let answer = screen
        .request(&Method::POST, &export)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("seal=unsealed")
        .send()
        .await
        .unwrap();
    let mut archive = ZipArchive::new(Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        let name = file.name().unwrap().split_once('/').unwrap().1.to_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        fs::write(folder.path().join(name), content).unwrap();
    }
    let result = verify_export(folder.path(), None).unwrap();
    assert_eq!(result.differences, []);
    assert_eq!(result.summary.unwrap().unopened.len(), 2);
}

/// A case that opens still needs a declaration, and one of another member is not exported.
#[tokio::test]
async fn the_page_exports_no_case_without_a_declaration_or_a_grant() {
    let screen = WorkbenchBrowser::open("lead").await;
    screen.unlock().await;
    let reporter = file_tampered(&screen.environment, |_| ());
    let export = format!("/case/{}/export", reporter.case);
    for answer in [screen.get(&export).await, screen.post(&export, &[("seal", "unsealed")]).await] {
        assert!(answer.redirect.ends_with("/declare"), "{}", answer.text);
    }
    let other = format!("/case/{}/export", uuid::Uuid::new_v4());
    assert_eq!(screen.get(&other).await.status, StatusCode::NOT_FOUND);
}
