//! Questions as a page shows them, with what was given and what is wrong.

use taxonomy::{Category, Question, QuestionKind, Taxonomy, UNKNOWN, UNSAID};

use super::layout::Frame;
use crate::form::{FieldError, Problem, ReportForm};

/// How a field looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Select,
    Checks,
    Line,
    Guarded,
    Story,
    Period,
}

/// One option of a field.
pub(super) struct Choice<'a> {
    pub(super) id: &'a str,
    pub(super) label: &'a str,
    pub(super) chosen: bool,
}

/// One question on the page.
pub(super) struct Field<'a> {
    pub(super) id: &'a str,
    pub(super) look: Look,
    pub(super) label: &'a str,
    pub(super) warn: Option<&'a str>,
    pub(super) choices: Vec<Choice<'a>>,
    pub(super) value: &'a str,
    pub(super) date: &'a str,
    pub(super) required: bool,
    pub(super) error: Option<String>,
}

/// Questions that belong together.
pub(super) struct Section<'a> {
    pub(super) heading: String,
    pub(super) fields: Vec<Field<'a>>,
    /// Can it be folded away? Never the exclusions and the story: nobody should miss them.
    pub(super) folds: bool,
    pub(super) open: bool,
    pub(super) count: String,
}

/// An error with the place that it leads to.
pub(super) struct Complaint {
    pub(super) target: String,
    pub(super) text: String,
}

/// The questions of a category in order, under headings.
pub(super) fn sections<'a>(
    frame: &Frame<'_>,
    taxonomy: &'a Taxonomy,
    category: &'a Category,
    filled: (&'a ReportForm, &[FieldError]),
) -> Vec<Section<'a>> {
    let mut sections: Vec<(&'static str, Section<'a>)> = Vec::new();
    for question in taxonomy.questions_for(category) {
        let key = heading(taxonomy, category, question);
        let field = field(frame, taxonomy, question, filled);
        match sections.last_mut() {
            Some((last, section)) if *last == key => section.fields.push(field),
            _ => sections.push((key, Section::new(frame, key, field))),
        }
    }
    for (_, section) in &mut sections {
        section.finish(frame, category);
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

impl<'a> Section<'a> {
    fn new(frame: &Frame<'_>, key: &'static str, first: Field<'a>) -> Self {
        Self {
            heading: frame.t(key),
            fields: vec![first],
            folds: matches!(
                key,
                "questions-few" | "questions-where" | "questions-what" | "questions-who" | "questions-you"
            ),
            open: matches!(key, "questions-where" | "questions-what"),
            count: String::new(),
        }
    }

    fn finish(&mut self, frame: &Frame<'_>, category: &Category) {
        // Folding a single question away would cost more than it saves.
        self.folds &= self.fields.len() > 1;
        let count = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        self.count = frame.words().count("questions-count", count);
        // What was filled in stays in sight, and what is wrong can be reached.
        self.open |= self.fields.iter().any(|field| field.is_filled() || field.error.is_some());
        for field in self.fields.iter_mut().filter(|field| field.look == Look::Story) {
            field.required = category.story_required;
        }
    }
}

fn heading(taxonomy: &Taxonomy, category: &Category, question: &Question) -> &'static str {
    let exclusions =
        taxonomy.questions_for(category).iter().position(|asked| asked.kind == QuestionKind::ExcludeDesks);
    let place = taxonomy.questions_for(category).iter().position(|asked| asked.id == question.id);
    if category.ask_first.as_ref() == Some(&question.id) {
        "questions-pace"
    } else if question.kind == QuestionKind::Longtext {
        "questions-story"
    } else if question.kind == QuestionKind::ExcludeDesks {
        "questions-exclude"
    } else if place > exclusions {
        "questions-you"
    } else if category.replaces_common.is_some() {
        "questions-few"
    } else if taxonomy.common_start.contains(&question.id) {
        "questions-where"
    } else if category.questions.contains(&question.id) {
        "questions-what"
    } else {
        "questions-who"
    }
}

