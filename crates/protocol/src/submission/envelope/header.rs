//! The routing header of an envelope: everything that the case handler learns from a submission
//! besides sizes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Priority, encoding::hash::Hash, submission::frame::Routing};

pub(super) const MAGIC: &str = "BKE1";
/// Only the id of a desk and the language vary in length.
pub(super) const MAX_HEADER_LEN: usize = 4 * 1024;

/// The kind of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmissionKind {
    /// The first of a case. It contains grants and keys.
    Report,
    /// Any later submission of the reporter.
    FollowUp,
}

/// The case that a submission belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRef {
    /// The id of the case, a UUID version 4.
    pub id: Uuid,
    /// The generation of the case secret.
    pub generation: u32,
}

/// Everything that the case handler learns from a submission besides sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeHeader {
    /// Format version: 1.
    pub v: u8,
    /// Report or follow-up.
    pub kind: SubmissionKind,
    /// The desk that the reporter's side chose.
    pub desk: String,
    /// The reporter's language.
    pub lang: String,
    /// The priority by the rules of the taxonomy.
    pub priority: Priority,
    /// The id of the mailbox for the replies.
    pub mailbox: Hash,
    /// The case.
    pub case: CaseRef,
    /// The hash of the directory that determined the readers.
    pub directory: Hash,
    /// Whether the reporter asks to release the case to the oversight body.
    #[serde(default)]
    pub release_to_oversight: bool,
    /// The sequence number of the frame, 0 for a report. The case handler stores the reply capsule
    /// with the largest one. The frame, which the reporter signs, contains the same number.
    pub seq: u32,
}

impl EnvelopeHeader {
    /// Returns the routing, for the frame that the reporter signs.
    pub fn routing(&self) -> Routing {
        Routing {
            desk: self.desk.clone(),
            priority: self.priority,
            release_to_oversight: self.release_to_oversight,
            directory: self.directory,
        }
    }
}
