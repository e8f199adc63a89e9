//! `burkindi letters`: beginnings of messages to reporters.

use anyhow::bail;
use serde::Serialize;
use workbench::letters::Letter;

use super::{Context, Screen};

#[derive(Debug, clap::Args)]
pub(crate) struct Letters {
    /// One of them, such as `received`; left out, all.
    letter: Option<String>,
}

#[derive(Debug, Serialize)]
struct LetterView {
    id: String,
    label: String,
    text: String,
}

impl Letters {
    /// In the language that `--lang` names.
    pub(crate) fn run(self, context: &Context, screen: &mut Screen) -> anyhow::Result<()> {
        let lang = context.labels();
        let wanted = |letter: &Letter| self.letter.as_ref().is_none_or(|wanted| *wanted == letter.id);
        let letters = Letter::built_in().into_iter().filter(wanted).map(|letter| LetterView {
            label: letter.label(lang).to_owned(),
            text: letter.text(lang).to_owned(),
            id: letter.id,
        });
        let letters: Vec<_> = letters.collect();
        if letters.is_empty() {
            bail!("there is no letter {}", self.letter.unwrap_or_default());
        }
        screen.show(&letters, |letters, page| {
            for letter in letters {
                page.heading(&format!("{} ({})", letter.label, letter.id));
                page.block(&letter.text);
            }
            page.dim("What stands in [brackets] is for you to fill in. Ask for facts, never who they are.");
        })
    }
}
