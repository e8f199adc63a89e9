//! The form of a report.

use protocol::Priority;
use std::collections::BTreeMap;

use taxonomy::{
    Answer, AnswerError, AnswerMap, Audience, Category, MAX_TEXT_CHARS, Question, QuestionPurpose,
    Taxonomy,
};
use web::Locale;
use zeroize::Zeroize;

use super::{
    FormStep, NavAction,
    fields::{self, FieldError, FieldProblem, FieldReader, is_blank},
    identifying_details, places,
};

/// Maximum length of the story, in characters: about four pages.
pub const MAX_STORY_CHARS: usize = 12_000;
/// Maximum number of values of one question.
const MAX_OPTIONS: usize = 40;

/// All fields as typed so far. Answers that the chosen category does not ask for remain in the form
/// and are not sent.
#[derive(Debug, Clone)]
pub struct ReportForm {
    /// The current language of the pages.
    pub lang: Locale,
    /// The audience, such as `trader`; empty if the reporter did not answer that question.
    pub audience: String,
    /// The group of categories, such as `money`.
    pub family: String,
    /// The category id, such as `FAC`.
    pub category: String,
    /// The seed of the submission: 64 hexadecimal digits, drawn with the review page. The same seed
    /// and answers make the same report.
    pub seed: String,
    /// The token of the visit of this form, as [`crate::visits`] parses it; may be empty.
    pub visit: String,
    /// The token of the visit from whose address the form came, if the browser did not confirm that
    /// a page of this service led there. It can only end that visit; may be empty.
    pub before: String,
    /// The value of the pressed button.
    pub action: String,
    /// The question at which the next page opens, or `audience`; may be empty. It is stored with
    /// the visit and not in the address, because the history of a browser has the addresses, and
    /// some questions are asked of victims only.
    pub focus: String,
    /// Whether files are sealed unchanged, with their metadata.
    pub keep_metadata: bool,
    /// Whether the reporter attaches a recording or another file instead of a story.
    pub story_in_file: bool,
    /// Whether the reporter wants an own copy of what is sent.
    pub wants_copy: bool,
    answers: BTreeMap<String, Vec<String>>,
    dates: BTreeMap<String, String>,
    reader: FieldReader,
}

/// The fields that a page shows, so that its form has no hidden fields for them.
#[derive(Debug, Clone, Copy, Default)]
pub struct ShownFields<'a> {
    /// The questions of the page.
    pub questions: &'a [&'a Question],
    /// Whether the page asks which audience the reporter belongs to.
    pub audience: bool,
}

/// A valid report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedReport {
    /// Category id.
    pub category: String,
    /// The audience, such as `trader`. It is `public` if the reporter did not answer that question.
    pub audience: String,
    /// The language code (ISO 639-1).
    pub lang: String,
    /// The answers, without the story.
    pub answers: AnswerMap,
    /// The own text of the reporter. It is empty if the category allows it, or if a file contains
    /// the story.
    pub story: String,
    /// Whether the report needs a file, because the story is empty and the category requires one.
    pub needs_file: bool,
    /// The excluded desks, units and functions.
    pub excluded: Vec<String>,
    /// The priority that follows from category and answers.
    pub priority: Priority,
}

impl ReportForm {
    /// Creates an empty form.
    pub fn new(lang: Locale) -> Self {
        Self {
            lang,
            audience: String::new(),
            family: String::new(),
            category: String::new(),
            seed: String::new(),
            visit: String::new(),
            before: String::new(),
            action: String::new(),
            focus: String::new(),
            keep_metadata: false,
            story_in_file: false,
            wants_copy: false,
            answers: BTreeMap::new(),
            dates: BTreeMap::new(),
            reader: FieldReader::default(),
        }
    }

    /// Returns whether a report has a text field of this name. All other parts of a multipart body
    /// are files.
    pub fn is_field(name: &str) -> bool {
        matches!(
            name,
            "audience"
                | "family"
                | "category"
                | "seed"
                | "visit"
                | "before"
                | "go"
                | "keep"
                | "story_in_file"
                | "copy"
        ) || name.starts_with("a.")
            || name.starts_with("d.")
    }

