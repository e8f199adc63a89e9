//! Error pages: what happened, whether anything was sent, and what to do.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{OriginalUri, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use web::Locale;

use super::{
    Pages,
    layout::{LanguageSwitch, PageLayout},
};

/// The kinds of errors for which a visitor can do different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Too many concurrent requests: 503.
    Busy,
    /// The spool is full: 503.
    Full,
    /// The rest of the spool is reserved for text: 503.
    FullForFiles,
    /// The form is larger than a report may be: 413.
    TooLarge,
    /// The form is unknown or malformed: 400.
    BadForm,
    /// The report has neither a story nor a file: 422.
    NoStoryOrFile,
    /// The reporter refused the oversight body, and no desk is left: 422.
    NoReader,
    /// The visit has expired: 410.
    Expired,
    /// No such page: 404.
    NotFound,
    /// There is no valid directory, so reports cannot be sealed: 503.
    NoDirectory,
    /// A bug or a failed disk: 500.
    Internal,
}

impl ErrorKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Busy,
        Self::Full,
        Self::FullForFiles,
        Self::TooLarge,
        Self::BadForm,
        Self::NoStoryOrFile,
        Self::NoReader,
        Self::Expired,
        Self::NotFound,
        Self::NoDirectory,
        Self::Internal,
    ];

    /// Returns the status of the response.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Busy | Self::Full | Self::FullForFiles | Self::NoDirectory => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::NoStoryOrFile | Self::NoReader => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Expired => StatusCode::GONE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the text keys of the heading, of what happened, and of what to do.
    pub(super) fn text_keys(self) -> [&'static str; 3] {
        match self {
            Self::Busy => ["error-busy", "error-busy-what", "error-busy-do"],
            Self::Full => ["error-full", "error-full-what", "error-full-do"],
            Self::FullForFiles => ["error-no-files", "error-no-files-what", "error-no-files-do"],
            Self::TooLarge => ["error-large", "error-large-what", "error-large-do"],
            Self::BadForm => ["error-form", "error-form-what", "error-form-do"],
            Self::NoStoryOrFile => ["error-no-story", "error-no-story-what", "error-no-story-do"],
            Self::NoReader => ["error-no-reader", "error-no-reader-what", "error-no-reader-do"],
            Self::Expired => ["error-expired", "error-expired-what", "error-expired-do"],
            Self::NotFound => ["error-missing", "error-missing-what", "error-missing-do"],
            Self::NoDirectory => ["error-directory", "error-directory-what", "error-directory-do"],
            Self::Internal => ["error-broken", "error-broken-what", "error-broken-do"],
        }
    }

    /// Returns the same text keys for a page that contains all fields of the form.
    pub(super) fn text_keys_beside_form(self) -> [&'static str; 3] {
        let [heading, what, next] = self.text_keys();
        // Without the form, the visitor reloads the page or goes back.
        let has_form_to_send_again = matches!(self, Self::Busy | Self::BadForm | Self::Internal);
        [heading, what, if has_form_to_send_again { "held-again-how" } else { next }]
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    frame: PageLayout<'a>,
    heading: String,
    explanation: String,
    next: String,
}

/// Returns an error page. It contains nothing of the request.
pub fn error_page(pages: &Pages, locale: Locale, kind: ErrorKind) -> Response {
    let frame = PageLayout::new(pages, locale, "error-title", LanguageSwitch::None);
    let [heading, what, next] = kind.text_keys().map(|key| frame.t(key));
    let page = ErrorTemplate { frame, heading, explanation: what, next };
    match page.render() {
        Ok(html) => {
            (kind.status(), [(http::header::CONTENT_TYPE, "text/html; charset=utf-8")], html)
                .into_response()
        }
        // Not through `render`, which would return an error page for an error page.
        Err(_) => kind.status().into_response(),
    }
}

/// Returns the error page as HTML without further assets, for a proxy that shows it if the service
/// does not respond. Returns `None` if the template fails.
pub fn standalone_error_page(pages: &Pages, locale: Locale, kind: ErrorKind) -> Option<String> {
    let frame = PageLayout::new(pages, locale, "error-title", LanguageSwitch::None);
    let [heading, what, next] = kind.text_keys().map(|key| frame.t(key));
    let link =
        |attributes: &str, stem| format!("<link {attributes} href=\"{}\">", frame.asset(stem));
    let style = link("rel=\"stylesheet\"", "site");
    let icon = link("rel=\"icon\" type=\"image/svg+xml\"", "icon");
    let inline = format!("<style>{}</style>", pages.assets.style());
    let html = ErrorTemplate { frame, heading, explanation: what, next }.render().ok()?;
    Some(html.replace(&style, &inline).replace(&icon, ""))
}

/// The page for unknown URLs, in the language of the first path segment.
pub(super) async fn not_found(
    State(pages): State<Arc<Pages>>,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let first = uri.path().split('/').nth(1).unwrap_or("");
    let locale = pages.locale(first).unwrap_or_else(|| pages.default_locale());
    error_page(&pages, locale, ErrorKind::NotFound)
}
