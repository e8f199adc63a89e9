//! `burkindi reply` and `burkindi note`: words to the reporter, and to the team.

use std::path::PathBuf;

use investigator::NoteKind;
use workbench::acting;

use super::{Context, Screen, act::done, one_word, text_from};

#[derive(Debug, clap::Args)]
pub(crate) struct Reply {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// The text; without it and without --file, it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// A file with the text.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Note {
    /// The first 4 or more characters of the case's id.
    case: String,
    /// fact, hypothesis or task: what is known and what is supposed are kept apart.
    #[arg(long, default_value = "fact", value_parser = one_word::<NoteKind>)]
    kind: NoteKind,
    /// The text; without it and without --file, it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// A file with the text.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Reply {
    pub(crate) async fn run(self, context: &mut Context, screen: &mut Screen) -> anyhow::Result<()> {
        let (mut connection, mut case) = context.open_case(&self.case, screen).await?;
        let text = text_from(self.text, self.file.as_ref())?;
        let lang = context.lang.clone().unwrap_or_else(|| case.file.row.lang.clone());
        connection.reply(&mut case, acting::Reply { text: &text, lang: &lang }).await?;
        done(&case, "replied", "The reply is laid out; the reporter finds it at the next visit.", screen)
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