fn field<'a>(
    frame: &Frame<'_>,
    taxonomy: &'a Taxonomy,
    question: &'a Question,
    (form, errors): (&'a ReportForm, &[FieldError]),
) -> Field<'a> {
    let lang = frame.code();
    let given = form.values(&question.id);
    let implied: &[&str] = if question.kind.has_implied() { &[UNKNOWN, UNSAID] } else { &[] };
    let ids = question.options.iter().map(|option| option.id.as_str()).chain(implied.iter().copied());
    let choices = ids
        .map(|id| Choice {
            id,
            label: taxonomy.option_label(question, id).map_or(id, |label| label.get(lang)),
            chosen: given.iter().any(|value| value == id),
        })
        .collect();
    let name = format!("a.{}", question.id);
    Field {
        id: &question.id,
        look: look(question.kind),
        label: question.label.get(lang),
        warn: question.warn.as_ref().map(|warn| warn.get(lang)),
        choices,
        value: form.value(&question.id),
        date: form.date(&question.id),
        required: false,
        error: errors.iter().find(|error| error.field == name).map(|error| complaint_text(frame, error)),
    }
}

fn look(kind: QuestionKind) -> Look {
    match kind {
        QuestionKind::Choice | QuestionKind::ReceiptLink => Look::Select,
        QuestionKind::Multi | QuestionKind::ExcludeDesks => Look::Checks,
        QuestionKind::Text => Look::Line,
        QuestionKind::TextGuarded => Look::Guarded,
        QuestionKind::Longtext => Look::Story,
        QuestionKind::Period => Look::Period,
    }
}

impl Field<'_> {
    fn is_filled(&self) -> bool {
        !self.value.is_empty() || !self.date.is_empty()
    }
}

/// The error summary: each error leads to its field.
pub(super) fn complaints(frame: &Frame<'_>, errors: &[FieldError], taxonomy: &Taxonomy) -> Vec<Complaint> {
    let lang = frame.code();
    errors
        .iter()
        .map(|error| {
            let id = error.field.strip_prefix("a.").unwrap_or(&error.field);
            let what = complaint_text(frame, error);
            match taxonomy.question(id) {
                Some(_) if error.problem == Problem::Missing => {
                    Complaint { target: format!("q-{id}"), text: what }
                }
                Some(question) => Complaint {
                    target: format!("q-{id}"),
                    text: format!("{} – {what}", question.label.get(lang)),
                },
                None => Complaint { target: "main".to_owned(), text: what },
            }
        })
        .collect()
}

pub(super) fn complaint_text(frame: &Frame<'_>, error: &FieldError) -> String {
    match error.problem {
        Problem::Missing if error.field == "message" => frame.t("wrong-message-missing"),
        Problem::Missing if error.field == "receipt" => frame.t("wrong-receipt-missing"),
        Problem::NotOffered if error.field == "receipt" => frame.t("wrong-receipt"),
        Problem::NotOffered if error.field == "earlier" => frame.t("wrong-earlier"),
        Problem::Missing if error.field == "earlier" => frame.t("wrong-earlier-nothing"),
        Problem::Damaged => frame.t("wrong-earlier-damaged"),
        Problem::NotOffered | Problem::Unknown | Problem::Missing if !error.field.starts_with("a.") => {
            frame.t("wrong-choice")
        }
        Problem::TooMuch if error.field == "files" => frame.t("send-too-large"),
        Problem::Missing => frame.t("wrong-story-missing"),
        Problem::TooLong(limit) => frame.with("wrong-long", "limit", &limit.to_string()),
        Problem::TooMuch => frame.t("wrong-much"),
        Problem::NotText => frame.t("wrong-text"),
        Problem::NotOffered | Problem::Unknown => frame.t("wrong-option"),
    }
}
