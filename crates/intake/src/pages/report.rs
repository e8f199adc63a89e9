//! The steps of a report. Every step is a POST request to one URL, so that the history of a phone
//! shows no category.

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
    fields::{FormError, FormSection, Widget, form_errors, form_sections},
    layout::{LanguageSwitch, PageLayout, render_report_page},
    receipt, review, visit,
};
use crate::{
    form::{FieldError, FormStep, ReportForm},
    sealing::text_fields,
    visits::VisitState,
};

#[derive(Template)]
#[template(path = "before.html")]
struct BeforeYouStartTemplate<'a> {
    frame: PageLayout<'a>,
    hidden_fields: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoiceTemplate<'a> {
    frame: PageLayout<'a>,
    step: &'static str,
    heading: String,
    hint: String,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    choices: Vec<ChoiceCard<'a>>,
    unsure: bool,
    back: &'static str,
}

/// A button of a choice page.
struct ChoiceCard<'a> {
    action: String,
    label: &'a str,
    example: Option<&'a str>,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "questions.html")]
struct QuestionsTemplate<'a> {
    frame: PageLayout<'a>,
    category: &'a str,
    hidden_fields: Vec<(String, String)>,
    errors: Vec<FormError>,
    sections: Vec<FormSection<'a>>,
    story: Option<&'a str>,
    /// Whether the page addresses victims: it says that there is no hurry and no need to answer,
    /// and shows where to find help.
    is_victim_category: bool,
}

/// `GET /fr/report`
pub(super) async fn show_start(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
) -> Response {
    match pages.locale(&lang) {
        Some(locale) => start_page(&pages, locale),
        None => error_page(&pages, pages.default_locale(), ErrorKind::NotFound),
    }
}

/// Returns the first page of a report. It is the same for all visitors.
pub(super) fn start_page(pages: &Pages, locale: Locale) -> Response {
    before_page(pages, &ReportForm::new(locale))
}

/// `GET /fr/report/send`: redirects to the first step, because the response to a POST request is
/// not stored under this URL.
pub(super) async fn redirect_to_start(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or_else(|| pages.default_locale());
    Redirect::to(&format!("/{}/report", locale.code)).into_response()
}

/// `POST /fr/report`
pub(super) async fn post_step(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, pages.default_locale(), ErrorKind::NotFound);
    };
    let Ok(body) = body else { return error_page(&pages, locale, ErrorKind::TooLarge) };
    let content_type =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(mut form) = parse_form(locale, text_fields(content_type, body).await) else {
        return error_page(&pages, locale, ErrorKind::TooLarge);
    };
    advance_and_redirect(&pages, &mut form)
}

/// Applies the pressed button of a form, and redirects to the next step.
pub fn advance_and_redirect(pages: &Pages, form: &mut ReportForm) -> Response {
    if matches!(pages.find_visit(&form.visit), Some(VisitState::Sent { .. })) {
        // The form is from before the report was sent. The receipt is not confirmed yet, so it must
        // not be lost.
        return visit::redirect_to_receipt(form);
    }
    let invalid_choice = form.invalid_choice(&pages.taxonomy);
    let step = form.advance(&pages.taxonomy);
    if invalid_choice.is_some()
        || form.invalid_choice(&pages.taxonomy).is_some()
        || form.has_invalid_utf8()
    {
        // The response shows the errors itself, because the stored visit does not contain them.
        return render_step(pages, form, step, invalid_choice);
    }
    visit::save_and_redirect(pages, form, step)
}

fn parse_form(locale: Locale, fields: Vec<(String, Vec<u8>)>) -> Result<ReportForm, FieldError> {
    let mut form = ReportForm::new(locale);
    for (name, value) in fields {
        form.set_field(&name, &Zeroizing::new(value))?;
    }
    Ok(form)
}

