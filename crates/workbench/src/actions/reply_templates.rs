//! Reply templates: beginnings of messages to reporters, in the languages of their pages.

use std::collections::BTreeMap;

use locales::{EmbeddedFiles, Locale};
use serde::Deserialize;

static TEXTS: EmbeddedFiles = locales::embedded!("reply_templates.toml");

/// A reply template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTemplate {
    /// Id, such as `received`.
    pub id: String,
    /// The categories of the cases for which it comes first.
    categories: Vec<String>,
    /// Purpose, in the languages of the workbench.
    label: BTreeMap<String, String>,
    /// Text in each language.
    text: BTreeMap<&'static str, String>,
}

#[derive(Deserialize)]
struct ReplyTemplatesFile {
    templates: Vec<TemplateEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateEntry {
    id: String,
    #[serde(default)]
    categories: Vec<String>,
    label: BTreeMap<String, String>,
}

impl ReplyTemplate {
    /// Returns all templates, in the order of a case's lifecycle.
    ///
    /// # Panics
    /// Never in a tested build, because a test reads the files.
    pub fn built_in() -> Vec<Self> {
        let file: ReplyTemplatesFile =
            toml::from_str(include_str!("../../data/reply_templates.toml"))
                .expect("a test reads this file");
        let mut texts: Vec<(&str, BTreeMap<String, String>)> = TEXTS
            .iter()
            .map(|(code, texts)| (code, toml::from_str(texts).expect("a test reads each file")))
            .collect();
        let with_texts = |TemplateEntry { id, categories, label }| {
            let by_language =
                texts.iter_mut().map(|(code, texts)| Some((*code, texts.remove(&id)?)));
            Self { text: by_language.flatten().collect(), id, categories, label }
        };
        file.templates.into_iter().map(with_texts).collect()
    }

    /// Returns all templates, those for this category first.
    pub fn for_category(category: &str) -> Vec<Self> {
        let mut templates = Self::built_in();
        templates.sort_by_key(|template| !template.categories.iter().any(|one| one == category));
        templates
    }

    /// Returns the purpose, in the given language or else in English.
    pub fn label(&self, lang: &str) -> &str {
        self.label.get(lang).or(self.label.get("en")).map_or("", String::as_str)
    }

    /// Returns the text in the reporter's language, or else in the first language of the pages.
    pub fn text(&self, lang: &str) -> &str {
        let text = self.text.get(lang).or(self.text.get(Locale::ALL[0].code));
        text.map_or("", |text| text.trim())
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

    #[test]
    fn every_template_exists_in_every_language_and_does_not_ask_for_identity() {
        let templates = ReplyTemplate::built_in();
        assert!(templates.len() >= 14);
        for template in &templates {
            let id = &template.id;
            assert_eq!(template.label.len(), 2, "{id}");
            let placeholders = template.text("fr").matches('[').count();
            for Locale { code, .. } in Locale::ALL {
                let text = template.text.get(code).map(String::as_str);
                let text =
                    text.unwrap_or_else(|| panic!("{code}/reply_templates.toml has no {id}"));
                assert_eq!(text.matches('[').count(), placeholders, "{id} {code}");
                assert!(!asks_for_identity(text), "{id} {code} asks who the reporter is");
                assert!(text.chars().count() < 700, "{id} {code}");
            }
        }
    }

    #[test]
    fn a_victim_of_violence_first_receives_the_template_for_victims() {
        let taxonomy = taxonomy::Taxonomy::built_in();
        let first = |category: &str| ReplyTemplate::for_category(category).remove(0).id;
        for category in &taxonomy.categories {
            // The form asks a victim first how much to tell.
            let is_victim_category = category.opening_question.is_some();
            let expected = if is_victim_category { "harmed" } else { "received" };
            assert_eq!(first(&category.id), expected, "{}", category.id);
        }
        assert_eq!(first("unknown"), "received");
        for template in ReplyTemplate::built_in() {
            for category in &template.categories {
                assert!(taxonomy.category(category).is_some(), "{} {category}", template.id);
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
