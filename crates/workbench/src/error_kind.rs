//! Classifies errors, for exit codes and pages.

use protocol::api::workbench::DAMAGED_PART_PROBLEM;

use crate::{
    actions::ActionError,
    admin::AdminError,
    audit::error::AuditError,
    case::CaseReadError,
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

/// Kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Any other error.
    Failed,
    /// The passphrase is wrong.
    WrongPassphrase,
    /// The rules or the case handler do not allow it.
    Refused,
    /// It does not exist, or this member has no access.
    NotFound,
    /// The case handler cannot be reached.
    Unreachable,
    /// Content did not arrive completely: the connection was cut, or a stored part is damaged.
    Incomplete,
    /// Data is forged, replayed, withheld, rolled back, or cannot be opened.
    IntegrityAlert,
}

impl From<&KeyError> for ErrorKind {
    fn from(error: &KeyError) -> Self {
        match error {
            KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase) => Self::WrongPassphrase,
            _ => Self::Failed,
        }
    }
}

impl From<&BackupError> for ErrorKind {
    fn from(error: &BackupError) -> Self {
        match error {
            BackupError::Key(error) => error.into(),
            _ => Self::Failed,
        }
    }
}

impl From<&FileError> for ErrorKind {
    fn from(_: &FileError) -> Self {
        Self::Failed
    }
}

impl From<&ClientError> for ErrorKind {
    fn from(error: &ClientError) -> Self {
        match error {
            ClientError::Refused(problem) if problem.kind == DAMAGED_PART_PROBLEM => {
                Self::Incomplete
            }
            // A server error does not say whether the request is allowed.
            ClientError::Refused(problem) if problem.status >= 500 => Self::Failed,
            ClientError::Refused(problem) if problem.status == 404 => Self::NotFound,
            ClientError::Refused(_) => Self::Refused,
            ClientError::Unreachable(_) => Self::Unreachable,
            ClientError::Incomplete { .. } => Self::Incomplete,
            ClientError::InvalidAddress(_)
            | ClientError::InvalidCa(_)
            | ClientError::Unexpected(_) => Self::Failed,
        }
    }
}

impl From<&ConnectError> for ErrorKind {
    fn from(error: &ConnectError) -> Self {
        match error {
            ConnectError::Client(error) => error.into(),
            ConnectError::Directory(_)
            | ConnectError::DirectoryHistory(_)
            | ConnectError::LatestMismatch => Self::IntegrityAlert,
            ConnectError::CaseNotFound(_) => Self::NotFound,
            ConnectError::AmbiguousPrefix { .. } | ConnectError::InvalidPrefix => Self::Refused,
            ConnectError::File(_) => Self::Failed,
        }
    }
}

impl From<&CaseReadError> for ErrorKind {
    fn from(error: &CaseReadError) -> Self {
        match error {
            CaseReadError::Client(error) => error.into(),
            CaseReadError::UnopenableGrants(_)
            | CaseReadError::WrongCase
            | CaseReadError::UnprovenPurge => Self::IntegrityAlert,
            CaseReadError::Purged(_)
            | CaseReadError::FormerKey(_)
            | CaseReadError::Unreadable(_) => Self::NotFound,
            CaseReadError::File(_) => Self::Failed,
        }
    }
}

impl From<&IndexError> for ErrorKind {
    fn from(error: &IndexError) -> Self {
        match error {
            IndexError::Connect(error) => error.into(),
            IndexError::Read(error) => error.into(),
            IndexError::EmptyQuery => Self::Refused,
            IndexError::CaseNotIndexed => Self::NotFound,
            IndexError::Database(_) | IndexError::File(_) => Self::Failed,
        }
    }
}

impl From<&DirectoryHistoryError> for ErrorKind {
    fn from(_: &DirectoryHistoryError) -> Self {
        Self::IntegrityAlert
    }
}

impl From<&AuditError> for ErrorKind {
    fn from(error: &AuditError) -> Self {
        match error {
            AuditError::Client(error) => error.into(),
            AuditError::Connect(error) => error.into(),
            AuditError::File(error) => error.into(),
        }
    }
}

impl From<&AcceptError> for ErrorKind {
    fn from(error: &AcceptError) -> Self {
        match error {
            AcceptError::Log(error) => error.into(),
            AcceptError::NothingRolledBack | AcceptError::InvalidReason => Self::Refused,
            AcceptError::UnexplainedAlerts(_) => Self::IntegrityAlert,
        }
    }
}

impl From<&ActionError> for ErrorKind {
    fn from(error: &ActionError) -> Self {
        match error {
            ActionError::Client(error) => error.into(),
            ActionError::File(error) => error.into(),
            ActionError::Read(error) => error.into(),
            ActionError::Sealing(_)
            | ActionError::NotRecorded
            | ActionError::UnverifiedEvents
            | ActionError::UnresolvedAlerts => Self::IntegrityAlert,
            _ => Self::Refused,
        }
    }
}

impl From<&AdminError> for ErrorKind {
    fn from(error: &AdminError) -> Self {
        match error {
            AdminError::RootKey { source: PassphraseDecryptError::WrongPassphrase, .. } => {
                Self::WrongPassphrase
            }
            AdminError::AlreadyExists(_)
            | AdminError::UnknownId(_)
            | AdminError::NoCertificateNames(_)
            | AdminError::UnknownCertificateName(_)
            | AdminError::NotEmpty(_)
            | AdminError::Directory(_)
            | AdminError::Program(_) => Self::Refused,
            _ => Self::Failed,
        }
    }
}
