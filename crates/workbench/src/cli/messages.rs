//! `burkindi reply`, `renew` and `note`: texts to the reporter and to the team.

use std::path::PathBuf;

use investigator::NoteKind;
use taxonomy::Taxonomy;
use workbench::{
    actions::{
        self,
        exposure_check::{ExposureFinding, ExposureKind, find_exposures},
    },
    case::{VerifiedCase, view::CaseView},
    session::HandlerConnection,
};

use super::{CliOutput, CommandContext, case_actions::print_outcome, parse_enum, read_text_arg};

#[derive(Debug, clap::Args)]
pub(crate) struct ReplyArgs {
    #[command(flatten)]
    message: MessageArgs,
    /// Mark the message as the feedback, which explains what was or will be done, and why. A
    /// closing requires it.
    #[arg(long)]
    feedback: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RenewArgs {
    #[command(flatten)]
    message: MessageArgs,
}

/// A message to the reporter.
#[derive(Debug, clap::Args)]
struct MessageArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// The text [default: standard input].
    #[arg(long)]
    text: Option<String>,
    /// A file with the text.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Send a message that could expose the reporter.
    #[arg(long)]
    anyway: bool,
    /// Send a message that removes older, unseen messages from the mailbox.
    #[arg(long)]
    displace: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NoteArgs {
    /// A prefix of the case's id, at least 4 characters.
    case: String,
    /// fact, hypothesis or task. Facts and hypotheses are listed separately.
    #[arg(long, value_parser = parse_note_kind)]
    kind: NoteKind,
    /// The text [default: standard input].
    #[arg(long)]
    text: Option<String>,
    /// A file with the text.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl MessageArgs {
    /// Returns the case, the text and its language, after the exposure check.
    ///
    /// # Errors
    /// Returns [`ExposesReporter`] if the text could expose the reporter, and
    /// [`DisplacesUnseenReplies`] if it would remove unseen messages, unless an option allows it.
    async fn prepare(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<(HandlerConnection, VerifiedCase, String, String)> {
        let (connection, case) = context.open_case(&self.case, screen).await?;
        connection.check_messages_seen(&case)?;
        let text = read_text_arg(self.text, self.file.as_ref())?;
        if !self.anyway {
            let view = CaseView::new(&case, &Taxonomy::built_in(), context.label_lang());
            let risks: Vec<String> =
                find_exposures(&text, &view).iter().map(exposure_text).collect();
            if !risks.is_empty() {
                return Err(ExposesReporter(risks.join("; ")).into());
            }
        }
        let lang = context.lang.clone().unwrap_or_else(|| case.file.row.lang.clone());
        let displaced = connection
            .count_displaced_replies(&case, actions::ReplyInput { text: &text, lang: &lang })?;
        if displaced > 0 && !self.displace {
            return Err(DisplacesUnseenReplies(displaced).into());
        }
        Ok((connection, case, text, lang))
    }
}

impl ReplyArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case, text, lang) = self.message.prepare(context, screen).await?;
        let reply = actions::ReplyInput { text: &text, lang: &lang };
        if self.feedback {
            connection.send_feedback(&mut case, reply).await?;
        } else {
            connection.send_reply(&mut case, reply).await?;
        }
        print_outcome(
            &case,
            "replied",
            "The message is in the mailbox. The reporter finds it at the next visit.",
            screen,
        )
    }
}

impl RenewArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case, text, lang) = self.message.prepare(context, screen).await?;
        connection
            .extend_deadline(&mut case, actions::ReplyInput { text: &text, lang: &lang })
            .await?;
        print_outcome(
            &case,
            "deadline-extended",
            "The investigation is extended by 90 days. The reporter finds the reason in the mailbox.",
            screen,
        )
    }
}

/// The text could expose the reporter. Nothing was sent, and the writer decides.
#[derive(Debug, thiserror::Error)]
#[error("message not sent, because it could expose the reporter: {0}")]
pub(crate) struct ExposesReporter(String);

/// The message would remove unseen messages. Nothing was sent, and the writer decides.
#[derive(Debug, thiserror::Error)]
#[error(
    "message not sent: the mailbox is full, and this message would remove {} that the reporter has not seen",
    if *.0 == 1 { "1 earlier message".to_owned() } else { format!("{} earlier messages", .0) }
)]
pub(crate) struct DisplacesUnseenReplies(usize);

fn exposure_text(exposure: &ExposureFinding) -> String {
    let words = &exposure.words;
    match exposure.risk {
        ExposureKind::AsksWho => {
            "it asks for the reporter's identity, or for contact in another way".to_owned()
        }
        ExposureKind::Number => format!("it repeats a number that the reporter gave ({words})"),
        ExposureKind::Name => format!("it repeats a name that the reporter gave ({words})"),
        ExposureKind::Quotation => format!("it repeats the reporter's own words (“{words}”)"),
    }
}

impl NoteArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let text = read_text_arg(self.text, self.file.as_ref())?;
        connection.add_note(&mut case, &investigator::Note { kind: self.kind, text }).await?;
        print_outcome(&case, "note-added", "The note is added, and sealed to the case.", screen)
    }
}

/// Parses the kind of a note. The reason of an action is written with the action.
fn parse_note_kind(word: &str) -> Result<NoteKind, String> {
    match parse_enum(word)? {
        NoteKind::Reason => Err("choose fact, hypothesis, task or transcript".to_owned()),
        kind @ (NoteKind::Fact | NoteKind::Hypothesis | NoteKind::Task | NoteKind::Transcript) => {
            Ok(kind)
        }
    }
}