    /// Sets one field as it arrives. Unknown fields are ignored, because proxies, translators and
    /// browser extensions add their own.
    ///
    /// # Errors
    /// [`FieldProblem::FormTooLarge`] if the form exceeds the limits.
    pub fn set_field(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        if name == "files" {
            // A form that is sent without its files, by a Back button, still contains their names.
            return Ok(());
        }
        let is_typed = name.starts_with("a.") || name.starts_with("d.");
        let text = self.reader.decode(name, value, is_typed)?;
        match name {
            "audience" => self.audience = text,
            "family" => self.family = text,
            "category" => self.category = text,
            "seed" => self.seed = text,
            "visit" => self.visit = text,
            "before" => self.before = text,
            "go" => self.action = text,
            "focus" => self.focus = text,
            "keep" => self.keep_metadata = true,
            "story_in_file" => self.story_in_file = true,
            "copy" => self.wants_copy = true,
            _ => match (name.strip_prefix("a."), name.strip_prefix("d.")) {
                (Some(question), _) => {
                    let values = self.answers.entry(question.to_owned()).or_default();
                    if values.len() == MAX_OPTIONS {
                        return Err(FieldError::new(name, FieldProblem::FormTooLarge));
                    }
                    values.push(text);
                }
                (_, Some(question)) => drop(self.dates.insert(question.to_owned(), text)),
                _ => {}
            },
        }
        Ok(())
    }

    /// Returns the token of the visit that leaving the form ends; empty for none.
    pub fn newest_visit(&self) -> &str {
        if self.visit.is_empty() { &self.before } else { &self.visit }
    }

    /// Returns the values of a question.
    pub fn values(&self, question: &str) -> &[String] {
        self.answers.get(question).map_or(&[], Vec::as_slice)
    }

    /// Returns the first value of a question, or an empty text.
    pub fn value(&self, question: &str) -> &str {
        self.values(question).first().map_or("", String::as_str)
    }

    /// Returns the text that replaces the options of a period question, or an empty text.
    pub fn date(&self, question: &str) -> &str {
        self.dates.get(question).map_or("", String::as_str)
    }

    /// Replaces all values of a question.
    pub(super) fn replace_answer(&mut self, question: &str, with: impl Fn(&str) -> String) {
        let values = self.answers.get_mut(question).into_iter().flatten();
        for value in values.chain(self.dates.get_mut(question)) {
            std::mem::replace(value, with(value)).zeroize();
        }
    }

    /// Returns the fields that were not UTF-8.
    pub fn invalid_utf8_fields(&self) -> &[FieldError] {
        self.reader.invalid_utf8()
    }

    /// Returns whether a field was not UTF-8. The reporter must see its decoded text.
    pub fn has_invalid_utf8(&self) -> bool {
        !self.reader.invalid_utf8().is_empty()
    }

