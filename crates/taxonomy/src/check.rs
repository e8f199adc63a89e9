//! Do the data files fit together?

use std::collections::BTreeSet;

use crate::{Audience, Category, Labels, Question, QuestionKind, Taxonomy};

impl Taxonomy {
    /// Everything that is wrong, each with the file and the key.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut wrong = Wrong { languages: &self.languages, found: Vec::new() };
        wrong.when(
            !self.languages.contains(&self.default_language),
            "settings.toml: default_language is not among languages",
        );
        wrong.unique("factors.toml", self.factors.iter().map(|f| f.id.to_string()));
        wrong.unique("families.toml", self.families.iter().map(|f| f.id.clone()));
        wrong.unique("categories.toml", self.categories.iter().map(|c| c.id.clone()));
        wrong.unique("questions.toml", self.questions.iter().map(|q| q.id.clone()));
        wrong.unique("desks.toml", self.desks.iter().map(|d| d.id.clone()));
        wrong.when(
            !(1..=10).all(|id| self.factors.iter().any(|factor| factor.id == id)),
            "factors.toml: the ten factors are numbered 1 to 10",
        );
        for audience in Audience::ALL {
            let known = self.audiences.iter().filter(|a| a.id == audience).count();
            let word = audience.as_str();
            wrong.when(known != 1, &format!("audiences.toml: {word} must stand there once"));
        }
        for audience in &self.audiences {
            wrong.labels(&format!("audiences.toml: {}", audience.id.as_str()), &audience.label);
        }
        for factor in &self.factors {
            wrong.labels(&format!("factors.toml: {}", factor.id), &factor.label);
        }
        for family in &self.families {
            let place = format!("families.toml: {}", family.id);
            wrong.labels(&place, &family.label);
            wrong.when(self.in_family(&family.id).next().is_none(), &format!("{place} has no category"));
        }
        for desk in &self.desks {
            wrong.labels(&format!("desks.toml: {}", desk.id), &desk.label);
        }
        for question in &self.questions {
            check_question(question, &mut wrong);
        }
        for category in &self.categories {
            self.check_category(category, &mut wrong);
        }
        self.check_settings(&mut wrong);
        wrong.found
    }

    fn check_category(&self, category: &Category, wrong: &mut Wrong<'_>) {
        let place = format!("categories.toml: {}", category.id);
        wrong.labels(&format!("{place} label"), &category.label);
        wrong.labels(&format!("{place} example"), &category.example);
        let family = self.families.iter().any(|family| family.id == category.family);
        wrong.when(!family, &format!("{place} family {} is unknown", category.family));
        wrong
            .when(self.desk(&category.desk).is_none(), &format!("{place} desk {} is unknown", category.desk));
        wrong.when(category.audience.is_empty(), &format!("{place} has no audience"));
        for factor in category.also.iter().chain([&category.factor]) {
            wrong.when(!(1..=10).contains(factor), &format!("{place} factor {factor} is not 1 to 10"));
        }
        for id in category
            .questions
            .iter()
            .chain(&category.ask_first)
            .chain(category.replaces_common.iter().flatten())
        {
            wrong.when(self.question(id).is_none(), &format!("{place} question {id} is unknown"));
        }
        let story = self.questions_for(category).iter().any(|q| q.kind == QuestionKind::Longtext);
        wrong.when(!story, &format!("{place} does not ask for the story"));
    }

    fn check_settings(&self, wrong: &mut Wrong<'_>) {
        wrong.labels("settings.toml: implied.unknown", &self.implied.unknown);
        wrong.labels("settings.toml: implied.unsaid", &self.implied.unsaid);
        for (key, id) in [("unsure", &self.unsure), ("advice", &self.advice)] {
            wrong.when(self.category(id).is_none(), &format!("settings.toml: {key} {id} is no category"));
        }
        for id in self.common_start.iter().chain(&self.common_end) {
            wrong.when(
                self.question(id).is_none(),
                &format!("settings.toml: common question {id} is unknown"),
            );
        }
        for rule in &self.urgent_when {
            let place = format!("settings.toml: urgent_when {}", rule.question);
            match self.question(&rule.question) {
                None => wrong.when(true, &format!("{place} is no question")),
                Some(question) => {
                    for answer in &rule.answers {
                        let known = question.options.iter().any(|option| option.id == *answer);
                        wrong.when(!known, &format!("{place} has no option {answer}"));
                    }
                }
            }
        }
        for question in &self.questions {
            let asked =
                self.categories.iter().any(|c| self.questions_for(c).iter().any(|q| q.id == question.id));
            wrong.when(!asked, &format!("questions.toml: {} is asked by no category", question.id));
        }
    }
}

fn check_question(question: &Question, wrong: &mut Wrong<'_>) {
    let place = format!("questions.toml: {}", question.id);
    wrong.labels(&format!("{place} label"), &question.label);
    if let Some(warn) = &question.warn {
        wrong.labels(&format!("{place} warn"), warn);
    }
    wrong.when(question.identity_risk > 3, &format!("{place} identity_risk is not 0 to 3"));
    wrong.when(
        question.kind.has_options() == question.options.is_empty(),
        &format!("{place} has options although it is no choice, or none although it is one"),
    );
    wrong.unique(&place, question.options.iter().map(|option| option.id.clone()));
    for option in &question.options {
        wrong.labels(&format!("{place} option {}", option.id), &option.label);
    }
}

struct Wrong<'a> {
    languages: &'a [String],
    found: Vec<String>,
}

impl Wrong<'_> {
    fn when(&mut self, wrong: bool, text: &str) {
        if wrong {
            self.found.push(text.to_owned());
        }
    }

    fn unique(&mut self, place: &str, ids: impl Iterator<Item = String>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            let text = format!("{place}: {id} stands twice");
            self.when(!seen.insert(id), &text);
        }
    }

    fn labels(&mut self, place: &str, labels: &Labels) {
        for language in self.languages {
            let missing = labels.0.get(language).is_none_or(|text| text.trim().is_empty());
            self.when(missing, &format!("{place} has no text in {language}"));
        }
    }
}
