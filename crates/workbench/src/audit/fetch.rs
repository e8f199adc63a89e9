//! Fetching the log, keeping a copy of it, and holding it against what was seen before.

use protocol::case::event::LogEntry;

use crate::{
    alert::has_alarm,
    audit::{AuditReport, LogExport},
    private_files::FileError,
    session::{
        HandlerConnection, client::ClientError, directory_history::DirectoryHistoryError,
        profile::PinnedLogHead,
    },
};

/// Why the log was not gone through.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The directories in the log.
    #[error("the directories of this log are refused: {0}")]
    Roll(#[from] DirectoryHistoryError),
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
}

impl HandlerConnection {
    /// The whole log for the outside body, the entries of one's own cases for anybody else.
    pub async fn export_log(&self) -> Result<LogExport, ClientError> {
        let whole = self.is_oversight();
        let entries =
            if whole { self.client.log().await?.entries } else { self.own_log_entries().await? };
        Ok(self.build_log_export(entries, whole))
    }

    /// Some of the log, with what is needed to verify it.
    pub(crate) fn build_log_export(&self, entries: Vec<LogEntry>, whole: bool) -> LogExport {
        LogExport {
            v: 1,
            instance: self.trust.instance,
            exported: self.today(),
            whole,
            directories: self.directories.clone(),
            entries,
        }
    }

    async fn own_log_entries(&self) -> Result<Vec<LogEntry>, ClientError> {
        let mut entries = Vec::new();
        for row in self.client.cases().await? {
            entries.extend(self.client.case_log(row.id).await?);
        }
        Ok(entries)
    }

    /// Goes through a log and holds it against what was seen before. One without an alarm is
    /// remembered as seen.
    pub fn audit_log(&mut self, export: &LogExport) -> Result<AuditReport, AuditError> {
        let mut audit = export.verify(&self.trust, self.trust_state.log)?;
        audit.alarms.extend(self.accepted_restores()?);
        for case in self.trust_state.cases.keys() {
            let of_case = |entry: &&LogEntry| {
                entry.event.decode_unverified().is_ok_and(|event| event.case == *case)
            };
            let log: Vec<_> = export.entries.iter().filter(of_case).cloned().collect();
            audit.alarms.extend(self.check_pinned_head(*case, &log));
        }
        if export.whole && !has_alarm(&audit.alarms) {
            self.trust_state.log = Some(PinnedLogHead { entries: audit.entries, link: audit.head });
            self.profile.save_trust_state(&self.trust_state)?;
        }
        Ok(audit)
    }
}
