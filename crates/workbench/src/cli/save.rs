//! `burkindi save`: the attached files of a case.

use std::path::PathBuf;

use indicatif::ProgressBar;
use serde::Serialize;
use uuid::Uuid;
use workbench::{
    alarm::{Alarm, any_alarm},
    attachments::Saved,
    site::treatment,
};

use super::{
    Context, Screen,
    exit::Alarmed,
    open_content,
    screen::{short, size},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Save {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// Folder to save into [default: case-ID here].
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// `{"case", "folder", "saved": [{"path", "name", "media_type", "len", "sha256", "treatment"}], "alarms"}`.
#[derive(Debug, Serialize)]
struct SavedView {
    case: Uuid,
    folder: PathBuf,
    saved: Vec<Saved>,
    alarms: Vec<Alarm>,
}

impl Save {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (connection, case) = open_content(context, &self.case, screen).await?;
        let id = case.id();
        let folder = self.to.unwrap_or_else(|| PathBuf::from(format!("case-{}", short(&id.to_string()))));
        let count: usize = case.thread.incoming.iter().map(|entry| entry.header.attachments.len()).sum();
        // Draws on standard error, and only where that is a terminal.
        let bar = ProgressBar::new(count as u64);
        let (saved, found) = connection.save_attachments(&case, &folder, |_| bar.inc(1)).await?;
        bar.finish_and_clear();
        screen.alarms(&found)?;
        let alarms = [case.alarms, found].concat();
        let view = SavedView { case: id, folder, saved, alarms };
        screen.show(&view, |view, page| {
            if view.saved.is_empty() {
                return page.line("No file was saved.");
            }
            let row = |file: &Saved| vec![file.path.display().to_string(), size(file.len), file.media_type.clone()];
            page.table(&["saved", "size", "said to be"], &view.saved.iter().map(row).collect::<Vec<_>>());
            let treated = treatment::in_english(view.saved.iter().map(|file| file.treatment.as_ref()));
            for (file, treated) in view.saved.iter().zip(treated) {
                page.line(&format!("{}: {treated}", file.path.display()));
            }
            page.warn("A stranger made these files. Open them only on a machine without a network, never by a double click.");
            page.dim("They are no longer sealed: delete them when you are done.");
        })?;
        if any_alarm(&view.alarms) { Err(Alarmed.into()) } else { Ok(()) }
    }
}
