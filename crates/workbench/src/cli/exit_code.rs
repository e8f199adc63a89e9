//! Exit codes, and what to do next.

use anyhow::Error;
use workbench::{
    actions::ActionError,
    admin::AdminError,
    audit::fetch::AuditError,
    case::CaseReadError,
    error_kind::ErrorKind,
    keys::{backup_sheet::BackupError, key_file::KeyError},
    private_files::FileError,
    search::IndexError,
    session::{
        ConnectError, accepted_restore::AcceptError, client::ClientError,
        directory_history::DirectoryHistoryError,
    },
};

use super::{
    former_readers::FormerReadersRemain,
    messages::{DisplacesUnseenReplies, ExposesReporter},
    output::{CliOutput, NotConfirmed},
};

/// Shown below the help.
pub(crate) const EXIT_CODES_HELP: &str = "\
Exit codes:
  0  done
  1  failed for another reason
  2  wrong usage
  3  the passphrase is wrong
  4  not allowed, or not there
  5  the case handler cannot be reached
  6  ALARM: something is forged, replayed, withheld, rolled back, or does not open
  7  done in part: something is left to do; doctor: something wants attention soon
  8  doctor, key health: something is wrong
  9  done, but the directory has expired: the administrator must sign a new one";

/// Verification found something; it has been told already.
#[derive(Debug, thiserror::Error)]
#[error("verification failed: see the alarms above")]
pub(crate) struct VerificationFailed;

/// A doctor found something, with this exit code; it has been told already.
#[derive(Debug, thiserror::Error)]
#[error("not all is well: see above")]
pub(crate) struct DoctorFailed(pub(crate) u8);

const FAILED: u8 = 1;
const PASSPHRASE: u8 = 3;
const REFUSED: u8 = 4;
const UNREACHABLE: u8 = 5;
const ALARM: u8 = 6;
const WARNING: u8 = 7;
const EXPIRED: u8 = 9;

/// The command did what it should; nobody can report, and nobody gets a new grant, until there is a
/// new directory.
#[derive(Debug, thiserror::Error)]
#[error(
    "the directory expired on {0}: nobody can report, and nobody gets a new grant, until the administrator signs a new one"
)]
pub(crate) struct DirectoryExpired(pub(crate) time::Date);

/// Says what went wrong and what to do next, and gives the exit code.
pub(crate) fn report_error(error: &Error, screen: &mut CliOutput) -> u8 {
    let code = exit_code(error);
    if code == EXPIRED {
        screen.print_notice(&error_chain(error));
    } else {
        screen.print_error(&error_chain(error), code == ALARM, hint(error, code));
    }
    code
}

/// The error and its causes; a cause that the words before it already tell is not told twice.
fn error_chain(error: &Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told {
        told if told.is_empty() => cause,
        told if told.contains(&cause) => told,
        told => format!("{told}: {cause}"),
    })
}

fn exit_code(error: &Error) -> u8 {
    if error.is::<VerificationFailed>() {
        return ALARM;
    }
    if error.is::<FormerReadersRemain>() {
        return WARNING;
    }
    if error.is::<DirectoryExpired>() {
        return EXPIRED;
    }
    if let Some(DoctorFailed(code)) = error.downcast_ref() {
        return *code;
    }
    if error.is::<ExposesReporter>()
        || error.is::<DisplacesUnseenReplies>()
        || error.is::<NotConfirmed>()
    {
        return REFUSED;
    }
    match error_kind(error) {
        ErrorKind::Failed => FAILED,
        ErrorKind::WrongPassphrase => PASSPHRASE,
        ErrorKind::Refused | ErrorKind::NotFound => REFUSED,
        ErrorKind::Unreachable => UNREACHABLE,
        ErrorKind::IntegrityAlert => ALARM,
    }
}

fn error_kind(error: &Error) -> ErrorKind {
    macro_rules! downcast_first {
        ($($kind:ty),*) => {
            None$(.or_else(|| error.downcast_ref::<$kind>().map(ErrorKind::from)))*
        };
    }
    let known: Option<ErrorKind> = downcast_first!(
        KeyError,
        BackupError,
        AdminError,
        ClientError,
        ConnectError,
        CaseReadError,
        IndexError,
        AuditError,
        DirectoryHistoryError,
        ActionError,
        AcceptError
    );
    known.unwrap_or(ErrorKind::Failed)
}

fn hint(error: &Error, code: u8) -> Option<&'static str> {
    let missing = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(FileError::NotFound(path)), _)
        | (_, Some(ConnectError::File(FileError::NotFound(path)))) => Some(path),
        _ => None,
    };
    if let Some(name) = missing.and_then(|path| path.file_name()) {
        return match name.to_str() {
            Some("key.age") => Some("Make your keys first: burkindi key new --handle HANDLE"),
            Some("settings.toml" | "ca.pem" | "trust.json") => {
                Some("Connect first: burkindi connect --handler URL --ca FILE --trust FILE")
            }
            _ => None,
        };
    }
    if error.is::<VerificationFailed>() {
        return Some(
            "Do not act on what is in doubt. Tell the outside body and the administrator.",
        );
    }
    if error.is::<FormerReadersRemain>() {
        return Some(
            "The lead of the desk, or the oversight body for a case that is released to it, can make them. If the lead has new keys, the administrator names another lead first: burkindi admin desk add.",
        );
    }
    if let Some(CaseReadError::FormerKey(_) | CaseReadError::Unreadable(_)) = error.downcast_ref() {
        return None;
    }
    if error.is::<DisplacesUnseenReplies>() {
        return Some(
            "Wait until the reporter has been there, or write less. To send it all the same: --displace",
        );
    }
    if error.is::<NotConfirmed>() {
        return Some("This cannot be undone. To do it: --yes");
    }
    if let Some(ActionError::UnseenSubmissions(_)) = error.downcast_ref() {
        return Some("Look at it first: burkindi show CASE");
    }
    if error.is::<ExposesReporter>() {
        return Some("Ask for the facts in other words. To send it all the same: --anyway");
    }
    match code {
        PASSPHRASE => Some(
            "Try again. Nobody can recover a passphrase; new keys need a new seat in the directory.",
        ),
        UNREACHABLE => Some(
            "Check the address, the network, and that the certificate authority file is the right one.",
        ),
        ALARM => Some(
            "Do not go on. Tell the outside body and the administrator, and keep this message.",
        ),
        _ => None,
    }
}
