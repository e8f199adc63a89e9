//! Why a witness has not cosigned a checkpoint.

use std::time::Duration;

use crate::{checkpoints::LogTreeError, store::StoreError};

/// Why a witness has not cosigned the newest checkpoint. The texts complete "witness NAME: ".
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The witness is unreachable, or not authentic. The text is the innermost cause.
    #[error(
        "failed to connect: {0}. Check its address in [[log.witnesses]] and the network, or ask its operator"
    )]
    Unreachable(String),
    /// The response was not complete in time.
    #[error("its response was not complete after {} s. Ask its operator", .0.as_secs())]
    TimedOut(Duration),
    /// The response is not one of C2SP tlog-witness.
    #[error("unexpected response: {0}. Check its address in [[log.witnesses]]")]
    Unexpected(String),
    /// The witness does not trust the log, or not its present key.
    #[error(
        "it does not trust this log or its key (status {0}). Send its operator the public key of the log, which `burkindi admin log show` prints"
    )]
    UnknownLog(u16),
    /// The cosignature is not by the key in the directory.
    #[error(
        "its cosignature is not by the key in the directory. Ask its operator for the public key, and correct the directory with `burkindi admin witness remove` and `add`"
    )]
    OtherKey,
    /// The witness has cosigned a size that is none of this log.
    #[error(
        "it has cosigned {0} leaves, which is no number of whole batches of this log. Ask its operator"
    )]
    ImpossibleSize(u64),
    /// The witness has cosigned a larger tree than the store has.
    #[error(
        "it has cosigned {cosigned} leaves of this log, and the store has {size}: the end of the log was lost in a restore. Begin an empty log: `burkindi admin log restart`, sign, publish"
    )]
    Behind {
        /// The number of leaves that the witness has cosigned.
        cosigned: u64,
        /// The number of leaves in the store.
        size: u64,
    },
    /// The witness has cosigned another tree.
    #[error(
        "it refuses the checkpoint (status {status}: {reason}): it has cosigned a tree that the log does not contain. If the store was restored from a backup, begin an empty log: `burkindi admin log restart`, sign, publish. Otherwise the database was altered: inform the oversight body"
    )]
    Refused {
        /// The status of the response.
        status: u16,
        /// The reason in the response.
        reason: String,
    },
    /// The stored log is inconsistent.
    #[error(transparent)]
    Log(#[from] LogTreeError),
}

impl From<StoreError> for WitnessError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl WitnessError {
    /// Returns true if an operator must act, and false if a later request may succeed.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::UnknownLog(_)
                | Self::OtherKey
                | Self::ImpossibleSize(_)
                | Self::Behind { .. }
                | Self::Refused { .. }
        )
    }
}
