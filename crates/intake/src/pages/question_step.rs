//! The step on which a question is asked.

use taxonomy::{Category, Question, QuestionPurpose, Taxonomy};

use crate::form::FormStep;

/// Returns the step that asks a question of a category.
pub(super) fn step_of(taxonomy: &Taxonomy, category: &Category, question: &Question) -> FormStep {
    let is_quick = || {
        taxonomy.quick_questions(category).iter().any(|quick| quick.id == question.id)
            || category.opening_question.as_ref() == Some(&question.id)
    };
    if question.kind.purpose() == QuestionPurpose::Story || is_quick() {
        FormStep::Tell
    } else {
        FormStep::Facts
    }
}
