//! How we protect you: what is stored, what is not, and the limits.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use envelope::receipt::Receipt;
use http::StatusCode;

use super::{
    ErrorKind, Pages, error_page,
    layout::{Frame, Switch, render},
};

#[derive(Template)]
#[template(path = "protect.html")]
struct Protect<'a> {
    frame: Frame<'a>,
    /// The fingerprint of the trusted keys; empty where none are known.
    words: Vec<String>,
}

/// `/fr/protect`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    let frame = Frame::new(&pages, locale, "protect-title", Switch::Link("/protect"));
    let spelt = pages.fingerprint.map(|fingerprint| Receipt::from_bytes(fingerprint).words(locale.code));
    let words = spelt.iter().flat_map(|words| words.split_whitespace().map(str::to_owned)).collect();
    render(&pages, StatusCode::OK, &Protect { frame, words })
}
