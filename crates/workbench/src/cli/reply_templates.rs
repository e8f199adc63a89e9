//! `burkindi templates`: prepared texts for messages to reporters.

use anyhow::bail;
use serde::Serialize;
use workbench::actions::reply_templates::ReplyTemplate;

use super::{CliOutput, CommandContext};

#[derive(Debug, clap::Args)]
pub(crate) struct TemplatesArgs {
    /// The id of a template, such as `received` [default: all templates].
    template: Option<String>,
}

#[derive(Debug, Serialize)]
struct ReplyTemplateOutput {
    id: String,
    label: String,
    text: String,
}

impl TemplatesArgs {
    /// Prints templates in the language of `--lang`.
    pub(crate) fn run(
        self,
        context: &CommandContext,
        screen: &mut CliOutput,
    ) -> anyhow::Result<()> {
        let lang = context.label_lang();
        let is_wanted = |template: &ReplyTemplate| {
            self.template.as_ref().is_none_or(|wanted| *wanted == template.id)
        };
        let templates = ReplyTemplate::built_in().into_iter().filter(is_wanted).map(|template| {
            ReplyTemplateOutput {
                label: template.label(lang).to_owned(),
                text: template.text(lang).to_owned(),
                id: template.id,
            }
        });
        let templates: Vec<_> = templates.collect();
        if templates.is_empty() {
            bail!("template {} not found", self.template.unwrap_or_default());
        }
        screen.print(&templates, |templates, page| {
            for template in templates {
                page.heading(&format!("{} ({})", template.label, template.id));
                page.block(&template.text);
            }
            page.dim(
                "Fill in the text in [brackets]. Ask for facts, never for the reporter's identity.",
            );
        })
    }
}
