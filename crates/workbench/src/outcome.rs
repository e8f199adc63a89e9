//! What an error means for whoever sees it, whichever face of the program it is shown on.

use crate::{
    accepted::AcceptError, acting::ActError, admin::AdminError, backup::BackupError, cases::ReadError,
    client::ClientError, connection::ConnectError, files::FileError, index::IndexError, keyfile::KeyError,
    logbook::LogError, roll::RollError, sealed::OpenError,
};

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// For another reason than these.
    Failed,
    /// The passphrase is wrong.
    Passphrase,
    /// Not allowed.
    Refused,
    /// Not there, or not for this person.
    NotThere,
    /// The case handler cannot be reached.
    Unreachable,
    /// Something is forged, replayed, withheld, rolled back, or does not open.
    Alarm,
}

impl From<&KeyError> for Outcome {
    fn from(error: &KeyError) -> Self {
        match error {
            KeyError::Sealed(OpenError::WrongPassphrase) => Self::Passphrase,
            _ => Self::Failed,
        }
    }
}

impl From<&BackupError> for Outcome {
    fn from(error: &BackupError) -> Self {
        match error {
            BackupError::Key(error) => error.into(),
            _ => Self::Failed,
        }
    }
}

impl From<&FileError> for Outcome {
    fn from(_: &FileError) -> Self {
        Self::Failed
    }
}

impl From<&ClientError> for Outcome {
    fn from(error: &ClientError) -> Self {
        match error {
            // It failed there; that is no answer about what is allowed.
            ClientError::Refused(problem) if problem.status >= 500 => Self::Failed,
            ClientError::Refused(problem) if problem.status == 404 => Self::NotThere,
            ClientError::Refused(_) => Self::Refused,
            ClientError::Unreachable(_) => Self::Unreachable,
            ClientError::Address(_) | ClientError::Authority(_) | ClientError::Unexpected(_) => Self::Failed,
        }
    }
}

impl From<&ConnectError> for Outcome {
    fn from(error: &ConnectError) -> Self {
        match error {
            ConnectError::Client(error) => error.into(),
            ConnectError::Directory(_) | ConnectError::Roll(_) | ConnectError::TwoNewest => Self::Alarm,
            ConnectError::NoCase(_) => Self::NotThere,
            ConnectError::Ambiguous { .. } | ConnectError::Prefix => Self::Refused,
            ConnectError::File(_) => Self::Failed,
        }
    }
}

impl From<&ReadError> for Outcome {
    fn from(error: &ReadError) -> Self {
        match error {
            ReadError::Client(error) => error.into(),
            ReadError::Grants(_) | ReadError::OtherCase | ReadError::NotPurged => Self::Alarm,
            ReadError::Purged(_) | ReadError::FormerKey(_) | ReadError::Unreadable(_) => Self::NotThere,
            ReadError::File(_) => Self::Failed,
        }
    }
}

impl From<&IndexError> for Outcome {
    fn from(error: &IndexError) -> Self {
        match error {
            IndexError::Connect(error) => error.into(),
            IndexError::Read(error) => error.into(),
            IndexError::NoWords => Self::Refused,
            IndexError::NoCase => Self::NotThere,
            IndexError::Database(_) | IndexError::File(_) => Self::Failed,
        }
    }
}

impl From<&RollError> for Outcome {
    fn from(_: &RollError) -> Self {
        Self::Alarm
    }
}

impl From<&LogError> for Outcome {
    fn from(error: &LogError) -> Self {
        match error {
            LogError::Client(error) => error.into(),
            LogError::Roll(error) => error.into(),
            LogError::File(error) => error.into(),
        }
    }
}

impl From<&AcceptError> for Outcome {
    fn from(error: &AcceptError) -> Self {
        match error {
            AcceptError::Log(error) => error.into(),
            AcceptError::Nothing | AcceptError::Reason => Self::Refused,
            AcceptError::Other(_) => Self::Alarm,
        }
    }
}

impl From<&ActError> for Outcome {
    fn from(error: &ActError) -> Self {
        match error {
            ActError::Client(error) => error.into(),
            ActError::File(error) => error.into(),
            ActError::Read(error) => error.into(),
            ActError::Sealing(_) | ActError::NotFiled | ActError::Unverified | ActError::Alarming => {
                Self::Alarm
            }
            _ => Self::Refused,
        }
    }
}

impl From<&AdminError> for Outcome {
    fn from(error: &AdminError) -> Self {
        match error {
            AdminError::Root { source: OpenError::WrongPassphrase, .. } => Self::Passphrase,
            AdminError::Exists(_)
            | AdminError::Unknown(_)
            | AdminError::NoNames(_)
            | AdminError::NoSuchName(_)
            | AdminError::NotEmpty(_)
            | AdminError::Directory(_) => Self::Refused,
            _ => Self::Failed,
        }
    }
}
