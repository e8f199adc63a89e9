//! The types of the data files.

use std::collections::BTreeMap;

use protocol::Priority;
use serde::{Deserialize, Serialize};

use crate::{AnswerFormat, Condition, DECLINED, Place, QuestionKind, QuestionPurpose, UNKNOWN};

/// The placeholder of the oversight body in the texts of questions.
const OVERSIGHT_BODY: &str = "{body}";

/// A text in each language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct LocalizedText(pub(crate) BTreeMap<String, String>);

impl LocalizedText {
    /// Adds a currency in brackets to the text of each language that has one.
    pub(crate) fn append_unit(&mut self, unit: &Self) {
        for (lang, text) in &mut self.0 {
            if let Some(unit) = unit.0.get(lang) {
                *text = format!("{text} ({unit})");
            }
        }
    }

    /// Replaces the placeholder of the oversight body by its name in each language.
    pub(crate) fn name_oversight_body(&mut self, name: &impl Fn(&str) -> String) {
        for (lang, text) in &mut self.0 {
            if text.contains(OVERSIGHT_BODY) {
                *text = text.replace(OVERSIGHT_BODY, &name(lang));
            }
        }
    }

    /// Returns the text in a language, or in another one if that language has none. The check of
    /// the files excludes this for the listed languages.
    pub fn get(&self, lang: &str) -> &str {
        self.0.get(lang).or_else(|| self.0.values().next()).map_or("", String::as_str)
    }
}

/// The group that a reporter belongs to.
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
    /// Anyone else.
    Public,
}

impl Audience {
    /// All audiences in the order of the form.
    pub const ALL: [Self; 6] =
        [Self::Trader, Self::Broker, Self::Carrier, Self::Traveller, Self::Officer, Self::Public];

    /// Returns the name in data files and reports.
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

    /// Parses a name. Returns `None` for unknown names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == word)
    }
}

/// One of the ten key factors of the WCO Revised Arusha Declaration (2003).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// The number, 1 to 10.
    pub id: u8,
    /// The name.
    pub label: LocalizedText,
}

/// The label of an audience.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AudienceLabel {
    /// The audience.
    pub id: Audience,
    /// The text that the reporter reads.
    pub label: LocalizedText,
}

/// The labels of the two answers that every choice has besides its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImpliedAnswers {
    /// The label of [`UNKNOWN`](crate::UNKNOWN).
    pub unknown: LocalizedText,
    /// The label of [`DECLINED`](crate::DECLINED).
    pub unsaid: LocalizedText,
}

/// A group of categories, which a reporter chooses first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryGroup {
    /// The id, such as `money`.
    pub id: String,
    /// The name.
    pub label: LocalizedText,
}

/// A desk that an administration can set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskLabel {
    /// The id, such as `internal_affairs`.
    pub id: String,
    /// The name.
    pub label: LocalizedText,
}

/// The subject of a report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The id: three capital letters, such as `FAC`.
    pub id: String,
    /// The id of its group.
    pub family: String,
    /// The name.
    pub label: LocalizedText,
    /// An example in the reporter's words.
    pub example: LocalizedText,
    /// The primary factor.
    pub factor: u8,
    /// Further factors.
    #[serde(default)]
    pub secondary_factors: Vec<u8>,
    /// The usual audiences, the most likely first.
    pub audience: Vec<Audience>,
    /// The ids of its own questions.
    pub questions: Vec<String>,
    /// The id of the desk that handles it unless the directory or the reporter's exclusions
    /// determine another.
    pub desk: String,
    /// The minimum priority of a report. One member can raise it later; two can lower it.
    pub priority_floor: Priority,
    /// The ids of the questions that replace both common lists.
    #[serde(default)]
    pub common_questions_override: Option<Vec<String>>,
    /// The id of a question that comes before all others.
    #[serde(default)]
    pub opening_question: Option<String>,
    /// The ids of the questions beside the story, at most [`MAX_QUICK_QUESTIONS`]. Without them,
    /// those of the settings.
    #[serde(default)]
    pub quick: Option<Vec<String>>,
    /// What the form asks instead of the label of the story, such as for a question.
    #[serde(default)]
    pub story_label: Option<LocalizedText>,
    /// Whether the story must be filled in.
    #[serde(default = "default_true")]
    pub story_required: bool,
}

/// Maximum number of questions beside the story. The page with the story stays short.
pub const MAX_QUICK_QUESTIONS: usize = 4;

fn default_true() -> bool {
    true
}

