//! The addresses of a visit: `/fr/report/TOKEN/review`. Neither token nor step says what is
//! reported.
//!
//! An attacker can make such an address and pass it on as a link. A reporter who follows it must
//! not continue the attacker's visit: the attacker would read what is typed, and the receipt. A
//! form therefore names its visit only if a page of the same origin led to it.

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
    form::{FormStep, ReportForm, parse_urlencoded},
    visits::{VisitState, VisitToken},
};

/// Where a navigation began. Browsers keep it for Back and reload.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns whether the browser says that a page of this service led to the request. Browsers that
/// do not send the header get `false`.
pub(super) fn is_from_our_page(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin")
}

/// The step of an address under which the receipt is shown.
pub(super) const RECEIPT_STEP: &str = "receipt";

/// Keeps a form, and redirects to the address where its next step is shown.
pub(super) fn save_and_redirect(pages: &Pages, form: &ReportForm, step: FormStep) -> Response {
    redirect_to(form.lang, &save_form(pages, form).to_string(), step.as_str())
}

/// Keeps a form, under the token of its visit if it has one.
pub(super) fn save_form(pages: &Pages, form: &ReportForm) -> VisitToken {
    let mut fields = form.hidden_fields(&[]);
    fields.retain(|(name, _)| name != "visit");
    fields.push(("seed".to_owned(), form.seed.clone()));
    pages.save_visit(&form.visit, &VisitState::Writing(fields))
}

/// A report was sent: its receipt is shown, under an address of its visit if its form came with
/// one. It is then shown again by Back and reload, until the reporter confirms that it is noted.
pub fn redirect_after_send(
    pages: &Pages,
    form: &ReportForm,
    receipt: &ReceiptView,
    files: &[SentFile],
) -> Response {
    if form.visit.is_empty() {
        return receipt::receipt_page(pages, form.lang, receipt, files);
    }
    let token = match pages.find_visit(&form.visit) {
        // The reporter left while the report was on its way. Back must not show the receipt.
        Some(VisitState::Left) => return redirect_to(form.lang, &form.visit, RECEIPT_STEP),
        // Another tab of this visit sent another report. That receipt may not be noted yet, so it
        // stays.
        Some(VisitState::Sent { code, .. }) if code != receipt.code.as_str() => "",
        _ => form.visit.as_str(),
    };
    let files = scrub_summary::file_summaries_in(pages, form.lang, files);
    let token =
        pages.save_visit(token, &VisitState::Sent { code: receipt.code.to_string(), files });
    redirect_to(form.lang, &token.to_string(), RECEIPT_STEP)
}

/// Redirects to the receipt of a visit whose report was sent.
pub(super) fn redirect_to_receipt(form: &ReportForm) -> Response {
    redirect_to(form.lang, &form.visit, RECEIPT_STEP)
}

/// Redirects to an address of a visit.
pub(super) fn redirect_to(lang: Locale, token: &str, step: &str) -> Response {
    Redirect::to(&format!("/{}/report/{token}/{step}", lang.code)).into_response()
}

/// `POST /fr/report/noted`: the receipt is forgotten here, too.
pub(super) async fn confirm_receipt(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    body: Bytes,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or(crate::i18n::LOCALES[0]);
    for (name, value) in parse_urlencoded(&body) {
        let token = std::str::from_utf8(&value).unwrap_or_default();
        if name == "visit" && matches!(pages.find_visit(token), Some(VisitState::Sent { .. })) {
            pages.save_visit(token, &VisitState::Confirmed);
        }
    }
    Redirect::to(&format!("/{}", locale.code)).into_response()
}
