//! The URLs of a visit, such as `/fr/report/TOKEN/review`. Neither token nor step reveals anything
//! about the report.
//!
//! An attacker can create such a URL and share it as a link. A reporter who follows it must not
//! continue the visit of the attacker, who could then read the answers and the receipt. A form
//! therefore contains the token of its visit only if the request came from a page of the same
//! origin.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderName};
use web::Locale;

use super::{Pages, ReceiptView, SentFile, receipt, scrub_summary};
use crate::{
    form::{FormStep, ReportForm, ShownFields, parse_urlencoded},
    visits::{VisitState, VisitToken},
};

/// The header for the site from which a navigation began. Browsers keep its value for Back and
/// reload.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns whether the browser confirms that the request came from a page of this service. Returns
/// `false` for browsers that do not send the header.
pub(super) fn is_from_our_page(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin")
}

/// The step in the URL of the receipt.
pub(super) const RECEIPT_STEP: &str = "receipt";

/// Stores a form, and redirects to the URL of the next step.
pub(super) fn save_and_redirect(pages: &Pages, form: &ReportForm, step: FormStep) -> Response {
    redirect_to(form.lang, &save_form(pages, form).to_string(), step.as_str())
}

/// Stores a form, under the token of its visit if it has one. Returns the token.
pub(super) fn save_form(pages: &Pages, form: &ReportForm) -> VisitToken {
    let mut fields = form.hidden_fields(ShownFields::default());
    fields.retain(|(name, _)| name != "visit");
    fields.push(("seed".to_owned(), form.seed.clone()));
    fields.push(("focus".to_owned(), form.focus.clone()));
    pages.save_visit(&form.visit, &VisitState::Writing(fields))
}

/// Returns the receipt page after a report was sent, or a redirect to it if the form has a visit.
/// Back and reload then show the receipt again, until the reporter confirms it.
pub fn redirect_after_send(
    pages: &Pages,
    form: &ReportForm,
    receipt: &ReceiptView,
    files: &[SentFile],
    own_copy: Vec<u8>,
) -> Response {
    end_earlier_visits(pages, form.before.clone(), &VisitState::Confirmed);
    if form.visit.is_empty() {
        return receipt::receipt_page_with_copy(pages, form.lang, receipt, files, &own_copy);
    }
    let mut answer_date = pages.first_answer_date();
    let token = match pages.find_visit(&form.visit) {
        // The reporter left while the report was being sent. Back must not show the receipt.
        Some(VisitState::Left) => return redirect_to(form.lang, &form.visit, RECEIPT_STEP),
        // Another tab of this visit sent another report. That receipt may not be confirmed yet, so
        // it is not replaced.
        Some(VisitState::Sent { code, .. }) if code != receipt.code.as_str() => "",
        // The same report was sent again, perhaps on another day.
        Some(VisitState::Sent { answer_date: first @ Some(_), .. }) => {
            answer_date = first;
            form.visit.as_str()
        }
        _ => form.visit.as_str(),
    };
    let files = scrub_summary::file_summaries_in(pages, form.lang, files);
    let sent = VisitState::Sent { code: receipt.code.to_string(), files, answer_date, own_copy };
    let token = pages.save_visit(token, &sent);
    redirect_to(form.lang, &token.to_string(), RECEIPT_STEP)
}

/// Ends the visit of this token and those before it. A browser that does not say which page led to
/// an address continues in another visit at each step, and every address of its history would show
/// the typed text. A token that an attacker chose ends a visit of that attacker.
pub(super) fn end_earlier_visits(pages: &Pages, newest: String, end: &VisitState) {
    let mut token = newest;
    // The chain ends, because a visit that has ended names no other one.
    while let Some(VisitState::Writing(fields)) = pages.find_visit(&token) {
        pages.save_visit(&token, end);
        let before = fields.into_iter().find(|(name, _)| name == "before");
        token = before.map(|(_, token)| token).unwrap_or_default();
    }
}

/// Redirects to the receipt of a visit whose report was sent.
pub(super) fn redirect_to_receipt(form: &ReportForm) -> Response {
    redirect_to(form.lang, &form.visit, RECEIPT_STEP)
}

/// Redirects to a URL of a visit.
pub(super) fn redirect_to(lang: Locale, token: &str, step: &str) -> Response {
    Redirect::to(&format!("/{}/report/{token}/{step}", lang.code)).into_response()
}

/// `POST /fr/report/noted`: deletes the receipt, because the reporter has confirmed it.
pub(super) async fn confirm_receipt(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    body: Bytes,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or_else(|| pages.default_locale());
    for (name, value) in parse_urlencoded(&body) {
        let token = std::str::from_utf8(&value).unwrap_or_default();
        if name == "visit" && matches!(pages.find_visit(token), Some(VisitState::Sent { .. })) {
            pages.save_visit(token, &VisitState::Confirmed);
        }
    }
    Redirect::to(&format!("/{}", locale.code)).into_response()
}
