//! `burkindi former-readers`: cases that former readers can still open, and new keys for these
//! cases.

use std::collections::BTreeMap;

use protocol::api::workbench::{FormerReader, FormerReason};
use rand::rngs::OsRng;
use serde::Serialize;
use uuid::Uuid;
use workbench::{
    case::queue::short_ids,
    former_readers::{ExposedCase, KeyRotationResult},
};

use super::{CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct FormerReadersArgs {
    /// Make new keys for every listed case for which you may. For one case, use `rotate CASE`.
    #[arg(long)]
    rotate: bool,
}

/// `{"cases": [{"case", "filed", "stage", "readers", "rule", "refused"}], "renewed": [{"case",
/// "readers", "failed"}]}`.
#[derive(Debug, Serialize)]
struct FormerReadersOutput {
    cases: Vec<ExposedCase>,
    renewed: Vec<KeyRotationOutput>,
}

/// The key rotation of one case: its readers, or why it failed.
#[derive(Debug, Serialize)]
struct KeyRotationOutput {
    case: Uuid,
    readers: Vec<String>,
    failed: Option<String>,
}

impl FormerReadersArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let mut connection = context.connect(screen).await?;
        let cases = connection.former_readers().await?;
        let allowed =
            cases.iter().filter(|case| self.rotate && case.refused.is_none()).map(|case| case.case);
        let renewals = connection.rotate_all(allowed.collect::<Vec<_>>(), &mut OsRng).await?;
        let renewed =
            renewals.iter().map(|KeyRotationResult { case, result: outcome }| KeyRotationOutput {
                case: *case,
                readers: outcome.as_ref().cloned().unwrap_or_default(),
                failed: outcome.as_ref().err().map(ToString::to_string),
            });
        let view = FormerReadersOutput { cases, renewed: renewed.collect() };
        let ids = short_ids(view.cases.iter().map(|case| case.case));
        screen.print(&view, |view, page| {
            if view.cases.is_empty() {
                return page.line("No former reader can open a case of yours.");
            }
            page.table(
                &["case", "filed", "stage", "former readers", ""],
                &view.cases.iter().map(|case| exposed_case_cells(case, &ids)).collect::<Vec<_>>(),
            );
            if !self.rotate {
                page.dim(
                    "New keys for all of them: burkindi former-readers --rotate. Earlier content stays readable to former readers.",
                );
                return;
            }
            page.heading("New keys");
            page.table(&[], &view.renewed.iter().map(|case| rotation_cells(case, &ids)).collect::<Vec<_>>());
            let refused = view.cases.iter().filter_map(|case| Some((case.case, case.refused.as_ref()?)));
            let refused = refused.map(|(case, why)| vec![ids[&case].clone(), format!("NOT DONE: {why}")]);
            page.table(&[], &refused.collect::<Vec<_>>());
        })?;
        let failed = renewals.iter().filter(|renewal| renewal.result.is_err()).count();
        let remaining = failed + view.cases.iter().filter(|case| case.refused.is_some()).count();
        if self.rotate && remaining > 0 {
            Err(FormerReadersRemain(remaining).into())
        } else {
            Ok(())
        }
    }
}

/// The number of cases that former readers can still read. The cases are already printed.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} of the cases above have no new keys yet; former readers can still read new messages there"
)]
pub(crate) struct FormerReadersRemain(usize);

fn exposed_case_cells(case: &ExposedCase, ids: &BTreeMap<Uuid, String>) -> Vec<String> {
    let reader = |reader: &FormerReader| {
        let why = match reader.reason {
            FormerReason::Left => "has left",
            FormerReason::OldKey => "with an old key",
        };
        format!("{} ({why})", reader.handle)
    };
    vec![
        ids[&case.case].clone(),
        case.filed.to_string(),
        case.stage.clone(),
        case.readers.iter().map(reader).collect::<Vec<_>>().join(", "),
        case.refused
            .as_ref()
            .map_or_else(String::new, |refused| format!("not allowed for you: {refused}")),
    ]
}

fn rotation_cells(renewed: &KeyRotationOutput, ids: &BTreeMap<Uuid, String>) -> Vec<String> {
    let what = match &renewed.failed {
        Some(failed) => format!("NOT DONE: {failed}"),
        None => format!("readers: {}", renewed.readers.join(", ")),
    };
    vec![ids[&renewed.case].clone(), what]
}
