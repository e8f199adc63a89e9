//! Acts on a case that one person decides on.

use clap::ValueEnum;
use protocol::{
    case::{ActionKind, ReopenReason, Stage},
    submission::envelope::Urgency,
};
use rand::rngs::OsRng;
use workbench::{actions::ActionError, case::VerifiedCase, session::HandlerConnection};

use super::{CaseArg, CliOutput, CommandContext, parse_enum, queue::ActionOutput};

/// A case, for an act that cannot be undone.
#[derive(Debug, clap::Args)]
pub(crate) struct IrreversibleCaseArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    #[command(flatten)]
    confirmed: ConfirmArgs,
}

/// Whether an act that cannot be undone is confirmed beforehand.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfirmArgs {
    /// Do it without asking: it cannot be undone.
    #[arg(long)]
    yes: bool,
}

impl ConfirmArgs {
    /// Asks before an act that cannot be undone, unless the rules refuse it anyway.
    pub(crate) fn confirm_action(
        &self,
        (connection, case, act): (&HandlerConnection, &VerifiedCase, ActionKind),
        what: &str,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        connection.dry_run(case, act).map_err(ActionError::from)?;
        self.confirm(what, screen)
    }

    /// Asks before an act that cannot be undone.
    pub(crate) fn confirm(&self, what: &str, screen: &mut CliOutput) -> anyhow::Result<()> {
        screen.confirm(what, self.yes)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct AssignArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The colleague's handle.
    #[arg(long, value_name = "HANDLE")]
    to: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MoveArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// triaged, assessing, investigating or decided; `propose` for what takes two persons, `reopen`
    /// for a closed case.
    #[arg(value_parser = parse_enum::<Stage>)]
    stage: Stage,
    /// A code, such as `fast-track`; the case handler can read it, and it stays when the case is
    /// destroyed.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RaiseArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// P1, P2 or P3.
    #[arg(value_parser = parse_enum::<Urgency>)]
    urgency: Urgency,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// Who loses the case for good.
    #[arg(long, value_name = "HANDLE")]
    without: Vec<String>,
    #[command(flatten)]
    confirmed: ConfirmArgs,
}

pub(crate) async fn claim(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.claim(&mut case).await?;
    print_outcome(
        &case,
        "claimed",
        "You have the case, and declared to have no conflict of interest in it.",
        screen,
    )
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChallengeArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The colleague who should not have it. Why belongs into a note.
    #[arg(long, value_name = "HANDLE")]
    who: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResolveChallengeArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The colleague of whom a conflict is claimed.
    #[arg(long, value_name = "HANDLE")]
    who: String,
    /// upheld: the colleague loses the case for good. dismissed: nothing changes.
    verdict: ChallengeVerdict,
    #[command(flatten)]
    confirmed: ConfirmArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChallengeVerdict {
    Upheld,
    Dismissed,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReopenArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// reporter: wrote within 180 days of the closing. new-evidence: something came to light
    /// elsewhere.
    #[arg(value_parser = parse_enum::<ReopenReason>)]
    ground: ReopenReason,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LinkArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The same of the other case.
    #[arg(long, value_name = "CASE")]
    to: String,
}

pub(crate) async fn declare(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.declare(&mut case).await?;
    print_outcome(
        &case,
        "declared",
        "You declared to have no conflict of interest in this case.",
        screen,
    )
}

pub(crate) async fn escalate(
    arg: &IrreversibleCaseArgs,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    let what = "The oversight body will be able to read this case from now on, for good.";
    arg.confirmed.confirm_action((&connection, &case, ActionKind::Escalate), what, screen)?;
    connection.escalate(&mut case).await?;
    print_outcome(&case, "escalated", "The outside body can read the case now.", screen)
}

pub(crate) async fn place_legal_hold(
    arg: &IrreversibleCaseArgs,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    let what = "A legal hold stays on this case until two persons lift it.";
    arg.confirmed.confirm_action((&connection, &case, ActionKind::Hold), what, screen)?;
    connection.place_legal_hold(&mut case).await?;
    print_outcome(
        &case,
        "held",
        "A legal hold is on the case. Two persons lift it: burkindi propose CASE lift-hold",
        screen,
    )
}

pub(crate) async fn mark_handled(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    if case.state.as_ref().is_some_and(|state| state.unhandled == 0) {
        return print_outcome(
            &case,
            "nothing",
            "Nothing of the reporter was waiting. Nothing was signed.",
            screen,
        );
    }
    let text = match connection.mark_handled(&mut case).await? {
        1 => "1 submission of the reporter is marked as handled.".to_owned(),
        count => format!("{count} submissions of the reporter are marked as handled."),
    };
    print_outcome(&case, "handled", &text, screen)
}

pub(crate) async fn follow_up_referral(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.follow_up_referral(&mut case).await?;
    print_outcome(&case, "tracked", "The referral is looked after again in 60 days.", screen)
}

pub(crate) async fn withdraw(
    arg: &CaseArg,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.withdraw(&mut case).await?;
    print_outcome(&case, "withdrawn", "Nothing is proposed any more.", screen)
}

pub(crate) async fn recuse(
    arg: &IrreversibleCaseArgs,
    context: &mut CommandContext,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    let what = "You lose this case for good, and cannot get it back.";
    arg.confirmed.confirm_action((&connection, &case, ActionKind::Recuse), what, screen)?;
    connection.recuse(&mut case).await?;
    print_outcome(
        &case,
        "recused",
        "You stepped back. The case is gone for you. Delete what you saved of it.",
        screen,
    )
}

impl AssignArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.assign(&mut case, &self.to).await?;
        print_outcome(&case, "assigned", &format!("{} has the case.", self.to), screen)
    }
}

