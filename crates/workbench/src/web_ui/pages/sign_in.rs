//! The link from the terminal: lets the browser in, and leads to the pages.

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
    /// Where to go on; nowhere if the link was not good.
    on: Option<String>,
    link: String,
}

/// Sets the cookie. The page leads on by itself: a redirect would still count as coming from
/// wherever the link was read, and the cookie would not be sent along.
pub(super) async fn redeem_link(
    State(state): State<UiState>,
    Path(link): Path<String>,
    headers: HeaderMap,
) -> Response {
    let wanted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let locale = Locale::negotiate(wanted, &LOCALES).unwrap_or(LOCALES[0]);
    let words = state.texts.catalog(locale);
    let cookie = state.browser_session.redeem_link(&link, state.clock.now(), &mut OsRng);
    let page = |heading: &str, what: &str, on| SignInTemplate {
        code: locale.code,
        style: state.assets.url("workbench"),
        heading: words.get(heading),
        what: words.get(what),
        on,
        link: words.get("open-on"),
    };
    let Some(cookie) = cookie else {
        state.browser_session.count_rejected();
        tracing::warn!(rule = "link", "a request was refused");
        return render(StatusCode::FORBIDDEN, &page("open-void", "open-void-what", None));
    };
    let on = Some(page_url(&state, locale, ""));
    let mut response = render(StatusCode::OK, &page("open-heading", "open-what", on));
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}
