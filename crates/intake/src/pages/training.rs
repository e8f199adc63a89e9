//! Training scenarios. All are on one page and open in it, so that a chosen answer never leaves the
//! device.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use taxonomy::TrainingScenario;
use web::Locale;

use super::{
    ErrorKind, Pages, error_page,
    layout::{LanguageSwitch, PageLayout, render_with_script},
};

#[derive(Template)]
#[template(path = "learn.html")]
struct TrainingTemplate<'a> {
    frame: PageLayout<'a>,
    scenarios: Vec<ScenarioRow<'a>>,
}

struct ScenarioRow<'a> {
    scenario: &'a TrainingScenario,
    /// Name of the category.
    category_name: &'a str,
}

/// `/fr/learn`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    match pages.locale(&lang) {
        Some(locale) => training_page(&pages, locale),
        None => error_page(&pages, pages.default_locale(), ErrorKind::NotFound),
    }
}

/// Returns the page. It is the same for all visitors.
pub(super) fn training_page(pages: &Pages, locale: Locale) -> Response {
    // Skips scenarios whose category the taxonomy does not have.
    let scenarios = pages
        .scenarios
        .iter()
        .filter_map(|scenario| {
            let category_name = pages.taxonomy.category(&scenario.category)?.label.get(locale.code);
            Some(ScenarioRow { scenario, category_name })
        })
        .collect();
    let page = TrainingTemplate {
        frame: PageLayout::new(pages, locale, "learn-title", LanguageSwitch::Link("/learn")),
        scenarios,
    };
    render_with_script(pages, StatusCode::OK, &page)
}
