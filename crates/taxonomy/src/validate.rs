//! Checks that the data files fit together.

use std::collections::BTreeSet;

use crate::{
    AnswerType, Audience, Category, LocalizedText, MAX_QUICK_QUESTIONS, Question, QuestionPurpose,
    Taxonomy,
};

impl Taxonomy {
    /// Returns all errors, each with the file and the key.
    pub(crate) fn validate(&self) -> Vec<String> {
        let mut wrong = ValidationErrors { languages: &self.languages, errors: Vec::new() };
        wrong.report_if(
            !self.languages.contains(&self.default_language),
            "settings.toml: default_language is not among languages",
        );
        wrong.check_unique("factors.toml", self.factors.iter().map(|f| f.id.to_string()));
        wrong.check_unique("families.toml", self.families.iter().map(|f| f.id.clone()));
        wrong.check_unique("categories.toml", self.categories.iter().map(|c| c.id.clone()));
        wrong.check_unique("questions.toml", self.questions.iter().map(|q| q.id.clone()));
        wrong.check_unique("desks.toml", self.desks.iter().map(|d| d.id.clone()));
        wrong.report_if(
            !(1..=10).all(|id| self.factors.iter().any(|factor| factor.id == id)),
            "factors.toml: the factors must be numbered 1 to 10",
        );
        for audience in Audience::ALL {
            let known = self.audiences.iter().filter(|a| a.id == audience).count();
            let word = audience.as_str();
            wrong.report_if(known != 1, &format!("audiences.toml: {word} must occur exactly once"));
        }
        for audience in &self.audiences {
            wrong.check_translations(
                &format!("audiences.toml: {}", audience.id.as_str()),
                &audience.label,
            );
        }
        for factor in &self.factors {
            wrong.check_translations(&format!("factors.toml: {}", factor.id), &factor.label);
        }
        for family in &self.families {
            let place = format!("families.toml: {}", family.id);
            wrong.check_translations(&place, &family.label);
            wrong.report_if(
                self.categories_in_group(&family.id).next().is_none(),
                &format!("{place} has no category"),
            );
        }
        for desk in &self.desks {
            wrong.check_translations(&format!("desks.toml: {}", desk.id), &desk.label);
        }
        for question in &self.questions {
            validate_question(question, &mut wrong);
        }
        for category in &self.categories {
            self.validate_category(category, &mut wrong);
        }
        self.validate_settings(&mut wrong);
        wrong.errors.extend(self.condition_errors());
        wrong.errors
    }

    fn validate_category(&self, category: &Category, wrong: &mut ValidationErrors<'_>) {
        let place = format!("categories.toml: {}", category.id);
        wrong.check_translations(&format!("{place} label"), &category.label);
        wrong.check_translations(&format!("{place} example"), &category.example);
        if let Some(label) = &category.story_label {
            wrong.check_translations(&format!("{place} story_label"), label);
        }
        let family = self.families.iter().any(|family| family.id == category.family);
        wrong.report_if(!family, &format!("{place} family {} is unknown", category.family));
        wrong.report_if(
            self.desk(&category.desk).is_none(),
            &format!("{place} desk {} is unknown", category.desk),
        );
        wrong.report_if(category.audience.is_empty(), &format!("{place} has no audience"));
        for factor in category.secondary_factors.iter().chain([&category.factor]) {
            wrong.report_if(
                !(1..=10).contains(factor),
                &format!("{place} factor {factor} is not 1 to 10"),
            );
        }
        for id in category
            .questions
            .iter()
            .chain(&category.opening_question)
            .chain(category.common_questions_override.iter().flatten())
        {
            wrong.report_if(
                self.question(id).is_none(),
                &format!("{place} question {id} is unknown"),
            );
        }
        let story =
            self.questions_for(category).iter().any(|q| q.kind.purpose() == QuestionPurpose::Story);
        wrong.report_if(!story, &format!("{place} does not ask for the story"));
        if let Some(quick) = &category.quick {
            validate_quick(&place, quick, &self.questions_for(category), wrong);
        }
    }

