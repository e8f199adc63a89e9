//! The first page.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use web::Locale;

use super::{
    ErrorKind, Pages, error_page,
    layout::{Frame, Switch, render},
};

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    frame: Frame<'a>,
}

/// `/`: in the language that the visitor reads.
pub(super) async fn negotiated(State(pages): State<Arc<Pages>>, headers: HeaderMap) -> Response {
    let wishes = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let offered: Vec<Locale> = pages.texts.locales().collect();
    home(&pages, Locale::negotiate(wishes, &offered).unwrap_or(Locale::FR))
}

/// `/fr`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    match pages.locale(&lang) {
        Some(locale) => home(&pages, locale),
        None => error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound),
    }
}

fn home(pages: &Pages, locale: Locale) -> Response {
    let frame = Frame::new(pages, locale, "home-title", Switch::Link(""));
    render(pages, StatusCode::OK, &Home { frame })
}
