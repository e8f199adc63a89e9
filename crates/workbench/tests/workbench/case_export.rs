//! The export of a case: complete, verifiable, and without active content.

use std::{path::Path, process::Command, sync::Arc};

use scraper::{Html, Selector};
use serde_json::Value;

use crate::{
    cli::{code, json, run},
    common::{PASSPHRASE, WorkbenchInstallation, fake_handler},
};

const HOSTILE_STORY: &str = "<script>alert(1)</script> They \u{202e}asked for money.";

fn check_manifest(folder: &Path) {
    let mut check = Command::new("sha256sum");
    check.args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(folder);
    assert!(check.status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_folder_verifies() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let photo = ("../../re\u{202e}ceipt.jpg", "image/jpeg", &b"a photograph"[..]);
    let reporter = handler.file_report_with(&installation, &[], HOSTILE_STORY, photo);
    installation.profile_dir("lead", &handler.url);
    let folder = installation.dir.path();
    let lead = |args: &[&str]| {
        let all =
            [&["--home", "home-lead", "--passphrase-fd", "0", "--json", "--lang", "en"], args]
                .concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let id = reporter.case.to_string();
    assert_eq!(
        code(&lead(&["export", &id, "--unsealed", "--output", "out"])),
        4,
        "not declared yet"
    );
    assert!(!folder.join("out").exists());
    assert_eq!(code(&lead(&["claim", &id])), 0);
    // A reply states that the report was read.
    assert_eq!(code(&lead(&["reply", &id, "--text", "Merci."])), 4);
    assert_eq!(code(&lead(&["show", &id])), 0);
    assert_eq!(code(&lead(&["reply", &id, "--text", "Merci."])), 0);
    assert_eq!(
        code(&lead(&["note", &id, "--kind", "hypothesis", "--text", "one person alone"])),
        0
    );

    let exported = json(&lead(&["export", &id, "--unsealed", "--output", "out"]));
    let names: Vec<&str> = exported["written"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "sealed/0000-00.age",
            "sealed/0000-01.age",
            "files/01 receipt.jpg",
            "sealed/0002-00.age",
            "sealed/0003-00.age",
            "case.html",
            "event-0003.tlog-proof",
            "SHA256SUMS",
            "manifest.json",
            "manifest.sig",
        ]
    );
    assert_eq!(exported["alarms"], Value::Array(Vec::new()));
    let out = folder.join("out");
    assert_eq!(std::fs::read(out.join("files/01 receipt.jpg")).unwrap(), b"a photograph");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&out).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
    check_manifest(&out);

    let page = std::fs::read_to_string(out.join("case.html")).unwrap();
    let html = Html::parse_document(&page);
    let texts = |selector: &str| -> Vec<String> {
        html.select(&Selector::parse(selector).unwrap())
            .map(|found| found.text().collect())
            .collect()
    };
    assert_eq!(html.errors, Vec::<std::borrow::Cow<'_, str>>::new());
    for selector in ["script", "a", "img", "link", "iframe", "form"] {
        assert_eq!(texts(selector), Vec::<String>::new(), "{selector}");
    }
    assert!(page.contains("default-src 'none'"));
    // The page says what the export proves, and what not.
    assert!(texts(".warn")[0].contains("the case handler signed that it had recorded this report"));
    assert!(texts(".warn")[0].contains("What it does not prove: who wrote the report"));
    let printed = texts(".text");
    assert_eq!(printed[0], "<script>alert(1)</script> They \u{fffd}asked for money.");
    assert_eq!(printed[1..], ["Merci.", "one person alone"]);
    assert!(texts("tbody td").iter().any(|what| what.contains("took the case")), "{page}");

    let trust = installation.admin_dir.path("trust.json");
    let verified =
        json(&run(folder, "", &["verify", "out", "--trust", trust.to_str().unwrap(), "--json"]));
    assert_eq!(verified["ok"].as_bool(), Some(true), "{verified}");
    assert_eq!(verified["summary"]["events"].as_u64(), Some(4));

    assert_eq!(
        code(&lead(&["export", &id, "--unsealed", "--output", "out"])),
        1,
        "never into a folder that is there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_does_not_match_the_report_is_left_out_and_reported() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let reporter = handler.file_report(&installation, &[], "They asked for money.");
    installation.profile_dir("lead", &handler.url);
    let folder = installation.dir.path();
    let lead = |args: &[&str]| {
        let all = [&["--home", "home-lead", "--passphrase-fd", "0", "--json"], args].concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let id = reporter.case.to_string();
    assert_eq!(code(&lead(&["claim", &id])), 0);
    handler.with_case(reporter.case, |stored| {
        let photo = stored
            .parts
            .iter_mut()
            .find(|(part, _)| part.kind == protocol::api::workbench::PartKind::Attachment);
        *photo.unwrap().1.last_mut().unwrap() ^= 1;
    });
    let exported = lead(&["export", &id, "--unsealed", "--output", "out"]);
    assert_eq!(code(&exported), 6);
    let output_text = json(&exported);
    assert_eq!(output_text["alarms"][0]["code"], "damaged");
    assert_eq!(output_text["written"].as_array().unwrap().len(), 6);
    assert!(std::fs::read_to_string(folder.join("out/case.html")).unwrap().contains("empreinte"));
    check_manifest(&folder.join("out"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_archive_opens_for_its_recipient_and_verifies() {
    let installation = Arc::new(WorkbenchInstallation::new());
    let handler = fake_handler::start_fake_handler(&installation);
    let reporter = handler.file_report(&installation, &[], "They asked for money.");
    installation.profile_dir("lead", &handler.url);
    installation.profile_dir("two", &handler.url);
    let folder = installation.dir.path();
    let as_member = |home: &str, args: &[&str]| {
        let all = [&["--home", home, "--passphrase-fd", "0", "--json"], args].concat();
        run(folder, &format!("{PASSPHRASE}\n"), &all)
    };
    let lead = |args: &[&str]| as_member("home-lead", args);
    let id = reporter.case.to_string();
    assert_eq!(code(&lead(&["claim", &id])), 0);
    assert_eq!(code(&lead(&["export", &id])), 2, "the member must say how it is sealed");
    assert_eq!(code(&lead(&["export", &id, "--to", "unlisted"])), 1);
    let exported = json(&lead(&["export", &id, "--to", "two"]));
    let archive = exported["path"].as_str().unwrap();
    assert_eq!((exported["sealed"].as_bool(), archive.ends_with(".zip.age")), (Some(true), true));
    let bytes = std::fs::read(folder.join(archive)).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"));

    assert_eq!(code(&lead(&["unseal", archive, "--to", "of-lead"])), 1, "sealed to another");
    assert!(!folder.join("of-lead").exists());
    let opened = json(&as_member("home-two", &["unseal", archive, "--to", "of-two"]));
    assert_eq!(opened["files"].as_u64(), Some(8));
    let place = format!("of-two/case-{}", &id[..8]);
    let verified = json(&run(folder, "", &["verify", &place, "--json"]));
    assert_eq!(verified["ok"].as_bool(), Some(true), "{verified}");
    assert_eq!(verified["summary"]["files"].as_u64(), Some(1));
}
