//! How we protect you: what is stored, what is not, and the limits.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use protocol::receipt::Receipt;

use crate::i18n;

use super::{
    ErrorKind, Pages, error_page,
    layout::{LanguageSwitch, PageLayout, render},
};

#[derive(Template)]
#[template(path = "protect.html")]
struct PrivacyTemplate<'a> {
    frame: PageLayout<'a>,
    /// The fingerprint of the trusted keys; empty where none are known.
    fingerprint_words: Vec<String>,
    /// The last day of the directory in force.
    valid_until: Option<String>,
}

/// `/fr/protect`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    let frame = PageLayout::new(&pages, locale, "protect-title", LanguageSwitch::Link("/protect"));
    let spelt = pages.directory_cache.as_ref().map(|directories| {
        Receipt::from_bytes(directories.trust().fingerprint()).words(locale.code)
    });
    let words =
        spelt.iter().flat_map(|words| words.split_whitespace().map(str::to_owned)).collect();
    let in_force =
        pages.directory_cache.as_ref().and_then(|known| known.current(pages.clock.today()));
    let until =
        in_force.map(|in_force| i18n::format_date(frame.messages(), in_force.directory.expires));
    render(
        &pages,
        StatusCode::OK,
        &PrivacyTemplate { frame, fingerprint_words: words, valid_until: until },
    )
}