/// One option of a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionOption {
    /// The id, unique within the question.
    pub id: String,
    /// The text that the reporter reads.
    pub label: LocalizedText,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The id, such as `place_type`.
    pub id: String,
    /// How it is answered.
    #[serde(rename = "type")]
    pub kind: QuestionKind,
    /// The risk that an answer identifies the reporter: 0 none, 1 low, 2 medium, 3 high.
    pub identity_risk: u8,
    /// The text that the reporter reads.
    pub label: LocalizedText,
    /// A warning about answers that could identify the reporter.
    #[serde(default)]
    pub warn: Option<LocalizedText>,
    /// Whether the answers are amounts. The currency is then added to the label in every language.
    #[serde(default)]
    pub money: bool,
    /// Whether the page suggests the places of the administration. Any text is an answer.
    #[serde(default)]
    pub places: bool,
    /// The form that a text must have, for the answer type [`crate::AnswerType::Text`].
    #[serde(default)]
    pub format: Option<AnswerFormat>,
    /// When the question applies; always without a condition.
    #[serde(default)]
    pub when: Option<Condition>,
    /// The options, for kinds that have options.
    #[serde(default)]
    pub options: Vec<QuestionOption>,
}

impl Question {
    /// Returns the form that a text must have.
    pub fn format(&self) -> Option<&AnswerFormat> {
        self.format.as_ref()
    }
}

/// A rule that raises the priority of a report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityRule {
    /// The id of the question.
    pub question: String,
    /// The option ids. Any of them raises the priority.
    pub answers: Vec<String>,
    /// The minimum priority then.
    pub raise_to: Priority,
}

/// The complete and checked taxonomy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxonomy {
    /// The version of the data, such as `2026-11`.
    pub version: String,
    /// The languages in which every text exists.
    pub languages: Vec<String>,
    /// The language for visitors whose languages are not among these.
    pub default_language: String,
    /// The category for reporters who are not sure.
    pub unsure: String,
    /// The category for reporters who ask for advice.
    pub advice: String,
    /// The labels of the answers that every choice has.
    pub implied: ImpliedAnswers,
    /// The audiences in the order of the form.
    pub audiences: Vec<AudienceLabel>,
    /// The questions before those of a category.
    pub common_start: Vec<String>,
    /// The questions after those of a category.
    pub common_end: Vec<String>,
    /// The questions beside the story, for categories that name none of their own.
    pub quick: Vec<String>,
    /// The rules that raise the priority.
    pub priority_rules: Vec<PriorityRule>,
    /// The ten factors.
    pub factors: Vec<Factor>,
    /// The groups in the order of the form.
    pub families: Vec<CategoryGroup>,
    /// The categories in the order of the form.
    pub categories: Vec<Category>,
    /// All questions.
    pub questions: Vec<Question>,
    /// All desks.
    pub desks: Vec<DeskLabel>,
    /// The border posts and offices in the order of the list. The built-in taxonomy has none, see
    /// [`Taxonomy::with_places`].
    pub places: Vec<Place>,
}

impl Taxonomy {
    /// Returns the category with this id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// Returns the question with this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    /// Returns what the form asks, in the words of a category.
    pub fn label_in<'a>(
        &self,
        category: &'a Category,
        question: &'a Question,
    ) -> &'a LocalizedText {
        match (&category.story_label, question.kind.purpose()) {
            (Some(label), QuestionPurpose::Story) => label,
            _ => &question.label,
        }
    }

    /// Returns the factors of a category, the primary one first.
    pub fn factors_of<'a>(&'a self, category: &'a Category) -> impl Iterator<Item = &'a Factor> {
        let ids = std::iter::once(&category.factor).chain(&category.secondary_factors);
        ids.filter_map(|id| self.factors.iter().find(|factor| factor.id == *id))
    }

    /// Returns the desk with this id.
    pub fn desk(&self, id: &str) -> Option<&DeskLabel> {
        self.desks.iter().find(|desk| desk.id == id)
    }

    /// Returns the label of an option, including the implied ones.
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

    /// Returns the categories of a group in the order of the form.
    pub fn categories_in_group<'a>(
        &'a self,
        family: &'a str,
    ) -> impl Iterator<Item = &'a Category> {
        self.categories.iter().filter(move |category| category.family == family)
    }

    /// Returns the questions of a category in the order in which they are asked, each once.
    pub fn questions_for<'a>(&'a self, category: &'a Category) -> Vec<&'a Question> {
        let (before, after): (&[String], &[String]) = match &category.common_questions_override {
            // A form that lets the reporter set the pace begins with its own question. The few
            // common questions follow.
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

    /// Returns the questions beside the story, in their order. All others are on the page of
    /// further facts. A category with few questions has those that it asks.
    pub fn quick_questions<'a>(&'a self, category: &'a Category) -> Vec<&'a Question> {
        let asked = self.questions_for(category);
        let ids = category.quick.as_ref().unwrap_or(&self.quick);
        ids.iter().filter_map(|id| asked.iter().copied().find(|asked| asked.id == *id)).collect()
    }
}
