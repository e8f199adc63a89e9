//! A reporter's answers, checked against the questions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use protocol::Priority;

use crate::{AnswerType, Category, Question, Taxonomy};

/// The option "I do not know", which every choice has.
pub const UNKNOWN: &str = "unknown";
/// The option "I prefer not to say", which every choice has.
pub const DECLINED: &str = "unsaid";
/// The maximum length of an answer other than the story, in characters.
pub const MAX_TEXT_CHARS: usize = 500;

/// One answer: text, the id of an option, or the ids of several options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// The id of an option, or text.
    One(String),
    /// The ids of several options.
    Many(Vec<String>),
}

/// The answers by question id, without the story.
pub type AnswerMap = BTreeMap<String, Answer>;

/// Why an answer is refused. The message names the question and never contains what was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The category does not have this question.
    #[error("question {0} does not apply to this category")]
    UnknownQuestion(String),
    /// The question does not have this option.
    #[error("question {0}: unknown option")]
    UnknownOption(String),
    /// The answer has several options instead of one, or text instead of options.
    #[error("question {0}: wrong answer type")]
    WrongType(String),
    /// The text has more than [`MAX_TEXT_CHARS`] characters.
    #[error("question {0}: answer too long")]
    TooLong(String),
    /// The text does not have the [form](crate::AnswerFormat) that the question requires.
    #[error("question {0}: the answer does not have the required form")]
    WrongFormat(String),
}

impl AnswerError {
    /// Returns the id of the question.
    pub fn question_id(&self) -> &str {
        match self {
            Self::UnknownQuestion(id)
            | Self::UnknownOption(id)
            | Self::WrongType(id)
            | Self::TooLong(id)
            | Self::WrongFormat(id) => id,
        }
    }
}

impl Taxonomy {
    /// Checks answers against the questions of a category. Returns them without empty ones.
    ///
    /// # Errors
    /// All answers that are wrong.
    pub fn validate_answers(
        &self,
        category: &Category,
        answers: AnswerMap,
    ) -> Result<AnswerMap, Vec<AnswerError>> {
        let questions = self.questions_for(category);
        let mut valid = AnswerMap::new();
        let mut wrong = Vec::new();
        for (id, answer) in answers {
            let Some(question) = questions.iter().find(|question| question.id == id) else {
                wrong.push(AnswerError::UnknownQuestion(id));
                continue;
            };
            match validate_answer(question, answer) {
                Ok(Some(answer)) => drop(valid.insert(id, answer)),
                Ok(None) => {}
                Err(error) => wrong.push(error),
            }
        }
        if wrong.is_empty() { Ok(valid) } else { Err(wrong) }
    }

    /// Returns the priority of a report: the floor of its category, raised by the rules that its
    /// answers match.
    pub fn priority(&self, category: &Category, answers: &AnswerMap) -> Priority {
        self.priority_rules
            .iter()
            .filter(|rule| match answers.get(&rule.question) {
                Some(Answer::One(one)) => rule.answers.contains(one),
                Some(Answer::Many(many)) => many.iter().any(|one| rule.answers.contains(one)),
                None => false,
            })
            .map(|rule| rule.raise_to)
            .chain([category.priority_floor])
            .min()
            .unwrap_or(category.priority_floor)
    }
}

fn validate_answer(question: &Question, answer: Answer) -> Result<Option<Answer>, AnswerError> {
    let is_empty = match &answer {
        Answer::One(text) => text.trim().is_empty(),
        Answer::Many(many) => many.is_empty(),
    };
    if is_empty {
        return Ok(None);
    }
    // Lists every type, so that no new one is accepted without a check.
    let valid = match question.kind.answer_type() {
        AnswerType::Option => validate_option(question, answer),
        AnswerType::Options => validate_options(question, answer),
        AnswerType::Text | AnswerType::Story | AnswerType::OptionOrDate => {
            validate_text(question, answer)
        }
    };
    valid.map(Some)
}

fn validate_option(question: &Question, answer: Answer) -> Result<Answer, AnswerError> {
    match answer {
        Answer::One(one) if has_option(question, &one) => Ok(Answer::One(one)),
        Answer::One(_) => Err(AnswerError::UnknownOption(question.id.clone())),
        Answer::Many(_) => Err(AnswerError::WrongType(question.id.clone())),
    }
}

fn validate_options(question: &Question, answer: Answer) -> Result<Answer, AnswerError> {
    let many = match answer {
        Answer::One(one) => vec![one],
        Answer::Many(many) => many,
    };
    if many.iter().all(|one| has_option(question, one)) {
        Ok(Answer::Many(many))
    } else {
        Err(AnswerError::UnknownOption(question.id.clone()))
    }
}

fn validate_text(question: &Question, answer: Answer) -> Result<Answer, AnswerError> {
    let id = || question.id.clone();
    match answer {
        Answer::One(text) if text.chars().count() > MAX_TEXT_CHARS => {
            Err(AnswerError::TooLong(id()))
        }
        Answer::One(text) if question.format().is_some_and(|format| !format.matches(&text)) => {
            Err(AnswerError::WrongFormat(id()))
        }
        Answer::One(text) => Ok(Answer::One(text)),
        Answer::Many(_) => Err(AnswerError::WrongType(id())),
    }
}

/// Returns whether the question has this option, the implied ones included.
fn has_option(question: &Question, id: &str) -> bool {
    let implied = question.kind.has_implied_answers() && (id == UNKNOWN || id == DECLINED);
    implied || question.options.iter().any(|option| option.id == id)
}
