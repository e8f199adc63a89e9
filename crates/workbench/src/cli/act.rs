//! Acts on a case that one person decides on.

use clap::ValueEnum;
use envelope::{
    life::{Ground, Stage},
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
    /// triaged, assessing, investigating or decided; `propose` for what takes two persons, `reopen` for a closed case.
    #[arg(value_parser = one_word::<Stage>)]
    stage: Stage,
    /// A code, such as `fast-track`; the case handler can read it, and it stays when the case is destroyed.
    #[arg(long)]
    reason: Option<String>,
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

#[derive(Debug, clap::Args)]
pub(crate) struct Challenge {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The colleague who should not have it. Why belongs into a note.
    #[arg(long, value_name = "HANDLE")]
    who: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Judge {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The colleague of whom a conflict is claimed.
    #[arg(long, value_name = "HANDLE")]
    who: String,
    /// upheld: the colleague loses the case. dismissed: nothing changes.
    judgement: Judgement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Judgement {
    Upheld,
    Dismissed,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reopen {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// reporter: wrote within 180 days of the closing. new-evidence: something came to light elsewhere.
    #[arg(value_parser = one_word::<Ground>)]
    ground: Ground,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Link {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The same of the other case.
    #[arg(long, value_name = "CASE")]
    to: String,
}

pub(crate) async fn declare(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.declare(&mut case).await?;
    done(&case, "declared", "You declared to have no conflict of interest in this case.", screen)
}

pub(crate) async fn escalate(
    arg: &CaseArg,
    context: &mut Context,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.escalate(&mut case).await?;
    done(&case, "escalated", "The outside body can read the case now.", screen)
}

pub(crate) async fn hold(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.hold(&mut case).await?;
    done(
        &case,
        "held",
        "A legal hold is on the case. Two persons lift it: burkindi propose CASE lift-hold",
        screen,
    )
}

pub(crate) async fn mark_read(
    arg: &CaseArg,
    context: &mut Context,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.mark_read(&mut case).await?;
    done(&case, "read", "Nothing of the reporter waits in this case.", screen)
}

pub(crate) async fn track(arg: &CaseArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.track(&mut case).await?;
    done(&case, "tracked", "The referral is looked after again in 60 days.", screen)
}

pub(crate) async fn withdraw(
    arg: &CaseArg,
    context: &mut Context,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    connection.withdraw(&mut case).await?;
    done(&case, "withdrawn", "Nothing is proposed any more.", screen)
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

impl Challenge {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.challenge(&mut case, &self.who).await?;
        let text =
            format!("{} can only step back until the lead of the desk or the outside body judges.", self.who);
        done(&case, "challenged", &text, screen)
    }
}

impl Judge {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let upheld = self.judgement == Judgement::Upheld;
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.judge(&mut case, &self.who, upheld).await?;
        let text = if upheld {
            "The case is gone for this person. Make new keys now: burkindi rotate"
        } else {
            "Nothing changes."
        };
        done(&case, "judged", text, screen)
    }
}

impl Reopen {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.reopen(&mut case, self.ground).await?;
        done(&case, "reopened", "The case is open again, and you have it.", screen)
    }
}

impl Link {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let to = connection.find_case(&self.to).await?;
        connection.link(&mut case, to).await?;
        done(&case, "linked", "The two cases are linked.", screen)
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
