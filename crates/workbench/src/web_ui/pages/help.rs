//! Help: shortcuts of the keyboard, and how the program protects the member.

use std::sync::atomic::Ordering;

use askama::Template;
use axum::response::Response;

use crate::{
    session::profile::PageSettings,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        forms::FormInput,
        layout::{NavSection, PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpTemplate {
    frame: PageFrame,
}

pub(super) async fn show(session: SignedInSession) -> Response {
    render_ok(&HelpTemplate { frame: session.frame("help-title", NavSection::Help) })
}

/// Turns the shortcuts on or off.
pub(super) async fn set_shortcuts(
    session: SignedInSession,
    form: FormInput,
) -> Result<Response, PageError> {
    let shortcuts = form.has("shortcuts");
    session.request.state.profile.save_page_settings(PageSettings { shortcuts })?;
    session.request.state.shortcuts.store(shortcuts, Ordering::Relaxed);
    Ok(session.request.redirect_with_flash("/help", "kept"))
}
