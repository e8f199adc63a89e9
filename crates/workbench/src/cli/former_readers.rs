//! `burkindi former-readers`: which cases somebody can open who should not any more, and new keys
//! for them.

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
    /// Make new keys for every case in the list for which you may. For one of them: `rotate CASE`.
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

/// New keys of one case: who can read what comes, or why there are none.
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
                return page.line("Nobody can open a case of yours who should not.");
            }
            page.table(
                &["case", "filed", "stage", "can still open it", ""],
                &view.cases.iter().map(|case| exposed_case_cells(case, &ids)).collect::<Vec<_>>(),
            );
            if !self.rotate {
                page.dim(
                    "New keys for all of them: burkindi former-readers --rotate. What was read stays read.",
                );
                return;
            }
            page.heading("New keys");
            page.table(&[], &view.renewed.iter().map(|case| rotation_cells(case, &ids)).collect::<Vec<_>>());
            let refused = view.cases.iter().filter_map(|case| Some((case.case, case.refused.as_ref()?)));
            let refused = refused.map(|(case, why)| vec![ids[&case].clone(), format!("LEFT: {why}")]);
            page.table(&[], &refused.collect::<Vec<_>>());
        })?;
        let failed = renewals.iter().filter(|renewal| renewal.result.is_err()).count();
        let left = failed + view.cases.iter().filter(|case| case.refused.is_some()).count();
        if self.rotate && left > 0 { Err(FormerReadersRemain(left).into()) } else { Ok(()) }
    }
}

/// In so many cases former readers can go on reading; they have been told already.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} of the cases above have no new keys yet: a former reader still reads what comes there"
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
        case.refused.as_ref().map_or_else(String::new, |refused| format!("not by you: {refused}")),
    ]
}

fn rotation_cells(renewed: &KeyRotationOutput, ids: &BTreeMap<Uuid, String>) -> Vec<String> {
    let what = match &renewed.failed {
        Some(failed) => format!("NOT DONE: {failed}"),
        None => format!("read from now on by {}", renewed.readers.join(", ")),
    };
    vec![ids[&renewed.case].clone(), what]
}
