//! Checks everything that the member's key depends on.

use doctor::DIRECTORY_WARNING_DAYS;
use serde::Serialize;

use crate::{
    keys::passphrase_encryption,
    private_files::{self, FileError},
    session::{ConnectError, HandlerConnection},
};

/// Result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Nothing to do.
    Ok,
    /// Needs action within days.
    Warning,
    /// Needs action now.
    Error,
}

/// Subject of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckSubject {
    /// Cost of guessing the passphrase.
    Passphrase,
    /// Access of other users to the folder of the key.
    Folder,
    /// Backup sheet of the key.
    Backup,
    /// Membership in the signed directory.
    Membership,
    /// Expiry of the directory.
    Directory,
    /// Number of colleagues, so that no case depends on one person.
    Colleagues,
    /// Cases that are sealed to a former key of the member.
    Cases,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyCheck {
    /// Subject of the check.
    pub subject: CheckSubject,
    /// Result of the check.
    pub outcome: CheckStatus,
    /// One sentence for the member, with what to do.
    pub text: String,
}

/// With fewer members, a single absence stops a desk, because a closing needs two people.
const MIN_COLLEAGUES: usize = 3;

/// Runs all checks, in the order of [`CheckSubject`].
///
/// # Errors
/// If the key file or the backup record cannot be read, or if the case handler cannot be reached or
/// rejects the request.
pub async fn run_checks(connection: &HandlerConnection) -> Result<Vec<KeyCheck>, ConnectError> {
    let sealed = private_files::read(&connection.profile().key_path())?;
    let mut checks = vec![
        check_passphrase(&sealed),
        check_folder(connection)?,
        check_backup(connection)?,
        check_membership(connection),
    ];
    checks.push(check_directory(connection.days_left()));
    checks.push(check_colleagues(connection));
    checks.push(check_cases(connection.cases_for_former_key().await?.len()));
    Ok(checks)
}

fn key_check(subject: CheckSubject, outcome: CheckStatus, text: impl Into<String>) -> KeyCheck {
    KeyCheck { subject, outcome, text: text.into() }
}

fn check_passphrase(sealed: &[u8]) -> KeyCheck {
    let about = |outcome, text: &str| key_check(CheckSubject::Passphrase, outcome, text);
    match passphrase_encryption::scrypt_log_n(sealed) {
        Some(log_n) if log_n >= passphrase_encryption::DEFAULT_SCRYPT_LOG_N => {
            about(CheckStatus::Ok, "guessing your passphrase is expensive")
        }
        Some(_) => about(
            CheckStatus::Error,
            "your passphrase is cheap to guess: seal the key again with `burkindi key passphrase`",
        ),
        None => about(
            CheckStatus::Error,
            "the key file is not encrypted with a passphrase: restore it from the backup sheet",
        ),
    }
}

fn check_folder(connection: &HandlerConnection) -> Result<KeyCheck, FileError> {
    let profile = connection.profile();
    let accessible = private_files::is_accessible_to_others(profile.dir())?
        || private_files::is_accessible_to_others(&profile.key_path())?;
    Ok(if accessible {
        key_check(
            CheckSubject::Folder,
            CheckStatus::Error,
            format!(
                "other users of this computer can read {}: restrict access to yourself",
                profile.dir().display()
            ),
        )
    } else {
        key_check(
            CheckSubject::Folder,
            CheckStatus::Ok,
            "no other user of this computer can read the folder of your key",
        )
    })
}

fn check_backup(connection: &HandlerConnection) -> Result<KeyCheck, FileError> {
    let (record, key) = (connection.profile().backup_record()?, connection.key().request().device);
    Ok(match record {
        Some(record) if record.device == key => key_check(
            CheckSubject::Backup,
            CheckStatus::Ok,
            format!("a backup sheet of this key was made on {}", record.day),
        ),
        _ => key_check(
            CheckSubject::Backup,
            CheckStatus::Warning,
            "there is no backup sheet of this key: make one with `burkindi key backup` and lock it away",
        ),
    })
}

fn check_membership(connection: &HandlerConnection) -> KeyCheck {
    let request = connection.key().request();
    let member = connection.directory().member(connection.handle());
    match member {
        Some(member)
            if member.recipient == request.recipient && member.device == request.device =>
        {
            key_check(CheckSubject::Membership, CheckStatus::Ok, "the directory names this key")
        }
        Some(_) => key_check(
            CheckSubject::Membership,
            CheckStatus::Error,
            "the directory names another key for you: inform the administrator at once, because another person may have that key",
        ),
        None => key_check(
            CheckSubject::Membership,
            CheckStatus::Error,
            "the directory does not name you: you get no new cases",
        ),
    }
}

fn check_directory(days: i64) -> KeyCheck {
    let (outcome, text) = match days {
        ..0 => (
            CheckStatus::Error,
            "the directory has expired and no report can be sent: the administrator must sign a new one"
                .to_owned(),
        ),
        0..=DIRECTORY_WARNING_DAYS => (
            CheckStatus::Warning,
            format!("the directory expires in {days} days: the administrator must sign a new one"),
        ),
        _ => (CheckStatus::Ok, format!("the directory is valid for {days} days")),
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
            "{} has fewer than {MIN_COLLEAGUES} members: one absence or conflict leaves a case to one person",
            small.join(", ")
        );
        key_check(CheckSubject::Colleagues, CheckStatus::Warning, text)
    }
}

fn check_cases(sealed_to_former_key: usize) -> KeyCheck {
    let (outcome, text) = match sealed_to_former_key {
        0 => (CheckStatus::Ok, "no case is sealed to a former key of yours".to_owned()),
        count => (
            CheckStatus::Warning,
            format!(
                "{count} of your cases are sealed to your former key and do not open: ask the lead of the desk to propose new keys with `burkindi former-readers --rotate`, and approve them with `burkindi former-readers --approve`"
            ),
        ),
    };
    key_check(CheckSubject::Cases, outcome, text)
}
