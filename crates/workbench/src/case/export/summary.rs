//! What a verified export contains and proves.

use protocol::directory::TrustRoots;
use serde::Serialize;
use time::Date;
use uuid::Uuid;

use super::{log_proof::LoggedEvents, manifest::UnopenedPart};
use crate::l10n::Localizer;

/// What a folder contains.
#[derive(Debug, Serialize)]
pub struct ExportSummary {
    /// The case.
    pub case: Uuid,
    /// The date on which the case handler recorded the report.
    #[serde(with = "protocol::encoding::iso_date")]
    pub filed: Date,
    /// The date of the export.
    #[serde(with = "protocol::encoding::iso_date")]
    pub exported: Date,
    /// The handle of the member who made the export.
    pub by: String,
    /// The root keys with which everything was verified.
    pub trust: TrustRoots,
    /// The number of events.
    pub events: usize,
    /// The number of messages in both directions, without the report.
    pub messages: usize,
    /// The number of notes.
    pub notes: usize,
    /// The number of attached files.
    pub files: usize,
    /// What the proof of the transparency log shows. `None` if the folder has no proof.
    pub logged: Option<LoggedEvents>,
    /// The sealed parts that the events name and the folder does not open.
    pub unopened: Vec<UnopenedPart>,
}

impl ExportSummary {
    /// Returns what an export without differences proves, and what it does not prove, in the given
    /// language or in the default language.
    pub fn statements(&self, lang: &str) -> [String; 2] {
        let localizer = Localizer::for_lang(lang);
        let filed = localizer.format_date(self.filed);
        let mut proof = localizer.with("export-proof", "day", filed);
        if let Some(logged) = &self.logged {
            proof = format!("{proof} {}", logged.statement(&localizer));
        }
        let mut no_proof = localizer.t("export-no-proof");
        if !self.unopened.is_empty() {
            no_proof =
                format!("{no_proof} {}", localizer.count("export-unopened", self.unopened.len()));
        }
        [proof, no_proof]
    }
}
