//! The questions of a page, with their answers and errors.

use http::StatusCode;
use protocol::submission::report_body::OVERSIGHT_QUESTION;
use taxonomy::{
    Category, DECLINED, Pictogram, Place, Question, QuestionKind, QuestionPurpose, Taxonomy,
    UNKNOWN,
};

use super::{layout::PageLayout, question_step::step_of};
use crate::form::{FieldError, FieldProblem, ReportForm};

/// Maximum number of options that a page shows side by side. A longer list is a select.
const MAX_RADIOS: usize = 7;

/// The control of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Widget {
    Select,
    Radios,
    Checks,
    Line,
    Identifier,
    Story,
    Period,
    /// A long list of periods.
    PeriodSelect,
}

/// One option of a field.
pub(super) struct FieldChoice<'a> {
    pub(super) id: &'a str,
    pub(super) label: &'a str,
    pub(super) pictogram: Option<Pictogram>,
    pub(super) chosen: bool,
}

/// One question on the page.
pub(super) struct FormField<'a> {
    pub(super) id: &'a str,
    /// The id of its control. It names no question if the error summary links to it, because the
    /// address of a link that was followed is in the history.
    pub(super) anchor: String,
    /// Whether the page opens at this field.
    pub(super) is_focused: bool,
    pub(super) widget: Widget,
    pub(super) label: &'a str,
    /// The key of the clip of the label, if the category has a label of its own.
    pub(super) clip: Option<String>,
    pub(super) warning: Option<&'a str>,
    /// An answer of the form that the question requires.
    pub(super) example: Option<&'a str>,
    pub(super) choices: Vec<FieldChoice<'a>>,
    pub(super) value: &'a str,
    pub(super) date: &'a str,
    /// The places that the page suggests: name, and what or where it is.
    pub(super) places: Vec<(&'a str, &'a str)>,
    pub(super) required: bool,
    /// Whether the reporter attaches a file instead of a story.
    pub(super) story_in_file: bool,
    /// When the question applies; always without a condition.
    pub(super) condition: Option<FieldCondition>,
    pub(super) error: Option<String>,
}

impl FormField<'_> {
    fn is_answered(&self) -> bool {
        !self.value.is_empty()
            || !self.date.is_empty()
            || self.choices.iter().any(|choice| choice.chosen)
    }
}

/// The condition of a field. Without scripts the page states it; with scripts the page shows the
/// field only while it holds. A page that was posted to ask for more would cost a slow connection
/// another round trip, and a reporter who has answered would not expect it.
pub(super) struct FieldCondition {
    /// The condition in words.
    pub(super) text: String,
    /// Whether the field is hidden: the question that decides was on an earlier page, and its
    /// answer is another one.
    pub(super) is_hidden: bool,
}

/// Questions under one heading. The page is long, so it shows the first section and folds the
/// others.
pub(super) struct FormSection<'a> {
    pub(super) heading: String,
    /// The key of the clip of the heading.
    pub(super) clip: &'static str,
    /// Whether the section is shown: it is the first one, it contains an answer, an error or the
    /// focus, or it has the exclusions, to which the review page leads.
    pub(super) is_open: bool,
    pub(super) fields: Vec<FormField<'a>>,
}

/// An error and the anchor of its field.
pub(super) struct FormError {
    pub(super) target: String,
    pub(super) text: String,
}

/// Returns these questions of a category in order, in sections.
pub(super) fn form_sections<'a>(
    frame: &PageLayout<'_>,
    taxonomy: &'a Taxonomy,
    category: &'a Category,
    questions: &[&'a Question],
    filled: (&'a ReportForm, &[FieldError]),
) -> Vec<FormSection<'a>> {
    let mut sections: Vec<(&'static str, FormSection<'a>)> = Vec::new();
    for question in questions {
        let key = section_heading(taxonomy, category, question);
        let field = form_field(frame, taxonomy, (category, question), filled);
        let is_open = sections.is_empty()
            || key == "questions-exclude"
            || field.is_focused
            || field.error.is_some()
            || field.is_answered();
        match sections.last_mut() {
            Some((last, section)) if *last == key => {
                section.is_open |= is_open;
                section.fields.push(field);
            }
            _ => {
                let heading = frame.t(key);
                sections
                    .push((key, FormSection { heading, clip: key, is_open, fields: vec![field] }));
            }
        }
    }
    sections.into_iter().map(|(_, section)| section).collect()
}

