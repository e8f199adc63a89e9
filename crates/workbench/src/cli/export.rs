//! `burkindi export`: a case to hand on.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use serde::Serialize;
use uuid::Uuid;
use workbench::{
    alarm::{Alarm, any_alarm},
    export::{CaseExport, Listed, Piece},
    files::{self, FileError},
};

use super::{
    Context, Screen,
    exit::Alarmed,
    open_content,
    screen::{short, size},
};

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// Folder to write, which is not there yet [default: case-ID here].
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// `{"case", "folder", "written": [{"name", "len", "sha256", "treatment"?}], "alarms"}`.
#[derive(Debug, Serialize)]
struct ExportedView {
    case: Uuid,
    folder: PathBuf,
    written: Vec<Listed>,
    alarms: Vec<Alarm>,
}

impl Export {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (connection, case) = open_content(context, &self.case, screen).await?;
        let id = case.id();
        let folder = self.to.unwrap_or_else(|| PathBuf::from(format!("case-{}", short(&id.to_string()))));
        if folder.exists() {
            return Err(FileError::Exists(folder).into());
        }
        let known = case.alarms.len();
        let mut export = CaseExport::new(&case, context.labels());
        while let Some(piece) = export.next(&connection).await? {
            write(&folder, &piece)?;
        }
        let (written, alarms) = export.end();
        screen.alarms(&alarms[known..])?;
        let view = ExportedView { case: id, folder, written, alarms };
        screen.show(&view, |view, page| {
            let row = |file: &Listed| vec![view.folder.join(&file.name).display().to_string(), size(file.len)];
            page.table(&["written", "size"], &view.written.iter().map(row).collect::<Vec<_>>());
            page.warn("Nothing of it is sealed any more: seal the folder before it leaves this machine, and delete it when you are done.");
            page.warn("A stranger made the files in it. Open them only on a machine without a network, never by a double click.");
            page.dim("Who did what, and when: burkindi audit verify --file log.json --trust trust.json");
            page.dim(
                "Accidental damage: sha256sum --check SHA256SUMS. Neither proves what the report, the messages or the \
                 files say: everyone who has the folder can change these.",
            );
        })?;
        if any_alarm(&view.alarms) { Err(Alarmed.into()) } else { Ok(()) }
    }
}

fn write(folder: &Path, piece: &Piece) -> anyhow::Result<()> {
    let path = folder.join(&piece.name);
    if let Some(parent) = path.parent() {
        files::create_private_dir(parent)?;
    }
    let mut file = files::open_new(&path, 0o600)?;
    let written = file.write_all(&piece.content).and_then(|()| file.sync_all());
    written.map_err(|source| FileError::Io { verb: "write", path, source }.into())
}
