//! How we protect you: what is stored, what is not, and the limits.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use envelope::receipt::Receipt;
use http::StatusCode;

use crate::i18n;

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
    /// The last day of the directory in force.
    until: Option<String>,
}

/// `/fr/protect`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    let frame = Frame::new(&pages, locale, "protect-title", Switch::Link("/protect"));
    let spelt = pages
        .directories
        .as_ref()
        .map(|directories| Receipt::from_bytes(directories.trust().fingerprint()).words(locale.code));
    let words = spelt.iter().flat_map(|words| words.split_whitespace().map(str::to_owned)).collect();
    let in_force = pages.directories.as_ref().and_then(|known| known.in_force(pages.clock.today()));
    let until = in_force.map(|in_force| i18n::day(frame.words(), in_force.directory.expires));
    render(&pages, StatusCode::OK, &Protect { frame, words, until })
}