impl MoveArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.check_unhandled_seen(&case)?;
        connection.change_stage(&mut case, self.stage, self.reason).await?;
        print_outcome(&case, "moved", &format!("The case is {}.", self.stage.as_str()), screen)
    }
}

impl ChallengeArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.challenge(&mut case, &self.who).await?;
        let text = format!(
            "{} can only step back until the lead of the desk or the outside body judges.",
            self.who
        );
        print_outcome(&case, "challenged", &text, screen)
    }
}

impl ResolveChallengeArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let upheld = self.verdict == ChallengeVerdict::Upheld;
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        if upheld {
            let what = format!("{} loses this case for good.", self.who);
            self.confirmed.confirm_action(
                (&connection, &case, ActionKind::ResolveChallenge),
                &what,
                screen,
            )?;
        }
        connection.resolve_challenge(&mut case, &self.who, upheld).await?;
        let text = if upheld {
            "The case is gone for this person. Make new keys now: burkindi rotate CASE"
        } else {
            "Nothing changes."
        };
        print_outcome(&case, "judged", text, screen)
    }
}

impl ReopenArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.check_unhandled_seen(&case)?;
        connection.reopen(&mut case, self.ground).await?;
        print_outcome(&case, "reopened", "The case is open again, and you have it.", screen)
    }
}

impl LinkArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let to = connection.find_case(&self.to).await?;
        connection.link_case(&mut case, to).await?;
        print_outcome(&case, "linked", "The two cases are linked.", screen)
    }
}

impl RaiseArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.raise_priority(&mut case, self.urgency).await?;
        print_outcome(&case, "raised", &format!("The case is {:?} now.", self.urgency), screen)
    }
}

impl RotateArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        if !self.without.is_empty() {
            let what = format!("{} loses this case for good.", self.without.join(", "));
            self.confirmed.confirm_action(
                (&connection, &case, ActionKind::Rotate),
                &what,
                screen,
            )?;
        }
        let stay = connection.rotate_keys(&mut case, &self.without, &mut OsRng).await?;
        let text = format!(
            "New keys are made; {} can read what comes from now on. What was read before stays read.",
            stay.join(", ")
        );
        print_outcome(&case, "rotated", &text, screen)
    }
}

/// The answer to every act.
pub(crate) fn print_outcome(
    case: &VerifiedCase,
    did: &'static str,
    text: &str,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let state = case.state.as_ref();
    let view = ActionOutput {
        case: case.id(),
        did,
        stage: state.map(|state| state.stage),
        assignee: state.and_then(|state| state.assignee.clone()),
        events: state.map(|state| state.next_seq),
    };
    screen.print(&view, |_, page| page.line(text))
}
