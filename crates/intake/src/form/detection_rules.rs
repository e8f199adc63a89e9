//! The rules that find identifying details.
//!
//! The patterns are in `guard/rules.json`. They contain placeholders such as `{{month}}` for the
//! terms of every language, which are patterns too and are in `identifying_details.json` of the
//! language. The browser script uses the same rules. They search the folded text. Patterns use only
//! syntax that Rust and JavaScript interpret alike, except `\b`, which the intake translates.

use std::{collections::BTreeMap, sync::LazyLock};

use locales::EmbeddedFiles;
use serde::{Deserialize, Serialize};

/// The kind of an identifying detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifyingDetailKind {
    /// The code of a receipt, which opens a mailbox.
    Receipt,
    /// A phone number.
    Phone,
    /// A mail address.
    Email,
    /// A name, as in "my name is".
    Name,
    /// The number of a declaration, manifest or receipt of payment.
    Declaration,
    /// A number plate or container number.
    Vehicle,
    /// The number of a taxpayer or company.
    Tax,
    /// The number of a passport or identity card.
    Identity,
    /// A date.
    Date,
    /// A rank of the reporter that few people hold.
    Function,
    /// An hour and minute.
    Time,
    /// A fact that few or no other people can know.
    OnlyMe,
}

impl IdentifyingDetailKind {
    const ALL: [Self; 12] = [
        Self::Receipt,
        Self::Phone,
        Self::Email,
        Self::Name,
        Self::Declaration,
        Self::Vehicle,
        Self::Tax,
        Self::Identity,
        Self::Date,
        Self::Function,
        Self::Time,
        Self::OnlyMe,
    ];

    /// Returns the name in rules and in the values of buttons.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Name => "name",
            Self::Declaration => "declaration",
            Self::Vehicle => "vehicle",
            Self::Tax => "tax",
            Self::Identity => "identity",
            Self::Date => "date",
            Self::Function => "function",
            Self::Time => "time",
            Self::OnlyMe => "only-me",
        }
    }

    /// Parses the name of a kind; returns `None` for any other text.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One rule, in the order in which details are shown. The rules of all languages apply to every
/// text, because people mix languages. A redaction retains the part that the pattern captures, such
/// as the month of a date.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DetectionRule {
    #[serde(rename = "trace")]
    pub(super) kind: IdentifyingDetailKind,
    pub(super) ignore_case: bool,
    pub(super) pattern: String,
}

/// The terms of one language.
#[derive(Deserialize)]
struct LanguageTerms {
    /// Whether `\b` finds the boundaries of words. In JavaScript it does so in the Latin script
    /// only. The terms of another language go to placeholders such as `{{month_without_boundary}}`.
    word_boundaries: bool,
    terms: BTreeMap<String, Vec<String>>,
}

pub(super) static LANGUAGE_TERMS: EmbeddedFiles = locales::embedded!("identifying_details.json");

static RULES: LazyLock<Vec<DetectionRule>> = LazyLock::new(|| {
    let mut rules: Vec<DetectionRule> =
        serde_json::from_str(include_str!("../../guard/rules.json")).expect("a test reads them");
    for (placeholder, terms) in terms_by_placeholder() {
        for rule in &mut rules {
            rule.pattern = rule.pattern.replace(&placeholder, &terms.join("|"));
        }
    }
    rules
});

/// Returns the terms of all languages for each placeholder.
fn terms_by_placeholder() -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, file) in LANGUAGE_TERMS.iter() {
        let language: LanguageTerms = serde_json::from_str(file).expect("a test reads each file");
        let suffix = if language.word_boundaries { "" } else { "_without_boundary" };
        for (name, terms) in language.terms {
            all.entry(format!("{{{{{name}{suffix}}}}}")).or_default().extend(terms);
        }
    }
    // A placeholder without terms would match everywhere.
    all.retain(|_, terms| !terms.is_empty());
    all
}

/// Returns the rules, for the browser script.
pub fn rules() -> &'static [DetectionRule] {
    &RULES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_placeholder_has_terms_and_each_term_has_a_placeholder() {
        for rule in rules() {
            assert!(!rule.pattern.contains("{{"), "no language has terms for {}", rule.pattern);
            for differing in [r"\d", r"\w", r"\D", r"\W", r"\B"] {
                assert!(!rule.pattern.contains(differing), "{differing}: {}", rule.pattern);
            }
        }
        let templates = include_str!("../../guard/rules.json");
        for (placeholder, terms) in terms_by_placeholder() {
            assert!(templates.contains(&placeholder), "no rule uses {placeholder}: {terms:?}");
        }
    }
}
