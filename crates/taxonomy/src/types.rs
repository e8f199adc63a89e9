//! The types that the data files are read into.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{DECLINED, UNKNOWN};

/// A text in each language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct LocalizedText(pub(crate) BTreeMap<String, String>);

impl LocalizedText {
    /// Adds a unit in brackets to the text of each language that has one.
    pub(crate) fn append_unit(&mut self, unit: &Self) {
        for (lang, text) in &mut self.0 {
            if let Some(unit) = unit.0.get(lang) {
                *text = format!("{text} ({unit})");
            }
        }
    }

    /// The text in a language; in another one, if it has none (which the check of the files rules
    /// out for listed languages).
    pub fn get(&self, lang: &str) -> &str {
        self.0.get(lang).or_else(|| self.0.values().next()).map_or("", String::as_str)
    }
}

/// How urgent; P1 is the most urgent and the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Priority {
    /// Triage within 24 hours.
    P1,
    /// Within 3 days.
    P2,
    /// Within 7 days.
    P3,
    /// Within 30 days.
    P4,
}

/// Who is reporting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Importer or exporter.
    Trader,
    /// Licensed customs broker.
    Broker,
    /// Carrier or driver.
    Carrier,
    /// Traveller.
    Traveller,
    /// Customs officer.
    Officer,
    /// Anybody else.
    Public,
}

impl Audience {
    /// Everyone, in the order in which the form offers them.
    pub const ALL: [Self; 6] =
        [Self::Trader, Self::Broker, Self::Carrier, Self::Traveller, Self::Officer, Self::Public];

    /// The word in data files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trader => "trader",
            Self::Broker => "broker",
            Self::Carrier => "carrier",
            Self::Traveller => "traveller",
            Self::Officer => "officer",
            Self::Public => "public",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == word)
    }
}

/// One of the ten key factors of the WCO Revised Arusha Declaration (2003).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// 1 to 10.
    pub id: u8,
    /// Its name.
    pub label: LocalizedText,
}

/// One kind of reporter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceLabel {
    /// Which.
    pub id: Audience,
    /// What the reporter reads.
    pub label: LocalizedText,
}

/// The two answers that every choice has besides its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpliedAnswers {
    /// Label of [`UNKNOWN`](crate::UNKNOWN).
    pub unknown: LocalizedText,
    /// Label of [`DECLINED`](crate::UNSAID).
    pub unsaid: LocalizedText,
}

/// What a reporter chooses first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryGroup {
    /// Such as `money`.
    pub id: String,
    /// Its name.
    pub label: LocalizedText,
}

/// A desk that an administration may set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskLabel {
    /// Such as `internal_affairs`.
    pub id: String,
    /// Its name.
    pub label: LocalizedText,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Three capital letters, such as `FAC`.
    pub id: String,
    /// The family that it stands in.
    pub family: String,
    /// Its name.
    pub label: LocalizedText,
    /// An example in the reporter's words.
    pub example: LocalizedText,
    /// Primary factor.
    pub factor: u8,
    /// Further factors.
    #[serde(default)]
    pub secondary_factors: Vec<u8>,
    /// Who usually reports it, most likely first.
    pub audience: Vec<Audience>,
    /// Its own questions.
    pub questions: Vec<String>,
    /// Where it goes unless the directory or the reporter says otherwise.
    pub desk: String,
    /// Triage may raise it; lowering takes two persons.
    pub priority_floor: Priority,
    /// Asked in place of both common lists.
    #[serde(default)]
    pub common_questions_override: Option<Vec<String>>,
    /// A question that comes before all others.
    #[serde(default)]
    pub opening_question: Option<String>,
    /// May the story stay empty?
    #[serde(default = "default_true")]
    pub story_required: bool,
}

fn default_true() -> bool {
    true
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// One of the options.
    Choice,
    /// Any of the options.
    Multi,
    /// A line of text.
    Text,
    /// A line of text that can identify somebody: folded behind a warning.
    SensitiveText,
    /// The story.
    LongText,
    /// One of the options, or a date in the reporter's own words.
    Period,
    /// Whom the report must not reach.
    ExcludeDesks,
    /// One of the options. Asks about an earlier report without ever asking for its receipt.
    EarlierReport,
}

impl QuestionKind {
    /// Is it answered by options?
    pub fn has_options(self) -> bool {
        matches!(
            self,
            Self::Choice | Self::Multi | Self::Period | Self::ExcludeDesks | Self::EarlierReport
        )
    }

