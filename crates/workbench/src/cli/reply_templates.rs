//! `burkindi letters`: beginnings of messages to reporters.

use anyhow::bail;
use serde::Serialize;
use workbench::actions::reply_templates::ReplyTemplate;

use super::{CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct TemplatesArgs {
    /// One of them, such as `received`; left out, all.
    letter: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReplyTemplateOutput {
    id: String,
    label: String,
    text: String,
}

impl TemplatesArgs {
    /// In the language that `--lang` names.
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let lang = context.label_lang();
        let wanted =
            |letter: &ReplyTemplate| self.letter.as_ref().is_none_or(|wanted| *wanted == letter.id);
        let letters = ReplyTemplate::built_in().into_iter().filter(wanted).map(|letter| {
            ReplyTemplateOutput {
                label: letter.label(lang).to_owned(),
                text: letter.text(lang).to_owned(),
                id: letter.id,
            }
        });
        let letters: Vec<_> = letters.collect();
        if letters.is_empty() {
            bail!("there is no letter {}", self.letter.unwrap_or_default());
        }
        screen.print(&letters, |letters, page| {
            for letter in letters {
                page.heading(&format!("{} ({})", letter.label, letter.id));
                page.block(&letter.text);
            }
            page.dim("What stands in [brackets] is for you to fill in. Ask for facts, never who they are.");
        })
    }
}
