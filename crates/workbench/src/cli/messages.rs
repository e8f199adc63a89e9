//! `burkindi reply` and `burkindi note`: words to the reporter, and to the team.

use std::path::PathBuf;

use investigator::NoteKind;
use protocol::case::ActionKind;
use taxonomy::Taxonomy;
use workbench::{
    actions::{
        self, ActionError,
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
    /// It tells what was or will be done, and why: the feedback that must come before a closing.
    #[arg(long)]
    feedback: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RenewArgs {
    #[command(flatten)]
    message: MessageArgs,
}

/// Words to the reporter.
#[derive(Debug, clap::Args)]
struct MessageArgs {
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
    anyway: bool,
    /// Send it although older answers that the reporter has not seen fall out of the mailbox by it.
    #[arg(long)]
    displace: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NoteArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// fact, hypothesis or task: what is known and what is supposed are kept apart, so the writer
    /// says which it is.
    #[arg(long, value_parser = parse_enum::<NoteKind>)]
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
pub(crate) struct DeclineArgs {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// Why not; without it and without --file, it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// A file with the reason.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl MessageArgs {
    /// The case, the text and its language, after a look at whether it could expose the reporter.
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
        let lost = connection
            .count_displaced_replies(&case, actions::ReplyInput { text: &text, lang: &lang })?;
        if lost > 0 && !self.displace {
            return Err(DisplacesUnseenReplies(lost).into());
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
            "The reply is laid out; the reporter finds it at the next visit.",
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
            "renewed",
            "The investigation has 90 more days; the reporter is told why.",
            screen,
        )
    }
}

/// Nothing was sent; the writer decides.
#[derive(Debug, thiserror::Error)]
#[error("this could expose the reporter, so nothing was sent: {0}")]
pub(crate) struct ExposesReporter(String);

/// Nothing was sent; the writer decides.
#[derive(Debug, thiserror::Error)]
#[error(
    "nothing was sent: the mailbox is full, and by this answer {} that the reporter has not seen would be lost",
    if *.0 == 1 { "1 earlier answer".to_owned() } else { format!("{} earlier answers", .0) }
)]
pub(crate) struct DisplacesUnseenReplies(usize);

fn exposure_text(exposure: &ExposureFinding) -> String {
    let words = &exposure.words;
    match exposure.risk {
        ExposureKind::AsksWho => {
            "it asks who the reporter is, or leads to another way of talking".to_owned()
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
        print_outcome(&case, "noted", "The note is added, sealed to the case.", screen)
    }
}

impl DeclineArgs {
    pub(crate) async fn run(
        self,
        context: &mut CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        connection.dry_run(&case, ActionKind::Decline).map_err(ActionError::from)?;
        let text = read_text_arg(self.text, self.file.as_ref())?;
        connection.decline_proposal(&mut case, &text).await?;
        print_outcome(
            &case,
            "declined",
            "The proposal is declined. Your reason is a note, sealed to the case.",
            screen,
        )
    }
}
