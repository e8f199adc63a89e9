//! The routing header of an envelope: everything that the case handler learns from a submission
//! besides sizes.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::encoding::hash::Hash;

pub(super) const MAGIC: &str = "BKE1";
/// A desk's id and a language are all that varies in length.
pub(super) const MAX_HEADER_LEN: usize = 4 * 1024;

/// What a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmissionKind {
    /// The first of a case: brings grants and keys.
    Report,
    /// Anything the reporter sends later.
    FollowUp,
}

/// P1 is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Urgency {
    /// Triage within 24 hours.
    P1,
    /// Within 3 days.
    P2,
    /// Within 7 days.
    P3,
    /// Within 30 days.
    P4,
}

/// The case that a submission belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRef {
    /// UUID version 4.
    pub id: Uuid,
    /// Of the case secret.
    pub generation: u32,
}

/// All that the handler learns of a submission besides sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeHeader {
    /// 1.
    pub v: u8,
    /// Report or follow-up.
    pub kind: SubmissionKind,
    /// The desk that the reporter's side chose.
    pub desk: String,
    /// The reporter's language.
    pub lang: String,
    /// From the taxonomy's rules.
    pub urgency: Urgency,
    /// Under which the handler lays out replies.
    pub mailbox: Hash,
    /// The case.
    pub case: CaseRef,
    /// Hash of the directory that decided who may read.
    pub directory: Hash,
    /// The reporter asks for the outside body to read along.
    #[serde(default)]
    pub release_to_oversight: bool,
}
