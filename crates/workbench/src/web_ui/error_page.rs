//! Pages for what goes wrong: what it means, what to do, and the system's own words for whoever
//! helps.

use askama::Template;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use uuid::Uuid;

use super::{
    UiState,
    error_text::{ErrorText, ToErrorText as _},
    extract::{NavSection, PageFrame, PageRequest, lock_screen_response, render},
};
use crate::l10n::dates;
use crate::{
    actions::ActionError,
    audit::fetch::AuditError,
    case::CaseReadError,
    error_kind::ErrorKind,
    keys::{backup_sheet::BackupError, key_file::KeyError},
    private_files::FileError,
    search::IndexError,
    session::{ConnectError, client::ClientError},
};

/// Something went wrong. As a response it is only a mark: [`render_errors`] makes a page of it, in
/// the visitor's language.
#[derive(Debug, Clone)]
pub(crate) struct PageError {
    kind: ErrorKind,
    text: Box<ErrorText>,
    /// Something else must be done first, there.
    redirect_to: Option<String>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Cancels a request that works with the keys as soon as the place is locked, wherever it waits.
pub(super) async fn cancel_on_lock(
    State(site): State<UiState>,
    request: Request,
    next: Next,
) -> Response {
    let (visit, method) = (PageRequest::from_uri(&site, request.uri()), request.method().clone());
    match site.key_session.cancel_on_lock(next.run(request)).await {
        Some(response) => response,
        None => visit
            .map_or_else(|| not_found_page(&site), |visit| lock_screen_response(&visit, &method)),
    }
}

/// Makes a page of whatever went wrong.
pub(super) async fn render_errors(
    State(site): State<UiState>,
    request: Request,
    next: Next,
) -> Response {
    let visit = PageRequest::from_uri(&site, request.uri());
    let mut response = next.run(request).await;
    match (response.extensions_mut().remove::<PageError>(), visit) {
        (Some(PageError { redirect_to: Some(to), .. }), _) => Redirect::to(&to).into_response(),
        (Some(trouble), Some(visit)) => trouble.render_page(&visit),
        (Some(_), None) => not_found_page(&site),
        (None, _) => response,
    }
}

macro_rules! impl_page_error_from {
    ($($error:ty),*) => {$(
        impl From<$error> for PageError {
            fn from(error: $error) -> Self {
                Self { kind: ErrorKind::from(&error), text: error.error_text().into(), redirect_to: None }
            }
        }
    )*};
}
impl_page_error_from!(
    ConnectError,
    CaseReadError,
    ActionError,
    ClientError,
    FileError,
    IndexError,
    KeyError,
    BackupError,
    AuditError
);

#[derive(Template)]
#[template(path = "trouble.html")]
struct PageErrorTemplate {
    frame: PageFrame,
    told: ErrorView,
}

/// What went wrong, for a page.
pub(crate) struct ErrorView {
    pub(crate) heading: String,
    pub(crate) advice: String,
    pub(crate) cause: String,
    /// The system's own words, in English.
    pub(crate) detail: String,
    /// The case that came unreadable and can be closed as that.
    pub(crate) closable: Option<Uuid>,
}

impl PageError {
    /// No such page, case or file.
    pub(crate) fn not_found() -> Self {
        Self { kind: ErrorKind::NotFound, text: Box::default(), redirect_to: None }
    }

    /// A bug.
    pub(crate) fn internal_error() -> Self {
        Self { kind: ErrorKind::Failed, ..Self::not_found() }
    }

    /// No trouble yet: something must be done first, on the page with this address.
    pub(crate) fn redirect(to: String) -> Self {
        Self { redirect_to: Some(to), ..Self::not_found() }
    }

    /// Is something forged, withheld or rolled back?
    pub(crate) fn is_integrity_alert(&self) -> bool {
        self.kind == ErrorKind::IntegrityAlert
    }

    /// Was it only led elsewhere?
    pub(crate) fn is_redirect(&self) -> bool {
        self.redirect_to.is_some()
    }

    /// The status of a page about it.
    pub(crate) fn status(&self) -> StatusCode {
        self.status_and_key().0
    }

    /// A heading, what to do, and what was refused.
    pub(crate) fn view(&self, frame: &PageFrame) -> ErrorView {
        let (_, word) = self.status_and_key();
        ErrorView {
            heading: frame.t_variant("trouble", word),
            advice: frame.t_variant("trouble-do", word),
            cause: self.text.localize(frame),
            detail: self.text.detail().to_owned(),
            closable: self.text.closable_case(),
        }
    }

    /// The status of a page about it, and its word.
    fn status_and_key(&self) -> (StatusCode, &'static str) {
        match self.kind {
            ErrorKind::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
            ErrorKind::WrongPassphrase => (StatusCode::FORBIDDEN, "passphrase"),
            ErrorKind::Refused if self.text.is_unauthorized() => {
                (StatusCode::FORBIDDEN, "stranger")
            }
            ErrorKind::Refused => (StatusCode::CONFLICT, "refused"),
            ErrorKind::NotFound if self.text.is_purged() => (StatusCode::GONE, "purged"),
            ErrorKind::NotFound if self.text.is_unreadable() => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unreadable")
            }
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "nowhere"),
            ErrorKind::Unreachable => (StatusCode::BAD_GATEWAY, "unreachable"),
            ErrorKind::IntegrityAlert => (StatusCode::BAD_GATEWAY, "alarm"),
        }
    }

    /// As a page.
    pub(crate) fn render_page(&self, visit: &PageRequest) -> Response {
        let frame = PageFrame::new(visit.clone(), "trouble-title", NavSection::None);
        let told = self.view(&frame);
        render(self.status(), &PageErrorTemplate { frame, told })
    }
}

/// An address that is none of ours.
pub(crate) fn not_found_page(site: &UiState) -> Response {
    let uri = format!("/{}/{}", site.browser_session.path_secret(), dates::LOCALES[0].code);
    match uri.parse().ok().and_then(|uri| PageRequest::from_uri(site, &uri)) {
        Some(visit) => PageError::not_found().render_page(&visit),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A bug. What it said could quote a report, so nobody is shown it.
pub(crate) fn internal_error_page() -> Response {
    let page = "<!doctype html><html lang=\"fr\"><meta charset=\"utf-8\"><title>Burkindi</title><p>Une erreur du programme. \
                Revenez en arrière et réessayez.</p><p lang=\"en\">A bug. Go back and try again.</p></html>";
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}
