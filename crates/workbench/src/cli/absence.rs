//! Who takes cases: being away, and a dry run of the routing.

use protocol::api::workbench::{Absence, AssigneeCandidate};
use serde::Serialize;
use time::{Date, format_description::well_known::Iso8601};

use super::{CaseArg, CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct AbsenceSetArgs {
    /// The last day away: YYYY-MM-DD, at most 60 days from now. If left out, who is away is listed.
    #[arg(long, value_name = "DAY", value_parser = parse_date)]
    until: Option<Date>,
    /// Of the desk that you lead; yourself if left out.
    #[arg(long, value_name = "HANDLE", requires = "until")]
    member: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AbsenceClearArgs {
    /// Of the desk that you lead; yourself if left out.
    #[arg(long, value_name = "HANDLE")]
    member: Option<String>,
}

/// `{"candidates": […]}`, the best first; who is away is suggested to nobody.
#[derive(Debug, Serialize)]
struct SuggestAssigneeOutput {
    candidates: Vec<AssigneeCandidate>,
}

fn parse_date(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| "a day is YYYY-MM-DD".to_owned())
}

impl AbsenceSetArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self.until {
            Some(until) => set_absence(self.member, Some(until), context, screen).await,
            None => list_absences(context, screen).await,
        }
    }
}

impl AbsenceClearArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        set_absence(self.member, None, context, screen).await
    }
}

/// `{"absences": [{"member", "until"}]}`.
async fn list_absences(context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let absences = context.connect(screen).await?.absences().await?;
    screen.print(&serde_json::json!({ "absences": absences }), |_, page| {
        if absences.is_empty() {
            page.line("Nobody of your desks is away.");
        }
        for Absence { member, until } in &absences {
            page.line(&format!(
                "{member} until {}",
                until.map_or_else(String::new, |day| day.to_string())
            ));
        }
    })
}

async fn set_absence(
    member: Option<String>,
    until: Option<Date>,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let member = member.unwrap_or_else(|| connection.handle().to_owned());
    let absence = Absence { member, until };
    connection.set_absence(&absence).await?;
    screen.print(&absence, |absence, page| match absence.until {
        Some(until) => {
            page.line(&format!("Nothing new is suggested to {} until {until}.", absence.member))
        }
        None => page.line(&format!("{} takes cases again.", absence.member)),
    })
}

/// To whom a case would be suggested now, and why.
pub(crate) async fn suggest_assignee(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let id = connection.find_case(&arg.case).await?;
    let routing = SuggestAssigneeOutput { candidates: connection.assignee_candidates(id).await? };
    screen.print(&routing, |routing, page| {
        let row = |candidate: &AssigneeCandidate| {
            vec![
                candidate.member.clone(),
                candidate.away.map_or_else(|| "there".to_owned(), |until| format!("away until {until}")),
                if candidate.reads_language { "reads the language" } else { "does not read the language" }
                    .to_owned(),
                format!("load {}", candidate.load),
                format!("lot {}", candidate.tie_breaker),
            ]
        };
        page.table(&[], &routing.candidates.iter().map(row).collect::<Vec<_>>());
        page.dim(
            "The first who is there: who reads the reporter's language, has least to do, and then by lot.",
        );
    })
}
