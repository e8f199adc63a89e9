//! Commands that follow from the table of case actions, with the options of what the member
//! chooses.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand, ValueEnum};
use protocol::{
    Priority,
    case::{
        ActionKind, ActionPayload, CASE_ACTIONS, CaseAction, Confirmation, ReopenReason,
        event::Action,
    },
};
use workbench::{
    actions::{ActionChoice, ActionError, marks_handled},
    l10n::{action_text, event_text},
    session::HandlerConnection,
};

use super::{
    CaseArg, CliOutput, CommandContext,
    case_actions::{ConfirmArgs, print_outcome},
    parse_enum, read_text_arg,
};

/// A command of the table.
#[derive(Debug)]
pub(crate) struct TableAction {
    act: ActionKind,
    case: CaseArg,
    choice: ChoiceArgs,
    confirmed: Option<ConfirmArgs>,
}

/// The options for what the member chooses.
#[derive(Debug)]
enum ChoiceArgs {
    Nothing,
    Claim(WishArgs),
    Member(MemberArgs),
    Assignee(AssigneeArgs),
    Verdict(VerdictArgs),
    Reason(ReasonArgs),
    Reopening(ReopeningArgs),
    Priority(PriorityArgs),
    OtherCase(OtherCaseArgs),
}

#[derive(Debug, Args)]
struct MemberArgs {
    /// The member that the action concerns.
    #[arg(long, value_name = "HANDLE")]
    who: String,
}

#[derive(Debug, Args)]
struct WishArgs {
    /// Why the new assignee gets the case against the reporter's wish for a woman or a man. The
    /// reason is a note, sealed to the case.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

#[derive(Debug, Args)]
struct AssigneeArgs {
    /// The handle of the colleague.
    #[arg(long, value_name = "HANDLE")]
    to: String,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, Args)]
