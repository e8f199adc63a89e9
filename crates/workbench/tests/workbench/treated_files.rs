//! What was done to an attached file before it was sealed is said wherever the file is shown or saved.

use std::sync::Arc;

use serde_json::json;

use crate::{
    common::{House, PASSPHRASE, handler, screen::Screen},
    program::{code, json as read, run},
};

const SAID: &str = "Burkindi took out: a name, a place. Its electronic signature is no longer valid, because \
                    Burkindi took something out. It may still hold: who changed what.";
const CLAIM: &str = "nobody can check it from here";

/// Without the breaks and the indents of a terminal.
fn flat(out: &[u8]) -> String {
    String::from_utf8_lossy(out).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_what_was_done_to_a_file() {
    let house = Arc::new(House::new());
    let handler = handler::start(&house);
    let reporter = handler.file(&house, &[], "They asked for money.");
    house.home("lead", &handler.url);
    let folder = house.dir.path();
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
    let shown = flat(&lead(&["show", &id]).stdout);
    assert!(shown.contains(SAID) && shown.contains(CLAIM), "{shown}");

    let saved = read(&lead(&["--json", "save", &id, "--to", "one"]));
    assert_eq!(saved["saved"][0]["treatment"], treatment);
    let saved = flat(&lead(&["save", &id, "--to", "two"]).stdout);
    assert!(saved.contains(&format!("two/photo.jpg: {SAID}")), "{saved}");

    let exported = read(&lead(&["--json", "export", &id, "--to", "out"]));
    assert_eq!(exported["written"][0]["treatment"], treatment);
    assert!(exported["written"][1].get("treatment").is_none(), "the page is no attached file");
    let page = flat(&std::fs::read(folder.join("out/case.html")).unwrap());
    assert!(page.contains(SAID) && page.contains("Nobody can check it from here."), "{page}");
}

#[tokio::test]
async fn the_pages_say_what_was_done_to_a_file() {
    let screen = Screen::open("lead").await;
    let reporter = screen.office.file(&[]);
    screen.unlock().await;
    let case = screen.open_case(&reporter).await;
    let list = screen.get(&case).await.texts(".files li").concat();
    assert!(list.contains(SAID), "{list}");
    let file = screen.get(&format!("{case}/file/1")).await.texts("main section").concat();
    for said in
        ["Burkindi took out: a name, a place.", "Nobody can check it from here.", "the original has another"]
    {
        assert!(file.contains(said), "{file}");
    }
}