fn section_heading(taxonomy: &Taxonomy, category: &Category, question: &Question) -> &'static str {
    let exclusions = taxonomy
        .questions_for(category)
        .iter()
        .position(|asked| asked.kind.purpose() == QuestionPurpose::Exclusion);
    let position =
        taxonomy.questions_for(category).iter().position(|asked| asked.id == question.id);
    // It decides who can read the report, as the exclusions before it do.
    if question.id == OVERSIGHT_QUESTION {
        return "questions-exclude";
    }
    match question.kind.purpose() {
        QuestionPurpose::Exclusion => "questions-exclude",
        QuestionPurpose::Answer | QuestionPurpose::SensitiveAnswer | QuestionPurpose::Story => {
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

/// Returns the field of a question.
pub(super) fn form_field<'a>(
    frame: &PageLayout<'_>,
    taxonomy: &'a Taxonomy,
    (category, question): (&'a Category, &'a Question),
    (form, errors): (&'a ReportForm, &[FieldError]),
) -> FormField<'a> {
    let lang = frame.code();
    let values = form.values(&question.id);
    let widget = widget_for(question);
    let implied: &[&str] = match widget {
        _ if !question.kind.has_implied_answers() => &[],
        // Their button for no answer is as good as declining.
        Widget::Radios | Widget::Period => &[UNKNOWN],
        _ => &[UNKNOWN, DECLINED],
    };
    let ids =
        question.options.iter().map(|option| option.id.as_str()).chain(implied.iter().copied());
    let choices = ids
        .map(|id| FieldChoice {
            id,
            label: taxonomy.option_label(question, id).map_or(id, |label| label.get(lang)),
            pictogram: None,
            chosen: values.iter().any(|value| value == id),
        })
        .collect();
    let name = format!("a.{}", question.id);
    let error = errors.iter().position(|error| error.field == name);
    FormField {
        id: &question.id,
        anchor: error.map_or_else(|| format!("q-{}", question.id), error_anchor),
        is_focused: form.focus == question.id,
        widget,
        label: taxonomy.label_in(category, question).get(lang),
        clip: (taxonomy.label_in(category, question) != &question.label)
            .then(|| format!("categories.{}.story_label", category.id)),
        warning: question.warn.as_ref().map(|warn| warn.get(lang)),
        example: question.format().map(|format| &*format.example),
        choices,
        value: form.value(&question.id),
        date: form.date(&question.id),
        places: if question.places { suggested_places(taxonomy, lang) } else { Vec::new() },
        required: false,
        story_in_file: form.story_in_file,
        condition: field_condition(frame, taxonomy, (category, question), form),
        error: error.map(|index| field_error_text(frame, &errors[index])),
    }
}

fn suggested_places<'a>(taxonomy: &'a Taxonomy, lang: &str) -> Vec<(&'a str, &'a str)> {
    let places = taxonomy.places.iter();
    let group = |place: &'a Place| place.group.as_ref().map_or("", |group| group.get(lang));
    places.map(|place| (place.label.get(lang), group(place))).collect()
}

fn field_condition(
    frame: &PageLayout<'_>,
    taxonomy: &Taxonomy,
    (category, question): (&Category, &Question),
    form: &ReportForm,
) -> Option<FieldCondition> {
    let condition = question.when.as_ref()?;
    let asked = taxonomy.questions_for(category);
    let deciding = asked.into_iter().find(|asked| asked.id == condition.question)?;
    let lang = frame.code();
    let labels = condition.answers.iter().filter_map(|id| taxonomy.option_label(deciding, id));
    let answers = labels.map(|label| label.get(lang)).collect::<Vec<_>>();
    let is_earlier = step_of(taxonomy, category, deciding) != step_of(taxonomy, category, question);
    let mut applying = form.applicable_questions(taxonomy, category).into_iter();
    Some(FieldCondition {
        text: frame.condition(deciding.label.get(lang), &answers.join(&frame.t("list-or"))),
        is_hidden: is_earlier && !applying.any(|applying| applying.id == question.id),
    })
}

fn widget_for(question: &Question) -> Widget {
    let is_short = question.options.len() <= MAX_RADIOS;
    match question.kind {
        QuestionKind::Choice | QuestionKind::EarlierReport if is_short => Widget::Radios,
        QuestionKind::Choice | QuestionKind::EarlierReport => Widget::Select,
        QuestionKind::Multi | QuestionKind::ExcludeDesks => Widget::Checks,
        QuestionKind::Text => Widget::Line,
        QuestionKind::SensitiveText => Widget::Identifier,
        QuestionKind::LongText => Widget::Story,
        QuestionKind::Period if is_short => Widget::Period,
        QuestionKind::Period => Widget::PeriodSelect,
    }
}

/// Returns the audiences that the reporter can choose.
pub(super) fn audience_choices<'a>(
    taxonomy: &'a Taxonomy,
    form: &ReportForm,
) -> Vec<FieldChoice<'a>> {
    let choice = |audience: &'a taxonomy::AudienceLabel| FieldChoice {
        id: audience.id.as_str(),
        label: audience.label.get(form.lang.code),
        pictogram: Pictogram::of_audience(audience.id.as_str()),
        chosen: form.audience == audience.id.as_str(),
    };
    taxonomy.audiences.iter().map(choice).collect()
}

/// Returns the status of a page: 422 if it shows errors.
pub(super) fn status_for(errors: &[FieldError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// Returns the id of the field with this error of the summary.
fn error_anchor(index: usize) -> String {
    format!("error-{}", index + 1)
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
        .enumerate()
        .map(|(index, error)| {
            let id = error.field.strip_prefix("a.").unwrap_or(&error.field);
            let text = field_error_text(frame, error);
            match taxonomy.question(id) {
                Some(_) if error.problem == FieldProblem::Missing => {
                    FormError { target: error_anchor(index), text }
                }
                Some(question) => FormError {
                    target: error_anchor(index),
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
        FieldProblem::Missing if error.field == "facts" => frame.t("add-none"),
        FieldProblem::Missing if error.field == "receipt" => frame.t("wrong-receipt-missing"),
        FieldProblem::UnknownOption if error.field == "receipt" => frame.t("wrong-receipt"),
        FieldProblem::UnknownOption if error.field == "earlier" => frame.t("wrong-earlier"),
        FieldProblem::Missing if error.field == "earlier" => frame.t("wrong-earlier-nothing"),
        FieldProblem::UnknownOption if error.field == "copy" => frame.t("own-wrong"),
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
