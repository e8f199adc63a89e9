//! The kinds of questions, what their answers are, and the form that a text must have.

use std::borrow::Cow;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// The kind of a question: how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// One of the options.
    Choice,
    /// Any of the options.
    Multi,
    /// A line of text.
    Text,
    /// A line of text that can identify a person. The page hides it behind a warning.
    SensitiveText,
    /// The story.
    LongText,
    /// One of the options, or a date as free text.
    Period,
    /// The desks and units that the report must not reach.
    ExcludeDesks,
    /// One of the options. It asks about an earlier report without asking for its receipt.
    EarlierReport,
}

/// What the answer of a question is. The script for browsers gets its name in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerType {
    /// One of the options.
    Option,
    /// Any of the options.
    Options,
    /// A line of text, of the form that the question requires.
    Text,
    /// The story, which a report contains apart from its answers.
    Story,
    /// One of the options, or a date as free text.
    OptionOrDate,
}

// Each match lists every kind, so that the compiler names what a new kind needs.
impl QuestionKind {
    /// Returns what its answer is.
    pub fn answer_type(self) -> AnswerType {
        match self {
            Self::Choice | Self::EarlierReport => AnswerType::Option,
            Self::Multi | Self::ExcludeDesks => AnswerType::Options,
            Self::Text | Self::SensitiveText => AnswerType::Text,
            Self::LongText => AnswerType::Story,
            Self::Period => AnswerType::OptionOrDate,
        }
    }

    /// Returns what the question is for, if not only for its answer.
    pub fn purpose(self) -> QuestionPurpose {
        match self {
            Self::LongText => QuestionPurpose::Story,
            Self::ExcludeDesks => QuestionPurpose::Exclusion,
            Self::SensitiveText => QuestionPurpose::SensitiveAnswer,
            Self::Choice | Self::Multi | Self::Text | Self::Period | Self::EarlierReport => {
                QuestionPurpose::Answer
            }
        }
    }

    /// Returns whether the answers are options.
    pub fn has_options(self) -> bool {
        match self.answer_type() {
            AnswerType::Option | AnswerType::Options | AnswerType::OptionOrDate => true,
            AnswerType::Text | AnswerType::Story => false,
        }
    }

    /// Returns whether free text is an answer.
    pub fn accepts_text(self) -> bool {
        match self.answer_type() {
            AnswerType::Text | AnswerType::Story | AnswerType::OptionOrDate => true,
            AnswerType::Option | AnswerType::Options => false,
        }
    }

    /// Returns whether it also has the answers "I do not know" and "I prefer not to say". An
    /// exclusion does not.
    pub fn has_implied_answers(self) -> bool {
        self.has_options() && self.purpose() != QuestionPurpose::Exclusion
    }

    /// Returns whether several options can be chosen.
    pub fn is_multiple_choice(self) -> bool {
        self.answer_type() == AnswerType::Options
    }

    /// Returns whether a date as free text can replace the options.
    pub fn accepts_date(self) -> bool {
        self.answer_type() == AnswerType::OptionOrDate
    }
}

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionPurpose {
    /// Only its answer.
    Answer,
    /// An answer that can identify a person.
    SensitiveAnswer,
    /// The reporter's own text.
    Story,
    /// The desks and units that the report must not reach.
    Exclusion,
}

/// The form that a text must have, such as that of a time of day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerFormat {
    /// A regular expression for the whole answer, in the syntax that Rust and JavaScript share,
    /// because the intake and the script for browsers both check it.
    pub pattern: Cow<'static, str>,
    /// An answer that has this form. The page shows it.
    pub example: Cow<'static, str>,
}

impl AnswerFormat {
    /// Returns whether a text has this form. No text has the form of an invalid pattern, which the
    /// validation of the data files excludes.
    pub fn matches(&self, text: &str) -> bool {
        self.regex().is_ok_and(|regex| regex.is_match(text))
    }

    pub(crate) fn regex(&self) -> Result<Regex, regex::Error> {
        Regex::new(&format!("^(?:{})$", self.pattern))
    }
}
