//! The page "How we protect you": what is stored, what is not, and the limits.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use protocol::receipt::Receipt;
use web::OnionAddress;

use crate::i18n;

use super::{
    ErrorKind, Pages, error_page,
    layout::{LanguageSwitch, PageLayout, render_with_script},
};

#[derive(Template)]
#[template(path = "protect.html")]
struct PrivacyTemplate<'a> {
    frame: PageLayout<'a>,
    onion_address: Option<&'a OnionAddress>,
    /// The fingerprint of the root keys; empty if there is no directory cache.
    fingerprint_words: Vec<String>,
    /// The last date of the current directory.
    valid_until: Option<String>,
}

/// `/fr/protect`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, pages.default_locale(), ErrorKind::NotFound);
    };
    let frame = PageLayout::new(&pages, locale, "protect-title", LanguageSwitch::Link("/protect"));
    let fingerprint = pages
        .directory_cache
        .as_ref()
        .map(|cache| Receipt::from_bytes(cache.trust().fingerprint()).words(locale.code));
    let fingerprint_words =
        fingerprint.iter().flat_map(|words| words.split_whitespace().map(str::to_owned)).collect();
    let current =
        pages.directory_cache.as_ref().and_then(|cache| cache.current(pages.clock.today()));
    let valid_until =
        current.map(|current| i18n::format_date(frame.messages(), current.directory.expires));
    render_with_script(
        &pages,
        StatusCode::OK,
        &PrivacyTemplate {
            frame,
            onion_address: pages.onion_address(),
            fingerprint_words,
            valid_until,
        },
    )
}
