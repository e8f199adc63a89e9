//! Scenes of daily work. All stand on one page and open in it: which answer somebody chose never leaves the device.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use taxonomy::Scene;

use super::{
    ErrorKind, Pages, error_page,
    layout::{Frame, Switch, render},
};

#[derive(Template)]
#[template(path = "learn.html")]
struct Learn<'a> {
    frame: Frame<'a>,
    scenes: Vec<Shown<'a>>,
}

struct Shown<'a> {
    scene: &'a Scene,
    /// Name of its category.
    about: &'a str,
}

/// `/fr/learn`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    // An administration's own taxonomy may lack a category; its scene is left out then.
    let scenes = pages
        .scenes
        .iter()
        .filter_map(|scene| {
            let about = pages.taxonomy.category(&scene.category)?.label.get(locale.code);
            Some(Shown { scene, about })
        })
        .collect();
    let page = Learn { frame: Frame::new(&pages, locale, "learn-title", Switch::Link("/learn")), scenes };
    render(&pages, StatusCode::OK, &page)
}
