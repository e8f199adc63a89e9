//! Keys of the keyboard, and what the program does to protect its owner.

use std::sync::atomic::Ordering;

use askama::Template;
use axum::response::Response;

use crate::{
    session::profile::PageSettings,
    web_ui::{
        error_page::PageError,
        extract::{NavSection, PageFrame, SignedInSession, show as laid_out},
        forms::FormInput,
    },
};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpTemplate {
    frame: PageFrame,
}

pub(super) async fn show(at: SignedInSession) -> Response {
    laid_out(&HelpTemplate { frame: at.frame("help-title", NavSection::Help) })
}

/// Turns the shortcuts on or off.
pub(super) async fn set_shortcuts(
    at: SignedInSession,
    typed: FormInput,
) -> Result<Response, PageError> {
    let shortcuts = typed.has("shortcuts");
    at.request.state.profile.save_page_settings(PageSettings { shortcuts })?;
    at.request.state.shortcuts.store(shortcuts, Ordering::Relaxed);
    Ok(at.request.redirect_with_flash("/help", "kept"))
}
