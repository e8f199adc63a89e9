//! A reporter's answers, checked against the questions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Category, Priority, Question, Taxonomy};

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
}

impl AnswerError {
    /// Returns the id of the question.
    pub fn question_id(&self) -> &str {
        match self {
            Self::UnknownQuestion(id)
            | Self::UnknownOption(id)
            | Self::WrongType(id)
            | Self::TooLong(id) => id,
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
    pub fn urgency(&self, category: &Category, answers: &AnswerMap) -> Priority {
        self.urgent_when
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
    let implied =
        |id: &str| question.kind.has_implied_answers() && (id == UNKNOWN || id == DECLINED);
    let known = |id: &String| implied(id) || question.options.iter().any(|option| option.id == *id);
    let id = || question.id.clone();
    match answer {
        Answer::One(text) if text.trim().is_empty() => Ok(None),
        Answer::Many(many) if many.is_empty() => Ok(None),
        Answer::One(one) if question.kind.is_multiple_choice() && known(&one) => {
            Ok(Some(Answer::Many(vec![one])))
        }
        Answer::One(one) if question.kind.has_options() && !question.kind.accepts_text() => {
            if known(&one) {
                Ok(Some(Answer::One(one)))
            } else {
                Err(AnswerError::UnknownOption(id()))
            }
        }
        Answer::One(text) if text.chars().count() > MAX_TEXT_CHARS => {
            Err(AnswerError::TooLong(id()))
        }
        Answer::One(text) => Ok(Some(Answer::One(text))),
        Answer::Many(many) if question.kind.is_multiple_choice() => {
            if many.iter().all(known) {
                Ok(Some(Answer::Many(many)))
            } else {
                Err(AnswerError::UnknownOption(id()))
            }
        }
        Answer::Many(_) => Err(AnswerError::WrongType(id())),
    }
}
