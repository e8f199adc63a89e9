//! Reply templates: beginnings of messages to reporters, in the five languages of their pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A reply template. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyTemplate {
    /// Id, such as `received`.
    pub id: String,
    /// Purpose, in the languages of the workbench.
    label: BTreeMap<String, String>,
    /// Text in each language.
    text: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ReplyTemplatesFile {
    templates: Vec<ReplyTemplate>,
}

impl ReplyTemplate {
    /// Returns all templates, in the order of a case's lifecycle.
    ///
    /// # Panics
    /// Never in a tested build, because a test reads the file.
    pub fn built_in() -> Vec<Self> {
        let file: ReplyTemplatesFile =
            toml::from_str(include_str!("../../data/reply_templates.toml"))
                .expect("a test reads this file");
        file.templates
    }

    /// Returns the purpose, in the given language or else in English.
    pub fn label(&self, lang: &str) -> &str {
        self.label.get(lang).or(self.label.get("en")).map_or("", String::as_str)
    }

    /// Returns the text in the reporter's language, or else in French, the first language of the
    /// pages.
    pub fn text(&self, lang: &str) -> &str {
        self.text.get(lang).or(self.text.get("fr")).map_or("", |text| text.trim())
    }
}

/// Returns the first placeholder of a template, in square brackets, that is still in the message.
pub fn unfilled_placeholder(message: &str) -> Option<String> {
    let templates = ReplyTemplate::built_in();
    let found = templates
        .iter()
        .flat_map(|template| template.text.values())
        .flat_map(|text| placeholders(text));
    found.into_iter().find(|placeholder| message.contains(*placeholder)).map(str::to_owned)
}

fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(|(from, _)| {
        let len = text[from..].find(']')?;
        Some(&text[from..=from + len])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::exposure_check::asks_for_identity;

    const LANGS: [&str; 5] = ["fr", "en", "es", "pt", "ar"];

    #[test]
    fn every_template_exists_in_every_language_and_does_not_ask_for_identity() {
        let templates = ReplyTemplate::built_in();
        assert!(templates.len() >= 10);
        for template in &templates {
            assert_eq!(template.text.keys().map(String::as_str).collect::<Vec<_>>(), {
                let mut langs = LANGS;
                langs.sort_unstable();
                langs
            });
            assert_eq!(template.label.len(), 2, "{}", template.id);
            let found: Vec<_> =
                LANGS.iter().map(|lang| template.text(lang).matches('[').count()).collect();
            assert!(found.windows(2).all(|two| two[0] == two[1]), "{}: {found:?}", template.id);
            for lang in LANGS {
                let text = template.text(lang);
                assert!(
                    !asks_for_identity(text),
                    "{} {lang} asks who the reporter is",
                    template.id
                );
                assert!(text.chars().count() < 700, "{} {lang}", template.id);
            }
        }
    }

    #[test]
    fn a_placeholder_of_a_template_is_found_and_other_brackets_are_not() {
        assert_eq!(
            unfilled_placeholder("parce que [raison, sans détail de l’affaire]."),
            Some("[raison, sans détail de l’affaire]".to_owned())
        );
        assert_eq!(unfilled_placeholder("parce que nous attendons [sic] une réponse."), None);
    }
}
