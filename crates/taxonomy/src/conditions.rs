//! Conditions of questions: which questions apply, after the answers to others.

use serde::{Deserialize, Serialize};

use crate::{AnswerType, Category, Question, Taxonomy};

/// The condition of a question: an answer to an earlier question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The id of the question that decides.
    pub question: String,
    /// The ids of its options. The condition holds with any of them.
    pub answers: Vec<String>,
}

/// Returns the ids of the questions that apply, in order. `values` are the chosen options of a
/// question.
///
/// A question applies if it has no condition, if the question that decides is not in the list, or
/// if that question applies and has one of the answers. The question that decides comes first in
/// the list. The script for browsers has the same rule; both are tested with the cases in
/// `tests/conditions.json`.
pub fn applicable<'a, V: AsRef<str>>(
    questions: &[(&'a str, Option<&Condition>)],
    values: impl Fn(&str) -> Vec<V>,
) -> Vec<&'a str> {
    let mut applying: Vec<&str> = Vec::new();
    for (id, condition) in questions {
        let holds = condition.is_none_or(|condition| {
            let decides = |other: &str| other == condition.question;
            if !questions.iter().any(|(other, _)| decides(other)) {
                return true;
            }
            let is_answer =
                |value: &V| condition.answers.iter().any(|answer| answer == value.as_ref().trim());
            applying.iter().any(|other| decides(other))
                && values(&condition.question).iter().any(is_answer)
        });
        if holds {
            applying.push(id);
        }
    }
    applying
}

impl Taxonomy {
    /// Returns the questions of a category that apply, in the order in which they are asked.
    /// `values` are the chosen options of a question.
    pub fn applicable_questions<'a, V: AsRef<str>>(
        &'a self,
        category: &'a Category,
        values: impl Fn(&str) -> Vec<V>,
    ) -> Vec<&'a Question> {
        let asked = self.questions_for(category);
        let conditions: Vec<_> =
            asked.iter().map(|question| (&*question.id, question.when.as_ref())).collect();
        let applying = applicable(&conditions, values);
        asked.into_iter().filter(|question| applying.contains(&&*question.id)).collect()
    }

    /// Returns all errors of the conditions.
    pub(crate) fn condition_errors(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for question in &self.questions {
            let Some(condition) = &question.when else { continue };
            let place = format!("questions.toml: {} when", question.id);
            let Some(deciding) = self.question(&condition.question) else {
                errors.push(format!("{place}: {} is not a question", condition.question));
                continue;
            };
            if !matches!(deciding.kind.answer_type(), AnswerType::Option | AnswerType::Options) {
                errors.push(format!("{place}: {} has no list of options", deciding.id));
            }
            if condition.answers.is_empty() {
                errors.push(format!("{place} has no answers"));
            }
            for answer in &condition.answers {
                if !deciding.options.iter().any(|option| option.id == *answer) {
                    errors.push(format!("{place}: {} has no option {answer}", deciding.id));
                }
            }
            if self.decides_itself(question) {
                errors.push(format!("{place}: {} depends on itself", question.id));
            }
        }
        for category in &self.categories {
            let asked = self.questions_for(category);
            let quick = self.quick_questions(category);
            let position = |list: &[&Question], id: &str| list.iter().position(|one| one.id == id);
            for question in &asked {
                let Some(condition) = &question.when else { continue };
                let Some(deciding) = position(&asked, &condition.question) else { continue };
                // The page of the story comes before that of the facts.
                let is_late = position(&asked, &question.id).is_some_and(|own| own < deciding)
                    || position(&quick, &question.id).is_some_and(|own| {
                        position(&quick, &condition.question).is_none_or(|other| own < other)
                    });
                if is_late {
                    errors.push(format!(
                        "categories.toml: {} asks {} before {}, which decides whether it applies",
                        category.id, question.id, condition.question
                    ));
                }
            }
        }
        errors
    }

    fn decides_itself(&self, question: &Question) -> bool {
        let mut next = question.when.as_ref();
        for _ in &self.questions {
            let Some(condition) = next else { return false };
            if condition.question == question.id {
                return true;
            }
            next = self.question(&condition.question).and_then(|other| other.when.as_ref());
        }
        false
    }
}