/// `GET /fr/report/TOKEN/review`
pub(super) async fn show_step(
    State(pages): State<Arc<Pages>>,
    Path((lang, token, step)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, pages.default_locale(), ErrorKind::NotFound);
    };
    match pages.find_visit(&token) {
        Some(VisitState::Writing(fields)) => {
            let token = visit::is_from_our_page(&headers).then_some(&*token);
            render_visit_step(&pages, locale, token, fields, &step)
        }
        // Back leads to the URL of an earlier step. The page now shows the receipt.
        Some(VisitState::Sent { .. }) if step != visit::RECEIPT_STEP => {
            visit::redirect_to(locale, &token, visit::RECEIPT_STEP)
        }
        Some(VisitState::Sent { code, files }) => {
            let code = Zeroizing::new(code);
            let context = receipt::ReceiptContext {
                files,
                answer_date: pages.first_answer_date(),
                visit: &token,
            };
            receipt::visit_receipt_page(&pages, locale, &code, context)
        }
        Some(VisitState::Confirmed) => Redirect::to(&format!("/{}", locale.code)).into_response(),
        Some(VisitState::Left) => Redirect::to(&pages.branding.quick_exit_url).into_response(),
        Some(VisitState::Answered { .. }) | None => error_page(&pages, locale, ErrorKind::Expired),
    }
}

/// Returns the page of a step. Without a token, the form continues as another visit with its own
/// seed.
fn render_visit_step(
    pages: &Pages,
    locale: Locale,
    token: Option<&str>,
    fields: Vec<(String, String)>,
    step: &str,
) -> Response {
    let mut form = ReportForm::new(locale);
    for (name, value) in fields {
        // These fields are from a form, so a form accepts them.
        drop(form.set_field(&name, Zeroizing::new(value).as_bytes()));
    }
    match token {
        Some(token) => token.clone_into(&mut form.visit),
        None => form.seed.clear(),
    }
    let step =
        form.reachable_step(FormStep::parse(step).unwrap_or(FormStep::Questions), &pages.taxonomy);
    let had_seed = form.seed_bytes().is_ok();
    let page = step_page(pages, &mut form, step);
    if token.is_some() && !had_seed && form.seed_bytes().is_ok() {
        // Back and reload show the review with the same seed, so that sending it again is the same
        // report.
        visit::save_form(pages, &form);
    }
    page
}

/// Returns the page of a step without errors.
pub(super) fn step_page(pages: &Pages, form: &mut ReportForm, step: FormStep) -> Response {
    render_step(pages, form, step, None)
}

fn render_step(
    pages: &Pages,
    form: &mut ReportForm,
    step: FormStep,
    invalid_choice: Option<FieldError>,
) -> Response {
    // The button may have made or corrected an invalid choice.
    let invalid_choice = form
        .invalid_choice(&pages.taxonomy)
        .or(invalid_choice.filter(|_| step < FormStep::Questions));
    let errors: Vec<FieldError> = invalid_choice.into_iter().collect();
    match step {
        FormStep::BeforeYouStart => before_page(pages, form),
        FormStep::Audience => audience_page(pages, form, &errors),
        FormStep::Family => family_page(pages, form, &errors),
        FormStep::Category => category_page(pages, form, &errors),
        FormStep::Questions if form.has_invalid_utf8() => {
            questions_page(pages, form, form.invalid_utf8_fields())
        }
        FormStep::Questions => questions_page(pages, form, &[]),
        FormStep::Review => review_page(pages, form, None),
    }
}

/// Returns the review page, or the questions with their errors if the report is not valid.
///
/// `problem` is the reason why sending failed. The seed of the form stays the same, because the
/// failure may have happened after the report was stored, and another attempt must not make a
/// second report.
pub fn review_page(pages: &Pages, form: &mut ReportForm, problem: Option<ErrorKind>) -> Response {
    match form.validate(&pages.taxonomy) {
        Ok(_) => {
            if form.seed_bytes().is_err() {
                form.seed = pages.new_seed();
            }
            review::render_review(pages, form, problem)
        }
        Err(errors) if pages.taxonomy.category(&form.category).is_some() => {
            questions_page(pages, form, &errors)
        }
        Err(errors) => family_page(pages, form, &errors),
    }
}

fn before_page(pages: &Pages, form: &ReportForm) -> Response {
    let switch = LanguageSwitch::Form { path: "/report", go: "before", enter: None };
    let frame = PageLayout::new(pages, form.lang, "before-title", switch).with_visit(&form.visit);
    render_report_page(
        pages,
        StatusCode::OK,
        &BeforeYouStartTemplate { frame, hidden_fields: form.hidden_fields(&[]) },
    )
}

