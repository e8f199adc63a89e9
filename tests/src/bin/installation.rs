//! A complete installation for tests in other languages. It starts the services and prints one line
//! of JSON with their addresses. It ends when its standard input closes, so it never outlives the
//! process that started it. A line with a number on its standard input restarts the case handler
//! with a clock that many days ahead, and publishes a directory of that date.

use std::{
    io::{Write as _, stdin, stdout},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use scenarios::{RunningInstallation, programs_dir};
use serde_json::{Value, json};
use xtask::{ChildService, InstallationSettings, PASSPHRASE, ROOT_PASSPHRASES, TEST_MEMBERS};

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = InstallationSettings {
        retention_months: 1,
        sign_program: true,
        silent_audio_packs: true,
        ..InstallationSettings::default()
    };
    let mut running = RunningInstallation::start(folder.path(), settings)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(running.reporter("fr"))?;
    let installation = &running.installation;
    let people: Vec<_> = TEST_MEMBERS
        .iter()
        .map(|person| json!({"handle": person.handle, "desk": person.desk, "home": installation.member_home(person.handle)}))
        .collect();
    write_line(&json!({
        "public": installation.public_url(),
        "handler": installation.handler_url(),
        "folder": installation.root(),
        "burkindi": programs_dir()?.join("burkindi"),
        "later": programs_dir()?.join("later"),
        "passphrase": PASSPHRASE,
        "roots": ROOT_PASSPHRASES,
        "people": people,
        "log": {"intake": installation.log_path("intake"), "case-handler": installation.log_path("case-handler")},
        "pids": {"intake": running.intake.pid(), "case-handler": running.case_handler.pid()},
    }))?;
    for days in stdin().lines() {
        running = advance_days(running, &days?)?;
        write_line(&json!({}))?;
    }
    running.case_handler.stop()?;
    running.intake.stop()
}

fn write_line(line: &Value) -> Result<()> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}

/// Restarts the case handler `days` days ahead. The intake keeps its clock, because it stores no
/// time finer than a week.
fn advance_days(running: RunningInstallation, days: &str) -> Result<RunningInstallation> {
    let RunningInstallation { installation, intake, case_handler } = running;
    let later = || -> Result<Command> {
        let mut later = Command::new(programs_dir()?.join("later"));
        later.arg(days);
        Ok(later)
    };
    case_handler.stop()?;
    let mut program = later()?;
    program.arg("case-handler");
    let log = installation.log_path("case-handler");
    let case_handler =
        ChildService::start("case-handler", installation.with_case_handler_config(program)?, &log)?;
    let admin = installation.root().join("admin");
    let mut directory = later()?;
    let status = directory.arg("directory").arg(admin).arg(installation.handler_url()).status();
    if !status.context("later")?.success() {
        bail!("failed to publish the directory of that date");
    }
    Ok(RunningInstallation { installation, intake, case_handler })
}
