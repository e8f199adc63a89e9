//! `burkindi export`: a case as a folder for use outside the workbench.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::Serialize;
use uuid::Uuid;
use workbench::{
    alert::{IntegrityAlert, has_alarm},
    case::export::{CaseExport, ExportFile, ExportedFile},
    private_files::{self, FileError},
};

use super::{
    CliOutput, CommandContext,
    exit_code::VerificationFailed,
    open_declared_case,
    output::{format_size, short_id},
};

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// The folder to create [default: case-ID in the current folder].
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// `{"case", "folder", "written": [{"name", "len", "sha256", "treatment"?}], "alarms"}`.
#[derive(Debug, Serialize)]
struct ExportOutput {
    case: Uuid,
    folder: PathBuf,
    written: Vec<ExportedFile>,
    alarms: Vec<IntegrityAlert>,
}

impl ExportArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (connection, case) = open_declared_case(context, &self.case, screen).await?;
        let id = case.id();
        let folder =
            self.to.unwrap_or_else(|| PathBuf::from(format!("case-{}", short_id(&id.to_string()))));
        if folder.exists() {
            return Err(FileError::AlreadyExists(folder).into());
        }
        let printed = case.alarms.len();
        let mut export = CaseExport::new(&case, context.label_lang());
        while let Some(piece) = export.next_file(&connection).await? {
            write_file(&folder, &piece)?;
        }
        let (written, alarms) = export.finish();
        screen.print_alerts(&alarms[printed..])?;
        let view = ExportOutput { case: id, folder, written, alarms };
        screen.print(&view, |view, page| {
            let row = |file: &ExportedFile| vec![view.folder.join(&file.name).display().to_string(), format_size(file.len)];
            page.table(&["written", "size"], &view.written.iter().map(row).collect::<Vec<_>>());
            page.warn("The folder is not encrypted: encrypt it before it leaves this machine, and delete it when you are done.");
            page.warn("The files come from an unknown sender. Open them only on a machine without a network, never by a double click.");
            page.warn("The folder contains the signature of the receipt: if the receipt is found with a person, the folder shows that the report was sent with that receipt.");
            page.dim("To verify the folder on any machine, without a key or a network: burkindi verify FOLDER");
        })?;
        if has_alarm(&view.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
    }
}

fn write_file(folder: &Path, piece: &ExportFile) -> anyhow::Result<()> {
    let path = folder.join(&piece.name);
    if let Some(parent) = path.parent() {
        private_files::create_private_dir(parent)?;
    }
    let mut file = private_files::create_exclusive(&path, 0o600)?;
    let written = file.write_all(&piece.content).and_then(|()| file.sync_all());
    written.map_err(|source| FileError::Io { verb: "write", path, source }.into())
}
