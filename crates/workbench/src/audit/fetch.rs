//! Downloads the log and compares it with the pinned state.

use protocol::case::event::LogEntry;

use crate::{
    alert::has_alarm,
    audit::{AuditReport, LogExport},
    private_files::FileError,
    session::{
        ConnectError, HandlerConnection, client::ClientError,
        directory_history::DirectoryHistoryError, profile::PinnedLogHead,
    },
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
    /// The directories of the log are invalid.
    #[error("verification of the log's directories failed: {0}")]
    DirectoryHistory(#[from] DirectoryHistoryError),
    /// The profile could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl HandlerConnection {
    /// Downloads the whole log for a member of the oversight body, and the entries of the member's
    /// own cases otherwise.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn export_log(&self) -> Result<LogExport, ClientError> {
        let full_log = self.is_oversight();
        let entries = if full_log {
            self.client.log().await?.entries
        } else {
            self.own_log_entries().await?
        };
        Ok(self.build_log_export(entries, full_log))
    }

    /// Returns log entries with everything needed to verify them.
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

    /// Audits a log and compares it with the pinned state. Pins the head of a whole log without an
    /// alarm.
    ///
    /// # Errors
    /// If the directories of the log are invalid, or the profile cannot be read or written.
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
