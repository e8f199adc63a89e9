//! Acts on a case: claim, assign, recuse, move, close, raise, rotate.

use envelope::{
    life::{Disposition, Stage},
    submission::Urgency,
};
use rand::rngs::OsRng;
use workbench::cases::Case;

use super::{CaseArg, Context, Screen, one_word, queue::Acted};

#[derive(Debug, clap::Args)]
pub(crate) struct Assign {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The colleague's handle.
    #[arg(long, value_name = "HANDLE")]
    to: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Move {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// triaged, assessing, investigating, decided or referred.
    #[arg(value_parser = one_word::<Stage>)]
    stage: Stage,
    /// A word or a code; the case handler can read it, so nothing of the case.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Close {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// How it ends: substantiated, partly-substantiated, unsubstantiated, insufficient-information, out-of-scope, duplicate,
    /// advice-given or process-fix-adopted.
    #[arg(value_parser = one_word::<Disposition>)]
    disposition: Disposition,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Raise {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// P1, P2 or P3.
    #[arg(value_parser = one_word::<Urgency>)]
    urgency: Urgency,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Rotate {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// Who loses the case for good.
    #[arg(long, value_name = "HANDLE")]
    without: Vec<String>,
}

pub(crate) async fn claim(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.claim(&mut case).await?;
    done(&case, "claimed", "You have the case, and declared to have no conflict of interest in it.", screen)
}

pub(crate) async fn recuse(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.recuse(&mut case).await?;
    done(&case, "recused", "You stepped back. The case is gone for you. Delete what you saved of it.", screen)
}

impl Assign {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.assign(&mut case, &self.to).await?;
        done(&case, "assigned", &format!("{} has the case.", self.to), screen)
    }
}

impl Move {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.move_to(&mut case, self.stage, self.reason).await?;
        done(&case, "moved", &format!("The case is {}.", self.stage.as_str()), screen)
    }
}

impl Close {
    pub(crate) async fn propose(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.propose_close(&mut case, self.disposition).await?;
        done(
            &case,
            "proposed-close",
            "Proposed. Another person approves with: burkindi approve-close",
            screen,
        )
    }

    pub(crate) async fn approve(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.approve_close(&mut case, self.disposition).await?;
        done(&case, "approved-close", "The case is closed.", screen)
    }
}

impl Raise {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.raise(&mut case, self.urgency).await?;
        done(&case, "raised", &format!("The case is {:?} now.", self.urgency), screen)
    }
}

impl Rotate {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let stay = connection.rotate(&mut case, &self.without, &mut OsRng).await?;
        let text = format!(
            "New keys are made; {} can read what comes from now on. What was read before stays read.",
            stay.join(", ")
        );
        done(&case, "rotated", &text, screen)
    }
}

/// The answer to every act.
pub(crate) fn done(case: &Case, did: &'static str, text: &str, screen: &mut Screen) -> anyhow::Result<()> {
    let state = case.state.as_ref();
    let view = Acted {
        case: case.id(),
        did,
        stage: state.map(|state| state.stage),
        assignee: state.and_then(|state| state.assignee.clone()),
        events: state.map(|state| state.next_seq),
    };
    screen.show(&view, |_, page| page.line(text))
}
