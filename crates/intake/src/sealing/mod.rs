//! Reports without JavaScript: the intake seals them in memory instead of the browser.
//!
//! Plaintext is never written to disk or to a log. Files pass chunk by chunk from the connection
//! through the sealing into the spool, whatever their size. The allocator of the program zeroizes
//! freed memory.

mod added_facts;
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
    form::{ReportForm, ShownFields},
    pages::{ErrorKind, RejectedForm, error_page, rejected_form_page, review_page},
    problem::with_retry_after,
    state::AppState,
    store::StoreError,
};

pub(crate) use text_fields::{text_fields, text_fields_before_files};

/// Returns the routes of POST requests that seal a submission or open a mailbox.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/{lang}/report/send", post(report::send_report))
        .route("/{lang}/return", post(open_mailbox::open_mailbox))
        .route("/{lang}/return/send", post(reply::send_reply))
        .route("/{lang}/return/facts", post(added_facts::add_facts))
}

/// Why a submission failed. Nothing was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum SubmitError {
    /// The body is not a form of the intake, or it is incomplete.
    #[error("malformed form data")]
    BadForm,
    /// The reporter must correct an answer first.
    #[error("validation failed")]
    InvalidAnswers,
    /// The reporter wanted to attach a file instead of a story, and attached none.
    #[error("neither a story nor a file")]
    NoStoryOrFile,
    /// The reporter refused the oversight body, and no desk is left.
    #[error("no reader is left")]
    NoReader,
    /// The submission exceeds the largest size class.
    #[error("payload too large")]
    TooLarge,
    /// There is no directory whose recipients the submission could be sealed to.
    #[error("no valid directory")]
    NoDirectory,
    /// The limits on concurrent requests are reached.
    #[error("busy: too many concurrent requests")]
    Busy,
    /// The spool failed.
    #[error("failed to store the submission: {0}")]
    Store(#[from] StoreError),
    /// A bug.
    #[error("internal error")]
    Internal,
}

impl From<SealError> for SubmitError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLarge | SealError::TooManyFiles => Self::TooLarge,
            SealError::NoReader => Self::NoReader,
            SealError::NoMoreMessages | SealError::Write(_) => Self::Internal,
        }
    }
}

impl SubmitError {
    /// Returns the error page.
    fn into_page(self, app: &AppState, locale: Locale) -> Response {
        self.with_status(error_page(&app.pages, locale, self.error_kind(app)))
    }

    /// Returns the review page with the answers, so that the reporter can send them again.
    fn into_review_page(self, app: &AppState, form: &mut ReportForm) -> Response {
        if form.hidden_fields(ShownFields::default()).is_empty() {
            return self.into_page(app, form.lang);
        }
        let problem = (self != Self::InvalidAnswers).then(|| self.error_kind(app));
        self.with_status(review_page(&app.pages, form, problem))
    }

    /// Returns an error page with the fields of a message, so that the reporter can send it again.
    /// It does not need the mailbox.
    fn into_rejected_form_page(
        self,
        app: &AppState,
        locale: Locale,
        form: &RejectedForm,
    ) -> Response {
        if form.fields.is_empty() {
            return self.into_page(app, locale);
        }
        self.with_status(rejected_form_page(&app.pages, locale, self.error_kind(app), form))
    }

    fn error_kind(self, app: &AppState) -> ErrorKind {
        match self {
            Self::BadForm | Self::InvalidAnswers => ErrorKind::BadForm,
            Self::NoStoryOrFile => ErrorKind::NoStoryOrFile,
            Self::NoReader => ErrorKind::NoReader,
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
            Self::Store(StoreError::ShareUsedUp) => {
                app.counters.record_rejected();
                ErrorKind::Full
            }
            Self::Store(error) => {
                app.counters.record_store_failure(error);
                match error {
                    StoreError::Full => ErrorKind::Full,
                    // A connection that breaks at the commit does not state whether the report is
                    // stored.
                    StoreError::Unavailable => ErrorKind::Internal,
                    _ => ErrorKind::Busy,
                }
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
