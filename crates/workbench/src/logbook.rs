//! Fetching the log, keeping a copy of it, and holding it against what was seen before.

use envelope::event::LogEntry;

use crate::{
    alarm::any_alarm,
    audit::{Audit, Export},
    client::ClientError,
    connection::Connection,
    files::FileError,
    home::SeenLog,
    roll::RollError,
};

/// Why the log was not gone through.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The directories in the log.
    #[error("the directories of this log are refused: {0}")]
    Roll(#[from] RollError),
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Connection {
    /// The whole log for the outside body, the entries of one's own cases for anybody else.
    pub async fn export(&self) -> Result<Export, ClientError> {
        let whole = self.is_oversight();
        let entries = if whole { self.client.log().await?.entries } else { self.own_entries().await? };
        Ok(self.export_of(entries, whole))
    }

    /// Some of the log, with what is needed to verify it.
    pub(crate) fn export_of(&self, entries: Vec<LogEntry>, whole: bool) -> Export {
        Export {
            v: 1,
            instance: self.trust.instance,
            exported: self.today(),
            whole,
            directories: self.directories.clone(),
            entries,
        }
    }

    async fn own_entries(&self) -> Result<Vec<LogEntry>, ClientError> {
        let mut entries = Vec::new();
        for row in self.client.cases().await? {
            entries.extend(self.client.log_of(row.id).await?);
        }
        Ok(entries)
    }

    /// Goes through a log and holds it against what was seen before. One without an alarm is remembered as seen.
    pub fn audit(&mut self, export: &Export) -> Result<Audit, LogError> {
        let mut audit = export.verify(&self.trust, self.seen.log)?;
        audit.alarms.extend(self.accepted_restores()?);
        for case in self.seen.cases.keys() {
            let of_case = |entry: &&LogEntry| entry.event.peek().is_ok_and(|event| event.case == *case);
            let log: Vec<_> = export.entries.iter().filter(of_case).cloned().collect();
            audit.alarms.extend(self.check_seen(*case, &log));
        }
        if export.whole && !any_alarm(&audit.alarms) {
            self.seen.log = Some(SeenLog { entries: audit.entries, link: audit.head });
            self.home.remember(&self.seen)?;
        }
        Ok(audit)
    }
}
