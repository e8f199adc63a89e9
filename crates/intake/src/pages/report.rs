//! The way to a report. Every step is a POST to one address, so that a phone's history shows no category.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use taxonomy::{Audience, Taxonomy};
use web::Locale;
use zeroize::Zeroizing;

use super::{
    ErrorKind, Pages, error_page,
    fields::{Complaint, Look, Section, complaints, sections},
    layout::{Frame, Switch, render_with_script},
    receipt, review, visit,
};
use crate::{
    form::{FieldError, ReportForm, Step},
    sealing::text_fields,
    visits::Visit,
};

#[derive(Template)]
#[template(path = "before.html")]
struct Before<'a> {
    frame: Frame<'a>,
    carried: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose<'a> {
    frame: Frame<'a>,
    step: &'static str,
    heading: String,
    hint: String,
    carried: Vec<(String, String)>,
    errors: Vec<Complaint>,
    choices: Vec<Card<'a>>,
    unsure: bool,
    back: &'static str,
}

/// A button with what it chooses.
struct Card<'a> {
    go: String,
    label: &'a str,
    example: Option<&'a str>,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "questions.html")]
struct Questions<'a> {
    frame: Frame<'a>,
    category: &'a str,
    carried: Vec<(String, String)>,
    errors: Vec<Complaint>,
    sections: Vec<Section<'a>>,
    story: Option<&'a str>,
    /// For those to whom something was done: no hurry, no need, and where help is.
    gentle: bool,
}

/// `GET /fr/report`
pub(super) async fn before(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    match pages.locale(&lang) {
        Some(locale) => before_page(&pages, &ReportForm::new(locale)),
        None => error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound),
    }
}

/// `GET /fr/report/send`: a page that was sent is gone; the way begins anew.
pub(super) async fn again(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let locale = pages.locale(&lang).unwrap_or(crate::i18n::LOCALES[0]);
    Redirect::to(&format!("/{}/report", locale.code)).into_response()
}

/// `POST /fr/report`
pub(super) async fn step(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    let Ok(body) = body else { return error_page(&pages, locale, ErrorKind::TooLarge) };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(mut form) = read(locale, text_fields(content_type, body).await) else {
        return error_page(&pages, locale, ErrorKind::TooLarge);
    };
    take_step(&pages, &mut form)
}

/// Follows the pressed button of a form, and redirects to the step that comes.
pub fn take_step(pages: &Pages, form: &mut ReportForm) -> Response {
    if matches!(pages.visit(&form.visit), Some(Visit::Sent { .. })) {
        // A page from before the report was sent. Its receipt is not noted yet, so it must not be lost.
        return visit::redirect_to_receipt(form);
    }
    let stray = form.stray_choice(&pages.taxonomy);
    let step = form.advance(&pages.taxonomy);
    if stray.is_some() || form.stray_choice(&pages.taxonomy).is_some() || form.is_damaged() {
        // What is wrong is shown at once: a page that is read again would not know of it.
        return page(pages, form, step, stray);
    }
    visit::redirect(pages, form, step)
}

fn read(locale: Locale, fields: Vec<(String, Vec<u8>)>) -> Result<ReportForm, FieldError> {
    let mut form = ReportForm::new(locale);
    for (name, value) in fields {
        form.set(&name, &Zeroizing::new(value))?;
    }
    Ok(form)
}

/// `GET /fr/report/TOKEN/review`
pub(super) async fn visited(
    State(pages): State<Arc<Pages>>,
    Path((lang, token, step)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    match pages.visit(&token) {
        Some(Visit::Writing(fields)) => {
            let token = visit::is_from_our_page(&headers).then_some(&*token);
            writing(&pages, locale, token, fields, &step)
        }
        // Back leads to an address from before: what there is to see now is the receipt.
        Some(Visit::Sent { .. }) if step != visit::RECEIPT => visit::to(locale, &token, visit::RECEIPT),
        Some(Visit::Sent { code, files }) => {
            let code = Zeroizing::new(code);
            let beside = receipt::Beside { files, answer: pages.answer_day(), visit: &token };
            receipt::of_visit(&pages, locale, &code, beside)
        }
        Some(Visit::Noted) => Redirect::to(&format!("/{}", locale.code)).into_response(),
        Some(Visit::Left) => Redirect::to(&pages.branding.leave_url).into_response(),
        Some(Visit::Answered { .. }) | None => error_page(&pages, locale, ErrorKind::Expired),
    }
}

/// The page of a step. Without a token, what is typed there becomes another visit, with a seed of its own.
fn writing(
    pages: &Pages,
    locale: Locale,
    token: Option<&str>,
    fields: Vec<(String, String)>,
    step: &str,
) -> Response {
    let mut form = ReportForm::new(locale);
    for (name, value) in fields {
        // These came out of a form, so they go into one.
        drop(form.set(&name, Zeroizing::new(value).as_bytes()));
    }
    match token {
        Some(token) => token.clone_into(&mut form.visit),
        None => form.seed.clear(),
    }
    let step = form.reachable(Step::parse(step).unwrap_or(Step::Questions), &pages.taxonomy);
    let had_seed = form.seed().is_ok();
    let page = step_page(pages, &mut form, step);
    if token.is_some() && !had_seed && form.seed().is_ok() {
        // Back and reload show the review with the same seed, so that sending it again is the same report.
        visit::keep(pages, &form);
    }
    page
}

/// A step as it is with nothing wrong.
pub(super) fn step_page(pages: &Pages, form: &mut ReportForm, step: Step) -> Response {
    page(pages, form, step, None)
}

fn page(pages: &Pages, form: &mut ReportForm, step: Step, stray: Option<FieldError>) -> Response {
    // The button may just have put a stray choice in place, or mended one.
    let stray = form.stray_choice(&pages.taxonomy).or(stray.filter(|_| step < Step::Questions));
    let errors: Vec<FieldError> = stray.into_iter().collect();
    match step {
        Step::Before => before_page(pages, form),
        Step::Audience => audience_page(pages, form, &errors),
        Step::Family => family_page(pages, form, &errors),
        Step::Category => category_page(pages, form, &errors),
        Step::Questions if form.is_damaged() => questions_page(pages, form, form.damaged()),
        Step::Questions => questions_page(pages, form, &[]),
        Step::Review => review_page(pages, form, None),
    }
}

/// The review page; the questions again, with what is wrong, if the report cannot be sent as it is.
///
/// `problem`: why sending it has failed. A seed that the form has already stays: the failure may have come
/// after the report was stored, and sending it again must not make a second one.
pub fn review_page(pages: &Pages, form: &mut ReportForm, problem: Option<ErrorKind>) -> Response {
    match form.to_report(&pages.taxonomy) {
        Ok(_) => {
            if form.seed().is_err() {
                form.seed = pages.new_seed();
            }
            review::page(pages, form, problem)
        }
        Err(errors) if pages.taxonomy.category(&form.category).is_some() => {
            questions_page(pages, form, &errors)
        }
        Err(errors) => family_page(pages, form, &errors),
    }
}

fn before_page(pages: &Pages, form: &ReportForm) -> Response {
    let switch = Switch::Form { path: "/report", go: "before", enter: None };
    let frame = Frame::new(pages, form.lang, "before-title", switch).of_visit(&form.visit);
    render_with_script(pages, StatusCode::OK, &Before { frame, carried: form.carried(&[]) })
}

fn audience_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let choices = pages.taxonomy.audiences.iter().map(|audience| Card {
        go: format!("audience.{}", audience.id.as_str()),
        label: audience.label.get(lang),
        example: None,
        chosen: form.audience == audience.id.as_str(),
    });
    choose(pages, form, errors, Chooser::new(Step::Audience, choices.collect(), "before"))
}

