//! Everything as it will be read, and what in it could show who wrote it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use taxonomy::{Priority, Question, QuestionKind, Taxonomy};

use super::{
    ErrorKind, Pages,
    layout::{Frame, Switch, render_secret},
    readers::{self, Readers},
};
use crate::form::{
    ReportForm,
    guard::{self, Trace},
};

#[derive(Template)]
#[template(path = "review.html")]
struct Review<'a> {
    frame: Frame<'a>,
    category: &'a str,
    audience: &'a str,
    seed: &'a str,
    carried: Vec<(String, String)>,
    warnings: Vec<Warning>,
    given: Vec<Given<'a>>,
    readers: Option<Readers>,
    /// Do the answers speak of danger? Then nobody should wait for us.
    danger: bool,
    /// Heading, what happened, what to do.
    problem: Option<[String; 3]>,
}

impl Review<'_> {
    fn team(&self) -> Option<&(String, String)> {
        self.readers.as_ref()?.team.as_ref()
    }

    fn none_left(&self) -> bool {
        self.readers.as_ref().is_some_and(|readers| readers.none_left)
    }
}

struct Warning {
    text: String,
    found: Vec<String>,
    question: String,
    /// What the button says that covers it.
    cover: String,
}

/// A question with its answer in words.
struct Given<'a> {
    id: &'a str,
    label: &'a str,
    lines: Vec<&'a str>,
    story: bool,
}

pub(super) fn page(pages: &Pages, form: &ReportForm, problem: Option<ErrorKind>) -> Response {
    let taxonomy = &*pages.taxonomy;
    let lang = form.lang.code;
    let Some(category) = taxonomy.category(&form.category) else {
        return super::error_page(pages, form.lang, ErrorKind::BadForm);
    };
    let switch = Switch::Form { path: "/report", go: "review", enter: None };
    let frame = Frame::new(pages, form.lang, "review-title", switch).of_visit(&form.visit);
    let given: Vec<Given<'_>> = taxonomy
        .questions_for(category)
        .into_iter()
        .map(|question| Given {
            id: &question.id,
            label: question.label.get(lang),
            lines: lines(taxonomy, question, form),
            story: question.kind == QuestionKind::Longtext,
        })
        .filter(|given| !given.lines.is_empty())
        .collect();
    let page = Review {
        category: category.label.get(lang),
        audience: audience(taxonomy, form),
        seed: &form.seed,
        carried: form.carried(&[]),
        warnings: warnings(&frame, form, taxonomy),
        given,
        readers: readers::of(pages, &frame, form),
        danger: form.to_report(taxonomy).is_ok_and(|report| report.urgency == Priority::P1),
        problem: problem.map(|kind| {
            let [heading, what, next] = kind.texts();
            // The page that could not be read is this one now, with everything that was typed.
            let next = if kind == ErrorKind::BadForm { "held-again-how" } else { next };
            [heading, what, next].map(|key| frame.t(key))
        }),
        frame,
    };
    render_secret(pages, problem.map_or(StatusCode::OK, ErrorKind::status), &page)
}

fn audience<'a>(taxonomy: &'a Taxonomy, form: &ReportForm) -> &'a str {
    let chosen = taxonomy.audiences.iter().find(|audience| audience.id.as_str() == form.audience);
    chosen.map_or("", |audience| audience.label.get(form.lang.code))
}

fn lines<'a>(taxonomy: &'a Taxonomy, question: &'a Question, form: &'a ReportForm) -> Vec<&'a str> {
    let date = form.date(&question.id).trim();
    if question.kind == QuestionKind::Period && !date.is_empty() {
        return vec![date];
    }
    let word = |value: &'a String| match taxonomy.option_label(question, value) {
        Some(label) => label.get(form.lang.code),
        None => value.trim(),
    };
    form.values(&question.id).iter().map(word).filter(|line| !line.is_empty()).collect()
}

fn warnings(frame: &Frame<'_>, form: &ReportForm, taxonomy: &Taxonomy) -> Vec<Warning> {
    guard::warnings(form, taxonomy)
        .into_iter()
        .map(|warning| Warning {
            text: frame.t(trace_text(warning.trace)),
            cover: format!("cover.{}.{}", warning.trace.as_str(), warning.question),
            found: warning.found,
            question: warning.question,
        })
        .collect()
}

pub(super) fn trace_text(trace: Trace) -> &'static str {
    match trace {
        Trace::Receipt => "guard-receipt",
        Trace::Phone => "guard-phone",
        Trace::Email => "guard-email",
        Trace::Name => "guard-name",
        Trace::Declaration => "guard-declaration",
        Trace::Vehicle => "guard-vehicle",
        Trace::Tax => "guard-tax",
        Trace::Identity => "guard-identity",
        Trace::Date => "guard-date",
        Trace::Function => "guard-function",
        Trace::Time => "guard-time",
        Trace::OnlyMe => "guard-only-me",
    }
}
