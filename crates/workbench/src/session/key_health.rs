//! One look at everything that keys depend on: what is well, what should be done soon, and what is
//! wrong.

use doctor::DIRECTORY_WARNING_DAYS;
use serde::Serialize;

use crate::{
    keys::passphrase_encryption,
    private_files::{self, FileError},
    session::HandlerConnection,
};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Nothing to do.
    Ok,
    /// To be done in the next days.
    Warning,
    /// To be done now.
    Error,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckSubject {
    /// The work that a guess at the passphrase costs.
    Passphrase,
    /// Who else can read the key's folder.
    Folder,
    /// A copy of the key elsewhere.
    Backup,
    /// The seat in the signed directory.
    Membership,
    /// The last day of the directory.
    Directory,
    /// Enough colleagues, so that no case is stuck with one person.
    Colleagues,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyCheck {
    /// What.
    pub subject: CheckSubject,
    /// How.
    pub outcome: CheckStatus,
    /// One sentence, with what to do.
    pub text: String,
}

/// With fewer a single absence stops a desk, and closing takes two persons.
const MIN_COLLEAGUES: usize = 3;

/// Everything, in the order of [`CheckSubject`].
pub fn run_checks(connection: &HandlerConnection) -> Result<Vec<KeyCheck>, FileError> {
    let sealed = private_files::read(&connection.home().key_path())?;
    let mut checks = vec![
        check_passphrase(&sealed),
        check_folder(connection)?,
        check_backup(connection)?,
        check_membership(connection),
    ];
    checks.push(check_directory(connection.days_left()));
    checks.push(check_colleagues(connection));
    Ok(checks)
}

fn key_check(subject: CheckSubject, outcome: CheckStatus, text: impl Into<String>) -> KeyCheck {
    KeyCheck { subject, outcome, text: text.into() }
}

fn check_passphrase(sealed: &[u8]) -> KeyCheck {
    let about = |outcome, text: &str| key_check(CheckSubject::Passphrase, outcome, text);
    match passphrase_encryption::scrypt_log_n(sealed) {
        Some(log_n) if log_n >= passphrase_encryption::DEFAULT_SCRYPT_LOG_N => {
            about(CheckStatus::Ok, "guessing at your passphrase is expensive")
        }
        Some(_) => about(
            CheckStatus::Error,
            "guessing at your passphrase is cheap: seal the key again with `burkindi key passphrase`",
        ),
        None => about(
            CheckStatus::Error,
            "the key file is not sealed under a passphrase as it should be",
        ),
    }
}

fn check_folder(connection: &HandlerConnection) -> Result<KeyCheck, FileError> {
    let home = connection.home();
    let open = private_files::is_accessible_to_others(home.dir())?
        || private_files::is_accessible_to_others(&home.key_path())?;
    Ok(if open {
        key_check(
            CheckSubject::Folder,
            CheckStatus::Error,
            format!(
                "other people of this computer can read {}: close it to them",
                home.dir().display()
            ),
        )
    } else {
        key_check(
            CheckSubject::Folder,
            CheckStatus::Ok,
            "nobody else of this computer can read your key's folder",
        )
    })
}

fn check_backup(connection: &HandlerConnection) -> Result<KeyCheck, FileError> {
    let (made, key) = (connection.home().backup_record()?, connection.key().request().device);
    Ok(match made {
        Some(made) if made.device == key => key_check(
            CheckSubject::Backup,
            CheckStatus::Ok,
            format!("a sheet of this key was made on {}", made.day),
        ),
        _ => key_check(
            CheckSubject::Backup,
            CheckStatus::Warning,
            "there is no sheet of this key: make one with `burkindi key backup` and lock it away",
        ),
    })
}

fn check_membership(connection: &HandlerConnection) -> KeyCheck {
    let request = connection.key().request();
    let seated = connection.directory().member(connection.handle());
    match seated {
        Some(member)
            if member.recipient == request.recipient && member.device == request.device =>
        {
            key_check(CheckSubject::Membership, CheckStatus::Ok, "the directory names this key")
        }
        Some(_) => key_check(
            CheckSubject::Membership,
            CheckStatus::Error,
            "the directory names another key for you: tell the administrator at once, for somebody else may hold it",
        ),
        None => key_check(
            CheckSubject::Membership,
            CheckStatus::Error,
            "the directory does not name you: you get no new case",
        ),
    }
}

fn check_directory(days: i64) -> KeyCheck {
    let (outcome, text) = match days {
        ..0 => (
            CheckStatus::Error,
            "the directory has expired: nobody can report; the administrator must sign a new one"
                .to_owned(),
        ),
        0..=DIRECTORY_WARNING_DAYS => (
            CheckStatus::Warning,
            format!("the directory ends in {days} days: the administrator must sign a new one"),
        ),
        _ => (CheckStatus::Ok, format!("the directory is good for {days} days")),
    };
    key_check(CheckSubject::Directory, outcome, text)
}

fn check_colleagues(connection: &HandlerConnection) -> KeyCheck {
    let mine = |desk: &&protocol::directory::Desk| {
        desk.members.iter().any(|member| member == connection.handle())
    };
    let small: Vec<&str> = connection
        .directory()
        .desks
        .iter()
        .filter(mine)
        .filter(|desk| {
            desk.members.len() < MIN_COLLEAGUES && desk.id != connection.directory().oversight
        })
        .map(|desk| &*desk.id)
        .collect();
    if small.is_empty() {
        key_check(
            CheckSubject::Colleagues,
            CheckStatus::Ok,
            "your desk does not depend on one person",
        )
    } else {
        let text = format!(
            "fewer than {MIN_COLLEAGUES} people sit at {}: one absence or conflict leaves a case to one person",
            small.join(", ")
        );
        key_check(CheckSubject::Colleagues, CheckStatus::Warning, text)
    }
}
