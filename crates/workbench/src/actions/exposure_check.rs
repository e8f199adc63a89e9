//! Finds text in a message that could expose the reporter. A reply opens with the receipt, and
//! another person can find the receipt or demand it. A message that repeats what only the reporter
//! can have written reveals what was reported, and by whom.

use std::{collections::BTreeSet, sync::LazyLock};

use locales::EmbeddedFiles;
use regex::RegexSet;
use serde::{Deserialize, Serialize};

use crate::{
    case::view::{CaseView, MessageView},
    search::identifiers::{find_names, find_numbers, lowercase_words},
};

/// This many consecutive words that also occur in the report are a quotation.
const MIN_QUOTED_WORDS: usize = 5;

/// Kind of exposure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExposureKind {
    /// The message asks who the reporter is, or asks for another way of contact.
    AsksWho,
    /// The message repeats a number of the report: a declaration, a vehicle, a telephone.
    Number,
    /// The message repeats a name of a person or place.
    Name,
    /// The message repeats the reporter's own text.
    Quotation,
}

/// One finding, with the text of the message that it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposureFinding {
    /// Kind of exposure.
    pub risk: ExposureKind,
    /// The text; empty if the finding concerns the whole message.
    pub words: String,
}

/// What asks a reporter for their identity, in one language.
#[derive(Deserialize)]
struct IdentityQuestions {
    /// Regular expressions for questions about a name, telephone, address, post, age, or who else
    /// knows.
    patterns: Vec<String>,
}

static QUESTION_FILES: EmbeddedFiles = locales::embedded!("identity_questions.toml");

/// An e-mail address or messenger leads out of the protected channel.
const OTHER_CHANNEL: &str = r"(?i)\b[\w.+-]+@[\w-]+\.[\w.-]+\b|\bwhatsapp\b";

static IDENTITY_QUESTIONS: LazyLock<RegexSet> = LazyLock::new(|| {
    let mut patterns = vec![OTHER_CHANNEL.to_owned()];
    for (_, file) in QUESTION_FILES.iter() {
        let questions: IdentityQuestions = toml::from_str(file).expect("a test reads each file");
        patterns.extend(questions.patterns);
    }
    RegexSet::new(patterns).expect("a test compiles every pattern")
});

/// Returns whether a message asks who the reporter is, or leads to another way of contact.
pub fn asks_for_identity(message: &str) -> bool {
    IDENTITY_QUESTIONS.is_match(message)
}

/// Returns everything in a message that could expose the reporter of this case. The findings do not
/// prevent sending: the member decides.
pub fn find_exposures(message: &str, case: &CaseView) -> Vec<ExposureFinding> {
    let reported = reported_texts(case);
    let mut found = Vec::new();
    if asks_for_identity(message) {
        found.push(ExposureFinding { risk: ExposureKind::AsksWho, words: String::new() });
    }
    let mut add_repeated = |risk, of: fn(&str) -> BTreeSet<String>| {
        let own = of(message);
        let known: BTreeSet<String> = reported.iter().flat_map(|text| of(text)).collect();
        found.extend(
            own.intersection(&known).map(|words| ExposureFinding { risk, words: words.clone() }),
        );
    };
    add_repeated(ExposureKind::Number, find_numbers);
    add_repeated(ExposureKind::Name, find_names);
    found.extend(
        reported
            .iter()
            .find_map(|text| find_quotation(message, text))
            .map(|words| ExposureFinding { risk: ExposureKind::Quotation, words }),
    );
    found
}

/// Returns the texts that only the reporter can have written.
fn reported_texts(case: &CaseView) -> Vec<&str> {
    let report = case.report.as_ref();
    let facts = report.into_iter().flat_map(|report| &report.facts).flat_map(|fact| &fact.answers);
    let messages = case
        .messages
        .iter()
        .filter(|message| message.direction == protocol::submission::frame::FrameDirection::In);
    report
        .map(|report| &*report.story)
        .into_iter()
        .chain(facts.map(|answer| &**answer))
        .chain(messages.flat_map(MessageView::texts))
        .collect()
}

/// Returns the first sequence of words that occurs in both texts. Digits are left to
/// [`find_numbers`].
fn find_quotation(message: &str, reported: &str) -> Option<String> {
    let words_of = |text| -> Vec<String> {
        lowercase_words(text)
            .into_iter()
            .filter(|word| word.chars().any(char::is_alphabetic))
            .collect()
    };
    let (message, reported) = (words_of(message), words_of(reported));
    let known: BTreeSet<&[String]> = reported.windows(MIN_QUOTED_WORDS).collect();
    message.windows(MIN_QUOTED_WORDS).find(|row| known.contains(row)).map(|row| row.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_the_person_are_found_in_each_language_and_others_are_not() {
        #[derive(Deserialize)]
        struct QuestionExamples {
            examples: Vec<String>,
            other_questions: Vec<String>,
        }
        assert!(asks_for_identity("Write to unit@customs.example"));
        for (code, file) in QUESTION_FILES.iter() {
            let questions: QuestionExamples = toml::from_str(file).unwrap();
            assert!(!questions.examples.is_empty() && !questions.other_questions.is_empty());
            for text in questions.examples {
                assert!(asks_for_identity(&text), "{code}: {text}");
            }
            for text in questions.other_questions {
                assert!(!asks_for_identity(&text), "{code}: {text}");
            }
        }
    }

    #[test]
    fn five_consecutive_words_are_a_quotation() {
        let story = "Au poste, l’agent garde mes papiers jusqu’à ce que je paie.";
        let found =
            find_quotation("Vous écrivez : « L'agent garde mes papiers » — depuis quand ?", story);
        assert_eq!(found.as_deref(), Some("l agent garde mes papiers"));
        assert_eq!(find_quotation("Depuis quand l’agent garde-t-il des papiers ?", story), None);
    }
}
