//! An outside witness as a process of its own cosigns the transparency log of real services. The
//! reporter reads that the log is countersigned, and the witness refuses another tree.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::Result;
use scenarios::{RunningInstallation, settings_for};
use serde_json::json;
use xtask::InstallationSettings;

const WITNESS: &str = "witness.example/w1";
const TIMEOUT: Duration = Duration::from_secs(90);

/// Runs a command of the case handler to its end.
fn run_task(mut command: Command, arguments: &[&str]) {
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Waits until `wanted` returns a value.
async fn wait_for<T>(what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(found) = wanted().await {
            return found;
        }
        assert!(start.elapsed() < TIMEOUT, "timeout: {what}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Waits until a file contains a text, and returns it.
async fn wait_for_line(file: &Path, text: &str) -> String {
    wait_for(text, async || {
        let content = fs::read_to_string(file).unwrap_or_default();
        content.lines().find(|line| line.contains(text)).map(ToOwned::to_owned)
    })
    .await
}

#[tokio::test]
async fn a_witness_cosigns_the_log_and_refuses_another_tree() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // A checkpoint is the newest one for long enough to get both cosignatures.
    let settings = InstallationSettings {
        poll_interval_seconds: 8,
        ..settings_for(env!("CARGO_CRATE_NAME"))?
    };
    let RunningInstallation { mut installation, intake, case_handler } =
        RunningInstallation::start(folder.path(), settings)?;
    let witness = installation.add_witness(WITNESS)?;
    installation.sign_directory()?;
    case_handler.stop()?;
    let case_handler = installation.start_case_handler()?;
    installation.publish_directory()?;
    let running = RunningInstallation { installation, intake, case_handler };
    let visitor = running.reporter("en").await?;
    let code = visitor
        .submit_report(&[("a.story", "They asked for money.")], &[])
        .await?
        .receipt_code()?;
    let case =
        running.wait_for_cases("inspector-1", 1).await?[0]["id"].as_str().unwrap().to_owned();
    running.installation.run_as("inspector-1", &["claim", &case])?;

    // The witness alone is not the quorum. With the oversight body, the log is countersigned.
    let sentence = "Your report is written in our register.";
    let thread = wait_for(sentence, async || {
        let page = visitor.open_mailbox(&code).await.unwrap();
        page.html.contains(sentence).then_some(page)
    })
    .await;
    assert!(!thread.html.contains("also signed the register on"), "{}", thread.html);
    let countersigned = "This authority also signed the register on";
    wait_for(countersigned, async || {
        // The witness cosigns a checkpoint a few seconds after it was signed, and the oversight
        // body another one. So both are needed for one checkpoint.
        running.installation.run_as("outside-1", &["audit", "verify"]).unwrap();
        visitor.open_mailbox(&code).await.unwrap().html.contains(countersigned).then_some(())
    })
    .await;
    let audit = running.installation.run_as("inspector-1", &["audit", "verify"])?;
    assert_eq!(audit["alarms"], json!([]), "{audit}");
    let doctor = running.installation.case_handler_command()?.arg("doctor").output()?;
    let found = String::from_utf8(doctor.stdout)?;
    assert!(found.contains(WITNESS) && found.contains("newest cosignature"), "{found}");

    // The case handler returns to an old database and extends the log from there. By mistake, the
    // operator states that the restore lost nothing.
    let backup = folder.path().join("backup");
    run_task(running.installation.case_handler_command()?, &["backup", backup.to_str().unwrap()]);
    let second = visitor.submit_report(&[("a.story", "It happened again.")], &[]).await?;
    second.receipt_code()?;
    running.wait_for_cases("inspector-1", 2).await?;
    let log = running.installation.log_path("case-handler");
    tokio::time::sleep(Duration::from_secs(12)).await;
    let RunningInstallation { mut installation, intake, case_handler } = running;
    case_handler.kill()?;
    let restored = format!("sqlite://{}", folder.path().join("restored.sqlite").display());
    installation.use_empty_databases(installation.intake_store_url(), restored);
    run_task(installation.case_handler_command()?, &["restore", backup.to_str().unwrap()]);
    fs::write(&log, "")?;
    let case_handler = installation.start_case_handler()?;
    wait_for_line(&log, "no checkpoint of the transparency log is signed").await;
    case_handler.stop()?;
    run_task(installation.case_handler_command()?, &["log", "continue"]);
    let case_handler = installation.start_case_handler()?;
    let lost = wait_for_line(&log, &format!("witness {WITNESS}: it has cosigned")).await;
    assert!(lost.contains("ERROR") && lost.contains("burkindi admin log restart"), "{lost}");
    let refused =
        wait_for_line(&log, &format!("witness {WITNESS}: it refuses the checkpoint")).await;
    assert!(refused.contains("ERROR") && refused.contains("a tree that the log does not contain"));

    // The log begins again, and the witness cosigns the new one.
    installation.restart_log()?;
    let _witness = installation.restart_witness(witness)?;
    installation.publish_directory()?;
    wait_for_line(&log, "the transparency log begins again").await;
    case_handler.stop()?;
    let _case_handler = installation.start_case_handler()?;
    wait_for("the witness cosigns the new log", async || {
        let doctor = installation.case_handler_command().unwrap().arg("doctor").output().unwrap();
        let found = String::from_utf8(doctor.stdout).unwrap();
        found.contains("newest cosignature").then_some(())
    })
    .await;
    drop(intake);
    Ok(())
}