    /// Are words of the reporter's own an answer?
    pub fn accepts_text(self) -> bool {
        matches!(self, Self::Text | Self::SensitiveText | Self::LongText | Self::Period)
    }

    /// Does it also have the answers "I do not know" and "I prefer not to say"? An exclusion is
    /// said or not said.
    pub fn has_implied_answers(self) -> bool {
        self.has_options() && self != Self::ExcludeDesks
    }

    /// Can several options be given?
    pub fn is_multiple_choice(self) -> bool {
        matches!(self, Self::Multi | Self::ExcludeDesks)
    }
}

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionOption {
    /// Unique within the question.
    pub id: String,
    /// What the reporter reads.
    pub label: LocalizedText,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Such as `place_type`.
    pub id: String,
    /// How it is answered.
    #[serde(rename = "type")]
    pub kind: QuestionKind,
    /// 0 none, 1 low, 2 medium, 3 high.
    pub identity_risk: u8,
    /// What the reporter reads.
    pub label: LocalizedText,
    /// What could give the reporter away.
    #[serde(default)]
    pub warn: Option<LocalizedText>,
    /// Are the answers amounts? The currency is then added to the label in every language.
    #[serde(default)]
    pub money: bool,
    /// For kinds that have options.
    #[serde(default)]
    pub options: Vec<QuestionOption>,
}

/// Answers that make a report more urgent than its category.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UrgencyRule {
    /// The question.
    pub question: String,
    /// Any of these options.
    pub answers: Vec<String>,
    /// At least this urgent.
    pub raise_to: Priority,
}

/// Everything, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxonomy {
    /// Of the data, such as `2026-11`.
    pub version: String,
    /// Languages in which every text exists.
    pub languages: Vec<String>,
    /// Used where a visitor's languages are none of these.
    pub default_language: String,
    /// The category of those who are not sure.
    pub unsure: String,
    /// The category of those who ask for advice.
    pub advice: String,
    /// Answers that every choice has.
    pub implied: ImpliedAnswers,
    /// In the order of the form.
    pub audiences: Vec<AudienceLabel>,
    /// Asked before a category's own questions.
    pub common_start: Vec<String>,
    /// Asked after them.
    pub common_end: Vec<String>,
    /// What raises the urgency.
    pub urgent_when: Vec<UrgencyRule>,
    /// The ten factors.
    pub factors: Vec<Factor>,
    /// In the order of the form.
    pub families: Vec<CategoryGroup>,
    /// In the order of the form.
    pub categories: Vec<Category>,
    /// All questions.
    pub questions: Vec<Question>,
    /// All desks.
    pub desks: Vec<DeskLabel>,
}

impl Taxonomy {
    /// A category by its id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// A question by its id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// The factors that a category belongs to, the primary one first.
    pub fn factors_of<'a>(&'a self, category: &'a Category) -> impl Iterator<Item = &'a Factor> {
        let ids = std::iter::once(&category.factor).chain(&category.secondary_factors);
        ids.filter_map(|id| self.factors.iter().find(|factor| factor.id == *id))
    }

    /// A desk by its id.
    pub fn desk(&self, id: &str) -> Option<&DeskLabel> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// What the reporter reads for an option, an implied one included.
    pub fn option_label<'a>(
        &'a self,
        question: &'a Question,
        option: &str,
    ) -> Option<&'a LocalizedText> {
        match option {
            UNKNOWN if question.kind.has_implied_answers() => Some(&self.implied.unknown),
            DECLINED if question.kind.has_implied_answers() => Some(&self.implied.unsaid),
            _ => question
                .options
                .iter()
                .find(|choice| choice.id == option)
                .map(|choice| &choice.label),
        }
    }

    /// The categories of a family, in the order of the form.
    pub fn categories_in_group<'a>(
        &'a self,
        family: &'a str,
    ) -> impl Iterator<Item = &'a Category> {
        self.categories.iter().filter(move |category| category.family == family)
    }

    /// The questions of a category in the order in which they are asked; each once.
    pub fn questions_for<'a>(&'a self, category: &'a Category) -> Vec<&'a Question> {
        let (before, after): (&[String], &[String]) = match &category.common_questions_override {
            // The victim-paced form begins with its own question; the few common ones follow.
            Some(common) => (&[], common),
            None => (&self.common_start, &self.common_end),
        };
        let mut asked: Vec<&Question> = Vec::new();
        let ids =
            category.opening_question.iter().chain(before).chain(&category.questions).chain(after);
        for question in ids.filter_map(|id| self.question(id)) {
            if !asked.iter().any(|already| already.id == question.id) {
                asked.push(question);
            }
        }
        asked
    }
}
