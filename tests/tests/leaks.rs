//! What a report leaves behind: nothing in databases and logs. The test prints what remains in
//! memory. A control, the intake without the wiping allocator, must leave something, which proves
//! that the search works.
#![expect(
    clippy::print_stdout,
    reason = "the test prints what remains in memory, whether it passes or not"
)]

use std::{fs, path::Path};

use anyhow::Result;
use scenarios::{
    FormFile, RunningInstallation,
    canary::{Canary, count_in_memory, find_in_files},
    programs_dir, settings_for,
};
use xtask::InstallationSettings;

const STORY: &str = "canari-récit-6b1f0e9a Dakola zébu 4417";
const ANSWER: &str = "canari-réponse-9c2d7714 barème";
const FILE_NAME: &str = "canari-fichier-51aa03.jpg";
const CONTENT: &str = "canari-contenu-e07b66d2 quittance";
const MESSAGE: &str = "canari-message-77d01c3e suite";

fn canaries(receipt: &str) -> Vec<Canary> {
    vec![
        Canary::new("story", STORY),
        Canary::new("answer", ANSWER),
        Canary::new("file name", FILE_NAME),
        Canary::new("file content", CONTENT),
        Canary::new("message", MESSAGE),
        Canary::new("receipt", receipt),
    ]
}

/// Submits a report and a follow-up with canaries. Returns the canaries that remain in files and in
/// the memory of intake and case handler.
async fn run_and_search(
    folder: &Path,
    intake: Option<&str>,
) -> Result<(Vec<String>, usize, usize)> {
    let intake = intake.map(|name| programs_dir().map(|folder| folder.join(name))).transpose()?;
    let settings = InstallationSettings {
        log_level: "trace".to_owned(),
        intake_program: intake,
        ..settings_for(env!("CARGO_CRATE_NAME"))?
    };
    let running = RunningInstallation::start(folder, settings)?;
    let visitor = running.reporter("fr").await?;
    let content = CONTENT.repeat(3000);
    let file = FormFile { name: FILE_NAME, media_type: "image/jpeg", content: content.as_bytes() };
    let typed = [("a.story", STORY), ("a.rule_cited", ANSWER), ("a.place", ANSWER)];
    let code = visitor.submit_report(&typed, &[file]).await?.receipt_code()?;
    running.wait_for_cases("inspector-1", 1).await?;
    let thread = running.wait_for_messages(&visitor, &code, 0).await?;
    let sent = visitor.submit_form(&thread, "/return/send", &[("message", MESSAGE)], &[]).await?;
    anyhow::ensure!(sent.status.is_success(), "{}", sent.heading());
    let wanted = |queue: &serde_json::Value| {
        (queue["cases"][0]["state"]["received"].as_u64()? == 2).then_some(())
    };
    running.wait_for_output("inspector-1", &["queue", "--all"], wanted).await?;

    let canaries = canaries(&code);
    let mut found = find_in_files(&canaries, running.installation.root())?;
    if running.installation.case_handler_store_url().starts_with("postgres:") {
        found.extend(find_in_files(&canaries, test_postgres::shared_cluster()?.folder())?);
    }
    assert!(fs::metadata(running.installation.log_path("intake"))?.is_file());
    let report = |name: &str, process: u32| -> Result<usize> {
        let left = count_in_memory(&canaries, process)?;
        println!("memory of the {name}: {left:?}");
        Ok(left.iter().map(|(_, count)| count).sum())
    };
    let in_intake = report("intake", running.intake.pid())?;
    let in_handler = report("case handler", running.case_handler.pid())?;
    running.case_handler.stop()?;
    running.intake.stop()?;
    // Searches the files again after the databases were closed.
    found.extend(find_in_files(&canaries, folder)?);
    Ok((found, in_intake, in_handler))
}

#[tokio::test]
async fn databases_and_logs_contain_no_content_of_a_report() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (found, _, in_handler) = run_and_search(folder.path(), None).await?;
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(in_handler, 0, "the case handler never had any of it");
    Ok(())
}

#[tokio::test]
async fn the_memory_search_finds_secrets_of_an_intake_without_wiping() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (found, in_intake, _) = run_and_search(folder.path(), Some("unwiped-intake")).await?;
    assert_eq!(found, Vec::<String>::new(), "files hold nothing in either build");
    assert!(in_intake > 0, "the control leaves something in memory");
    // The control for files: the search finds a planted canary.
    fs::write(folder.path().join("planted"), format!("…{STORY}…")).unwrap();
    // Few letters would be in the bytes of a database by chance.
    let planted = find_in_files(&canaries("0000-0000-0000-0000-0000-0000-006X"), folder.path())?;
    assert_eq!(planted.len(), 1, "{planted:?}");
    Ok(())
}
