//! The way of a report without JavaScript: the intake does in memory what a browser would do, and
//! forgets it.
//!
//! Typed text and files are never written anywhere but into the seal: files go chunk by chunk from
//! the connection through the seal into the spool, whatever their size. What passes through memory
//! is wiped by the allocator of the program.

mod attachment_treatment;
mod header_parameters;
mod multipart;
mod multipart_reader;
mod open_mailbox;
mod pipeline;
mod reply;
mod report;
mod text_fields;

use axum::{Router, response::Response, routing::post};
use protocol::submission::envelope::SealError;
use web::Locale;

use crate::{
    form::ReportForm,
    pages::{ErrorKind, RejectedForm, error_page, rejected_form_page, review_page},
    problem::with_retry_after,
    state::AppState,
    store::StoreError,
};

pub(crate) use text_fields::text_fields;

/// The posts of pages that need sealing or mailboxes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/{lang}/report/send", post(report::send_report))
        .route("/{lang}/return", post(open_mailbox::open_mailbox))
        .route("/{lang}/return/send", post(reply::send_reply))
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum SubmitError {
    /// Not a form of ours, or it did not arrive completely.
    #[error("the form is broken")]
    BadForm,
    /// Something typed must be put right first.
    #[error("the answers need another look")]
    InvalidAnswers,
    /// More than the ladder holds.
    #[error("too large")]
    TooLarge,
    /// Nobody to seal to.
    #[error("no directory is in force")]
    NoDirectory,
    /// Too much is under way.
    #[error("busy")]
    Busy,
    /// The spool could not take it.
    #[error("busy: {0}")]
    Store(#[from] StoreError),
    /// A bug.
    #[error("broken")]
    Internal,
}

impl From<SealError> for SubmitError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLarge | SealError::TooManyFiles => Self::TooLarge,
            SealError::NoMoreMessages | SealError::Write(_) => Self::Internal,
        }
    }
}

impl SubmitError {
    /// The page that says so.
    fn into_page(self, app: &AppState, locale: Locale) -> Response {
        self.with_status(error_page(&app.pages, locale, self.error_kind(app)))
    }

    /// The same, with what was typed still there to be sent again.
    fn into_review_page(self, app: &AppState, form: &mut ReportForm) -> Response {
        if form.hidden_fields(&[]).is_empty() {
            return self.into_page(app, form.lang);
        }
        let problem = (self != Self::InvalidAnswers).then(|| self.error_kind(app));
        self.with_status(review_page(&app.pages, form, problem))
    }

    /// The same for a message, whose mailbox may not be at hand.
    fn into_rejected_form_page(
        self,
        app: &AppState,
        locale: Locale,
        held: &RejectedForm,
    ) -> Response {
        if held.fields.is_empty() {
            return self.into_page(app, locale);
        }
        self.with_status(rejected_form_page(&app.pages, locale, self.error_kind(app), held))
    }

    fn error_kind(self, app: &AppState) -> ErrorKind {
        match self {
            Self::BadForm | Self::InvalidAnswers => ErrorKind::BadForm,
            Self::TooLarge => ErrorKind::TooLarge,
            Self::NoDirectory => ErrorKind::NoDirectory,
            Self::Busy => {
                app.counters.record_rejected();
                ErrorKind::Busy
            }
            Self::Store(StoreError::FullForFiles) => {
                app.counters.record_rejected();
                ErrorKind::FullForFiles
            }
            Self::Store(error) => {
                app.counters.record_store_failure(error);
                if error == StoreError::Full { ErrorKind::Full } else { ErrorKind::Busy }
            }
            Self::Internal => ErrorKind::Internal,
        }
    }

    fn with_status(self, page: Response) -> Response {
        if matches!(self, Self::Busy | Self::Store(_) | Self::NoDirectory) {
            with_retry_after(page)
        } else {
            page
        }
    }
}