fn family_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let choices = pages.taxonomy.families.iter().map(|family| Card {
        go: format!("family.{}", family.id),
        label: family.label.get(lang),
        example: None,
        chosen: form.family == family.id,
    });
    choose(pages, form, errors, Chooser::new(Step::Family, choices.collect(), "audience"))
}

fn category_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let choices = categories(&pages.taxonomy, form).into_iter().map(|category| Card {
        go: format!("category.{}", category.id),
        label: category.label.get(lang),
        example: Some(category.example.get(lang)),
        chosen: form.category == category.id,
    });
    choose(pages, form, errors, Chooser::new(Step::Category, choices.collect(), "family"))
}

/// The family's categories; those that this audience usually reports come first, none is left out.
fn categories<'a>(taxonomy: &'a Taxonomy, form: &'a ReportForm) -> Vec<&'a taxonomy::Category> {
    let audience = Audience::parse(&form.audience);
    let mut categories: Vec<_> = taxonomy.in_family(&form.family).collect();
    categories.sort_by_key(|category| !audience.is_some_and(|who| category.audience.contains(&who)));
    categories
}

/// What the three choosing pages differ in.
struct Chooser<'a> {
    step: Step,
    choices: Vec<Card<'a>>,
    back: &'static str,
}

impl<'a> Chooser<'a> {
    fn new(step: Step, choices: Vec<Card<'a>>, back: &'static str) -> Self {
        Self { step, choices, back }
    }
}

fn choose(pages: &Pages, form: &ReportForm, errors: &[FieldError], chooser: Chooser<'_>) -> Response {
    let [title, heading, hint] = match chooser.step {
        Step::Audience => ["audience-title", "audience-heading", "audience-hint"],
        Step::Family => ["subject-title", "family-heading", "family-hint"],
        _ => ["subject-title", "category-heading", "category-hint"],
    };
    let step = chooser.step.as_str();
    let switch = Switch::Form { path: "/report", go: step, enter: None };
    let frame = Frame::new(pages, form.lang, title, switch).of_visit(&form.visit);
    let page = Choose {
        step: if chooser.step == Step::Audience { "1" } else { "2" },
        heading: frame.t(heading),
        hint: frame.t(hint),
        carried: form.carried(&[]),
        errors: complaints(&frame, errors, &pages.taxonomy),
        choices: chooser.choices,
        unsure: chooser.step != Step::Audience,
        back: chooser.back,
        frame,
    };
    render_with_script(pages, status(errors), &page)
}

fn questions_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let taxonomy = &*pages.taxonomy;
    let Some(category) = taxonomy.category(&form.category) else {
        return family_page(pages, form, errors);
    };
    let switch = Switch::Form { path: "/report", go: "questions", enter: Some("review") };
    let frame = Frame::new(pages, form.lang, "questions-title", switch).of_visit(&form.visit);
    let asked = taxonomy.questions_for(category);
    let story = asked.iter().find(|question| question.kind == taxonomy::QuestionKind::Longtext);
    let page = Questions {
        category: category.label.get(form.lang.code),
        carried: form.carried(&asked),
        errors: complaints(&frame, errors, taxonomy),
        sections: sections(&frame, taxonomy, category, (form, errors)),
        gentle: category.ask_first.is_some(),
        story: story.filter(|_| category.story_required).map(|question| question.id.as_str()),
        frame,
    };
    render_with_script(pages, status(errors), &page)
}

/// A page that says what is wrong is no success.
fn status(errors: &[FieldError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}
