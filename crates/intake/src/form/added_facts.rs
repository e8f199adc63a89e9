//! Facts that a reporter adds to a report: answers to the questions of a category, after the report
//! was sent.

use std::collections::BTreeMap;

use protocol::{
    Priority,
    submission::{
        facts_body::FactsBody,
        report_body::{ReportAnswer, decides_readers},
    },
};
use taxonomy::{Answer, AnswerMap, Question, QuestionPurpose, Taxonomy};

use super::{FieldError, FieldProblem, ReportForm};

/// Valid facts.
#[derive(Debug, PartialEq, Eq)]
pub struct ValidatedFacts {
    /// The category and the answers, as they are sealed.
    pub body: FactsBody,
    /// The priority of a report with these answers. The facts do not change that of the case.
    pub priority: Priority,
}

impl ReportForm {
    /// Validates facts that are added to a report.
    ///
    /// # Errors
    /// Returns all problems, in the order of the questions.
    pub fn validate_facts(&self, taxonomy: &Taxonomy) -> Result<ValidatedFacts, Vec<FieldError>> {
        let mut errors: Vec<FieldError> = self.invalid_choice(taxonomy).into_iter().collect();
        errors.extend(self.invalid_utf8_fields().iter().cloned());
        let Some(category) = taxonomy.category(&self.category) else {
            errors.push(FieldError::new("category", FieldProblem::Missing));
            return Err(errors);
        };
        let asked = self.applicable_questions(taxonomy, category);
        let asked: Vec<&Question> =
            asked.into_iter().filter(|question| can_be_added(question)).collect();
        let answers = self.validate_answers(taxonomy, category, &asked).unwrap_or_else(|invalid| {
            errors.extend(invalid);
            AnswerMap::new()
        });
        if answers.is_empty() && errors.is_empty() {
            errors.push(FieldError::new("facts", FieldProblem::Missing));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let priority = taxonomy.priority(category, &answers);
        let answers = report_answers(answers);
        Ok(ValidatedFacts { body: FactsBody { category: category.id.clone(), answers }, priority })
    }
}

/// Returns whether a question can be answered after the report was sent. The story is a message
/// then, and an answer that decides the readers would have no effect.
pub fn can_be_added(question: &Question) -> bool {
    question.kind.purpose() != QuestionPurpose::Story && !decides_readers(&question.id)
}

/// Returns answers as they are sealed.
pub fn report_answers(answers: AnswerMap) -> BTreeMap<String, ReportAnswer> {
    let sealed = |answer| match answer {
        Answer::One(one) => ReportAnswer::One(one),
        Answer::Many(many) => ReportAnswer::Many(many),
    };
    answers.into_iter().map(|(question, answer)| (question, sealed(answer))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::ReplyForm;
    use web::Locale;

    fn facts(fields: &[(&str, &str)]) -> ReportForm {
        let mut form = ReplyForm::default();
        for (name, value) in fields {
            form.set_field(name, value.as_bytes()).unwrap();
        }
        form.facts_form(Locale::EN)
    }

    #[test]
    fn added_facts_need_an_answer_and_are_checked_as_those_of_a_report() {
        let taxonomy = Taxonomy::built_in();
        let validate = |fields: &[(&str, &str)]| facts(fields).validate_facts(&taxonomy);
        let valid = validate(&[("category", "EXT"), ("a.place", " Dakola "), ("a.safety", "me")]);
        let valid = valid.unwrap();
        assert_eq!(valid.body.category, "EXT");
        assert_eq!(valid.body.answers["place"], ReportAnswer::One("Dakola".to_owned()));
        assert_eq!(valid.priority, Priority::P1);
        let missing = |field| Err(vec![FieldError::new(field, FieldProblem::Missing)]);
        assert_eq!(validate(&[("a.place", "Dakola")]), missing("category"));
        assert_eq!(validate(&[("category", "EXT"), ("a.place", " ")]), missing("facts"));
        let long = "x".repeat(taxonomy::MAX_TEXT_CHARS + 1);
        let errors = validate(&[("category", "EXT"), ("a.place", &long)]).unwrap_err();
        assert_eq!(errors[0].field, "a.place");
    }

    #[test]
    fn no_answer_that_decides_the_readers_is_added() {
        let taxonomy = Taxonomy::built_in();
        let deciding = [("a.handlers_involved", "unsure_all"), ("a.story", "a story")];
        let fields = [&[("category", "EXT"), ("a.place", "Dakola")], &deciding[..]].concat();
        let valid = facts(&fields).validate_facts(&taxonomy).unwrap();
        assert_eq!(valid.body.answers.keys().collect::<Vec<_>>(), ["place"]);
        // Advice has no further questions, and no page offers it for facts.
        let cases = taxonomy.categories.iter().filter(|category| category.id != taxonomy.advice);
        for category in cases {
            let asked = taxonomy.questions_for(category).into_iter();
            assert!(asked.filter(|question| can_be_added(question)).count() > 0, "{}", category.id);
        }
    }
}