fn audience_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let choices = pages.taxonomy.audiences.iter().map(|audience| ChoiceCard {
        action: format!("audience.{}", audience.id.as_str()),
        label: audience.label.get(lang),
        example: None,
        chosen: form.audience == audience.id.as_str(),
    });
    render_choice(
        pages,
        form,
        errors,
        ChoicePageSpec::new(FormStep::Audience, choices.collect(), "before"),
    )
}

fn family_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let choices = pages.taxonomy.families.iter().map(|family| ChoiceCard {
        action: format!("family.{}", family.id),
        label: family.label.get(lang),
        example: None,
        chosen: form.family == family.id,
    });
    render_choice(
        pages,
        form,
        errors,
        ChoicePageSpec::new(FormStep::Family, choices.collect(), "audience"),
    )
}

fn category_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let lang = form.lang.code;
    let choices =
        ordered_categories(&pages.taxonomy, form).into_iter().map(|category| ChoiceCard {
            action: format!("category.{}", category.id),
            label: category.label.get(lang),
            example: Some(category.example.get(lang)),
            chosen: form.category == category.id,
        });
    render_choice(
        pages,
        form,
        errors,
        ChoicePageSpec::new(FormStep::Category, choices.collect(), "family"),
    )
}

/// Returns all categories of the family, those that this audience usually reports first.
fn ordered_categories<'a>(
    taxonomy: &'a Taxonomy,
    form: &'a ReportForm,
) -> Vec<&'a taxonomy::Category> {
    let audience = Audience::parse(&form.audience);
    let mut categories: Vec<_> = taxonomy.categories_in_group(&form.family).collect();
    categories.sort_by_key(|category| {
        !audience.is_some_and(|audience| category.audience.contains(&audience))
    });
    categories
}

/// The differences between the three choice pages.
struct ChoicePageSpec<'a> {
    step: FormStep,
    choices: Vec<ChoiceCard<'a>>,
    back: &'static str,
}

impl<'a> ChoicePageSpec<'a> {
    fn new(step: FormStep, choices: Vec<ChoiceCard<'a>>, back: &'static str) -> Self {
        Self { step, choices, back }
    }
}

fn render_choice(
    pages: &Pages,
    form: &ReportForm,
    errors: &[FieldError],
    spec: ChoicePageSpec<'_>,
) -> Response {
    let [title, heading, hint] = match spec.step {
        FormStep::Audience => ["audience-title", "audience-heading", "audience-hint"],
        FormStep::Family => ["subject-title", "family-heading", "family-hint"],
        _ => ["subject-title", "category-heading", "category-hint"],
    };
    let step = spec.step.as_str();
    let switch = LanguageSwitch::Form { path: "/report", go: step, enter: None };
    let frame = PageLayout::new(pages, form.lang, title, switch).with_visit(&form.visit);
    let page = ChoiceTemplate {
        step: if spec.step == FormStep::Audience { "1" } else { "2" },
        heading: frame.t(heading),
        hint: frame.t(hint),
        hidden_fields: form.hidden_fields(&[]),
        errors: form_errors(&frame, errors, &pages.taxonomy),
        choices: spec.choices,
        unsure: spec.step != FormStep::Audience,
        back: spec.back,
        frame,
    };
    render_report_page(pages, status_for(errors), &page)
}

fn questions_page(pages: &Pages, form: &ReportForm, errors: &[FieldError]) -> Response {
    let taxonomy = &*pages.taxonomy;
    let Some(category) = taxonomy.category(&form.category) else {
        return family_page(pages, form, errors);
    };
    let switch = LanguageSwitch::Form { path: "/report", go: "questions", enter: Some("review") };
    let frame =
        PageLayout::new(pages, form.lang, "questions-title", switch).with_visit(&form.visit);
    let asked = taxonomy.questions_for(category);
    let story =
        asked.iter().find(|question| question.kind.purpose() == taxonomy::QuestionPurpose::Story);
    let page = QuestionsTemplate {
        category: category.label.get(form.lang.code),
        hidden_fields: form.hidden_fields(&asked),
        errors: form_errors(&frame, errors, taxonomy),
        sections: form_sections(&frame, taxonomy, category, (form, errors)),
        is_victim_category: category.opening_question.is_some(),
        story: story.filter(|_| category.story_required).map(|question| question.id.as_str()),
        frame,
    };
    render_report_page(pages, status_for(errors), &page)
}

/// Returns the status of a page: 422 if it shows errors.
fn status_for(errors: &[FieldError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}
