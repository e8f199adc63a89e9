//! `burkindi audit`: verify and export the log, and accept a restored case handler.

use std::path::PathBuf;

use clap::Subcommand;
use protocol::directory::TrustRoots;
use serde::Serialize;
use workbench::{
    alert::{IntegrityAlert, has_alarm},
    audit::{LogAudit, checkpoint::CheckpointSummary, export::LogExport, fetch::AuditStart},
    private_files,
};

use super::{CliOutput, CommandContext, exit_code::VerificationFailed};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify the log: signatures, case rules, and that it only grows. A member of the oversight
    /// body opens every leaf of the log and countersigns it. Other members verify the events of
    /// their own cases and the proofs that these are in the log.
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
    /// Begin with the first batch of the log, instead of after the last audit without an alarm.
    #[arg(long, conflicts_with = "file")]
    full: bool,
    /// Verify an exported log instead of the case handler's. This needs no key.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The trusted root keys [default: the pinned ones].
    #[arg(long, value_name = "FILE", requires = "file")]
    trust: Option<PathBuf>,
}

/// `{"whole", "events", "cases", "checkpoint", "ok", "alarms"}`. `checkpoint` is `null` for the
/// export of own cases, if the checkpoint was refused, and if there is no transparency log. `ok`
/// means that there is no alarm. There can be notices.
#[derive(Debug, Serialize)]
struct AuditVerifyOutput {
    whole: bool,
    events: u64,
    cases: usize,
    checkpoint: Option<CheckpointSummary>,
    ok: bool,
    alarms: Vec<IntegrityAlert>,
}

/// `{"file", "whole", "events"}`.
#[derive(Debug, Serialize)]
struct AuditExportOutput {
    file: PathBuf,
    whole: bool,
    events: usize,
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
        let audit = match self.file {
            None => {
                let start = if self.full { AuditStart::FirstBatch } else { AuditStart::Resume };
                context.connect(screen).await?.audit_log(start).await?
            }
            Some(file) => {
                let export: LogExport = private_files::read_json(&file)?;
                let trust: TrustRoots = match self.trust {
                    Some(path) => private_files::read_json(&path)?,
                    None => context.profile.trust()?,
                };
                export.verify(&trust, context.profile.trust_state()?.tree)?
            }
        };
        screen.print_alerts(&audit.alarms)?;
        let ok = !has_alarm(&audit.alarms);
        let LogAudit { whole, events, cases, checkpoint, alarms } = audit;
        let view = AuditVerifyOutput { whole, events, cases, checkpoint, ok, alarms };
        screen.print(&view, |view, page| {
            let what = if view.whole { "whole log" } else { "events of your cases" };
            page.pairs(&[
                ("verified", format!("{what}: events {}, cases {}", view.events, view.cases)),
                ("transparency log", describe_checkpoint(view.checkpoint.as_ref())),
                (
                    "result",
                    if view.ok {
                        "all signatures, chains, case rules and proofs are valid"
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
    let Some(summary) = checkpoint else {
        return "not verified".to_owned();
    };
    let CheckpointSummary { size, root, countersigned, oversight, witnesses } = summary;
    let since = countersigned
        .and_then(|time| i64::try_from(time).ok())
        .and_then(|time| time::OffsetDateTime::from_unix_timestamp(time).ok());
    let state = since.map_or_else(
        || "not countersigned yet".to_owned(),
        |since| format!("countersigned on {}", since.date()),
    );
    let members = format!("{oversight} of the oversight body");
    let cosigners = [members].into_iter().chain(witnesses.iter().cloned()).collect::<Vec<_>>();
    format!("{size} leaves, root {root}, {state}; cosigned by: {}", cosigners.join(", "))
}

/// `{"day", "reason", "leaves_before", "leaves", "cases"}`: the accepted state. There are no leaves
/// if the log still contained the pinned tree.
#[derive(Debug, Serialize)]
struct AuditAcceptOutput {
    #[serde(with = "protocol::encoding::iso_date")]
    day: time::Date,
    reason: String,
    leaves_before: Option<u64>,
    leaves: Option<u64>,
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
        leaves_before: restore.tree.map(|(before, _)| before.size),
        leaves: restore.tree.map(|(_, after)| after.size),
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
        if let (Some(before), Some(now)) = (view.leaves_before, view.leaves) {
            page.line(&format!(
                "Leaves of the log: {before} before, {now} now."
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
    let view = AuditExportOutput { file, whole: export.is_whole(), events: export.events() };
    screen.print(&view, |view, page| {
        page.line(&format!("Exported {} events to {}.", view.events, view.file.display()));
        page.dim("Verify it on any machine: burkindi audit verify --file FILE --trust trust.json");
    })
}
