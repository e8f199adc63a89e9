//! `burkindi unreadable`: closes unreadable cases, and purges them after their retention. Each
//! decision needs a second person.

use serde::Serialize;
use uuid::Uuid;
use workbench::{
    actions::{ActionError, DecisionOutcome},
    error_kind::ErrorKind,
    session::HandlerConnection,
};

use super::{CliOutput, CommandContext, case_actions::ConfirmArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct UnreadableArgs {
    /// A prefix of the id of each case, at least 4 characters.
    #[arg(value_name = "CASE", required_unless_present = "all")]
    cases: Vec<String>,
    /// All cases of your queue that your key does not open. Each one is tried and signed
    /// separately.
    #[arg(long, conflicts_with = "cases")]
    all: bool,
    /// Purge cases that were closed as unreadable, after their retention.
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    confirmed: ConfirmArgs,
}

/// `{"cases": [{"case", "did", "failed"}]}`.
#[derive(Debug, Serialize)]
struct UnreadableOutput {
    cases: Vec<UnreadableCaseOutput>,
}

/// The result for one case: `proposed`, `approved`, or why it failed.
#[derive(Debug, Serialize)]
struct UnreadableCaseOutput {
    case: Uuid,
    did: Option<&'static str>,
    failed: Option<String>,
}

impl UnreadableArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let mut connection = context.connect(screen).await?;
        let ids = self.selected_cases(&connection).await?;
        if !ids.is_empty() && (self.all || self.purge) {
            let what = if self.purge {
                format!(
                    "The content of {} cases is destroyed when a second person approves. Their events stay.",
                    ids.len()
                )
            } else {
                format!(
                    "Of {} cases, those that your key does not open are closed when a second person approves.",
                    ids.len()
                )
            };
            self.confirmed.confirm(&what, screen)?;
        }
        let (mut cases, mut worst) = (Vec::new(), None::<ActionError>);
        for case in ids {
            let result = if self.purge {
                connection.purge_unreadable(case).await
            } else {
                connection.close_unreadable(case).await
            };
            let error = match result {
                Ok(outcome) => {
                    let did =
                        if outcome == DecisionOutcome::Proposed { "proposed" } else { "approved" };
                    cases.push(UnreadableCaseOutput { case, did: Some(did), failed: None });
                    continue;
                }
                // With --all, a readable case is no error.
                Err(ActionError::CaseIsReadable) if self.all => continue,
                Err(error) => error,
            };
            cases.push(UnreadableCaseOutput { case, did: None, failed: Some(error.to_string()) });
            let kind = ErrorKind::from(&error);
            if worst.is_none() || kind == ErrorKind::IntegrityAlert {
                worst = Some(error);
            }
            if kind == ErrorKind::Unreachable {
                break;
            }
        }
        self.print_result(cases, screen)?;
        worst.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn selected_cases(&self, connection: &HandlerConnection) -> anyhow::Result<Vec<Uuid>> {
        if self.all {
            return Ok(connection.unreadable_candidates(self.purge).await?);
        }
        let mut ids = Vec::new();
        for prefix in &self.cases {
            ids.push(connection.find_case(prefix).await?);
        }
        Ok(ids)
    }

    fn print_result(
        &self,
        cases: Vec<UnreadableCaseOutput>,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (proposed, approved, command) = if self.purge {
            ("You proposed to purge it.", "It is purged.", "burkindi unreadable --purge CASE")
        } else {
            (
                "You proposed to close it as unreadable.",
                "It is closed as unreadable. The oversight body has it now and tries its own grant.",
                "burkindi unreadable CASE",
            )
        };
        screen.print(&UnreadableOutput { cases }, |view, page| {
            if view.cases.is_empty() {
                return page.line("No such case found.");
            }
            for UnreadableCaseOutput { case, did, failed } in &view.cases {
                let text = match (did, failed) {
                    (Some("proposed"), _) => proposed.to_owned(),
                    (Some(_), _) => approved.to_owned(),
                    (None, failed) => {
                        format!("NOT DONE: {}", failed.as_deref().unwrap_or("not tried"))
                    }
                };
                page.line(&format!("{case}: {text}"));
            }
            if view.cases.iter().any(|one| one.did == Some("proposed")) {
                page.dim(&format!("A second person who cannot open it approves with: {command}"));
            }
        })
    }
}
