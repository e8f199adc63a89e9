//! A whole installation for tests in other languages: starts it, says in one line of JSON where it is, and ends when its
//! standard input closes, so that it never outlives whoever started it. A line with a number on its standard input takes the case handler
//! and the directory so many days on from now.

use std::{
    io::{Write as _, stdin, stdout},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use scenarios::{Office, programs};
use serde_json::{Value, json};
use xtask::{PASSPHRASE, PEOPLE, ROOTS, Running, Settings};

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = Settings { retention_months: 1, ..Settings::default() };
    let mut office = Office::open(folder.path(), settings)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(office.visitor("fr"))?;
    let installation = &office.installation;
    let people: Vec<_> = PEOPLE
        .iter()
        .map(|person| json!({"handle": person.handle, "desk": person.desk, "home": installation.home(person.handle)}))
        .collect();
    say(&json!({
        "public": installation.public_url(),
        "handler": installation.handler_url(),
        "folder": installation.root(),
        "burkindi": programs()?.join("burkindi"),
        "later": programs()?.join("later"),
        "passphrase": PASSPHRASE,
        "roots": ROOTS,
        "people": people,
        "log": {"intake": installation.log("intake"), "case-handler": installation.log("case-handler")},
        "pids": {"intake": office.intake.id(), "case-handler": office.case_handler.id()},
    }))?;
    for days in stdin().lines() {
        office = move_on(office, &days?)?;
        say(&json!({}))?;
    }
    office.case_handler.stop()?;
    office.intake.stop()
}

fn say(line: &Value) -> Result<()> {
    writeln!(stdout(), "{line}")?;
    Ok(stdout().flush()?)
}

/// The same installation so many days later. The intake stays where it is: it keeps no time finer than a week.
fn move_on(office: Office, days: &str) -> Result<Office> {
    let Office { installation, intake, case_handler } = office;
    let later = || -> Result<Command> {
        let mut later = Command::new(programs()?.join("later"));
        later.arg(days);
        Ok(later)
    };
    case_handler.stop()?;
    let mut program = later()?;
    program.arg("case-handler");
    let log = installation.log("case-handler");
    let case_handler = Running::start("case-handler", installation.as_case_handler(program)?, &log)?;
    let admin = installation.root().join("admin");
    let mut directory = later()?;
    let status = directory.arg("directory").arg(admin).arg(installation.handler_url()).status();
    if !status.context("later")?.success() {
        bail!("the directory of that day was not published");
    }
    Ok(Office { installation, intake, case_handler })
}
