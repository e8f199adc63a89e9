//! Coming back: where a receipt is typed.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use envelope::receipt::{Receipt, ReceiptError};
use http::StatusCode;
use unicode_normalization::UnicodeNormalization;
use web::Locale;

use super::{
    ErrorKind, Pages, error_page,
    layout::{Frame, Switch, render_with_script},
};

/// Why a receipt does not lead to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnProblem {
    /// Nothing was typed.
    Empty,
    /// What was typed is no receipt, for this reason.
    Mistyped(ReceiptError),
    /// Nothing is laid out under it: not yet, not any more, or never was. Nobody can tell these apart, on purpose.
    Nothing,
    /// A mailbox of this receipt is there, and it was damaged or forged. Nothing of it is shown.
    Damaged,
}

#[derive(Template)]
#[template(path = "return.html")]
struct Return<'a> {
    frame: Frame<'a>,
    typed: &'a str,
    wrong: Option<String>,
    nothing: bool,
    damaged: bool,
}

/// `GET /fr/return`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    match pages.locale(&lang) {
        Some(locale) => return_page(&pages, locale, ("", ""), None),
        None => error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound),
    }
}

/// `GET /fr/return/send`: a page that was sent is gone; the receipt opens it again.
pub(super) async fn again(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let locale = pages.locale(&lang).unwrap_or(crate::i18n::LOCALES[0]);
    Redirect::to(&format!("/{}/return", locale.code)).into_response()
}

/// The page where a receipt is typed, again with what was typed if it led nowhere.
/// `visit`: the token of its visit, or nothing.
pub fn return_page(
    pages: &Pages,
    locale: Locale,
    (typed, visit): (&str, &str),
    problem: Option<ReturnProblem>,
) -> Response {
    let frame = Frame::new(pages, locale, "return-title", Switch::Link("/return")).of_visit(visit);
    let wrong = match problem {
        Some(ReturnProblem::Empty) => Some(frame.t("wrong-receipt-missing")),
        Some(ReturnProblem::Mistyped(error)) => Some(receipt_text(&frame, error, typed)),
        Some(ReturnProblem::Nothing | ReturnProblem::Damaged) | None => None,
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let nothing = problem == Some(ReturnProblem::Nothing);
    let damaged = problem == Some(ReturnProblem::Damaged);
    render_with_script(pages, status, &Return { frame, typed, wrong, nothing, damaged })
}

/// What is wrong with a typed receipt, so that it can be found. It is about the text alone: whether anything
/// is laid out under a receipt does not show in it.
pub(super) fn receipt_text(frame: &Frame<'_>, error: ReceiptError, typed: &str) -> String {
    match error {
        ReceiptError::Word { place, near } => {
            let word = Receipt::word_at(typed, place).unwrap_or_default();
            match near {
                Some(near) => {
                    let near: String = near.nfc().collect();
                    frame.words().with("wrong-receipt-near", &[("word", &word), ("near", &near)])
                }
                None => frame.with("wrong-receipt-word", "word", &word),
            }
        }
        ReceiptError::Words(count) => frame.with("wrong-receipt-words", "count", &count.to_string()),
        ReceiptError::Length(count) => frame.with("wrong-receipt-length", "count", &count.to_string()),
        ReceiptError::Character(sign) => frame.with("wrong-receipt-character", "sign", &sign.to_string()),
        ReceiptError::Check => frame.t("wrong-receipt-check"),
    }
}
