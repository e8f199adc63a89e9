//! Acts on a case that one person decides on.

use clap::ValueEnum;
use envelope::{
    life::{Act, Ground, Stage},
    submission::Urgency,
};
use rand::rngs::OsRng;
use workbench::{acting::ActError, cases::Case, connection::Connection};

use super::{CaseArg, Context, Screen, one_word, queue::Acted};

/// A case, for an act that cannot be undone.
#[derive(Debug, clap::Args)]
pub(crate) struct FinalArg {
    /// The first 4 or more characters of the case's id.
    case: String,
    #[command(flatten)]
    confirmed: Confirmed,
}

/// Whether an act that cannot be undone is confirmed beforehand.
#[derive(Debug, clap::Args)]
pub(crate) struct Confirmed {
    /// Do it without asking: it cannot be undone.
    #[arg(long)]
    yes: bool,
}

impl Confirmed {
    /// Asks before an act that cannot be undone, unless the rules refuse it anyway.
    pub(crate) fn ask(
        &self,
        (connection, case, act): (&Connection, &Case, Act),
        what: &str,
        screen: &mut Screen,
    ) -> anyhow::Result<()> {
        connection.would_pass(case, act).map_err(ActError::from)?;
        self.confirm(what, screen)
    }

    /// Asks before an act that cannot be undone.
    pub(crate) fn confirm(&self, what: &str, screen: &mut Screen) -> anyhow::Result<()> {
        screen.confirm(what, self.yes)
    }
}

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
    #[command(flatten)]
    confirmed: Confirmed,
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
    /// upheld: the colleague loses the case for good. dismissed: nothing changes.
    judgement: Judgement,
    #[command(flatten)]
    confirmed: Confirmed,
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
    arg: &FinalArg,
    context: &mut Context,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    let what = "The oversight body will be able to read this case from now on, for good.";
    arg.confirmed.ask((&connection, &case, Act::Escalate), what, screen)?;
    connection.escalate(&mut case).await?;
    done(&case, "escalated", "The outside body can read the case now.", screen)
}

pub(crate) async fn hold(arg: &FinalArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    let what = "A legal hold stays on this case until two persons lift it.";
    arg.confirmed.ask((&connection, &case, Act::Hold), what, screen)?;
    connection.hold(&mut case).await?;
    done(
        &case,
        "held",
        "A legal hold is on the case. Two persons lift it: burkindi propose CASE lift-hold",
        screen,
    )
}

pub(crate) async fn mark_handled(
    arg: &CaseArg,
    context: &mut Context,
    screen: &mut Screen,
) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    if case.state.as_ref().is_some_and(|state| state.unread == 0) {
        return done(&case, "nothing", "Nothing of the reporter was waiting. Nothing was signed.", screen);
    }
    let text = match connection.mark_read(&mut case).await? {
        1 => "1 submission of the reporter is marked as handled.".to_owned(),
        count => format!("{count} submissions of the reporter are marked as handled."),
    };
    done(&case, "handled", &text, screen)
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

pub(crate) async fn recuse(arg: &FinalArg, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
    let (mut connection, mut case) = context.open_case(&arg.case, screen).await?;
    let what = "You lose this case for good, and cannot get it back.";
    arg.confirmed.ask((&connection, &case, Act::Recuse), what, screen)?;
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
        connection.check_waiting_shown(&case)?;
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
        if upheld {
            let what = format!("{} loses this case for good.", self.who);
            self.confirmed.ask((&connection, &case, Act::Judge), &what, screen)?;
        }
        connection.judge(&mut case, &self.who, upheld).await?;
        let text = if upheld {
            "The case is gone for this person. Make new keys now: burkindi rotate CASE"
        } else {
            "Nothing changes."
        };
        done(&case, "judged", text, screen)
    }
}

impl Reopen {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.check_waiting_shown(&case)?;
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
        if !self.without.is_empty() {
            let what = format!("{} loses this case for good.", self.without.join(", "));
            self.confirmed.ask((&connection, &case, Act::Rotate), &what, screen)?;
        }
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
