//! `burkindi unreadable`: closes what came unreadable, and destroys it after its retention. Each
//! case takes two persons.

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
    /// The first 4 or more characters of each case's id.
    #[arg(value_name = "CASE", required_unless_present = "all")]
    cases: Vec<String>,
    /// Every case of your queue that your key does not open. Each is tried and signed for itself.
    #[arg(long, conflicts_with = "cases")]
    all: bool,
    /// Destroy cases that were closed as unreadable, once their retention is over.
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

/// What was done with one case: `proposed`, `approved`, or nothing, and why.
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
                    "All that {} cases hold is destroyed once two have said so. Their events stay.",
                    ids.len()
                )
            } else {
                format!(
                    "Of {} cases, those that your key does not open are closed once two have said so.",
                    ids.len()
                )
            };
            self.confirmed.confirm(&what, screen)?;
        }
        let (mut cases, mut worst) = (Vec::new(), None::<ActionError>);
        for case in ids {
            let done = if self.purge {
                connection.purge_unreadable(case).await
            } else {
                connection.close_unreadable(case).await
            };
            let error = match done {
                Ok(done) => {
                    let did =
                        if done == DecisionOutcome::Proposed { "proposed" } else { "approved" };
                    cases.push(UnreadableCaseOutput { case, did: Some(did), failed: None });
                    continue;
                }
                // It was only tried.
                Err(ActionError::CaseIsReadable) if self.all => continue,
                Err(error) => error,
            };
            cases.push(UnreadableCaseOutput { case, did: None, failed: Some(error.to_string()) });
            let outcome = ErrorKind::from(&error);
            if worst.is_none() || outcome == ErrorKind::IntegrityAlert {
                worst = Some(error);
            }
            if outcome == ErrorKind::Unreachable {
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
            ("You proposed to destroy it.", "It is destroyed.", "burkindi unreadable --purge CASE")
        } else {
            (
                "You proposed to close it as unreadable.",
                "It is closed as unreadable. The oversight body has it now and tries its own grant.",
                "burkindi unreadable CASE",
            )
        };
        screen.print(&UnreadableOutput { cases }, |view, page| {
            if view.cases.is_empty() {
                return page.line("There is no such case.");
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
                page.dim(&format!("Another person who cannot open it approves with: {command}"));
            }
        })
    }
}
