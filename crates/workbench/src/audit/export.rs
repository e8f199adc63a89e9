//! A log as a file that can be verified elsewhere.
//!
//! With the root keys alone, a file of the whole log proves: the root keys signed its directories;
//! the members and the case handler of these directories signed its events, which follow the rules;
//! the case handler signed the checkpoint, and each leaf of its tree is one of these events or a
//! dummy. So two files whose checkpoints have the same root contain the same events. The
//! cosignatures of the checkpoint name the members of the oversight body who had seen no other log
//! until then.
//!
//! A file of a member's own cases proves the same for their events up to the newest one that has a
//! leaf, and nothing about other events.
//!
//! A file of the whole log without a checkpoint, from before the first batch, proves the signatures
//! only. No file proves that it is the newest, or that the case handler logged every report. The
//! leaf secret in the file of the whole log distinguishes events from dummies. It opens no event.

use protocol::{
    api::workbench::{AuditLog, CaseLog},
    directory::{Directory, DirectoryError, SignedDirectory, TrustRoots},
};
use serde::{Deserialize, Serialize};
use time::Date;
use transparency_log::{
    batch::batch_of,
    checkpoint::SignedCheckpoint,
    policy::{LogEvidence, LogPolicy},
};
use uuid::Uuid;

use super::{
    LogAudit,
    case_proof::verify_case_proof,
    events::{LeafDeadline, audit_events},
    leaves::LeafAuditor,
};
use crate::{
    alert::{AlertCode, IntegrityAlert},
    session::{
        directory_history::{DirectoryHistory, DirectoryHistoryError},
        profile::PinnedTree,
    },
};

/// The format version of [`LogExport`].
pub const LOG_EXPORT_VERSION: u8 = 2;

/// A log as a file, with everything needed to verify it except the pinned root keys.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogExport {
    /// Format version, [`LOG_EXPORT_VERSION`].
    pub v: u8,
    /// Id of the installation.
    pub instance: Uuid,
    /// Date of the export.
    #[serde(with = "protocol::encoding::iso_date")]
    pub exported: Date,
    /// All directories, oldest first.
    pub directories: Vec<SignedDirectory>,
    /// The log.
    pub log: ExportedLog,
}

/// The events of an exported log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum ExportedLog {
    /// The whole log.
    Whole {
        /// Every event, with the secret that opens every leaf.
        log: AuditLog,
        /// The newest checkpoint with its cosignatures, as text. `None` before the first batch.
        checkpoint: Option<String>,
    },
    /// The events of one member's cases, each with the proof of its newest event.
    OwnCases(Vec<CaseLog>),
}

impl LogExport {
    /// Returns whether this is the whole log.
    pub fn is_whole(&self) -> bool {
        matches!(self.log, ExportedLog::Whole { .. })
    }

    /// Returns the number of events.
    pub fn events(&self) -> usize {
        match &self.log {
            ExportedLog::Whole { log, .. } => log.events.len(),
            ExportedLog::OwnCases(cases) => cases.iter().map(|case| case.events.len()).sum(),
        }
    }

    /// Verifies the export with only the pinned root keys. `seen` is a tree that the whole log must
    /// contain, if it is as large.
    ///
    /// # Errors
    /// If the export has another format or belongs to another installation, or its directories are
    /// invalid.
    pub fn verify(
        self,
        trust: &TrustRoots,
        seen: Option<PinnedTree>,
    ) -> Result<LogAudit, DirectoryHistoryError> {
        if self.v != LOG_EXPORT_VERSION || self.instance != trust.instance {
            return Err(DirectoryError::OtherInstance.into());
        }
        let history = DirectoryHistory::verify_chain(&self.directories, trust)?;
        Ok(match self.log {
            ExportedLog::Whole { log, checkpoint } => {
                verify_whole(log, checkpoint.as_deref(), &history, (seen, self.exported))
            }
            ExportedLog::OwnCases(cases) => verify_own_cases(&cases, &history, self.exported),
        })
    }
}

fn verify_whole(
    log: AuditLog,
    checkpoint: Option<&str>,
    history: &DirectoryHistory,
    (seen, exported): (Option<PinnedTree>, Date),
) -> LogAudit {
    let evidence = match checkpoint.map(|note| verify_note(note, history.latest().0)).transpose() {
        Ok(evidence) => evidence,
        Err(reason) => {
            let text = format!("the checkpoint of the transparency log is invalid: {reason}");
            let alarms = vec![IntegrityAlert::new(AlertCode::Forged, text)];
            return LogAudit { whole: true, alarms, ..LogAudit::default() };
        }
    };
    let epoch = history.latest().0.log.epoch;
    let present = evidence.as_ref().map(|evidence| PinnedTree::of(evidence, epoch));
    let size = present.map_or(0, |tree| tree.size);
    let is_beyond = |index: Option<u64>| index.is_some_and(|index| index >= size);
    let beyond = log.events.iter().filter(|logged| is_beyond(logged.index)).count();
    let mut auditor = LeafAuditor::from_start(history, seen);
    auditor.push_page(log, batch_of(size).unwrap_or(u32::MAX));
    let mut audit = auditor.finish(present, exported);
    if beyond > 0 {
        let text = format!("{beyond} events have leaves that the checkpoint does not contain");
        audit.alarms.push(IntegrityAlert::new(AlertCode::LeafDiffers, text));
    }
    if let Some(seen) = seen.filter(|seen| (seen.epoch, seen.size) > (epoch, size)) {
        let text = format!(
            "this file is older than the log that this computer has seen: {size} leaves of log {epoch} instead of {} leaves of log {}",
            seen.size, seen.epoch
        );
        audit.alarms.push(IntegrityAlert::notice(AlertCode::Rollback, text));
    }
    LogAudit {
        whole: true,
        events: audit.events,
        cases: audit.heads.len(),
        checkpoint: evidence.as_ref().map(Into::into),
        alarms: audit.alarms,
    }
}

fn verify_note(note: &str, directory: &Directory) -> Result<LogEvidence, String> {
    let checkpoint = SignedCheckpoint::parse(note).map_err(|error| error.to_string())?;
    let policy = LogPolicy::of_directory(directory).map_err(|error| error.to_string())?;
    policy.verify_checkpoint(&checkpoint).map_err(|error| error.to_string())
}

fn verify_own_cases(cases: &[CaseLog], history: &DirectoryHistory, exported: Date) -> LogAudit {
    let policy = match LogPolicy::of_directory(history.latest().0) {
        Ok(policy) => policy,
        Err(error) => {
            let alarms = vec![IntegrityAlert::new(AlertCode::Forged, error.to_string())];
            return LogAudit { alarms, ..LogAudit::default() };
        }
    };
    let deadline = LeafDeadline { log_began: history.log_began(), today: exported };
    let mut audit = audit_events(cases.iter().flat_map(|case| &case.events), history);
    for log in cases {
        let first = log.events.first().and_then(|event| event.decode_unverified().ok());
        let Some(first) = first else { continue };
        audit.alarms.extend(verify_case_proof(first.case, log, &policy, deadline).1);
    }
    LogAudit {
        whole: false,
        events: audit.checked,
        cases: audit.cases.len(),
        checkpoint: None,
        alarms: audit.alarms,
    }
}
