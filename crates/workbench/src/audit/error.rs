//! Why an audit fails.

use crate::{
    private_files::FileError,
    session::{ConnectError, client::ClientError},
};

/// Why the log could not be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The request to the case handler failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The session could not be renewed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The profile could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}
