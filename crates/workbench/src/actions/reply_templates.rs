//! Beginnings of messages to reporters, in the five languages of their pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One beginning. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyTemplate {
    /// Such as `received`.
    pub id: String,
    /// What it is for, in the languages of the workbench.
    label: BTreeMap<String, String>,
    /// The text in each language.
    text: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ReplyTemplatesFile {
    letters: Vec<ReplyTemplate>,
}

impl ReplyTemplate {
    /// All of them, in the order of a case's life.
    ///
    /// # Panics
    /// Never in a build whose tests passed: one of them reads the file.
    pub fn built_in() -> Vec<Self> {
        let file: ReplyTemplatesFile =
            toml::from_str(include_str!("../../data/letters.toml")).expect("checked by a test");
        file.letters
    }

    /// What it is for.
    pub fn label(&self, lang: &str) -> &str {
        self.label.get(lang).or(self.label.get("en")).map_or("", String::as_str)
    }

    /// The text in the reporter's language; in French, which is everybody's first, if it has none.
    pub fn text(&self, lang: &str) -> &str {
        self.text.get(lang).or(self.text.get("fr")).map_or("", |text| text.trim())
    }
}

/// A place in a letter, in square brackets, that its writer has not filled in.
pub fn unfilled_placeholder(message: &str) -> Option<String> {
    let letters = ReplyTemplate::built_in();
    let gaps =
        letters.iter().flat_map(|letter| letter.text.values()).flat_map(|text| placeholders(text));
    gaps.into_iter().find(|gap| message.contains(*gap)).map(str::to_owned)
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
    fn every_template_is_there_in_every_language_and_asks_nobody_who_they_are() {
        let letters = ReplyTemplate::built_in();
        assert!(letters.len() >= 10);
        for letter in &letters {
            assert_eq!(letter.text.keys().map(String::as_str).collect::<Vec<_>>(), {
                let mut langs = LANGS;
                langs.sort_unstable();
                langs
            });
            assert_eq!(letter.label.len(), 2, "{}", letter.id);
            let gaps: Vec<_> =
                LANGS.iter().map(|lang| letter.text(lang).matches('[').count()).collect();
            assert!(gaps.windows(2).all(|two| two[0] == two[1]), "{}: {gaps:?}", letter.id);
            for lang in LANGS {
                let text = letter.text(lang);
                assert!(!asks_for_identity(text), "{} {lang} asks who somebody is", letter.id);
                assert!(text.chars().count() < 700, "{} {lang}", letter.id);
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
