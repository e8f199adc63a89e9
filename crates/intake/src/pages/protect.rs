//! How we protect you: what is stored, what is not, and the limits.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;

use super::{
    ErrorKind, Pages, error_page,
    layout::{Frame, Switch, render},
};

#[derive(Template)]
#[template(path = "protect.html")]
struct Protect<'a> {
    frame: Frame<'a>,
}

/// `/fr/protect`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    let frame = Frame::new(&pages, locale, "protect-title", Switch::Link("/protect"));
    render(&pages, StatusCode::OK, &Protect { frame })
}
