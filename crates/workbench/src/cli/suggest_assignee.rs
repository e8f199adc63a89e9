//! `burkindi suggest-assignee`: to whom a case would be suggested now, and why.

use protocol::api::workbench::AssigneeCandidate;
use serde::Serialize;

use super::{CaseArg, CliOutput, CommandContext};

/// `{"candidates": […]}`, the best first. Absent members are listed, and never suggested.
#[derive(Debug, Serialize)]
struct SuggestAssigneeOutput {
    candidates: Vec<AssigneeCandidate>,
}

/// Prints the members to whom a case would be suggested now, with the facts of the order.
pub(crate) async fn run(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let id = connection.find_case(&arg.case).await?;
    let view = SuggestAssigneeOutput { candidates: connection.assignee_candidates(id).await? };
    screen.print(&view, |view, page| {
        let row = |candidate: &AssigneeCandidate| {
            vec![
                candidate.member.clone(),
                candidate
                    .away
                    .map_or_else(|| "available".to_owned(), |until| format!("absent until {until}")),
                if candidate.reads_language {
                    "reads the language"
                } else {
                    "does not read the language"
                }
                .to_owned(),
                format!("workload {}", candidate.load),
                format!("tie breaker {}", candidate.tie_breaker),
            ]
        };
        page.table(&[], &view.candidates.iter().map(row).collect::<Vec<_>>());
        page.dim(
            "The first available member is suggested. Members who read the reporter's language come \
             first, then those with the smallest workload, then the smallest tie breaker.",
        );
    })
}
