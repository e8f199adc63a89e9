//! The layout of the pages on which facts are added. Each has the length of all answers to a
//! receipt.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use web::Locale;

use super::{
    Pages,
    layout::{LanguageSwitch, PageLayout, return_answer, surplus_bytes},
};
use crate::form::FormStep;

/// A page that can leave out the sealed own copy, so that it has the length of all answers.
pub(super) trait FittingPage: Template {
    /// Leaves out the own copy. Returns whether there was one.
    fn leave_out_copy(&mut self) -> bool;
}

/// Removes the sealed own copy from hidden fields. Returns whether there was one.
pub(super) fn remove_own_copy(fields: &mut Vec<(String, String)>) -> bool {
    let before = fields.len();
    fields.retain(|(name, _)| name != "own");
    fields.len() < before
}

/// Returns the layout of these pages. Their title is the same, because the history of the phone
/// shows it.
pub(super) fn frame_of<'a>(
    pages: &'a Pages,
    locale: Locale,
    step: FormStep,
    visit: &'a str,
) -> PageLayout<'a> {
    let enter = (step == FormStep::Facts).then_some("send");
    let switch = LanguageSwitch::Form { path: "/return/facts", go: step.as_str(), enter };
    PageLayout::new(pages, locale, "facts-title", switch).with_visit(visit)
}

/// Renders a page with the length of all answers to a receipt, if need be without the own copy.
pub(super) fn render_added(
    pages: &Pages,
    status: StatusCode,
    mut page: impl FittingPage,
) -> Response {
    let mut rendered = page.render();
    if rendered.as_ref().is_ok_and(|html| surplus_bytes(html) > 0) && page.leave_out_copy() {
        rendered = page.render();
    }
    return_answer(pages, status, rendered)
}
