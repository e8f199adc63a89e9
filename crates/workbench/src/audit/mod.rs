//! Verifies the event log.
//!
//! - [`events`]: signatures, hash chain of each case, and rules
//! - [`checkpoint`]: follows the transparency log as a witness does
//! - [`case_proof`]: verifies that the events of a case are in the transparency log
//! - [`leaves`]: opens every leaf of the transparency log, for the oversight body
//! - [`audited`]: the part of the log from which the next audit continues
//! - [`export`]: a log as a file
//! - [`fetch`]: downloads the log and compares it with the pinned state
//! - [`error`]: why an audit fails

pub(crate) mod audited;
pub(crate) mod case_proof;
pub mod checkpoint;
pub mod error;
pub mod events;
pub mod export;
pub mod fetch;
pub mod leaves;

use checkpoint::CheckpointSummary;

use crate::alert::IntegrityAlert;

/// Result of an audit of the log.
#[derive(Debug, Default)]
pub struct LogAudit {
    /// Whether the whole log was audited, or the member's own cases.
    pub whole: bool,
    /// Number of events that were verified, now and in the audits that this one continues.
    pub events: u64,
    /// Number of cases.
    pub cases: usize,
    /// The verified checkpoint. `None` if there is none yet, or if it was refused.
    pub checkpoint: Option<CheckpointSummary>,
    /// Every fault that was found.
    pub alarms: Vec<IntegrityAlert>,
}
