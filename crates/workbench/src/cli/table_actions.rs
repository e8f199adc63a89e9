//! Commands that follow from the table of case actions: the member chooses nothing, or only another
//! member.

use clap::{ArgMatches, Args as _, Command, FromArgMatches, Subcommand};
use protocol::case::{ActionKind, ActionPayload, CASE_ACTIONS, CaseAction, Confirmation};
use workbench::l10n::{action_text, event_text};

use super::{
    CaseArg, CliOutput, CommandContext,
    case_actions::{ConfirmArgs, print_outcome},
};

/// A command of the table.
#[derive(Debug)]
pub(crate) struct TableAction {
    act: ActionKind,
    case: CaseArg,
    confirmed: Option<ConfirmArgs>,
    about: Option<MemberArgs>,
}

#[derive(Debug, clap::Args)]
struct MemberArgs {
    /// The member that the action concerns.
    #[arg(long, value_name = "HANDLE")]
    who: String,
}

fn rows() -> impl Iterator<Item = &'static CaseAction> {
    CASE_ACTIONS
        .iter()
        .filter(|row| matches!(row.payload, ActionPayload::Fixed(_) | ActionPayload::Member(_)))
}

fn row_of(command: &str) -> Option<&'static CaseAction> {
    rows().find(|row| row.command_name() == command)
}

fn concerns_member(row: &CaseAction) -> bool {
    matches!(row.payload, ActionPayload::Member(_))
}

fn clap_command(row: &CaseAction) -> Command {
    let command = Command::new(row.command_name()).about(help_text(row.kind));
    let mut command = CaseArg::augment_args(command);
    if concerns_member(row) {
        command = MemberArgs::augment_args(command);
    }
    match row.confirmation {
        Confirmation::Never => command,
        Confirmation::Sometimes | Confirmation::Always => ConfirmArgs::augment_args(command),
    }
}

impl Subcommand for TableAction {
    fn augment_subcommands(parent: Command) -> Command {
        parent.subcommands(rows().map(clap_command))
    }

    fn augment_subcommands_for_update(parent: Command) -> Command {
        Self::augment_subcommands(parent)
    }

    fn has_subcommand(name: &str) -> bool {
        row_of(name).is_some()
    }
}

impl FromArgMatches for TableAction {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let unknown = || clap::Error::new(clap::error::ErrorKind::InvalidSubcommand);
        let (name, matches) = matches.subcommand().ok_or_else(unknown)?;
        let row = row_of(name).ok_or_else(unknown)?;
        let confirmed = match row.confirmation {
            Confirmation::Never => None,
            Confirmation::Sometimes | Confirmation::Always => {
                Some(ConfirmArgs::from_arg_matches(matches)?)
            }
        };
        let about =
            concerns_member(row).then(|| MemberArgs::from_arg_matches(matches)).transpose()?;
        Ok(Self { act: row.kind, case: CaseArg::from_arg_matches(matches)?, confirmed, about })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl TableAction {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case.case, screen).await?;
        let unhandled = case.state.as_ref().map_or(0, |state| state.unhandled);
        if self.act == ActionKind::MarkHandled && unhandled == 0 {
            let text = "No message of the reporter is unhandled. Nothing was signed.";
            return print_outcome(&case, "unchanged", text, screen);
        }
        if let Some(confirmed) = &self.confirmed {
            let what = action_text::confirmation(self.act);
            confirmed.confirm_action((&connection, &case, self.act), &what, screen)?;
        }
        match &self.about {
            None => connection.take_action(&mut case, self.act).await?,
            Some(about) => {
                connection.take_action_about(&mut case, self.act, &about.who).await?;
            }
        }
        let action = case.events.last().map(|event| &event.action);
        let did = action.map(event_text::action_name).unwrap_or_default();
        let text = match (self.outcome(unhandled), action) {
            (Some(text), _) => text,
            (None, Some(action)) => {
                format!("Signed and in the log: you {}.", event_text::describe_action(action))
            }
            (None, None) => String::new(),
        };
        print_outcome(&case, did, &text, screen)
    }

    /// Returns what follows from the action, where the text of its event does not say it.
    fn outcome(&self, unhandled: u32) -> Option<String> {
        let text = match self.act {
            ActionKind::Declare => "You declared to have no conflict of interest in this case.",
            ActionKind::Claim => {
                "You are the assignee, and you declared to have no conflict of interest in this case."
            }
            ActionKind::Recuse => {
                "You recused yourself and have no access to this case any more. Delete what you saved of it."
            }
            ActionKind::Escalate => "The oversight body can read the case now.",
            ActionKind::Hold => {
                "The case is under legal hold. Two members lift it: burkindi propose CASE lift-hold"
            }
            ActionKind::FollowUpReferral => "The next follow-up of the referral is due in 60 days.",
            ActionKind::Withdraw => "The proposal is withdrawn.",
            ActionKind::MarkHandled if unhandled == 1 => {
                "1 message of the reporter is marked as handled."
            }
            ActionKind::MarkHandled => {
                return Some(format!(
                    "{unhandled} messages of the reporter are marked as handled."
                ));
            }
            ActionKind::Challenge => {
                let who = self.about.as_ref().map_or("the member", |about| &about.who);
                return Some(format!(
                    "Until the lead of the desk or the oversight body decides, {who} can only recuse."
                ));
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}

/// Returns the help of a command: the text of the action in the pages, or a longer one.
fn help_text(act: ActionKind) -> String {
    let text = match act {
        ActionKind::Declare => {
            "Declare to have no conflict of interest in a case. `show` prints nothing of it before"
        }
        ActionKind::Claim => {
            "Become the assignee of a case. This also declares to have no conflict of interest in it"
        }
        ActionKind::Recuse => {
            "Recuse yourself from a case because of a conflict of interest. You lose access permanently"
        }
        ActionKind::Challenge => {
            "Claim that a colleague has a conflict of interest in a case. Write the reason in a note"
        }
        ActionKind::MarkHandled => {
            "Sign that the reporter's messages are handled, where no reply or stage change does so. Use `show` to read them"
        }
        ActionKind::FollowUpReferral => {
            "Sign that you asked the authority about the state of a referral"
        }
        ActionKind::Withdraw => "Withdraw your proposal",
        ActionKind::Escalate => "Give the oversight body access to a case",
        ActionKind::Hold => "Place a legal hold on a case",
        act => return action_text::title(act),
    };
    text.to_owned()
}
