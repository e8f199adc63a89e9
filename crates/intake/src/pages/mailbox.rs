//! Coming back: where a receipt is typed.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
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
    /// What was typed is no receipt.
    Mistyped,
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
        Some(locale) => return_page(&pages, locale, "", None),
        None => error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound),
    }
}

/// `GET /fr/return/send`: a page that was sent is gone; the receipt opens it again.
pub(super) async fn again(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let locale = pages.locale(&lang).unwrap_or(crate::i18n::LOCALES[0]);
    Redirect::to(&format!("/{}/return", locale.code)).into_response()
}

/// The page where a receipt is typed, again with what was typed if it led nowhere.
pub fn return_page(pages: &Pages, locale: Locale, typed: &str, problem: Option<ReturnProblem>) -> Response {
    let frame = Frame::new(pages, locale, "return-title", Switch::Link("/return"));
    let wrong = match problem {
        Some(ReturnProblem::Empty) => Some(frame.t("wrong-receipt-missing")),
        Some(ReturnProblem::Mistyped) => Some(frame.t("wrong-receipt")),
        Some(ReturnProblem::Nothing | ReturnProblem::Damaged) | None => None,
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let nothing = problem == Some(ReturnProblem::Nothing);
    let damaged = problem == Some(ReturnProblem::Damaged);
    render_with_script(pages, status, &Return { frame, typed, wrong, nothing, damaged })
}
