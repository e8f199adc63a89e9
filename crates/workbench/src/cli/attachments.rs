//! `burkindi save`: saves the attached files of a case.

use std::path::PathBuf;

use indicatif::ProgressBar;
use serde::Serialize;
use uuid::Uuid;
use workbench::{
    alert::{IntegrityAlert, has_alarm},
    case::attachments::SavedAttachment,
    l10n::treatment,
};

use super::{
    CliOutput, CommandContext,
    exit_code::VerificationFailed,
    open_declared_case,
    output::{format_size, short_id},
};

#[derive(Debug, clap::Args)]
pub(crate) struct SaveArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// The folder for the files [default: case-ID in the current folder].
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// `{"case", "folder", "saved": [{"path", "name", "media_type", "len", "sha256", "treatment"}],
/// "alarms"}`.
#[derive(Debug, Serialize)]
struct SaveOutput {
    case: Uuid,
    folder: PathBuf,
    saved: Vec<SavedAttachment>,
    alarms: Vec<IntegrityAlert>,
}

impl SaveArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (connection, case) = open_declared_case(context, &self.case, screen).await?;
        let id = case.id();
        let folder =
            self.to.unwrap_or_else(|| PathBuf::from(format!("case-{}", short_id(&id.to_string()))));
        let count: usize =
            case.thread.incoming.iter().map(|entry| entry.header.attachments.len()).sum();
        // The bar is on standard error, and only on a terminal.
        let bar = ProgressBar::new(count as u64);
        let (saved, new_alerts) =
            connection.save_attachments(&case, &folder, |_| bar.inc(1)).await?;
        bar.finish_and_clear();
        screen.print_alerts(&new_alerts)?;
        let alarms = [case.alarms, new_alerts].concat();
        let view = SaveOutput { case: id, folder, saved, alarms };
        screen.print(&view, |view, page| {
            if view.saved.is_empty() {
                return page.line("No file was saved.");
            }
            let row = |file: &SavedAttachment| vec![file.path.display().to_string(), format_size(file.len), file.media_type.clone()];
            page.table(&["saved", "size", "declared type"], &view.saved.iter().map(row).collect::<Vec<_>>());
            let treated = treatment::english_treatment_lines(view.saved.iter().map(|file| file.treatment.as_ref()));
            for (file, treated) in view.saved.iter().zip(treated) {
                page.line(&format!("{}: {treated}", file.path.display()));
            }
            page.warn("The files come from an unknown sender. Open them only on a machine without a network, never by a double click.");
            page.dim("They are not encrypted: delete them when you are done.");
        })?;
        if has_alarm(&view.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
    }
}
