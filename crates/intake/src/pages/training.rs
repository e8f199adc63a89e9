//! Scenes of daily work. All stand on one page and open in it: which answer somebody chose never
//! leaves the device.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use taxonomy::TrainingScenario;

use super::{
    ErrorKind, Pages, error_page,
    layout::{LanguageSwitch, PageLayout, render},
};

#[derive(Template)]
#[template(path = "learn.html")]
struct TrainingTemplate<'a> {
    frame: PageLayout<'a>,
    scenarios: Vec<ScenarioRow<'a>>,
}

struct ScenarioRow<'a> {
    scenario: &'a TrainingScenario,
    /// Name of its category.
    category_name: &'a str,
}

/// `/fr/learn`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    // An administration's own taxonomy may lack a category; its scene is left out then.
    let scenes = pages
        .scenarios
        .iter()
        .filter_map(|scene| {
            let about = pages.taxonomy.category(&scene.category)?.label.get(locale.code);
            Some(ScenarioRow { scenario: scene, category_name: about })
        })
        .collect();
    let page = TrainingTemplate {
        frame: PageLayout::new(&pages, locale, "learn-title", LanguageSwitch::Link("/learn")),
        scenarios: scenes,
    };
    render(&pages, StatusCode::OK, &page)
}
