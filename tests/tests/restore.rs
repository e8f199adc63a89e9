//! A machine burns down; its backups and keys bring everything back on an empty one.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use scenarios::{File, Office, settings};
use serde_json::Value;

/// Runs a task of a service to its end and gives what it says.
fn task(mut command: Command, task: &str, folder: &Path) -> String {
    let output = command.arg(task).arg(folder).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{task}: {}", said(&output.stderr));
    said(&output.stdout)
}

/// Databases in which nothing is yet.
fn new_databases(test: &str, folder: &Path) -> Result<(String, String)> {
    let file = |name: &str| format!("sqlite://{}", folder.join(name).display());
    Ok(match settings(test)? {
        settings if settings.spool_url.is_some() => {
            (settings.spool_url.unwrap(), settings.cases_url.unwrap())
        }
        _ => (file("new-spool.sqlite"), file("new-cases.sqlite")),
    })
}

#[tokio::test]
async fn every_case_opens_and_the_log_verifies_after_a_restore_on_an_empty_machine() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let office = Office::open(folder.path(), settings(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = office.visitor("fr").await?;
    let content = vec![7; 600_000];
    let photo = File { name: "photo.jpg", media_type: "image/jpeg", content: &content };

    // Two reports, one of them answered.
    let first = visitor.file(&[("a.story", "Premier récit")], &[photo]).await?.code()?;
    office.queue("inspector-1", 1).await?;
    let second = visitor.file(&[("a.story", "Deuxième récit")], &[]).await?.code()?;
    let cases = office.queue("inspector-1", 2).await?;
    let cases: Vec<&str> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    for case in &cases {
        office.installation.as_person("inspector-1", &["claim", case])?;
        office.installation.as_person("inspector-1", &["reply", case, "--text", "Merci."])?;
    }
    office.thread(&visitor, &first, 1).await?;

    // While both run; then the case handler is gone, and a third report waits in the intake's own backup.
    let Office { mut installation, intake, case_handler } = office;
    let (of_cases, of_spool) = (folder.path().join("cases backup"), folder.path().join("spool backup"));
    task(installation.case_handler()?, "backup", &of_cases);
    case_handler.kill()?;
    let third = visitor.file(&[("a.story", "Troisième récit")], &[]).await?.code()?;
    task(installation.intake()?, "backup", &of_spool);
    intake.kill()?;
    for file in ["spool.sqlite", "cases.sqlite"] {
        fs::remove_file(folder.path().join(file)).ok();
    }

    let (spool, cases_url) = new_databases(env!("CARGO_CRATE_NAME"), folder.path())?;
    installation.on_an_empty_machine(spool, cases_url);
    assert!(task(installation.case_handler()?, "rehearse", &of_cases).contains("the log is whole"));
    assert!(task(installation.intake()?, "rehearse", &of_spool).contains("1 submissions wait"));
    task(installation.case_handler()?, "restore", &of_cases);
    task(installation.intake()?, "restore", &of_spool);
    let (intake, case_handler) = (installation.start_intake()?, installation.start_case_handler()?);
    let office = Office { installation, intake, case_handler };

    let restored = office.queue("inspector-1", 3).await?;
    assert_eq!(restored.len(), 3);
    let mut stories = Vec::new();
    for case in &restored {
        let case = case["id"].as_str().unwrap();
        // Two have been claimed before, which declares as well.
        if !cases.contains(&case) {
            office.installation.as_person("inspector-1", &["declare", case])?;
        }
        let shown: Value = office.installation.as_person("inspector-1", &["show", case])?;
        assert_eq!(shown["alarms"], serde_json::json!([]));
        stories.push(shown["report"]["story"].as_str().unwrap().to_owned());
    }
    stories.sort();
    assert_eq!(stories, ["Deuxième récit", "Premier récit", "Troisième récit"]);
    let answer = office.installation.as_person(
        "inspector-1",
        &["save", cases[0], "--to", &folder.path().join("saved").display().to_string()],
    )?;
    let other = office.installation.as_person(
        "inspector-1",
        &["save", cases[1], "--to", &folder.path().join("saved").display().to_string()],
    )?;
    let saved: Vec<_> = [answer, other]
        .iter()
        .flat_map(|answer| answer["saved"].as_array().unwrap().clone())
        .map(|file| fs::read(file["path"].as_str().unwrap()).unwrap())
        .collect();
    assert!(saved == [content], "the photo is the same to the byte");
    office.installation.as_person("outside-1", &["audit", "verify"])?;
    // Whoever reported reads on; what the backup had not is there too.
    for code in [&first, &second] {
        let thread = office.thread(&visitor, code, 1).await?;
        assert_eq!(thread.messages(), ["Merci."]);
        assert!(thread.texts("[role=alert]").is_empty());
    }
    office.thread(&visitor, &third, 0).await?;
    Ok(())
}
