//! What a request for a page carries: the language, the path, and the note of what was just done.

use axum::{
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};
use time::Date;
use web::{Locale, MessageCatalog};

use super::UiState;
use crate::l10n::dates;

/// The first page for a person without a key or without a connection.
pub(crate) const START_PATH: &str = "/start";

/// A request for a page in a language.
#[derive(Clone)]
pub(crate) struct PageRequest {
    pub(crate) state: UiState,
    pub(crate) locale: Locale,
    /// The path after the language, such as `/queue`.
    pub(crate) path: String,
    /// The key of the message about what was just done.
    pub(super) flash: Option<String>,
}

impl PageRequest {
    /// Reads `/path-prefix/language/…`. Returns `None` for any other address.
    pub(crate) fn from_uri(state: &UiState, uri: &Uri) -> Option<Self> {
        let (_, rest) = uri.path().strip_prefix('/')?.split_once('/')?;
        let (code, path) = rest.split_once('/').unwrap_or((rest, ""));
        let locale = dates::LOCALES.into_iter().find(|locale| locale.code == code)?;
        let flash = uri.query().and_then(|query| query.strip_prefix("done=")).map(str::to_owned);
        Some(Self { state: state.clone(), locale, path: format!("/{path}"), flash })
    }

    pub(crate) fn catalog(&self) -> &MessageCatalog {
        self.state.texts.catalog(self.locale)
    }

    /// Returns the address of a page in the language of this request.
    pub(crate) fn url(&self, path: &str) -> String {
        page_url(&self.state, self.locale, path)
    }

    /// Redirects to a page after something was done. That page shows the message `done-…`.
    pub(crate) fn redirect_with_flash(&self, path: &str, done: &str) -> Response {
        Redirect::to(&format!("{}?done={done}", self.url(path))).into_response()
    }

    pub(crate) fn today(&self) -> Date {
        self.state.clock.today()
    }
}

/// Returns the address of a page in a language.
pub(crate) fn page_url(state: &UiState, locale: Locale, path: &str) -> String {
    format!("/{}/{}{path}", state.browser_session.path_secret(), locale.code)
}

/// Returns the path of the page about the member's own keys: with a session at the case handler the
/// state of the keys, without one the first steps.
pub(super) fn home_path(is_signed_in: bool) -> &'static str {
    if is_signed_in { "/keys" } else { START_PATH }
}
