//! `burkindi audit`: verify the log, keep a copy of it.

use std::path::PathBuf;

use clap::Subcommand;
use envelope::{Hash, directory::Trust};
use serde::Serialize;
use workbench::{
    alarm::{Alarm, any_alarm},
    audit::Export,
    files,
};

use super::{Context, Screen, exit::Alarmed};

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Verify the log: chain, signatures, rules. The outside body sees all of it, others the entries of their own cases.
    Verify(Verify),
    /// Write the log into a file that can be verified elsewhere.
    Export {
        /// A file that is not there yet.
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// An exported log, instead of the case handler's; needs no key.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The root keys that are believed [default: those of your settings].
    #[arg(long, value_name = "FILE", requires = "file")]
    trust: Option<PathBuf>,
}

/// `{"whole", "entries", "cases", "head", "ok", "alarms"}`; `ok` says that there is no alarm (notices may be).
#[derive(Debug, Serialize)]
struct AuditView {
    whole: bool,
    entries: u64,
    cases: usize,
    head: Option<Hash>,
    ok: bool,
    alarms: Vec<Alarm>,
}

/// `{"file", "whole", "entries"}`.
#[derive(Debug, Serialize)]
struct Exported {
    file: PathBuf,
    whole: bool,
    entries: usize,
}

impl Audit {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        match self {
            Self::Verify(command) => command.run(context, screen).await,
            Self::Export { file } => export(file, context, screen).await,
        }
    }
}

impl Verify {
    async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (export, audit) = match self.file {
            None => {
                let mut connection = context.connect(screen).await?;
                let export = connection.export().await?;
                let audit = connection.audit(&export)?;
                (export, audit)
            }
            Some(file) => {
                let export: Export = files::read_json(&file)?;
                let trust: Trust = match self.trust {
                    Some(path) => files::read_json(&path)?,
                    None => context.home.trust()?,
                };
                let audit = export.verify(&trust, context.home.seen()?.log)?;
                (export, audit)
            }
        };
        screen.alarms(&audit.alarms)?;
        let ok = !any_alarm(&audit.alarms);
        let view = AuditView {
            whole: export.whole,
            entries: audit.entries,
            cases: audit.cases.len(),
            head: export.whole.then_some(audit.head),
            ok,
            alarms: audit.alarms,
        };
        screen.show(&view, |view, page| {
            let what = if view.whole { "whole log" } else { "entries of your cases" };
            page.pairs(&[
                ("looked at", format!("{what}: entries {}, cases {}", view.entries, view.cases)),
                ("head", view.head.map_or_else(|| "-".to_owned(), |head| head.to_string())),
                (
                    "result",
                    if view.ok { "all signatures, chains and moves hold" } else { "ALARM" }.to_owned(),
                ),
            ]);
        })?;
        if ok { Ok(()) } else { Err(Alarmed.into()) }
    }
}

async fn export(file: PathBuf, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let export = connection.export().await?;
    files::create_private(&file, &files::pretty(&export))?;
    let view = Exported { file, whole: export.whole, entries: export.entries.len() };
    screen.show(&view, |view, page| {
        page.line(&format!("{} entries are in {}.", view.entries, view.file.display()));
        page.dim("Verify it anywhere with: burkindi audit verify --file FILE --trust trust.json");
    })
}
