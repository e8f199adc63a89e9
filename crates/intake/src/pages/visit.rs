//! The addresses of a visit: `/fr/report/TOKEN/review`. Neither token nor step says what is reported.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use web::Locale;
use zeroize::Zeroizing;

use super::{ErrorKind, Pages, ReceiptView, SentFile, error_page, files, receipt, report};
use crate::{
    form::{ReportForm, Step, pairs},
    visits::{Token, Visit},
};

/// The step of an address under which the receipt is shown.
const RECEIPT: &str = "receipt";

/// Keeps a form, and redirects to the address where its next step is shown.
pub(super) fn redirect(pages: &Pages, form: &ReportForm, step: Step) -> Response {
    to(form.lang, &keep(pages, form).to_string(), step.as_str())
}

fn keep(pages: &Pages, form: &ReportForm) -> Token {
    let mut fields = form.carried(&[]);
    fields.retain(|(name, _)| name != "visit");
    fields.push(("seed".to_owned(), form.seed.clone()));
    pages.keep_visit(&form.visit, &Visit::Writing(fields))
}

/// A report was sent: its receipt is shown, under an address of its visit if its form came with one.
/// It is then shown again by Back and reload, until the reporter confirms that it is noted.
pub fn sent(pages: &Pages, form: &ReportForm, receipt: &ReceiptView, files: &[SentFile]) -> Response {
    if form.visit.is_empty() {
        return receipt::receipt_page(pages, form.lang, receipt, files);
    }
    let files = files::told_in(pages, form.lang, files);
    let visit = Visit::Sent { code: receipt.code.to_string(), files };
    let token = pages.keep_visit(&form.visit, &visit);
    to(form.lang, &token.to_string(), RECEIPT)
}

/// Redirects to the receipt of a visit whose report was sent.
pub(super) fn redirect_to_receipt(form: &ReportForm) -> Response {
    to(form.lang, &form.visit, RECEIPT)
}

fn to(lang: Locale, token: &str, step: &str) -> Response {
    Redirect::to(&format!("/{}/report/{token}/{step}", lang.code)).into_response()
}

/// `GET /fr/report/TOKEN/review`
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    Path((lang, token, step)): Path<(String, String, String)>,
) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    match pages.visit(&token) {
        Some(Visit::Writing(fields)) => writing(&pages, locale, &token, fields, &step),
        // Back leads to an address from before: what there is to see now is the receipt.
        Some(Visit::Sent { .. }) if step != RECEIPT => to(locale, &token, RECEIPT),
        Some(Visit::Sent { code, files }) => {
            let code = Zeroizing::new(code);
            let beside = receipt::Beside { files, answer: pages.answer_day(), visit: &token };
            receipt::of_visit(&pages, locale, &code, beside)
        }
        Some(Visit::Noted) => Redirect::to(&format!("/{}", locale.code)).into_response(),
        Some(Visit::Left) => Redirect::to(&pages.branding.leave_url).into_response(),
        None => error_page(&pages, locale, ErrorKind::Expired),
    }
}

fn writing(
    pages: &Pages,
    locale: Locale,
    token: &str,
    fields: Vec<(String, String)>,
    step: &str,
) -> Response {
    let mut form = ReportForm::new(locale);
    for (name, value) in fields {
        // These came out of a form, so they go into one.
        drop(form.set(&name, Zeroizing::new(value).as_bytes()));
    }
    token.clone_into(&mut form.visit);
    let step = form.reachable(Step::parse(step).unwrap_or(Step::Questions), &pages.taxonomy);
    let had_seed = form.seed().is_ok();
    let page = report::step_page(pages, &mut form, step);
    if !had_seed && form.seed().is_ok() {
        // Back and reload show the review with the same seed, so that sending it again is the same report.
        keep(pages, &form);
    }
    page
}

/// `POST /fr/report/noted`: the receipt is forgotten here, too.
pub(super) async fn noted(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
    body: Bytes,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or(crate::i18n::LOCALES[0]);
    for (name, value) in pairs(&body) {
        let token = std::str::from_utf8(&value).unwrap_or_default();
        if name == "visit" && matches!(pages.visit(token), Some(Visit::Sent { .. })) {
            pages.keep_visit(token, &Visit::Noted);
        }
    }
    Redirect::to(&format!("/{}", locale.code)).into_response()
}
