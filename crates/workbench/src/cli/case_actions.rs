//! `burkindi move`, `rotate` and `approve-rotation`, whose options do not follow from the table of
//! actions; see `table_actions` for the other actions that one member decides alone.

use protocol::case::{ActionKind, RuleViolation, Stage};
use rand::rngs::OsRng;
use workbench::{
    actions::{ActionError, RotationReaders},
    case::VerifiedCase,
    session::HandlerConnection,
};

use super::{CliOutput, CommandContext, parse_enum, queue::ActionOutput};

/// The confirmation of an action that cannot be undone.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfirmArgs {
    /// Confirm an action that cannot be undone, without a prompt.
    #[arg(long, global = true)]
    yes: bool,
}

impl ConfirmArgs {
    /// Prompts before an action that cannot be undone, after the case rules were checked.
    ///
    /// # Errors
    /// Returns an error if the rules refuse the action or if it is not confirmed.
    pub(crate) fn confirm_action(
        &self,
        (connection, case, action): (&HandlerConnection, &VerifiedCase, ActionKind),
        what: &str,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        connection.dry_run(case, action).map_err(ActionError::from)?;
        self.confirm(what, screen)
    }

    /// Prompts before an action that cannot be undone.
    ///
    /// # Errors
    /// Returns `NotConfirmed` if it is not confirmed.
    pub(crate) fn confirm(&self, what: &str, screen: &mut CliOutput) -> anyhow::Result<()> {
        screen.confirm(what, self.yes)
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct MoveArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// triaged, assessing, investigating or decided. Use `propose` for a closing or a referral, and
    /// `reopen` for a closed case.
    #[arg(value_parser = parse_enum::<Stage>)]
    stage: Stage,
    /// A code, such as `fast-track`. The case handler can read it, and it stays in the log after a
    /// purge.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// A member who loses access to the case permanently.
    #[arg(long, value_name = "HANDLE")]
    without: Vec<String>,
    #[command(flatten)]
    confirmed: ConfirmArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ApproveRotationArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    #[command(flatten)]
    confirmed: ConfirmArgs,
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
        print_outcome(
            &case,
            "stage-changed",
            &format!("The stage of the case is {} now.", self.stage.as_str()),
            screen,
        )
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
            let what =
                format!("Access to this case ends permanently for: {}.", self.without.join(", "));
            self.confirmed.confirm_action(
                (&connection, &case, ActionKind::ProposeRotation),
                &what,
                screen,
            )?;
        }
        let readers = connection.propose_rotation(&mut case, &self.without, &mut OsRng).await?;
        let text = format!(
            "New keys are proposed. {} They are in effect after another reader has run: burkindi approve-rotation {}. Earlier content stays readable to former readers.",
            readers_text(&case, &readers),
            case.id()
        );
        print_outcome(&case, "rotation-proposed", &text, screen)
    }
}

impl ApproveRotationArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let mut connection = context.connect(screen).await?;
        let id = connection.find_case(&self.case).await?;
        let mut case = connection.read_case_to_approve(id).await?;
        screen.print_alerts(&case.alarms)?;
        let readers = connection
            .proposed_rotation_readers(&case)
            .ok_or(ActionError::Refused(RuleViolation::NotProposed))?;
        if !readers.left_out.is_empty() {
            let what = format!(
                "Access to this case ends permanently for: {}. {}",
                readers.left_out.join(", "),
                readers_text(&case, &readers)
            );
            let act = ActionKind::ApproveRotation;
            self.confirmed.confirm_action((&connection, &case, act), &what, screen)?;
        }
        let readers = connection.approve_rotation(&mut case).await?;
        let text = format!(
            "The case has new keys. {} Earlier content stays readable to former readers.",
            readers_text(&case, &readers)
        );
        print_outcome(&case, "rotation-approved", &text, screen)
    }
}

/// Returns the sentences that say who reads on.
fn readers_text(case: &VerifiedCase, readers: &RotationReaders) -> String {
    // The case handler withholds the grants of the oversight body until the case is released.
    let released = case.state.as_ref().is_some_and(|state| state.released.is_some());
    let oversight = readers.oversight.join(", ");
    let oversight = if oversight.is_empty() {
        String::new()
    } else if released {
        format!(" Oversight body: {oversight}.")
    } else {
        format!(" When the case is released to the oversight body: {oversight}.")
    };
    format!("Readers of new messages: {}.{oversight}", readers.readers.join(", "))
}

/// Prints the result of an action on a case.
pub(crate) fn print_outcome(
    case: &VerifiedCase,
    did: impl Into<String>,
    text: &str,
    screen: &mut CliOutput,
) -> anyhow::Result<()> {
    let state = case.state.as_ref();
    let view = ActionOutput {
        case: case.id(),
        did: did.into(),
        stage: state.map(|state| state.stage),
        assignee: state.and_then(|state| state.assignee.clone()),
        events: state.map(|state| state.next_seq),
    };
    screen.print(&view, |_, page| page.line(text))
}
