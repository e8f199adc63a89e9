//! The questions of a page, with their answers and errors.

use taxonomy::{Category, DECLINED, Question, QuestionKind, QuestionPurpose, Taxonomy, UNKNOWN};

use super::layout::PageLayout;
use crate::form::{FieldError, FieldProblem, ReportForm};

/// The control of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Widget {
    Select,
    Checks,
    Line,
    Identifier,
    Story,
    Period,
}

/// One option of a field.
pub(super) struct FieldChoice<'a> {
    pub(super) id: &'a str,
    pub(super) label: &'a str,
    pub(super) chosen: bool,
}

/// One question on the page.
pub(super) struct FormField<'a> {
    pub(super) id: &'a str,
    pub(super) widget: Widget,
    pub(super) label: &'a str,
    pub(super) warning: Option<&'a str>,
    /// An answer of the form that the question requires.
    pub(super) example: Option<&'a str>,
    pub(super) choices: Vec<FieldChoice<'a>>,
    pub(super) value: &'a str,
    pub(super) date: &'a str,
    pub(super) required: bool,
    /// Whether the reporter attaches a file instead of a story.
    pub(super) told_in_file: bool,
    pub(super) error: Option<String>,
}

/// Questions under one heading.
pub(super) struct FormSection<'a> {
    pub(super) heading: String,
    pub(super) fields: Vec<FormField<'a>>,
    /// Whether the section can be folded. Exclusions and story never fold, so that they are not
    /// overlooked.
    pub(super) folds: bool,
    pub(super) open: bool,
    pub(super) count: String,
}

/// An error and the anchor of its field.
pub(super) struct FormError {
    pub(super) target: String,
    pub(super) text: String,
}

/// Returns the questions of a category in order, in sections.
pub(super) fn form_sections<'a>(
    frame: &PageLayout<'_>,
    taxonomy: &'a Taxonomy,
    category: &'a Category,
    filled: (&'a ReportForm, &[FieldError]),
) -> Vec<FormSection<'a>> {
    let mut sections: Vec<(&'static str, FormSection<'a>)> = Vec::new();
    for question in taxonomy.questions_for(category) {
        let key = section_heading(taxonomy, category, question);
        let field = form_field(frame, taxonomy, question, filled);
        match sections.last_mut() {
            Some((last, section)) if *last == key => section.fields.push(field),
            _ => sections.push((key, FormSection::new(frame, key, field))),
        }
    }
    for (_, section) in &mut sections {
        section.finish(frame, category);
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

impl<'a> FormSection<'a> {
    fn new(frame: &PageLayout<'_>, key: &'static str, first: FormField<'a>) -> Self {
        Self {
            heading: frame.t(key),
            fields: vec![first],
            folds: matches!(
                key,
                "questions-few"
                    | "questions-where"
                    | "questions-what"
                    | "questions-who"
                    | "questions-you"
            ),
            open: matches!(key, "questions-where" | "questions-what"),
            count: String::new(),
        }
    }

    fn finish(&mut self, frame: &PageLayout<'_>, category: &Category) {
        // A single question is not folded, because its heading takes as much space.
        self.folds &= self.fields.len() > 1;
        let count = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        self.count = frame.messages().count("questions-count", count);
        // A section with an answer or an error is open.
        self.open |= self.fields.iter().any(|field| field.is_filled() || field.error.is_some());
        for field in self.fields.iter_mut().filter(|field| field.widget == Widget::Story) {
            field.required = category.story_required;
        }
    }
}

fn section_heading(taxonomy: &Taxonomy, category: &Category, question: &Question) -> &'static str {
    let exclusions = taxonomy
        .questions_for(category)
        .iter()
        .position(|asked| asked.kind.purpose() == QuestionPurpose::Exclusion);
    let position =
        taxonomy.questions_for(category).iter().position(|asked| asked.id == question.id);
    if category.opening_question.as_ref() == Some(&question.id) {
        return "questions-pace";
    }
    match question.kind.purpose() {
        QuestionPurpose::Story => "questions-story",
        QuestionPurpose::Exclusion => "questions-exclude",
        QuestionPurpose::Answer | QuestionPurpose::SensitiveAnswer => {
            if position > exclusions {
                "questions-you"
            } else if category.common_questions_override.is_some() {
                "questions-few"
            } else if taxonomy.common_start.contains(&question.id) {
                "questions-where"
            } else if category.questions.contains(&question.id) {
                "questions-what"
            } else {
                "questions-who"
            }
        }
    }
}

