//! A machine is destroyed. Its backups and keys restore everything on an empty machine.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use scenarios::{FormFile, RunningInstallation, settings_for};
use serde_json::Value;

/// Runs a task of a service to its end and returns its output.
fn run_task(mut command: Command, task: &str, folder: &Path) -> String {
    let output = command.arg(task).arg(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{task}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Returns the URLs of empty databases.
fn empty_databases(test: &str, folder: &Path) -> Result<(String, String)> {
    let file = |name: &str| format!("sqlite://{}", folder.join(name).display());
    Ok(match settings_for(test)? {
        settings if settings.intake_store_url.is_some() => {
            (settings.intake_store_url.unwrap(), settings.case_handler_store_url.unwrap())
        }
        _ => (file("new-spool.sqlite"), file("new-cases.sqlite")),
    })
}

#[tokio::test]
async fn every_case_opens_and_the_log_verifies_after_a_restore_on_an_empty_machine() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let running =
        RunningInstallation::start(folder.path(), settings_for(env!("CARGO_CRATE_NAME"))?)?;
    let visitor = running.reporter("fr").await?;
    let content = vec![7; 600_000];
    let photo = FormFile { name: "photo.jpg", media_type: "image/jpeg", content: &content };

    // Two reports, one of them answered.
    let first =
        visitor.submit_report(&[("a.story", "Premier récit")], &[photo]).await?.receipt_code()?;
    running.wait_for_cases("inspector-1", 1).await?;
    let second =
        visitor.submit_report(&[("a.story", "Deuxième récit")], &[]).await?.receipt_code()?;
    let cases = running.wait_for_cases("inspector-1", 2).await?;
    let cases: Vec<&str> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    for case in &cases {
        running.installation.run_as("inspector-1", &["claim", case])?;
        running.installation.run_as("inspector-1", &["show", case])?;
        running.installation.run_as("inspector-1", &["reply", case, "--text", "Merci."])?;
    }
    running.wait_for_messages(&visitor, &first, 1).await?;

    // The backups are made while both services run. Then the case handler is destroyed, and a third
    // report waits in the backup of the intake.
    let RunningInstallation { mut installation, intake, case_handler } = running;
    let (of_cases, of_spool) =
        (folder.path().join("cases backup"), folder.path().join("spool backup"));
    run_task(installation.case_handler_command()?, "backup", &of_cases);
    case_handler.kill()?;
    let third =
        visitor.submit_report(&[("a.story", "Troisième récit")], &[]).await?.receipt_code()?;
    run_task(installation.intake_command()?, "backup", &of_spool);
    intake.kill()?;
    for file in ["spool.sqlite", "cases.sqlite"] {
        fs::remove_file(folder.path().join(file)).ok();
    }

    let (spool, cases_url) = empty_databases(env!("CARGO_CRATE_NAME"), folder.path())?;
    installation.use_empty_databases(spool, cases_url);
    assert!(
        run_task(installation.case_handler_command()?, "verify-backup", &of_cases)
            .contains("log verified")
    );
    assert!(
        run_task(installation.intake_command()?, "verify-backup", &of_spool)
            .contains("1 pending submissions are intact")
    );
    run_task(installation.case_handler_command()?, "restore", &of_cases);
    run_task(installation.intake_command()?, "restore", &of_spool);
    let (intake, case_handler) = (installation.start_intake()?, installation.start_case_handler()?);
    let running = RunningInstallation { installation, intake, case_handler };

    let restored = running.wait_for_cases("inspector-1", 3).await?;
    assert_eq!(restored.len(), 3);
    let mut stories = Vec::new();
    for case in &restored {
        let case = case["id"].as_str().unwrap();
        // Two cases were claimed before, and a claim is also a declaration.
        if !cases.contains(&case) {
            running.installation.run_as("inspector-1", &["declare", case])?;
        }
        let shown: Value = running.installation.run_as("inspector-1", &["show", case])?;
        assert_eq!(shown["alarms"], serde_json::json!([]));
        stories.push(shown["report"]["story"].as_str().unwrap().to_owned());
    }
    stories.sort();
    assert_eq!(stories, ["Deuxième récit", "Premier récit", "Troisième récit"]);
    let answer = running.installation.run_as(
        "inspector-1",
        &["save", cases[0], "--to", &folder.path().join("saved").display().to_string()],
    )?;
    let other = running.installation.run_as(
        "inspector-1",
        &["save", cases[1], "--to", &folder.path().join("saved").display().to_string()],
    )?;
    let saved: Vec<_> = [answer, other]
        .iter()
        .flat_map(|answer| answer["saved"].as_array().unwrap().clone())
        .map(|file| fs::read(file["path"].as_str().unwrap()).unwrap())
        .collect();
    assert!(saved == [content], "the photo is identical");
    running.installation.run_as("outside-1", &["audit", "verify"])?;
    // The reporters can read on. Content that is newer than the backup is there too.
    for code in [&first, &second] {
        let thread = running.wait_for_messages(&visitor, code, 1).await?;
        assert_eq!(thread.messages(), ["Merci."]);
        assert!(thread.texts("[role=alert]").is_empty());
    }
    running.wait_for_messages(&visitor, &third, 0).await?;
    Ok(())
}
