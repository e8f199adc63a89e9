//! Errors of a collection cycle.

use tokio::task::JoinError;

use crate::{
    checkpoints::LogTreeError, collector::relay_client::RelayError, event_log::LogError,
    ingest::IngestError, store::StoreError, trusted_date::ClockError,
};

/// Why a collection cycle failed. The next cycle tries again, and nothing is lost meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The relay interface of the intake failed.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event could not be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The transparency log could not be extended.
    #[error(transparent)]
    TransparencyLog(#[from] LogTreeError),
    /// The clock is implausible.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// Ingesting failed for a reason other than the submission itself.
    #[error(transparent)]
    Ingest(IngestError),
    /// A task panicked or was cancelled.
    #[error("collection task panicked or was cancelled")]
    TaskFailed,
}

impl From<JoinError> for CollectError {
    fn from(_: JoinError) -> Self {
        Self::TaskFailed
    }
}
