//! A whole installation for tests in other languages: starts it, says in one line of JSON where it is, and ends when its
//! standard input closes, so that it never outlives whoever started it.

use std::io::{Read as _, Write as _, stdin, stdout};

use anyhow::Result;
use scenarios::{Office, programs};
use serde_json::json;
use xtask::{PASSPHRASE, PEOPLE, Settings};

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let office = Office::open(folder.path(), Settings::default())?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(office.visitor("fr"))?;
    let installation = &office.installation;
    let people: Vec<_> = PEOPLE
        .iter()
        .map(|person| json!({"handle": person.handle, "desk": person.desk, "home": installation.home(person.handle)}))
        .collect();
    let line = json!({
        "public": installation.public_url(),
        "handler": installation.handler_url(),
        "folder": installation.root(),
        "burkindi": programs()?.join("burkindi"),
        "passphrase": PASSPHRASE,
        "people": people,
        "log": {"intake": installation.log("intake"), "case-handler": installation.log("case-handler")},
        "pids": {"intake": office.intake.id(), "case-handler": office.case_handler.id()},
    });
    writeln!(stdout(), "{line}")?;
    stdout().flush()?;
    stdin().read_to_end(&mut Vec::new())?;
    office.case_handler.stop()?;
    office.intake.stop()
}
