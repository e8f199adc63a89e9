//! `burkindi absence`: list, set and clear absences.

use clap::Subcommand;
use protocol::api::workbench::Absence;
use time::{Date, format_description::well_known::Iso8601};

use super::{CliOutput, CommandContext};

/// Without a command, the absences of your desks are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct AbsenceArgs {
    #[command(subcommand)]
    command: Option<AbsenceCommand>,
}

#[derive(Debug, Subcommand)]
enum AbsenceCommand {
    /// Set an absence: the member gets no new suggestions until its last day. Assigned cases stay
    /// assigned.
    Set {
        /// The last day of the absence: YYYY-MM-DD, at most 60 days from now.
        #[arg(long, value_name = "DAY", value_parser = parse_date)]
        until: Date,
        /// A member of a desk that you lead [default: yourself].
        #[arg(long, value_name = "HANDLE")]
        member: Option<String>,
    },
    /// Clear an absence: the member gets suggestions again.
    Clear {
        /// A member of a desk that you lead [default: yourself].
        #[arg(long, value_name = "HANDLE")]
        member: Option<String>,
    },
}

fn parse_date(text: &str) -> Result<Date, String> {
    Date::parse(text, &Iso8601::DATE).map_err(|_| "expected YYYY-MM-DD".to_owned())
}

impl AbsenceArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        match self.command {
            None => list_absences(context, screen).await,
            Some(AbsenceCommand::Set { until, member }) => {
                set_absence(member, Some(until), context, screen).await
            }
            Some(AbsenceCommand::Clear { member }) => {
                set_absence(member, None, context, screen).await
            }
        }
    }
}

/// Prints `{"absences": [{"member", "until"}]}`.
async fn list_absences(context: &mut CommandContext, screen: &mut CliOutput) -> anyhow::Result<()> {
    let absences = context.connect(screen).await?.absences().await?;
    screen.print(&serde_json::json!({ "absences": absences }), |_, page| {
        if absences.is_empty() {
            page.line("No member of your desks is absent.");
        }
        for Absence { member, until } in &absences {
            page.line(&format!(
                "{member} until {}",
                until.map_or_else(String::new, |day| day.to_string())
            ));
        }
    })
}

/// Sets the absence of a member until a day, or clears it. Prints `{"member", "until"}`.
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
            page.line(&format!("{} gets no new suggestions until {until}.", absence.member));
        }
        None => page.line(&format!("{} gets new suggestions again.", absence.member)),
    })
}
