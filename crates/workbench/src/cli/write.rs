//! `burkindi reply` and `burkindi note`: words to the reporter, and to the team.

use std::path::PathBuf;

use envelope::life::Act;
use investigator::NoteKind;
use taxonomy::Taxonomy;
use workbench::{
    acting::{self, ActError},
    cases::Case,
    connection::Connection,
    exposure::{Exposure, Risk, exposures},
    view::CaseView,
};

use super::{Context, Screen, act::done, one_word, text_from};

#[derive(Debug, clap::Args)]
pub(crate) struct Reply {
    #[command(flatten)]
    message: Message,
    /// It tells what was or will be done, and why: the feedback that must come before a closing.
    #[arg(long)]
    feedback: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Renew {
    #[command(flatten)]
    message: Message,
}

/// Words to the reporter.
#[derive(Debug, clap::Args)]
struct Message {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The text; without it and without --file, it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// A file with the text.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Send it although it could expose the reporter.
    #[arg(long)]
    despite: bool,
    /// Send it although older answers that the reporter has not seen fall out of the mailbox by it.
    #[arg(long)]
    displace: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Note {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// fact, hypothesis or task: what is known and what is supposed are kept apart, so the writer says which it is.
    #[arg(long, value_parser = one_word::<NoteKind>)]
    kind: NoteKind,
    /// The text; without it and without --file, it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// A file with the text.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Not approving a proposal.
#[derive(Debug, clap::Args)]
pub(crate) struct Decline {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// Why not; without it and without --file, it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// A file with the reason.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Message {
    /// The case, the text and its language, after a look at whether it could expose the reporter.
    async fn prepare(
        self,
        context: &mut Context,
        screen: &mut Screen,
    ) -> anyhow::Result<(Connection, Case, String, String)> {
        let (connection, case) = context.open_case(&self.case, screen).await?;
        connection.check_heard(&case)?;
        let text = text_from(self.text, self.file.as_ref())?;
        if !self.despite {
            let view = CaseView::new(&case, &Taxonomy::built_in(), context.labels());
            let risks: Vec<String> = exposures(&text, &view).iter().map(in_words).collect();
            if !risks.is_empty() {
                return Err(Exposing(risks.join("; ")).into());
            }
        }
        let lang = context.lang.clone().unwrap_or_else(|| case.file.row.lang.clone());
        let lost = connection.displaces(&case, acting::Reply { text: &text, lang: &lang })?;
        if lost > 0 && !self.displace {
            return Err(Displacing(lost).into());
        }
        Ok((connection, case, text, lang))
    }
}

impl Reply {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case, text, lang) = self.message.prepare(context, screen).await?;
        let reply = acting::Reply { text: &text, lang: &lang };
        if self.feedback {
            connection.give_feedback(&mut case, reply).await?;
        } else {
            connection.reply(&mut case, reply).await?;
        }
        done(&case, "replied", "The reply is laid out; the reporter finds it at the next visit.", screen)
    }
}

impl Renew {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case, text, lang) = self.message.prepare(context, screen).await?;
        connection.renew(&mut case, acting::Reply { text: &text, lang: &lang }).await?;
        done(&case, "renewed", "The investigation has 90 more days; the reporter is told why.", screen)
    }
}

/// Nothing was sent; the writer decides.
#[derive(Debug, thiserror::Error)]
#[error("this could expose the reporter, so nothing was sent: {0}")]
pub(crate) struct Exposing(String);

/// Nothing was sent; the writer decides.
#[derive(Debug, thiserror::Error)]
#[error(
    "nothing was sent: the mailbox is full, and by this answer {} that the reporter has not seen would be lost",
    if *.0 == 1 { "1 earlier answer".to_owned() } else { format!("{} earlier answers", .0) }
)]
pub(crate) struct Displacing(usize);

fn in_words(exposure: &Exposure) -> String {
    let words = &exposure.words;
    match exposure.risk {
        Risk::AsksWho => "it asks who the reporter is, or leads to another way of talking".to_owned(),
        Risk::Number => format!("it repeats a number that the reporter gave ({words})"),
        Risk::Name => format!("it repeats a name that the reporter gave ({words})"),
        Risk::Quotation => format!("it repeats the reporter's own words (“{words}”)"),
    }
}

impl Note {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let text = text_from(self.text, self.file.as_ref())?;
        connection.note(&mut case, &investigator::Note { kind: self.kind, text }).await?;
        done(&case, "noted", "The note is added, sealed to the case.", screen)
    }
}

impl Decline {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.would_pass(&case, Act::Decline).map_err(ActError::from)?;
        let text = text_from(self.text, self.file.as_ref())?;
        connection.decline(&mut case, &text).await?;
        done(
            &case,
            "declined",
            "The proposal is declined. Your reason is a note, sealed to the case.",
            screen,
        )
    }
}
