//! The steps of a report. Every step is a POST request to one URL, so that the history of a phone
//! shows no category.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use web::Locale;
use zeroize::Zeroizing;

use super::{
    ErrorKind, Pages, error_page, receipt, review,
    subject::{case_page, subject_page},
    tell::{answers_page, facts_page, tell_page},
    visit,
};
use crate::{
    form::{FieldError, FormStep, ReportForm},
    problem::with_retry_after,
    sealing::text_fields,
    visits::VisitState,
};

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
    subject_page(pages, &ReportForm::new(locale), &[])
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
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return error_page(&pages, locale, ErrorKind::TooLarge);
        }
        // The client was too slow, or lost its slot. Reloading the page sends the form again.
        Err(_) => return with_retry_after(error_page(&pages, locale, ErrorKind::Busy)),
    };
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
            let is_own = visit::is_from_our_page(&headers);
            render_visit_step(&pages, locale, (&token, is_own), fields, &step)
        }
        // Back leads to the URL of an earlier step. The page now shows the receipt.
        Some(VisitState::Sent { .. }) if step != visit::RECEIPT_STEP => {
            visit::redirect_to(locale, &token, visit::RECEIPT_STEP)
        }
        Some(VisitState::Sent { code, files, answer_date, own_copy }) => {
            let code = Zeroizing::new(code);
            let context =
                receipt::ReceiptContext { files, answer_date, visit: &token, own_copy: &own_copy };
            receipt::visit_receipt_page(&pages, locale, &code, context)
        }
        Some(VisitState::Confirmed) => Redirect::to(&format!("/{}", locale.code)).into_response(),
        Some(VisitState::Left) => Redirect::to(&pages.branding.quick_exit_url).into_response(),
        Some(VisitState::Answered { .. }) | None => error_page(&pages, locale, ErrorKind::Expired),
    }
}

/// Returns the page of a step. Unless a page of ours led to it, the form continues as another visit
/// with its own seed, and can only end the visit of the token.
fn render_visit_step(
    pages: &Pages,
    locale: Locale,
    (token, is_own): (&str, bool),
    fields: Vec<(String, String)>,
    step: &str,
) -> Response {
    let mut form = ReportForm::new(locale);
    for (name, value) in fields {
        // These fields are from a form, so a form accepts them.
        drop(form.set_field(&name, Zeroizing::new(value).as_bytes()));
    }
    if is_own {
        token.clone_into(&mut form.visit);
    } else {
        token.clone_into(&mut form.before);
        form.seed.clear();
    }
    let step =
        form.reachable_step(FormStep::parse(step).unwrap_or(FormStep::Tell), &pages.taxonomy);
    let had_seed = form.seed_bytes().is_ok();
    let page = step_page(pages, &mut form, step);
    if is_own && !had_seed && form.seed_bytes().is_ok() {
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
    let invalid_choice =
        form.invalid_choice(&pages.taxonomy).or(invalid_choice.filter(|_| step < FormStep::Tell));
    let errors: Vec<FieldError> = invalid_choice.into_iter().collect();
    match step {
        FormStep::Subject => subject_page(pages, form, &errors),
        FormStep::Case => case_page(pages, form, &errors),
        FormStep::Tell | FormStep::Facts if form.has_invalid_utf8() => {
            answers_page(pages, form, form.invalid_utf8_fields())
        }
        FormStep::Tell => tell_page(pages, form, &[]),
        FormStep::Facts => facts_page(pages, form, &[]),
        FormStep::Review => review_page(pages, form, None),
    }
}

/// Returns the review page, or the page with the first error if the report is not valid.
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
            answers_page(pages, form, &errors)
        }
        Err(errors) => subject_page(pages, form, &errors),
    }
}
