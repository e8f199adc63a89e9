//! The home page.

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
    layout::{LanguageSwitch, PageLayout, render_with_script},
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomeTemplate<'a> {
    frame: PageLayout<'a>,
}

/// `/`: the home page in the preferred language of the visitor.
pub(super) async fn show_negotiated(
    State(pages): State<Arc<Pages>>,
    headers: HeaderMap,
) -> Response {
    let accepted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let offered: Vec<Locale> = pages.catalogs.locales().collect();
    home_page(
        &pages,
        Locale::negotiate(accepted, &offered).unwrap_or_else(|| pages.default_locale()),
    )
}

/// `/fr`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    match pages.locale(&lang) {
        Some(locale) => home_page(&pages, locale),
        None => error_page(&pages, pages.default_locale(), ErrorKind::NotFound),
    }
}

/// Returns the page. It is the same for all visitors.
pub(super) fn home_page(pages: &Pages, locale: Locale) -> Response {
    let frame = PageLayout::new(pages, locale, "home-title", LanguageSwitch::Link(""));
    render_with_script(pages, StatusCode::OK, &HomeTemplate { frame })
}
