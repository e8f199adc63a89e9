//! `burkindi audit`: verify and export the log, and accept a restored case handler.

use std::path::PathBuf;

use clap::Subcommand;
use protocol::{Hash, directory::TrustRoots};
use serde::Serialize;
use workbench::{
    alert::{IntegrityAlert, has_alarm},
    audit::{LogExport, checkpoint::CheckpointSummary},
    private_files,
};

use super::{CliOutput, CommandContext, exit_code::VerificationFailed};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify the log: chain, signatures and case rules. The oversight body sees the whole log, and
    /// other members the entries of their own cases.
    Verify(AuditVerifyArgs),
    /// Accept that the case handler was restored from a backup, after the administrator has
    /// explained why. Its present state becomes the pinned state. A later rollback is an ALARM
    /// again.
    Accept {
        /// Why it was restored, and who informed you.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Export the log to a file that can be verified elsewhere.
    Export {
        /// The file to create. An existing file is never overwritten.
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct AuditVerifyArgs {
    /// Verify an exported log instead of the case handler's. This needs no key.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The trusted root keys [default: the pinned ones].
    #[arg(long, value_name = "FILE", requires = "file")]
    trust: Option<PathBuf>,
}

/// `{"whole", "entries", "cases", "head", "checkpoint", "ok", "alarms"}`. `checkpoint` is `null`
/// for an exported log, and if there is no transparency log. `ok` means that there is no alarm.
/// There can be notices.
#[derive(Debug, Serialize)]
struct AuditVerifyOutput {
    whole: bool,
    entries: u64,
    cases: usize,
    head: Option<Hash>,
    checkpoint: Option<CheckpointSummary>,
    ok: bool,
    alarms: Vec<IntegrityAlert>,
}

/// `{"file", "whole", "entries"}`.
#[derive(Debug, Serialize)]
struct AuditExportOutput {
    file: PathBuf,
    whole: bool,
    entries: usize,
}

impl AuditCommand {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self {
            Self::Verify(command) => command.run(context, screen).await,
            Self::Accept { reason } => accept(&reason, context, screen).await,
            Self::Export { file } => export(file, context, screen).await,
        }
    }
}

impl AuditVerifyArgs {
    async fn run(self, context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
        let mut checkpoint = None;
        let (export, audit) = match self.file {
            None => {
                let mut connection = context.connect(screen).await?;
                let export = connection.export_log().await?;
                let mut audit = connection.audit_log(&export)?;
                let followed = connection.follow_transparency_log().await?;
                checkpoint = followed.summary();
                audit.alarms.extend(followed.alarm.into_iter().chain(followed.restarted));
                (export, audit)
            }
            Some(file) => {
                let export: LogExport = private_files::read_json(&file)?;
                let trust: TrustRoots = match self.trust {
                    Some(path) => private_files::read_json(&path)?,
                    None => context.profile.trust()?,
                };
                let audit = export.verify(&trust, context.profile.trust_state()?.log)?;
                (export, audit)
            }
        };
        screen.print_alerts(&audit.alarms)?;
        let ok = !has_alarm(&audit.alarms);
        let view = AuditVerifyOutput {
            whole: export.whole,
            entries: audit.entries,
            cases: audit.cases.len(),
            head: export.whole.then_some(audit.head),
            checkpoint,
            ok,
            alarms: audit.alarms,
        };
        screen.print(&view, |view, page| {
            let what = if view.whole { "whole log" } else { "entries of your cases" };
            page.pairs(&[
                ("verified", format!("{what}: entries {}, cases {}", view.entries, view.cases)),
                ("head", view.head.map_or_else(|| "-".to_owned(), |head| head.to_string())),
                ("transparency log", describe_checkpoint(view.checkpoint.as_ref())),
                (
                    "result",
                    if view.ok {
                        "all signatures, chains and case rules are valid"
                    } else {
                        "ALARM"
                    }
                    .to_owned(),
                ),
            ]);
        })?;
        if ok { Ok(()) } else { Err(VerificationFailed.into()) }
    }
}

fn describe_checkpoint(checkpoint: Option<&CheckpointSummary>) -> String {
    let Some(CheckpointSummary { size, countersigned }) = checkpoint else {
        return "not verified".to_owned();
    };
    let since = countersigned
        .and_then(|time| i64::try_from(time).ok())
        .and_then(|time| time::OffsetDateTime::from_unix_timestamp(time).ok());
    match since {
        Some(since) => {
            format!("{size} leaves, countersigned by the oversight body on {}", since.date())
        }
        None => format!("{size} leaves, not countersigned yet"),
    }
}

/// `{"day", "reason", "entries_before", "entries", "cases"}`: the accepted state. Only the
/// oversight body has entries.
#[derive(Debug, Serialize)]
struct AuditAcceptOutput {
    #[serde(with = "protocol::encoding::iso_date")]
    day: time::Date,
    reason: String,
    entries_before: Option<u64>,
    entries: Option<u64>,
    cases: Vec<AcceptedCaseOutput>,
}

#[derive(Debug, Serialize)]
struct AcceptedCaseOutput {
    case: uuid::Uuid,
    events_before: u32,
    events: u32,
}

async fn accept(
    reason: &str,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let mut connection = context.connect(screen).await?;
    let restore = connection.accept_restore(reason).await?;
    let view = AuditAcceptOutput {
        day: restore.day,
        reason: restore.reason,
        entries_before: restore.log.map(|(before, _)| before.entries),
        entries: restore.log.map(|(_, after)| after.entries),
        cases: restore
            .cases
            .into_iter()
            .map(|(case, (before, after))| AcceptedCaseOutput {
                case,
                events_before: before.events,
                events: after.map_or(0, |after| after.events),
            })
            .collect(),
    };
    screen.print(&view, |view, page| {
        page.line(
            "Accepted, and signed with your key. The present state of the case handler is pinned now.",
        );
        if let (Some(before), Some(now)) = (view.entries_before, view.entries) {
            page.line(&format!(
                "Entries of the log: {before} before, {now} now."
            ));
        }
        let row = |case: &AcceptedCaseOutput| {
            let now = if case.events == 0 { "missing".to_owned() } else { case.events.to_string() };
            vec![case.case.to_string(), case.events_before.to_string(), now]
        };
        page.table(
            &["case", "events before", "now"],
            &view.cases.iter().map(row).collect::<Vec<_>>(),
        );
        page.dim(
            "Actions after the backup are lost. Repeat them where needed, and inform the people concerned.",
        );
    })
}

async fn export(
    file: PathBuf,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let export = connection.export_log().await?;
    private_files::create_private(&file, &private_files::to_pretty_json(&export))?;
    let view = AuditExportOutput { file, whole: export.whole, entries: export.entries.len() };
    screen.print(&view, |view, page| {
        page.line(&format!("Exported {} entries to {}.", view.entries, view.file.display()));
        page.dim("Verify it on any machine: burkindi audit verify --file FILE --trust trust.json");
    })
}
