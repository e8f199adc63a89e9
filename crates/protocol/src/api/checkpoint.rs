//! The checkpoints of the transparency log, as the case handler returns them to members.

use serde::{Deserialize, Serialize};

/// A cosignature of a checkpoint by a member of the oversight body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCosignature {
    /// The number of leaves in the checkpoint.
    pub size: u64,
    /// The signature line of C2SP tlog-cosignature, without its line break.
    pub signature: String,
}
