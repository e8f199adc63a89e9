//! `burkindi former-readers`: cases that former readers can still open, and new keys for these
//! cases, which one member proposes and another approves.

use std::collections::BTreeMap;

use protocol::api::workbench::{FormerReader, FormerReason};
use rand::rngs::OsRng;
use serde::Serialize;
use uuid::Uuid;
use workbench::{
    case::queue::short_ids,
    former_readers::{ExposedCase, KeyRotationResult, ProposedCase},
};

use super::{CliOutput, CommandContext, output::TextBuilder};

#[derive(Debug, clap::Args)]
pub(crate) struct FormerReadersArgs {
    /// Propose new keys for every listed case for which you may. Another reader approves them. For
    /// one case, use `rotate CASE`.
    #[arg(long, conflicts_with = "approve")]
    rotate: bool,
    /// Check and approve the new keys that colleagues proposed, if they leave out no member. For
    /// one case, use `approve-rotation CASE`.
    #[arg(long)]
    approve: bool,
}

/// `{"cases": [{"case", "filed", "stage", "readers", "rule", "refused"}], "to_approve": [{"case",
/// "filed", "by"}], "done": [{"case", "readers", "oversight", "failed"}]}`.
#[derive(Debug, Serialize)]
struct FormerReadersOutput {
    cases: Vec<ExposedCase>,
    to_approve: Vec<ProposedCase>,
    done: Vec<KeyRotationOutput>,
}

/// The proposed or approved rotation of one case: its readers, or why it failed.
#[derive(Debug, Serialize)]
struct KeyRotationOutput {
    case: Uuid,
    readers: Vec<String>,
    oversight: Vec<String>,
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
        let to_approve = connection.rotations_to_approve().await?;
        let results = if self.rotate {
            let allowed = cases.iter().filter(|case| case.refused.is_none());
            let allowed: Vec<_> = allowed.map(|case| case.case).collect();
            connection.propose_all(allowed, &mut OsRng).await?
        } else if self.approve {
            connection.approve_all(to_approve.iter().map(|case| case.case)).await?
        } else {
            Vec::new()
        };
        let view = FormerReadersOutput {
            cases,
            to_approve,
            done: results.iter().map(KeyRotationOutput::from).collect(),
        };
        screen.print(&view, |view, page| self.print(view, page))?;
        let failed = results.iter().filter(|entry| entry.result.is_err()).count();
        let is_open = |case: &&ExposedCase| case.refused.is_some() && !case.proposed;
        let refused = view.cases.iter().filter(is_open).count();
        match (self.rotate, self.approve, failed) {
            (true, ..) if failed + refused > 0 => Err(NotProposed(failed + refused).into()),
            (_, true, 1..) => Err(NotApproved(failed).into()),
            _ => Ok(()),
        }
    }

    fn print(&self, view: &FormerReadersOutput, page: &mut TextBuilder) {
        let listed = view.cases.iter().map(|case| case.case);
        let ids = short_ids(listed.chain(view.to_approve.iter().map(|case| case.case)));
        if view.cases.is_empty() {
            page.line("No former reader can open a case of yours.");
        } else {
            page.table(
                &["case", "filed", "stage", "former readers", ""],
                &view.cases.iter().map(|case| exposed_case_cells(case, &ids)).collect::<Vec<_>>(),
            );
        }
        if !view.to_approve.is_empty() {
            page.heading("New keys that wait for your approval");
            let cells = |case: &ProposedCase| {
                vec![
                    ids[&case.case].clone(),
                    case.filed.to_string(),
                    format!("proposed by {}", case.by),
                ]
            };
            page.table(&[], &view.to_approve.iter().map(cells).collect::<Vec<_>>());
        }
        if self.rotate || self.approve {
            page.heading(if self.rotate { "Proposed" } else { "Approved" });
            page.table(
                &[],
                &view.done.iter().map(|case| rotation_cells(case, &ids)).collect::<Vec<_>>(),
            );
            let refused = view.cases.iter().filter(|_| self.rotate);
            let refused = refused.filter_map(|case| Some((case.case, case.refused.as_ref()?)));
            let refused =
                refused.map(|(case, why)| vec![ids[&case].clone(), format!("NOT DONE: {why}")]);
            page.table(&[], &refused.collect::<Vec<_>>());
            if self.rotate {
                page.dim(
                    "The new keys are in effect after another reader of each case has run: burkindi former-readers --approve",
                );
            }
            return;
        }
        if !view.cases.is_empty() {
            page.dim(
                "To propose new keys for all of them: burkindi former-readers --rotate. Earlier content stays readable to former readers.",
            );
        }
        if !view.to_approve.is_empty() {
            page.dim("To check and approve the proposed keys: burkindi former-readers --approve");
        }
    }
}

impl From<&KeyRotationResult> for KeyRotationOutput {
    fn from(entry: &KeyRotationResult) -> Self {
        let (readers, oversight) = match &entry.result {
            Ok(readers) => (readers.readers.clone(), readers.oversight.clone()),
            Err(_) => (Vec::new(), Vec::new()),
        };
        let failed = entry.result.as_ref().err().map(ToString::to_string);
        Self { case: entry.case, readers, oversight, failed }
    }
}

/// The number of cases for which no new keys are proposed. The cases are already printed.
#[derive(Debug, thiserror::Error)]
#[error(
    "no new keys are proposed for {0} of the cases above; former readers can still read new messages there"
)]
pub(crate) struct NotProposed(usize);

/// The number of proposals that were not approved. They are already printed.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} of the proposals above are not approved; former readers can still read new messages there"
)]
pub(crate) struct NotApproved(usize);

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

fn rotation_cells(done: &KeyRotationOutput, ids: &BTreeMap<Uuid, String>) -> Vec<String> {
    let what = match &done.failed {
        Some(failed) => format!("NOT DONE: {failed}"),
        None => format!(
            "readers: {}; oversight body: {}",
            done.readers.join(", "),
            done.oversight.join(", ")
        ),
    };
    vec![ids[&done.case].clone(), what]
}