    /// Returns the hidden fields of a page: all fields except the seed, the button and the fields
    /// that the page shows.
    pub fn hidden_fields(&self, shown: ShownFields<'_>) -> Vec<(String, String)> {
        let is_shown = |id: &String| shown.questions.iter().any(|question| question.id == *id);
        let audience = if shown.audience { "" } else { &self.audience };
        let chosen = [
            ("visit", self.visit.as_str()),
            ("before", &self.before),
            ("audience", audience),
            ("family", &self.family),
            ("category", &self.category),
        ];
        let chosen = chosen.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answers =
            self.answers.iter().filter(|(id, _)| !is_shown(id)).flat_map(|(id, values)| {
                values.iter().map(move |value| (format!("a.{id}"), value.clone()))
            });
        let dates = self
            .dates
            .iter()
            .filter(|(id, _)| !is_shown(id))
            .map(|(id, value)| (format!("d.{id}"), value.clone()));
        let shows_story = shown
            .questions
            .iter()
            .any(|question| question.kind.purpose() == QuestionPurpose::Story);
        let in_file = (self.story_in_file && !shows_story)
            .then(|| ("story_in_file".to_owned(), "file".to_owned()));
        let copy = self.wants_copy.then(|| ("copy".to_owned(), "yes".to_owned()));
        chosen
            .chain(answers)
            .chain(dates)
            .chain(in_file)
            .chain(copy)
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// Applies the action of the pressed button, and returns the next step. Steps are never
    /// skipped: without a category, the next step is the choice of one. An unknown button leads to
    /// the story, with all answers.
    pub fn advance(&mut self, taxonomy: &Taxonomy) -> FormStep {
        let action = NavAction::parse(&self.action).unwrap_or(NavAction::ShowStep(FormStep::Tell));
        self.focus.clear();
        let wanted = match action {
            NavAction::ShowStep(step) => step,
            NavAction::ShowQuestion(step, question) => {
                self.focus = question;
                step
            }
            NavAction::Redact(kind, question) => {
                identifying_details::redact_in_form(self, taxonomy, kind, &question);
                FormStep::Review
            }
            NavAction::Unsure => self.choose_category(taxonomy, &taxonomy.unsure),
            NavAction::Advice => self.choose_category(taxonomy, &taxonomy.advice),
            NavAction::ChooseCategory(choice) => self.choose_category(taxonomy, &choice),
            NavAction::ChooseFamily(choice) => {
                self.family = choice;
                FormStep::Case
            }
        };
        self.reachable_step(wanted, taxonomy)
    }

    fn choose_category(&mut self, taxonomy: &Taxonomy, category: &str) -> FormStep {
        category.clone_into(&mut self.category);
        if let Some(category) = taxonomy.category(category) {
            self.family.clone_from(&category.family);
        }
        FormStep::Tell
    }

    /// Returns the wanted step, or the step that must come before it.
    pub fn reachable_step(&self, wanted: FormStep, taxonomy: &Taxonomy) -> FormStep {
        let family = taxonomy.families.iter().any(|family| family.id == self.family);
        match wanted {
            FormStep::Tell | FormStep::Facts | FormStep::Review
                if taxonomy.category(&self.category).is_none() =>
            {
                if family {
                    FormStep::Case
                } else {
                    FormStep::Subject
                }
            }
            FormStep::Case if !family => FormStep::Subject,
            step => step,
        }
    }

    /// Returns the first choice that does not exist. Only an old page or a modified form contains
    /// one.
    pub fn invalid_choice(&self, taxonomy: &Taxonomy) -> Option<FieldError> {
        let families = &taxonomy.families;
        let unknown = |field| Some(FieldError::new(field, FieldProblem::UnknownOption));
        if !self.audience.is_empty() && Audience::parse(&self.audience).is_none() {
            unknown("audience")
        } else if !self.category.is_empty() && taxonomy.category(&self.category).is_none() {
            unknown("category")
        } else if !self.family.is_empty() && !families.iter().any(|family| family.id == self.family)
        {
            unknown("family")
        } else {
            None
        }
    }

    /// Returns the questions of a category that apply to these answers. Answers to the others
    /// remain in the form and are not sent.
    pub fn applicable_questions<'a>(
        &self,
        taxonomy: &'a Taxonomy,
        category: &'a Category,
    ) -> Vec<&'a Question> {
        taxonomy.applicable_questions(category, |id| self.values(id).iter().collect())
    }

    /// Returns the seed as bytes.
    ///
    /// # Errors
    /// If the seed is not 64 hexadecimal digits.
    pub fn seed_bytes(&self) -> Result<[u8; 32], FieldError> {
        fields::parse_seed("seed", &self.seed)
    }

    /// Validates the report.
    ///
    /// # Errors
    /// Returns all problems, in the order of the questions.
    pub fn validate(&self, taxonomy: &Taxonomy) -> Result<ValidatedReport, Vec<FieldError>> {
        let mut errors: Vec<FieldError> = self.invalid_choice(taxonomy).into_iter().collect();
        errors.extend(self.reader.invalid_utf8().iter().cloned());
        let Some(category) = taxonomy.category(&self.category) else {
            if errors.is_empty() {
                errors.push(FieldError::new("category", FieldProblem::Missing));
            }
            return Err(errors);
        };
        let asked = self.applicable_questions(taxonomy, category);
        let answers = self.validate_answers(taxonomy, category, &asked).unwrap_or_else(|invalid| {
            errors.extend(invalid);
            AnswerMap::new()
        });
        let story = self.validate_story(taxonomy, category).unwrap_or_else(|error| {
            errors.push(error);
            String::new()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let audience = Audience::parse(&self.audience).unwrap_or(Audience::Public);
        Ok(ValidatedReport {
            category: category.id.clone(),
            audience: audience.as_str().to_owned(),
            lang: self.lang.code.to_owned(),
            excluded: excluded_desks(taxonomy, category, &answers),
            priority: taxonomy.priority(category, &answers),
            answers,
            needs_file: story.is_empty() && category.story_required,
            story,
        })
    }

    /// Checks the answers to these questions, without the story.
    ///
    /// # Errors
    /// Returns all problems, in the order of the questions.
    pub(super) fn validate_answers(
        &self,
        taxonomy: &Taxonomy,
        category: &Category,
        asked: &[&Question],
    ) -> Result<AnswerMap, Vec<FieldError>> {
        let given = asked
            .iter()
            .filter(|question| question.kind.purpose() != QuestionPurpose::Story)
            .filter_map(|question| {
                Some((question.id.clone(), self.parse_answer(taxonomy, question)?))
            })
            .collect();
        taxonomy.validate_answers(category, given).map_err(|mut errors| {
            errors.sort_by_key(|error| {
                asked.iter().position(|question| question.id == error.question_id())
            });
            errors.iter().map(field_error).collect()
        })
    }

    /// Returns the lines of an answer as desks read them, before options get their labels.
    pub fn answer_lines(&self, taxonomy: &Taxonomy, question: &Question) -> Vec<String> {
        if question.kind.purpose() == QuestionPurpose::Story {
            return vec![self.value(&question.id).trim().to_owned()];
        }
        match self.parse_answer(taxonomy, question) {
            None => Vec::new(),
            Some(Answer::One(one)) => vec![one],
            Some(Answer::Many(many)) => many,
        }
    }

    fn parse_answer(&self, taxonomy: &Taxonomy, question: &Question) -> Option<Answer> {
        let date = self.date(&question.id).trim();
        if question.kind.accepts_date() && !is_blank(date) {
            return Some(Answer::One(date.to_owned()));
        }
        let values: Vec<String> = self
            .values(&question.id)
            .iter()
            .map(|v| v.trim().to_owned())
            .filter(|v| !is_blank(v))
            .collect();
        match values.len() {
            0 => None,
            _ if question.kind.is_multiple_choice() => Some(Answer::Many(values)),
            1 if question.places => {
                Some(Answer::One(places::known_spelling(taxonomy, self.lang.code, &values[0])))
            }
            1 => values.into_iter().next().map(Answer::One),
            _ => Some(Answer::Many(values)),
        }
    }

    fn validate_story(
        &self,
        taxonomy: &Taxonomy,
        category: &Category,
    ) -> Result<String, FieldError> {
        let asked = taxonomy.questions_for(category);
        let Some(question) =
            asked.iter().find(|question| question.kind.purpose() == QuestionPurpose::Story)
        else {
            return Ok(String::new());
        };
        let story = self.value(&question.id).trim();
        let invalid = |problem| Err(FieldError::new(&format!("a.{}", question.id), problem));
        let story = if is_blank(story) { "" } else { story };
        if story.is_empty() && category.story_required && !self.story_in_file {
            invalid(FieldProblem::Missing)
        } else if story.chars().count() > MAX_STORY_CHARS {
            invalid(FieldProblem::TooLong(MAX_STORY_CHARS))
        } else {
            Ok(story.to_owned())
        }
    }
}

impl Drop for ReportForm {
    fn drop(&mut self) {
        self.answers.values_mut().flatten().for_each(Zeroize::zeroize);
        self.dates.values_mut().for_each(Zeroize::zeroize);
        self.seed.zeroize();
    }
}

fn field_error(error: &AnswerError) -> FieldError {
    let problem = match error {
        AnswerError::UnknownQuestion(_) => FieldProblem::UnknownField,
        AnswerError::UnknownOption(_) | AnswerError::WrongType(_) => FieldProblem::UnknownOption,
        AnswerError::TooLong(_) => FieldProblem::TooLong(MAX_TEXT_CHARS),
        AnswerError::WrongFormat(_) => FieldProblem::WrongFormat,
    };
    FieldError::new(&format!("a.{}", error.question_id()), problem)
}

fn excluded_desks(taxonomy: &Taxonomy, category: &Category, answers: &AnswerMap) -> Vec<String> {
    let asked = taxonomy.questions_for(category);
    let question =
        asked.iter().find(|question| question.kind.purpose() == QuestionPurpose::Exclusion);
    match question.and_then(|question| answers.get(&question.id)) {
        Some(Answer::Many(many)) => many.clone(),
        Some(Answer::One(one)) => vec![one.clone()],
        None => Vec::new(),
    }
}