    fn validate_settings(&self, wrong: &mut ValidationErrors<'_>) {
        wrong.check_translations("settings.toml: implied.unknown", &self.implied.unknown);
        wrong.check_translations("settings.toml: implied.unsaid", &self.implied.unsaid);
        for (key, id) in [("unsure", &self.unsure), ("advice", &self.advice)] {
            wrong.report_if(
                self.category(id).is_none(),
                &format!("settings.toml: {key} {id} is not a category"),
            );
        }
        for id in self.common_start.iter().chain(&self.common_end) {
            wrong.report_if(
                self.question(id).is_none(),
                &format!("settings.toml: common question {id} is unknown"),
            );
        }
        let all: Vec<&Question> = self.questions.iter().collect();
        validate_quick("settings.toml:", &self.quick, &all, wrong);
        for rule in &self.priority_rules {
            let place = format!("settings.toml: priority_rules {}", rule.question);
            match self.question(&rule.question) {
                None => wrong.report_if(true, &format!("{place} is not a question")),
                Some(question) => {
                    for answer in &rule.answers {
                        let known = question.options.iter().any(|option| option.id == *answer);
                        wrong.report_if(!known, &format!("{place} has no option {answer}"));
                    }
                }
            }
        }
        for question in &self.questions {
            let asked = self
                .categories
                .iter()
                .any(|c| self.questions_for(c).iter().any(|q| q.id == question.id));
            wrong.report_if(
                !asked,
                &format!("questions.toml: {} is not asked by any category", question.id),
            );
        }
    }
}

fn validate_question(question: &Question, wrong: &mut ValidationErrors<'_>) {
    let place = format!("questions.toml: {}", question.id);
    wrong.check_translations(&format!("{place} label"), &question.label);
    if let Some(warn) = &question.warn {
        wrong.check_translations(&format!("{place} warn"), warn);
    }
    wrong.report_if(question.identity_risk > 3, &format!("{place} identity_risk is not 0 to 3"));
    wrong.report_if(
        question.kind.has_options() == question.options.is_empty(),
        &format!("{place} has options but is not a choice, or is a choice without options"),
    );
    wrong.report_if(
        question.places && question.kind.answer_type() != AnswerType::Text,
        &format!("{place} has places but its answer is not a line of text"),
    );
    if let Some(format) = &question.format {
        wrong.report_if(
            question.kind.answer_type() != AnswerType::Text,
            &format!("{place} has a format but its answer is not a line of text"),
        );
        match format.regex() {
            Ok(_) => wrong.report_if(
                !format.matches(&format.example),
                &format!("{place} format.example does not match format.pattern"),
            ),
            Err(error) => wrong.errors.push(format!("{place} format.pattern: {error}")),
        }
    }
    wrong.check_unique(&place, question.options.iter().map(|option| option.id.clone()));
    for option in &question.options {
        wrong.check_translations(&format!("{place} option {}", option.id), &option.label);
    }
}

/// Checks a list of questions beside the story against the questions that can be asked.
fn validate_quick(
    place: &str,
    quick: &[String],
    asked: &[&Question],
    wrong: &mut ValidationErrors<'_>,
) {
    wrong.check_unique(&format!("{place} quick"), quick.iter().cloned());
    wrong.report_if(
        quick.len() > MAX_QUICK_QUESTIONS,
        &format!("{place} has more than {MAX_QUICK_QUESTIONS} quick questions"),
    );
    for id in quick {
        let question = asked.iter().find(|question| question.id == *id);
        wrong.report_if(
            question.is_none_or(|question| question.kind.purpose() != QuestionPurpose::Answer),
            &format!("{place} quick {id} is not one of its questions with a plain answer"),
        );
    }
}

struct ValidationErrors<'a> {
    languages: &'a [String],
    errors: Vec<String>,
}

impl ValidationErrors<'_> {
    fn report_if(&mut self, wrong: bool, text: &str) {
        if wrong {
            self.errors.push(text.to_owned());
        }
    }

    fn check_unique(&mut self, place: &str, ids: impl Iterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            let text = format!("{place}: {id} occurs twice");
            self.report_if(!seen.insert(id), &text);
        }
    }

    fn check_translations(&mut self, place: &str, labels: &LocalizedText) {
        for language in self.languages {
            let missing = labels.0.get(language).is_none_or(|text| text.trim().is_empty());
            self.report_if(missing, &format!("{place} has no text in {language}"));
        }
    }
}