struct VerdictArgs {
    /// The colleague whose conflict of interest is claimed.
    #[arg(long, value_name = "HANDLE")]
    who: String,
    /// upheld: the colleague loses access permanently. dismissed: nothing changes.
    verdict: ChallengeVerdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChallengeVerdict {
    Upheld,
    Dismissed,
}

#[derive(Debug, Args)]
struct ReasonArgs {
    /// The reason [default: standard input].
    #[arg(long)]
    text: Option<String>,
    /// A file with the reason.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ReopeningArgs {
    /// reporter: the reporter wrote within 180 days of the closing. new-evidence: there is new
    /// evidence from another source.
    #[arg(value_parser = parse_enum::<ReopenReason>)]
    ground: ReopenReason,
    #[command(flatten)]
    wish: WishArgs,
}

#[derive(Debug, Args)]
struct PriorityArgs {
    /// P1, P2 or P3.
    #[arg(value_parser = parse_enum::<Priority>)]
    priority: Priority,
}

#[derive(Debug, Args)]
struct OtherCaseArgs {
    /// A prefix of the other case's id, at least 4 characters.
    #[arg(long, value_name = "CASE")]
    to: String,
}

/// Adds the options of a row to its command. Returns `None` if the command is written by hand,
/// because several rows share it or it has options beside the action.
fn add_options(row: &CaseAction, command: Command) -> Option<Command> {
    Some(match row.payload {
        ActionPayload::Fixed(_) => command,
        ActionPayload::Claim => WishArgs::augment_args(command),
        ActionPayload::Member(_) => MemberArgs::augment_args(command),
        ActionPayload::Assignee => AssigneeArgs::augment_args(command),
        ActionPayload::Verdict => VerdictArgs::augment_args(command),
        ActionPayload::Reason(_) => ReasonArgs::augment_args(command),
        ActionPayload::Reopening => ReopeningArgs::augment_args(command),
        ActionPayload::Priority(_) => PriorityArgs::augment_args(command),
        ActionPayload::OtherCase => OtherCaseArgs::augment_args(command),
        ActionPayload::Handler
        | ActionPayload::Stage(_)
        | ActionPayload::Message
        | ActionPayload::Note(_)
        | ActionPayload::Keys
        | ActionPayload::KeysApproval
        | ActionPayload::Proposal(_)
        | ActionPayload::Approval => return None,
    })
}

/// Reads the options that [`add_options`] added.
fn read_options(row: &CaseAction, matches: &ArgMatches) -> Result<ChoiceArgs, clap::Error> {
    Ok(match row.payload {
        ActionPayload::Claim => ChoiceArgs::Claim(WishArgs::from_arg_matches(matches)?),
        ActionPayload::Member(_) => ChoiceArgs::Member(MemberArgs::from_arg_matches(matches)?),
        ActionPayload::Assignee => ChoiceArgs::Assignee(AssigneeArgs::from_arg_matches(matches)?),
        ActionPayload::Verdict => ChoiceArgs::Verdict(VerdictArgs::from_arg_matches(matches)?),
        ActionPayload::Reason(_) => ChoiceArgs::Reason(ReasonArgs::from_arg_matches(matches)?),
        ActionPayload::Reopening => {
            ChoiceArgs::Reopening(ReopeningArgs::from_arg_matches(matches)?)
        }
        ActionPayload::Priority(_) => {
            ChoiceArgs::Priority(PriorityArgs::from_arg_matches(matches)?)
        }
        ActionPayload::OtherCase => {
            ChoiceArgs::OtherCase(OtherCaseArgs::from_arg_matches(matches)?)
        }
        ActionPayload::Fixed(_)
        | ActionPayload::Handler
        | ActionPayload::Stage(_)
        | ActionPayload::Message
        | ActionPayload::Note(_)
        | ActionPayload::Keys
        | ActionPayload::KeysApproval
        | ActionPayload::Proposal(_)
        | ActionPayload::Approval => ChoiceArgs::Nothing,
    })
}

impl ChoiceArgs {
    /// Returns the choice of the member: finds the other case, and reads the text.
    async fn resolve(self, connection: &HandlerConnection) -> anyhow::Result<ActionChoice> {
        Ok(match self {
            Self::Nothing => ActionChoice::Nothing,
            Self::Claim(args) => ActionChoice::Claim(args.reason),
            Self::Member(args) => ActionChoice::Member(args.who),
            Self::Assignee(args) => {
                ActionChoice::Assignee { to: args.to, reason: args.wish.reason }
            }
            Self::Verdict(args) => ActionChoice::Verdict {
                upheld: args.verdict == ChallengeVerdict::Upheld,
                who: args.who,
            },
            Self::Reason(args) => {
                ActionChoice::Reason(read_text_arg(args.text, args.file.as_ref())?)
            }
            Self::Reopening(args) => {
                ActionChoice::Reopening { ground: args.ground, reason: args.wish.reason }
            }
            Self::Priority(args) => ActionChoice::Priority(args.priority),
            Self::OtherCase(args) => ActionChoice::OtherCase(connection.find_case(&args.to).await?),
        })
    }
}

/// Returns each row whose command follows from the table, with this command.
fn commands() -> impl Iterator<Item = (&'static CaseAction, Command)> {
    CASE_ACTIONS.iter().filter_map(|row| Some((row, clap_command(row)?)))
}

fn row_of(command: &str) -> Option<&'static CaseAction> {
    commands().map(|(row, _)| row).find(|row| row.command_name() == command)
}

fn clap_command(row: &CaseAction) -> Option<Command> {
    let command = CaseArg::augment_args(Command::new(row.command_name()));
    let command = add_options(row, command)?;
    let command = match row.confirmation {
        Confirmation::Never => command,
        Confirmation::Sometimes | Confirmation::Always => ConfirmArgs::augment_args(command),
    };
    // Last, because `augment_args` sets the comment of its type as the help of the command.
    Some(command.about(help_text(row.kind)))
}

impl Subcommand for TableAction {
    fn augment_subcommands(parent: Command) -> Command {
        parent.subcommands(commands().map(|(_, command)| command))
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
        let choice = read_options(row, matches)?;
        Ok(Self { act: row.kind, case: CaseArg::from_arg_matches(matches)?, choice, confirmed })
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
        // Before a text is read or a confirmation is asked for.
        connection.dry_run(&case, self.act).map_err(ActionError::from)?;
        if marks_handled(self.act) {
            connection.check_unhandled_seen(&case)?;
        }
        let choice = self.choice.resolve(&connection).await?;
        if let (Some(confirmed), Some(what)) = (&self.confirmed, confirmation(self.act, &choice)) {
            confirmed.confirm(&what, screen)?;
        }
        let outcome = outcome(self.act, &choice, unhandled);
        connection.take_action(&mut case, self.act, choice).await?;
        let action = case.events.last().map(|event| &event.action);
        let did = action.map(event_text::action_name).unwrap_or_default();
        let text = outcome.or_else(|| action.map(signed_text)).unwrap_or_default();
        print_outcome(&case, did, &text, screen)
    }
}

