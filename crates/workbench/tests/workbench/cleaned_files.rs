//! The treatment of an attached file is shown wherever the file is shown or saved.

use std::sync::Arc;

use serde_json::json;

use crate::{
    cli::{code, json as read, run},
    common::{PASSPHRASE, WorkbenchInstallation, browser::WorkbenchBrowser, fake_handler},
};

const CLEANING_SUMMARY: &str = "Burkindi took out: a name, a place. Its electronic signature is no longer valid, because \
                    Burkindi took something out. It may still hold: who changed what.";
const UNVERIFIED_CLAIM: &str = "cannot be checked";

/// Removes the line breaks and indents of the terminal layout.
fn unwrap_lines(out: &[u8]) -> String {
    String::from_utf8_lossy(out).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_the_treatment_of_a_file() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let reporter = handler.file_report(&installation, &[], "They asked for money.");
    installation.profile_dir("lead", &handler.url);
    let folder = installation.dir.path();
    let lead = |args: &[&str]| {
        let all = [&["--home", "home-lead", "--passphrase-fd", "0", "--lang", "en"], args].concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let id = reporter.case.to_string();
    assert_eq!(code(&lead(&["claim", &id])), 0);
    let treatment = json!({
        "how": "cleaned",
        "removed": ["author", "place"],
        "left": ["history"],
        "reading": "whole",
        "signature": "broken",
    });

    let shown = read(&lead(&["--json", "show", &id]));
    assert_eq!(shown["attachments"][0]["treatment"], treatment);
    let shown = unwrap_lines(&lead(&["show", &id]).stdout);
    assert!(shown.contains(CLEANING_SUMMARY) && shown.contains(UNVERIFIED_CLAIM), "{shown}");

    let saved = read(&lead(&["--json", "save", &id, "--to", "one"]));
    assert_eq!(saved["saved"][0]["treatment"], treatment);
    let saved = unwrap_lines(&lead(&["save", &id, "--to", "two"]).stdout);
    assert!(saved.contains(&format!("two/photo.jpg: {CLEANING_SUMMARY}")), "{saved}");

    let exported = read(&lead(&["--json", "export", &id, "--unsealed", "--output", "out"]));
    assert_eq!(exported["written"][2]["treatment"], treatment);
    assert!(exported["written"][3].get("treatment").is_none(), "another file is no attached file");
    let page = unwrap_lines(&std::fs::read(folder.join("out/case.html")).unwrap());
    assert!(page.contains(CLEANING_SUMMARY) && page.contains("It cannot be checked."), "{page}");
}

#[tokio::test]
async fn the_pages_show_the_treatment_of_a_file() {
    let screen = WorkbenchBrowser::open("lead").await;
    let reporter = screen.environment.file_report(&[]);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    let list = screen.get(&case).await.texts(".files li").concat();
    assert!(list.contains(CLEANING_SUMMARY), "{list}");
    let file = screen.get(&format!("{case}/file/1")).await.texts("main section").concat();
    for printed in
        ["Burkindi took out: a name, a place.", "It cannot be checked.", "the original has another"]
    {
        assert!(file.contains(printed), "{file}");
    }
}
