//! The review page: all answers as readers will see them, and the identifying details in them.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use protocol::Priority;
use taxonomy::{Question, QuestionPurpose, Taxonomy};

use super::{
    ErrorKind, Pages,
    layout::{LanguageSwitch, PageLayout, render_uncompressed},
    question_step::step_of,
    report_readers::{self, ReportReaders},
    tell::FormSteps,
};
use crate::form::{
    FormStep, ReportForm, ShownFields,
    identifying_details::{self, IdentifyingDetailKind},
};

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewTemplate<'a> {
    frame: PageLayout<'a>,
    step: FormSteps,
    /// Whether the page shows a question to the service, not a report.
    is_advice: bool,
    category: &'a str,
    audience: &'a str,
    seed: &'a str,
    hidden_fields: Vec<(String, String)>,
    /// Whether the reporter wants an own copy.
    wants_copy: bool,
    warnings: Vec<WarningRow>,
    answers: Vec<AnswerRow<'a>>,
    readers: Option<ReportReaders>,
    /// Whether the answers indicate danger. The page then names the emergency number.
    danger: bool,
    /// Texts of the problem: heading, what happened, what to do.
    problem: Option<[String; 3]>,
}

impl ReviewTemplate<'_> {
    fn team(&self) -> Option<&(String, String)> {
        self.readers.as_ref()?.team.as_ref()
    }

    fn oversight_refused(&self) -> bool {
        self.readers.as_ref().is_some_and(|readers| readers.oversight_refused)
    }

    /// Returns the attribute of the sentences about readers on the page of the script, which shows
    /// those that apply.
    fn hidden_choice(&self) -> &'static str {
        if self.readers.is_none() { " hidden" } else { "" }
    }

    /// Returns the labels of the exclusions that exclude no member, or an empty text.
    fn idle_exclusions(&self) -> &str {
        self.readers.as_ref().map_or("", |readers| &readers.idle_exclusions)
    }

    fn no_desk_left(&self) -> bool {
        self.readers.as_ref().is_some_and(|readers| readers.none_left)
    }
}

struct WarningRow {
    text: String,
    found: Vec<String>,
    question: String,
    /// The step that asks the question.
    step: &'static str,
    /// The value of the button that redacts the detail.
    redact_label: String,
}

/// A question with the texts of its answer.
struct AnswerRow<'a> {
    id: &'a str,
    /// The step that asks the question.
    step: &'static str,
    label: &'a str,
    lines: Vec<String>,
    story: bool,
}

pub(super) fn render_review(
    pages: &Pages,
    form: &ReportForm,
    problem: Option<ErrorKind>,
) -> Response {
    let taxonomy = &*pages.taxonomy;
    let lang = form.lang.code;
    let Some(category) = taxonomy.category(&form.category) else {
        return super::error_page(pages, form.lang, ErrorKind::BadForm);
    };
    let switch = LanguageSwitch::Form { path: "/report", go: "review", enter: None };
    let step = FormSteps::of(pages, category);
    let frame = PageLayout::new(pages, form.lang, step.review_title, switch)
        .with_visit(form.newest_visit());
    let asked_on = |id: &str| {
        let question = taxonomy.question(id);
        question.map_or(FormStep::Tell, |question| step_of(taxonomy, category, question)).as_str()
    };
    let answers: Vec<AnswerRow<'_>> = form
        .applicable_questions(taxonomy, category)
        .into_iter()
        .map(|question| AnswerRow {
            id: &question.id,
            step: asked_on(&question.id),
            label: taxonomy.label_in(category, question).get(lang),
            lines: answer_lines(taxonomy, question, form),
            story: question.kind.purpose() == QuestionPurpose::Story,
        })
        .filter(|row| !row.lines.is_empty())
        .collect();
    let mut hidden_fields = form.hidden_fields(ShownFields::default());
    // The page shows the choice itself.
    hidden_fields.retain(|(name, _)| name != "copy");
    let page = ReviewTemplate {
        step,
        is_advice: category.id == taxonomy.advice,
        category: category.label.get(lang),
        audience: audience_label(taxonomy, form),
        seed: &form.seed,
        hidden_fields,
        wants_copy: form.wants_copy,
        warnings: warning_rows(&frame, form, taxonomy, asked_on),
        answers,
        readers: report_readers::resolve_readers(pages, &frame, form),
        danger: form.validate(taxonomy).is_ok_and(|report| report.priority == Priority::P1),
        problem: problem.map(|kind| {
            let [heading, what, next] = kind.text_keys();
            // This page replaces the form that could not be parsed, and contains all its fields.
            let next = if kind == ErrorKind::BadForm { "held-again-how" } else { next };
            [heading, what, next].map(|key| frame.t(key))
        }),
        frame,
    };
    render_uncompressed(pages, problem.map_or(StatusCode::OK, ErrorKind::status), &page)
}

fn audience_label<'a>(taxonomy: &'a Taxonomy, form: &ReportForm) -> &'a str {
    let chosen = taxonomy.audiences.iter().find(|audience| audience.id.as_str() == form.audience);
    chosen.map_or("", |audience| audience.label.get(form.lang.code))
}

fn answer_lines(taxonomy: &Taxonomy, question: &Question, form: &ReportForm) -> Vec<String> {
    let line = |value: String| match taxonomy.option_label(question, &value) {
        Some(label) => label.get(form.lang.code).to_owned(),
        None => value,
    };
    let lines = form.answer_lines(taxonomy, question).into_iter().map(line);
    lines.filter(|line| !line.is_empty()).collect()
}

fn warning_rows(
    frame: &PageLayout<'_>,
    form: &ReportForm,
    taxonomy: &Taxonomy,
    asked_on: impl Fn(&str) -> &'static str,
) -> Vec<WarningRow> {
    identifying_details::find_in_form(form, taxonomy)
        .into_iter()
        .map(|detail| WarningRow {
            text: frame.t(detail_text_key(detail.kind)),
            redact_label: format!("cover.{}.{}", detail.kind.as_str(), detail.question),
            found: detail.matches,
            step: asked_on(&detail.question),
            question: detail.question,
        })
        .collect()
}

pub(super) fn detail_text_key(kind: IdentifyingDetailKind) -> &'static str {
    match kind {
        IdentifyingDetailKind::Receipt => "guard-receipt",
        IdentifyingDetailKind::Phone => "guard-phone",
        IdentifyingDetailKind::Email => "guard-email",
        IdentifyingDetailKind::Name => "guard-name",
        IdentifyingDetailKind::Declaration => "guard-declaration",
        IdentifyingDetailKind::Vehicle => "guard-vehicle",
        IdentifyingDetailKind::Tax => "guard-tax",
        IdentifyingDetailKind::Identity => "guard-identity",
        IdentifyingDetailKind::Date => "guard-date",
        IdentifyingDetailKind::Function => "guard-function",
        IdentifyingDetailKind::Time => "guard-time",
        IdentifyingDetailKind::OnlyMe => "guard-only-me",
    }
}