fn form_field<'a>(
    frame: &PageLayout<'_>,
    taxonomy: &'a Taxonomy,
    question: &'a Question,
    (form, errors): (&'a ReportForm, &[FieldError]),
) -> FormField<'a> {
    let lang = frame.code();
    let values = form.values(&question.id);
    let implied: &[&str] =
        if question.kind.has_implied_answers() { &[UNKNOWN, DECLINED] } else { &[] };
    let ids =
        question.options.iter().map(|option| option.id.as_str()).chain(implied.iter().copied());
    let choices = ids
        .map(|id| FieldChoice {
            id,
            label: taxonomy.option_label(question, id).map_or(id, |label| label.get(lang)),
            chosen: values.iter().any(|value| value == id),
        })
        .collect();
    let name = format!("a.{}", question.id);
    FormField {
        id: &question.id,
        widget: widget_for(question.kind),
        label: question.label.get(lang),
        warning: question.warn.as_ref().map(|warn| warn.get(lang)),
        example: question.format().map(|format| &*format.example),
        choices,
        value: form.value(&question.id),
        date: form.date(&question.id),
        required: false,
        told_in_file: form.story_in_file,
        error: errors
            .iter()
            .find(|error| error.field == name)
            .map(|error| field_error_text(frame, error)),
    }
}

fn widget_for(kind: QuestionKind) -> Widget {
    match kind {
        QuestionKind::Choice | QuestionKind::EarlierReport => Widget::Select,
        QuestionKind::Multi | QuestionKind::ExcludeDesks => Widget::Checks,
        QuestionKind::Text => Widget::Line,
        QuestionKind::SensitiveText => Widget::Identifier,
        QuestionKind::LongText => Widget::Story,
        QuestionKind::Period => Widget::Period,
    }
}

impl FormField<'_> {
    fn is_filled(&self) -> bool {
        !self.value.is_empty() || !self.date.is_empty()
    }
}

/// Returns the error summary. Each error links to its field.
pub(super) fn form_errors(
    frame: &PageLayout<'_>,
    errors: &[FieldError],
    taxonomy: &Taxonomy,
) -> Vec<FormError> {
    let lang = frame.code();
    errors
        .iter()
        .map(|error| {
            let id = error.field.strip_prefix("a.").unwrap_or(&error.field);
            let text = field_error_text(frame, error);
            match taxonomy.question(id) {
                Some(_) if error.problem == FieldProblem::Missing => {
                    FormError { target: format!("q-{id}"), text }
                }
                Some(question) => FormError {
                    target: format!("q-{id}"),
                    text: format!("{} – {text}", question.label.get(lang)),
                },
                None => FormError { target: "main".to_owned(), text },
            }
        })
        .collect()
}

pub(super) fn field_error_text(frame: &PageLayout<'_>, error: &FieldError) -> String {
    match error.problem {
        FieldProblem::Missing if error.field == "message" => frame.t("wrong-message-missing"),
        FieldProblem::Missing if error.field == "receipt" => frame.t("wrong-receipt-missing"),
        FieldProblem::UnknownOption if error.field == "receipt" => frame.t("wrong-receipt"),
        FieldProblem::UnknownOption if error.field == "earlier" => frame.t("wrong-earlier"),
        FieldProblem::Missing if error.field == "earlier" => frame.t("wrong-earlier-nothing"),
        FieldProblem::MailboxCorrupt => frame.t("wrong-earlier-damaged"),
        FieldProblem::UnknownOption | FieldProblem::UnknownField | FieldProblem::Missing
            if !error.field.starts_with("a.") =>
        {
            frame.t("wrong-choice")
        }
        FieldProblem::FormTooLarge if error.field == "files" => frame.t("send-too-large"),
        FieldProblem::Missing => frame.t("wrong-story-missing"),
        FieldProblem::TooLong(limit) => frame.with("wrong-long", "limit", &limit.to_string()),
        FieldProblem::WrongFormat => frame.t("wrong-format"),
        FieldProblem::FormTooLarge => frame.t("wrong-much"),
        FieldProblem::InvalidUtf8 => frame.t("wrong-text"),
        FieldProblem::UnknownOption | FieldProblem::UnknownField => frame.t("wrong-option"),
    }
}
