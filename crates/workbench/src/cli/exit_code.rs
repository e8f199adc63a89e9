//! Exit codes, and advice for errors.

use anyhow::Error;
use workbench::{
    actions::ActionError,
    admin::AdminError,
    audit::error::AuditError,
    case::CaseReadError,
    error_kind::ErrorKind,
    keys::{
        backup_sheet::BackupError, key_file::KeyError,
        passphrase_encryption::PassphraseDecryptError,
    },
    private_files::FileError,
    search::IndexError,
    session::{
        ConnectError, accepted_restore::AcceptError, client::ClientError,
        directory_history::DirectoryHistoryError,
    },
};

use super::{
    former_readers::{NotApproved, NotProposed},
    messages::{DisplacesUnseenReplies, ExposesReporter},
    output::{CliOutput, NotConfirmed},
};

/// The text below the help.
pub(crate) const EXIT_CODES_HELP: &str = "\
Exit codes:
  0  done
  1  another error
  2  wrong usage
  3  wrong passphrase
  4  not allowed, or not found
  5  the case handler is not reachable
  6  ALARM: something is forged, replayed, withheld, rolled back, or does not open
  7  partly done: something is left to do; doctor: a check has a warning
  8  doctor, key health: a check failed
  9  done, but the directory has expired: the administrator must sign a new one";

/// Verification found an alarm, which is already printed.
#[derive(Debug, thiserror::Error)]
#[error("verification failed; the alarms above say why")]
pub(crate) struct VerificationFailed;

/// Checks of a doctor have this exit code. The findings are already printed.
#[derive(Debug, thiserror::Error)]
#[error(
    "one or more checks {}; the findings above say why",
    if *.0 == WARNING { "have a warning" } else { "failed" }
)]
pub(crate) struct DoctorFailed(pub(crate) u8);

const FAILED: u8 = 1;
const PASSPHRASE: u8 = 3;
const REFUSED: u8 = 4;
const UNREACHABLE: u8 = 5;
const ALARM: u8 = 6;
const WARNING: u8 = 7;
const EXPIRED: u8 = 9;

/// The command succeeded with an expired directory. Until there is a new one, reporters cannot send
/// reports, and members get no new grants.
#[derive(Debug, thiserror::Error)]
#[error(
    "the directory expired on {0}: reporters cannot send reports and members get no new grants until the administrator signs a new one"
)]
pub(crate) struct DirectoryExpired(pub(crate) time::Date);

/// Prints an error with advice, and returns the exit code.
pub(crate) fn report_error(error: &Error, screen: &mut CliOutput) -> u8 {
    let code = exit_code(error);
    let is_doctor_warning = matches!(error.downcast_ref(), Some(DoctorFailed(WARNING)));
    if code == EXPIRED || is_doctor_warning {
        screen.print_notice(&error_chain(error));
    } else {
        screen.print_error(&error_chain(error), code == ALARM, hint(error, code));
    }
    code
}

/// Returns the error and its causes. It leaves out a cause that the text already contains.
fn error_chain(error: &Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |text, cause| match text {
        text if text.is_empty() => cause,
        text if text.contains(&cause) => text,
        text => format!("{text}: {cause}"),
    })
}

fn exit_code(error: &Error) -> u8 {
    if error.is::<VerificationFailed>() {
        return ALARM;
    }
    if error.is::<NotProposed>() || error.is::<NotApproved>() {
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
        ErrorKind::Failed | ErrorKind::Incomplete => FAILED,
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
            Some("key.age") => Some("Create your keys first: burkindi key new --handle HANDLE"),
            Some("settings.toml" | "ca.pem" | "trust.json") => {
                Some("Connect first: burkindi connect --handler URL --ca FILE --trust FILE")
            }
            _ => None,
        };
    }
    if error.is::<VerificationFailed>() {
        return Some(
            "Do not act on unverified data. Inform the oversight body and the administrator.",
        );
    }
    if error.is::<NotApproved>() {
        return Some(
            "Approve a case that leaves out a member with burkindi approve-rotation CASE. If the readers have changed since, the proposer proposes it again: burkindi withdraw CASE, and burkindi rotate CASE.",
        );
    }
    if error.is::<NotProposed>() {
        return Some(
            "The lead of the desk, or the oversight body for a case that is released to it, can propose new keys. If the lead has new keys or has recused, the administrator names another lead first: burkindi admin desk add. Or a member who has declared releases the case to the oversight body: burkindi escalate CASE.",
        );
    }
    if let Some(ConnectError::Client(ClientError::Refused(problem))) = error.downcast_ref()
        && problem.kind == "unauthorized"
    {
        return Some(
            "The case handler does not know your key, or not yet. If you are new or have new keys, the administrator must sign and publish a directory with your key. If you have left, you have no access any more.",
        );
    }
    if let Some(CaseReadError::FormerKey(_) | CaseReadError::Unreadable(_)) = error.downcast_ref() {
        return None;
    }
    if error.is::<DisplacesUnseenReplies>() {
        return Some(
            "Wait until the reporter has read the mailbox, or shorten the message. To send it anyway: --displace",
        );
    }
    if error.is::<NotConfirmed>() {
        return Some("This cannot be undone. To confirm it: --yes");
    }
    if let Some(ActionError::UnseenSubmissions(_)) = error.downcast_ref() {
        return Some("Read the new messages first: burkindi show CASE");
    }
    if error.is::<ExposesReporter>() {
        return Some("Ask for the facts in other words. To send it anyway: --anyway");
    }
    if error_kind(error) == ErrorKind::Incomplete {
        return Some(
            "Try again. If it breaks off again, inform the operator of the case handler: its data may be damaged.",
        );
    }
    if let Some(AdminError::RootKey { source: PassphraseDecryptError::WrongPassphrase, .. }) =
        error.downcast_ref()
    {
        return Some(
            "Try again. A passphrase cannot be recovered. If it is lost, sign with the other root keys: OPERATING, \"Keys that expire, are lost or may be known\".",
        );
    }
    match code {
        PASSPHRASE => Some(
            "Try again. A passphrase cannot be recovered. New keys need a new entry in the directory.",
        ),
        UNREACHABLE => Some("Check the address, the network and the certificate authority file."),
        ALARM => Some(
            "Stop here. Inform the oversight body and the administrator, and save this message.",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_of(error: impl Into<Error>) -> String {
        let error = error.into();
        let code = exit_code(&error);
        hint(&error, code).unwrap_or_default().to_owned()
    }

    #[test]
    fn advice_after_a_wrong_passphrase_is_true_of_the_key() {
        let own = hint_of(KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase));
        assert!(own.contains("New keys need a new entry"), "{own}");
        let root = hint_of(AdminError::RootKey {
            path: "roots/root-2.age".into(),
            source: PassphraseDecryptError::WrongPassphrase,
        });
        assert!(root.contains("the other root keys"), "{root}");
        assert!(!root.contains("new entry"), "no directory entry replaces a root key: {root}");
    }

    #[test]
    fn a_warning_of_a_doctor_is_not_called_a_failure() {
        assert!(!DoctorFailed(WARNING).to_string().contains("failed"));
        assert!(DoctorFailed(8).to_string().contains("failed"));
    }
}
