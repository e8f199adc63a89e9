//! `burkindi export`: a case for use outside the workbench, as a sealed archive or as a folder.

use std::{
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use uuid::Uuid;
use workbench::{
    alert::{IntegrityAlert, has_alarm},
    case::{
        CaseReadError,
        export::{
            CaseExport, ExportFile, ExportedFile,
            archive::{ArchiveSeal, ArchiveWriter},
            source::ExportSource,
        },
    },
    keys::passphrase_encryption::ScryptCost,
    private_files::{self, FileError},
    session::HandlerConnection,
};

use super::{
    CliOutput, CommandContext,
    exit_code::VerificationFailed,
    output::{format_size, short_id},
};

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// The recipient that the archive is sealed to: the handle of a member, or a public key
    /// `age1pq1…`.
    #[arg(long, value_name = "RECIPIENT", required_unless_present_any = ["with_passphrase", "unsealed"])]
    to: Option<String>,
    /// Seal the archive with a passphrase instead.
    #[arg(long, conflicts_with = "to")]
    with_passphrase: bool,
    /// Write a folder that is not sealed. Anyone who gets the folder can read the case.
    #[arg(long, conflicts_with_all = ["to", "with_passphrase"])]
    unsealed: bool,
    /// The archive or folder to create [default: case-ID.zip.age or case-ID in the current folder].
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// `{"case", "path", "sealed", "written": [{"name", "len", "sha256", "treatment"?}], "alarms"}`.
#[derive(Debug, Serialize)]
struct ExportOutput {
    case: Uuid,
    path: PathBuf,
    sealed: bool,
    written: Vec<ExportedFile>,
    alarms: Vec<IntegrityAlert>,
}

impl ExportArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let mut connection = context.connect(screen).await?;
        let id = connection.find_case(&self.case).await?;
        let read = match connection.read_case(id).await {
            Err(CaseReadError::Unreadable(unreadable)) => Err(unreadable),
            read => Ok(read?),
        };
        let source = match &read {
            Ok(case) => {
                screen.print_alerts(&case.alarms)?;
                connection.check_declared(case)?;
                ExportSource::Readable(case)
            }
            Err(unreadable) => ExportSource::Unreadable(unreadable),
        };
        let seal = self.seal(&connection, context)?;
        let name = format!("case-{}", short_id(&id.to_string()));
        let path = self.output.unwrap_or_else(|| match &seal {
            None => PathBuf::from(&name),
            Some(seal) => PathBuf::from(format!("{name}{}", seal.suffix())),
        });
        if path.exists() {
            return Err(FileError::AlreadyExists(path).into());
        }
        let printed = read.as_ref().map_or(0, |case| case.alarms.len());
        let unreadable = read.as_ref().err().map(|unreadable| &*unreadable.reason);
        let mut export = CaseExport::new(source, context.label_lang());
        match &seal {
            None => {
                while let Some(piece) = export.next_file(&connection).await? {
                    write_file(&path, &piece)?;
                }
            }
            Some(seal) => {
                let written = write_archive(&path, &name, seal, &mut export, &connection).await;
                if written.is_err() {
                    private_files::remove(&path)?;
                }
                written?;
            }
        }
        let (written, alarms) = export.finish();
        screen.print_alerts(&alarms[printed..])?;
        let view = ExportOutput { case: id, path, sealed: seal.is_some(), written, alarms };
        screen.print(&view, |view, page| {
            let row = |file: &ExportedFile| vec![file.name.clone(), format_size(file.len)];
            page.table(&["in the export", "size"], &view.written.iter().map(row).collect::<Vec<_>>());
            page.line(&format!("Exported to {}.", view.path.display()));
            if view.sealed {
                page.dim("The recipient opens it: burkindi unseal ARCHIVE --to FOLDER, or with the age program.");
            } else {
                page.warn("The folder is not sealed: anyone who gets it can read the case. Delete it when you are done.");
            }
            if let Some(reason) = unreadable {
                page.warn(&format!("The report does not open ({reason}). The export contains the events of the case and opens nothing."));
            }
            page.warn("The files come from an unknown sender. Open them only on a machine without a network, never by a double click.");
            page.warn("The export contains the signature of the secret code: if the code is found with a person, the export shows that the report was sent with that code.");
            page.dim("To verify the folder on any machine, without a key or a network: burkindi verify FOLDER");
        })?;
        if has_alarm(&view.alarms) { Err(VerificationFailed.into()) } else { Ok(()) }
    }

    /// Returns the seal of the archive, or `None` for a folder that is not sealed.
    fn seal(
        &self,
        connection: &HandlerConnection,
        context: &mut CommandContext,
    ) -> anyhow::Result<Option<ArchiveSeal>> {
        if self.with_passphrase {
            let passphrase = context.passphrases.prompt_new("Passphrase of the archive")?;
            return Ok(Some(ArchiveSeal::Passphrase(passphrase, ScryptCost::default())));
        }
        let directory = connection.directory();
        Ok(self.to.as_ref().map(|to| ArchiveSeal::to_recipient(to, directory)).transpose()?)
    }
}

async fn write_archive(
    path: &Path,
    name: &str,
    seal: &ArchiveSeal,
    export: &mut CaseExport<'_>,
    connection: &HandlerConnection,
) -> anyhow::Result<()> {
    let failed = |source| FileError::Io { verb: "write", path: path.to_owned(), source };
    let file = BufWriter::new(private_files::create_exclusive(path, 0o600)?);
    let mut archive = ArchiveWriter::new(file, seal, name).map_err(failed)?;
    while let Some(piece) = export.next_file(connection).await? {
        archive.add(&piece).map_err(failed)?;
    }
    let file = archive.finish().map_err(failed)?.into_inner();
    file.map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)?;
    Ok(())
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