/// Returns what cannot be undone after the action, or `None` if it can be undone.
fn confirmation(act: ActionKind, choice: &ActionChoice) -> Option<String> {
    match choice {
        ActionChoice::Verdict { upheld: false, .. } => None,
        ActionChoice::Verdict { who, .. } => {
            Some(format!("Access to this case ends permanently for: {who}."))
        }
        _ => Some(action_text::confirmation(act)),
    }
}

fn signed_text(action: &Action) -> String {
    format!("Signed and in the log: you {}.", event_text::describe_action(action))
}

/// Returns what follows from the action, where the text of its event does not say it.
fn outcome(act: ActionKind, choice: &ActionChoice, unhandled: u32) -> Option<String> {
    let text = match (act, choice) {
        (ActionKind::Declare, _) => "You declared to have no conflict of interest in this case.",
        (ActionKind::Claim, _) => {
            "You are the assignee, and you declared to have no conflict of interest in this case."
        }
        (ActionKind::Recuse, _) => {
            "You recused yourself and have no access to this case any more. Delete what you saved of it."
        }
        (ActionKind::Escalate, _) => "The oversight body can read the case now.",
        (ActionKind::Hold, _) => {
            "The case is under legal hold. Two members lift it: burkindi propose CASE lift-hold"
        }
        (ActionKind::FollowUpReferral, _) => {
            "The next follow-up of the referral is due in 60 days."
        }
        (ActionKind::Withdraw, _) => "The proposal is withdrawn.",
        (ActionKind::Decline, _) => {
            "The proposal is declined. The reason is a note that is sealed to the case."
        }
        (ActionKind::Reopen, _) => "The case is reopened, and you are the assignee.",
        (ActionKind::Link, _) => "The two cases are linked.",
        (_, ActionChoice::Verdict { upheld: true, .. }) => {
            "The conflict of interest is confirmed, and the member lost access. Propose new keys now: burkindi rotate CASE"
        }
        (_, ActionChoice::Verdict { upheld: false, .. }) => {
            "The claim is dismissed. The member keeps access."
        }
        (ActionKind::MarkHandled, _) if unhandled == 1 => {
            "1 message of the reporter is marked as handled."
        }
        (ActionKind::MarkHandled, _) => {
            return Some(format!("{unhandled} messages of the reporter are marked as handled."));
        }
        (ActionKind::Assign, ActionChoice::Assignee { to, .. }) => {
            return Some(format!("{to} is the assignee now."));
        }
        (ActionKind::Challenge, ActionChoice::Member(who)) => {
            return Some(format!(
                "Until the lead of the desk or the oversight body decides, {who} can only recuse."
            ));
        }
        (ActionKind::Raise, ActionChoice::Priority(priority)) => {
            return Some(format!("The priority of the case is {priority:?} now."));
        }
        _ => return None,
    };
    Some(text.to_owned())
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
        ActionKind::Assign => "Assign a case to a colleague",
        ActionKind::ResolveChallenge => {
            "Decide whether the claimed conflict of interest of a colleague exists"
        }
        ActionKind::Reopen => "Reopen a closed case",
        ActionKind::Raise => "Raise the priority of a case",
        ActionKind::Link => "Link a case with another case about the same matter",
        ActionKind::Decline => {
            "Decline the proposal of a colleague, with the reason in a note that is sealed to the case"
        }
        ActionKind::Withdraw => "Withdraw your proposal",
        ActionKind::Escalate => "Give the oversight body access to a case",
        ActionKind::Hold => "Place a legal hold on a case",
        act => return action_text::title(act),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_each_command_states_what_its_action_does() {
        for (row, command) in commands() {
            let help = command.get_about().map(ToString::to_string);
            assert_eq!(help, Some(help_text(row.kind)), "{}", row.command_name());
        }
    }
}
