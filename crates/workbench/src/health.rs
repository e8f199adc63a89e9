//! One look at everything that keys depend on: what is well, what should be done soon, and what is wrong.

use doctor::DIRECTORY_DAYS;
use serde::Serialize;

use crate::{
    connection::Connection,
    files::{self, FileError},
    sealed,
};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing to do.
    Well,
    /// To be done in the next days.
    Soon,
    /// To be done now.
    Wrong,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The work that a guess at the passphrase costs.
    Passphrase,
    /// Who else can read the key's folder.
    Folder,
    /// A copy of the key elsewhere.
    Backup,
    /// The seat in the signed directory.
    Seat,
    /// The last day of the directory.
    Directory,
    /// Enough colleagues, so that no case is stuck with one person.
    Colleagues,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub subject: Subject,
    /// How.
    pub outcome: Outcome,
    /// One sentence, with what to do.
    pub text: String,
}

/// With fewer a single absence stops a desk, and closing takes two persons.
const ENOUGH: usize = 3;

/// Everything, in the order of [`Subject`].
pub fn checks(connection: &Connection) -> Result<Vec<Check>, FileError> {
    let sealed = files::read(&connection.home().key_path())?;
    let mut checks = vec![passphrase(&sealed), folder(connection)?, backup(connection)?, seat(connection)];
    checks.push(directory(connection.days_left()));
    checks.push(colleagues(connection));
    Ok(checks)
}

fn check(subject: Subject, outcome: Outcome, text: impl Into<String>) -> Check {
    Check { subject, outcome, text: text.into() }
}

fn passphrase(sealed: &[u8]) -> Check {
    let about = |outcome, text: &str| check(Subject::Passphrase, outcome, text);
    match sealed::work_of(sealed) {
        Some(log_n) if log_n >= sealed::WORK_FACTOR => {
            about(Outcome::Well, "guessing at your passphrase is expensive")
        }
        Some(_) => about(
            Outcome::Wrong,
            "guessing at your passphrase is cheap: seal the key again with `burkindi key passphrase`",
        ),
        None => about(Outcome::Wrong, "the key file is not sealed under a passphrase as it should be"),
    }
}

fn folder(connection: &Connection) -> Result<Check, FileError> {
    let home = connection.home();
    let open = files::is_open_to_others(home.dir())? || files::is_open_to_others(&home.key_path())?;
    Ok(if open {
        check(
            Subject::Folder,
            Outcome::Wrong,
            format!("other people of this computer can read {}: close it to them", home.dir().display()),
        )
    } else {
        check(Subject::Folder, Outcome::Well, "nobody else of this computer can read your key's folder")
    })
}

fn backup(connection: &Connection) -> Result<Check, FileError> {
    let (made, key) = (connection.home().backup()?, connection.key().request().device);
    Ok(match made {
        Some(made) if made.device == key => {
            check(Subject::Backup, Outcome::Well, format!("a sheet of this key was made on {}", made.day))
        }
        _ => check(
            Subject::Backup,
            Outcome::Soon,
            "there is no sheet of this key: make one with `burkindi key backup` and lock it away",
        ),
    })
}

fn seat(connection: &Connection) -> Check {
    let request = connection.key().request();
    let seated = connection.directory().member(connection.handle());
    match seated {
        Some(member) if member.recipient == request.recipient && member.device == request.device => {
            check(Subject::Seat, Outcome::Well, "the directory names this key")
        }
        Some(_) => check(
            Subject::Seat,
            Outcome::Wrong,
            "the directory names another key for you: tell the administrator at once, for somebody else may hold it",
        ),
        None => check(Subject::Seat, Outcome::Wrong, "the directory does not name you: you get no new case"),
    }
}

fn directory(days: i64) -> Check {
    let (outcome, text) = match days {
        ..0 => (
            Outcome::Wrong,
            "the directory has expired: nobody can report; the administrator must sign a new one".to_owned(),
        ),
        0..=DIRECTORY_DAYS => (
            Outcome::Soon,
            format!("the directory ends in {days} days: the administrator must sign a new one"),
        ),
        _ => (Outcome::Well, format!("the directory is good for {days} days")),
    };
    check(Subject::Directory, outcome, text)
}

fn colleagues(connection: &Connection) -> Check {
    let mine =
        |desk: &&envelope::directory::Desk| desk.members.iter().any(|member| member == connection.handle());
    let small: Vec<&str> = connection
        .directory()
        .desks
        .iter()
        .filter(mine)
        .filter(|desk| desk.members.len() < ENOUGH && desk.id != connection.directory().oversight)
        .map(|desk| &*desk.id)
        .collect();
    if small.is_empty() {
        check(Subject::Colleagues, Outcome::Well, "your desk does not depend on one person")
    } else {
        let text = format!(
            "fewer than {ENOUGH} people sit at {}: one absence or conflict leaves a case to one person",
            small.join(", ")
        );
        check(Subject::Colleagues, Outcome::Soon, text)
    }
}
