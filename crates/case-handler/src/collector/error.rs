//! Errors of a collection cycle.

use tokio::task::JoinError;

use crate::{
    checkpoints::LogTreeError, collector::relay_client::RelayError, event_log::LogError,
    ingest::IngestError, sealed_bytes::TemporaryFileError, store::StoreError,
    trusted_date::ClockError,
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
    /// A temporary file failed.
    #[error(transparent)]
    TemporaryFile(#[from] TemporaryFileError),
    /// A task panicked or was cancelled.
    #[error("collection task panicked or was cancelled")]
    TaskFailed,
}

impl CollectError {
    /// Returns whether other batches can be ingested although this one failed.
    pub(super) fn concerns_one_batch(&self) -> bool {
        matches!(
            self,
            Self::Ingest(_) | Self::TemporaryFile(_) | Self::Relay(RelayError::TemporaryFile(_))
        )
    }
}

impl From<JoinError> for CollectError {
    fn from(_: JoinError) -> Self {
        Self::TaskFailed
    }
}
