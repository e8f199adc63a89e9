//! `burkindi verify`: verify an exported case without keys and without a network.

use std::path::PathBuf;

use protocol::directory::TrustRoots;
use serde::Serialize;
use workbench::{
    case::export::{
        summary::ExportSummary,
        verify::{ExportDifference, verify_export},
    },
    private_files,
    session::fingerprint,
};

use super::{CliOutput, CommandContext, exit_code::VerificationFailed};

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The folder of the export.
    folder: PathBuf,
    /// The trusted root keys, from the administration or the oversight body [default: those of the
    /// export, whose fingerprint you compare with a poster].
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

/// `{"ok", "trusted", "fingerprint", "summary", "proves", "does_not_prove", "differences",
/// "notices"}`. `trusted` means that `--trust` named the root keys. `proves` is empty if there is a
/// difference.
#[derive(Debug, Serialize)]
struct VerifyOutput {
    ok: bool,
    trusted: bool,
    fingerprint: Option<String>,
    summary: Option<ExportSummary>,
    proves: Option<String>,
    does_not_prove: Option<String>,
    differences: Vec<ExportDifference>,
    notices: Vec<String>,
}

impl VerifyArgs {
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let trust: Option<TrustRoots> =
            self.trust.as_deref().map(private_files::read_json).transpose()?;
        let lang = context.label_lang();
        let result = verify_export(&self.folder, trust.as_ref())?;
        let ok = result.differences.is_empty() && result.summary.is_some();
        let statements = result.summary.as_ref().filter(|_| ok);
        let [proves, does_not_prove] = match statements {
            Some(summary) => summary.statements(lang).map(Some),
            None => [None, None],
        };
        let view = VerifyOutput {
            ok,
            trusted: trust.is_some(),
            fingerprint: result.summary.as_ref().map(|shown| fingerprint(&shown.trust, lang)),
            summary: result.summary,
            proves,
            does_not_prove,
            differences: result.differences,
            notices: result.notices,
        };
        screen.print(&view, |view, page| {
            if let Some(summary) = &view.summary {
                page.pairs(&[
                    ("case", summary.case.to_string()),
                    ("filed", summary.filed.to_string()),
                    ("exported", format!("{} by {}", summary.exported, summary.by)),
                    (
                        "content",
                        format!(
                            "events {}, messages {}, notes {}, files {}",
                            summary.events, summary.messages, summary.notes, summary.files
                        ),
                    ),
                ]);
                if let Some(logged) = &summary.logged {
                    let countersigned = logged.countersigned.map_or_else(
                        || "not countersigned".to_owned(),
                        |date| format!("countersigned since {date}"),
                    );
                    page.pairs(&[(
                        "log",
                        format!(
                            "events up to {} of {} entries, {countersigned}: members of the oversight body {}, witnesses {}",
                            logged.newest, logged.log_size, logged.oversight, logged.witnesses
                        ),
                    )]);
                }
                for part in &summary.unopened {
                    page.warn(&format!("Not opened: the {} of event {}.", part.kind, part.event));
                }
            }
            for notice in &view.notices {
                page.warn(&format!("notice: {notice}"));
            }
            for difference in &view.differences {
                page.warn(&format!("ALARM: {}: {}", difference.subject, difference.text));
            }
            match (&view.proves, &view.does_not_prove, &view.fingerprint) {
                (Some(proves), Some(not), Some(words)) => {
                    page.line(proves);
                    page.line(not);
                    if !view.trusted {
                        page.warn(&format!("This holds only for the root keys with these words. Compare them with a poster, or use --trust FILE: {words}"));
                    }
                }
                _ => page.warn("The export proves nothing."),
            }
        })?;
        if view.ok { Ok(()) } else { Err(VerificationFailed.into()) }
    }
}
