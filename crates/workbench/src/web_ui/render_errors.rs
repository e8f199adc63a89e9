//! Middleware that turns failures into pages in the language of the request: errors, and requests
//! to a locked workbench.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    UiState,
    error_page::PageError,
    extract::Locked,
    pages::unlock::{UnlockPrompt, unlock_page},
    request::PageRequest,
};
use crate::l10n::dates;

/// Cancels a request that works with the keys as soon as the workbench is locked, at whatever await
/// it is. The answer is the page that asks for the passphrase.
pub(super) async fn cancel_on_lock(
    State(state): State<UiState>,
    request: Request,
    next: Next,
) -> Response {
    let page = PageRequest::from_uri(&state, request.uri());
    let form_lost = request.method() != Method::GET;
    match state.key_session.cancel_on_lock(next.run(request)).await {
        Some(response) => response,
        None => page.map_or_else(
            || not_found_page(&state),
            |page| locked_page(&page, Locked { form_lost }),
        ),
    }
}

/// Renders a page for the [`PageError`] or [`Locked`] that a response carries.
pub(super) async fn render_errors(
    State(state): State<UiState>,
    request: Request,
    next: Next,
) -> Response {
    let page = PageRequest::from_uri(&state, request.uri());
    let mut response = next.run(request).await;
    let error = response.extensions_mut().remove::<PageError>();
    let locked = response.extensions_mut().remove::<Locked>();
    if let Some(to) = error.as_ref().and_then(PageError::redirect_target) {
        return Redirect::to(to).into_response();
    }
    match (error, locked, page) {
        (Some(error), _, Some(page)) => error.render_page(&page),
        (None, Some(locked), Some(page)) => locked_page(&page, locked),
        (None, None, _) => response,
        (_, _, None) => not_found_page(&state),
    }
}

fn locked_page(page: &PageRequest, locked: Locked) -> Response {
    let prompt = if locked.form_lost {
        UnlockPrompt::for_lost_form()
    } else {
        UnlockPrompt::with_return_path(page, &page.path)
    };
    unlock_page(page, prompt, StatusCode::UNAUTHORIZED)
}

/// Returns the answer to an address that is not a page.
fn not_found_page(state: &UiState) -> Response {
    let uri = format!("/{}/{}", state.browser_session.path_secret(), dates::LOCALES[0].code);
    match uri.parse().ok().and_then(|uri| PageRequest::from_uri(state, &uri)) {
        Some(page) => PageError::not_found().render_page(&page),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
