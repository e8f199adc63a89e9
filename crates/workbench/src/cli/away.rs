//! Who takes cases: being away, and a dry run of the routing.

use envelope::desk_api::{Absence, Candidate};
use serde::Serialize;
use time::{Date, format_description::well_known::Iso8601};

use super::{CaseArg, Context, Screen};

#[derive(Debug, clap::Args)]
pub(crate) struct Away {
    /// The last day away: YYYY-MM-DD, at most 60 days from now. If left out, who is away is listed.
    #[arg(long, value_name = "DAY", value_parser = day)]
    until: Option<Date>,
    /// Of the desk that you lead; yourself if left out.
    #[arg(long, value_name = "HANDLE", requires = "until")]
    member: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Back {
    /// Of the desk that you lead; yourself if left out.
    #[arg(long, value_name = "HANDLE")]
    member: Option<String>,
}

/// `{"candidates": […]}`, the best first; who is away is suggested to nobody.
#[derive(Debug, Serialize)]
struct Routing {
    candidates: Vec<Candidate>,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| "a day is YYYY-MM-DD".to_owned())
}

impl Away {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        match self.until {
            Some(until) => set(self.member, Some(until), context, screen).await,
            None => list(context, screen).await,
        }
    }
}

impl Back {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        set(self.member, None, context, screen).await
    }
}

/// `{"absences": [{"member", "until"}]}`.
async fn list(context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let absences = context.connect(screen).await?.absences().await?;
    screen.show(&serde_json::json!({ "absences": absences }), |_, page| {
        if absences.is_empty() {
            page.line("Nobody of your desks is away.");
        }
        for Absence { member, until } in &absences {
            page.line(&format!("{member} until {}", until.map_or_else(String::new, |day| day.to_string())));
        }
    })
}

async fn set(
    member: Option<String>,
    until: Option<Date>,
    context: &mut Context,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let member = member.unwrap_or_else(|| connection.handle().to_owned());
    let absence = Absence { member, until };
    connection.set_absence(&absence).await?;
    screen.show(&absence, |absence, page| match absence.until {
        Some(until) => page.line(&format!("Nothing new is suggested to {} until {until}.", absence.member)),
        None => page.line(&format!("{} takes cases again.", absence.member)),
    })
}

/// To whom a case would be suggested now, and why.
pub(crate) async fn route(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let connection = context.connect(screen).await?;
    let id = connection.find_case(&arg.case).await?;
    let routing = Routing { candidates: connection.routing(id).await? };
    screen.show(&routing, |routing, page| {
        let row = |candidate: &Candidate| {
            vec![
                candidate.member.clone(),
                candidate.away.map_or_else(|| "there".to_owned(), |until| format!("away until {until}")),
                if candidate.reads { "reads the language" } else { "does not read the language" }.to_owned(),
                format!("load {}", candidate.load),
                format!("lot {}", candidate.lot),
            ]
        };
        page.table(&[], &routing.candidates.iter().map(row).collect::<Vec<_>>());
        page.dim(
            "The first who is there: who reads the reporter's language, has least to do, and then by lot.",
        );
    })
}
