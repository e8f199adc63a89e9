//! The sign-in link of the terminal.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use rand::rngs::OsRng;
use web::Locale;

use crate::{
    l10n::dates::LOCALES,
    web_ui::{UiState, layout::render, request::page_url},
};

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignInTemplate {
    code: &'static str,
    style: String,
    heading: String,
    what: String,
    /// The address of the first page, or `None` if the link is not valid.
    on: Option<String>,
    link: String,
}

/// Exchanges the link for the session cookie. The answer is a page that forwards by itself: after a
/// redirect the browser would still count the page with the link as the origin, and would not send
/// the cookie.
pub(super) async fn redeem_link(
    State(state): State<UiState>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    let wanted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let locale = Locale::negotiate(wanted, &LOCALES).unwrap_or(LOCALES[0]);
    let catalog = state.texts.catalog(locale);
    let cookie = state.browser_session.redeem_link(&link, state.clock.monotonic(), &mut OsRng);
    let page = |heading: &str, what: &str, on| SignInTemplate {
        code: locale.code,
        style: state.assets.url("workbench"),
        heading: catalog.get(heading),
        what: catalog.get(what),
        on,
        link: catalog.get("open-on"),
    };
    let Some(cookie) = cookie else {
        state.browser_session.count_rejected();
        tracing::warn!(rule = "link", "sign-in link rejected");
        return render(StatusCode::FORBIDDEN, &page("open-void", "open-void-what", None));
    };
    let on = Some(page_url(&state, locale, ""));
    let mut response = render(StatusCode::OK, &page("open-heading", "open-what", on));
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}
