//! Keys of the keyboard, and what the program does to protect its owner.

use std::sync::atomic::Ordering;

use askama::Template;
use axum::response::Response;

use crate::{
    home::PageSettings,
    site::{
        forms::Typed,
        frame::{AtWork, Frame, Section, show as laid_out},
        trouble::Trouble,
    },
};

#[derive(Template)]
#[template(path = "help.html")]
struct Page {
    frame: Frame,
}

pub(super) async fn show(at: AtWork) -> Response {
    laid_out(&Page { frame: at.frame("help-title", Section::Help) })
}

/// Turns the shortcuts on or off.
pub(super) async fn set(at: AtWork, typed: Typed) -> Result<Response, Trouble> {
    let shortcuts = typed.has("shortcuts");
    at.visit.site.home.keep_pages(PageSettings { shortcuts })?;
    at.visit.site.shortcuts.store(shortcuts, Ordering::Relaxed);
    Ok(at.visit.on("/help", "kept"))
}
