//! Errors that end a request, and their page: what the error means, what to do, and the detail in
//! English for a person who helps.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    error_text::{ErrorText, ToErrorText as _},
    layout::{NavSection, PageFrame, render},
    request::PageRequest,
};
use crate::{
    actions::ActionError,
    audit::error::AuditError,
    case::CaseReadError,
    error_kind::ErrorKind,
    keys::{backup_sheet::BackupError, key_file::KeyError},
    private_files::FileError,
    search::IndexError,
    session::{ConnectError, client::ClientError},
};

/// An error that ends a request. As a response it is only a mark: `render_errors` renders its page
/// in the language of the request.
#[derive(Debug, Clone)]
pub(crate) struct PageError {
    kind: ErrorKind,
    text: Box<ErrorText>,
    /// The address of a page on which something must be done first.
    redirect_to: Option<String>,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
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
#[template(path = "error.html")]
struct PageErrorTemplate {
    frame: PageFrame,
    error: ErrorView,
}

/// The texts of an error on a page.
pub(crate) struct ErrorView {
    pub(crate) heading: String,
    pub(crate) advice: String,
    pub(crate) cause: String,
    /// The message of the system or of a library, in English.
    pub(crate) detail: String,
    /// The unreadable case that this member can close from the page.
    pub(crate) closable: Option<Uuid>,
    /// The unreadable case, whose events this member can export.
    pub(crate) exportable: Option<Uuid>,
}

impl PageError {
    /// Returns the error for a page, case or file that does not exist.
    pub(crate) fn not_found() -> Self {
        Self { kind: ErrorKind::NotFound, text: Box::default(), redirect_to: None }
    }

    /// Returns the error for a bug.
    pub(crate) fn internal_error() -> Self {
        Self { kind: ErrorKind::Failed, ..Self::not_found() }
    }

    /// Returns a redirect to the page on which something must be done first.
    pub(crate) fn redirect(to: String) -> Self {
        Self { redirect_to: Some(to), ..Self::not_found() }
    }

    /// Returns whether something is forged, withheld or rolled back.
    pub(crate) fn is_integrity_alert(&self) -> bool {
        self.kind == ErrorKind::IntegrityAlert
    }

    /// Returns the address of the page on which something must be done first.
    pub(crate) fn redirect_target(&self) -> Option<&str> {
        self.redirect_to.as_deref()
    }

    /// Returns the status of the page about this error.
    pub(crate) fn status(&self) -> StatusCode {
        self.status_and_key().0
    }

    /// Returns the texts of this error in the language of a page.
    pub(crate) fn view(&self, frame: &PageFrame) -> ErrorView {
        let (_, key) = self.status_and_key();
        ErrorView {
            heading: frame.t_variant("error", key),
            advice: frame.t_variant("error-do", key),
            cause: self.text.localize(frame),
            detail: self.text.detail().to_owned(),
            closable: self.text.closable_case(),
            exportable: self.text.unreadable_case(),
        }
    }

    /// Returns the status of the page, and the last part of the keys of its texts.
    fn status_and_key(&self) -> (StatusCode, &'static str) {
        match self.kind {
            ErrorKind::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
            ErrorKind::WrongPassphrase => (StatusCode::FORBIDDEN, "passphrase"),
            ErrorKind::Refused if self.text.is_unauthorized() => {
                (StatusCode::FORBIDDEN, "unauthorized")
            }
            ErrorKind::Refused => (StatusCode::CONFLICT, "refused"),
            ErrorKind::NotFound if self.text.is_purged() => (StatusCode::GONE, "purged"),
            ErrorKind::NotFound if self.text.is_unreadable() => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unreadable")
            }
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            ErrorKind::Unreachable => (StatusCode::BAD_GATEWAY, "unreachable"),
            ErrorKind::Incomplete => (StatusCode::BAD_GATEWAY, "incomplete"),
            ErrorKind::IntegrityAlert => (StatusCode::BAD_GATEWAY, "alarm"),
        }
    }

    /// Renders the page about this error.
    pub(crate) fn render_page(&self, request: &PageRequest) -> Response {
        let frame = PageFrame::new(request.clone(), "error-title", NavSection::None);
        let error = self.view(&frame);
        render(self.status(), &PageErrorTemplate { frame, error })
    }
}
