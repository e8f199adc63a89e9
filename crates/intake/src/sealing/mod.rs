//! The way of a report without JavaScript: the intake does in memory what a browser would do, and forgets it.
//!
//! Typed text and files are never written anywhere but into the seal: files go chunk by chunk from the connection through the
//! seal into the spool, whatever their size. What passes through memory is wiped by the allocator of the program.

mod multipart;
mod parameters;
mod parts;
mod pipeline;
mod reply;
mod report;
mod text_fields;
mod thread;
mod treatment;

use axum::{Router, response::Response, routing::post};
use envelope::submission::SealError;
use web::Locale;

use crate::{
    app::App,
    form::ReportForm,
    limits::come_back_later,
    pages::{ErrorKind, Held, error_page, held_page, review_page},
    store::StoreError,
};

pub(crate) use text_fields::text_fields;

/// The posts of pages that need sealing or mailboxes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/{lang}/report/send", post(report::send))
        .route("/{lang}/return", post(thread::open))
        .route("/{lang}/return/send", post(reply::send))
}

/// Why nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotSent {
    /// Not a form of ours, or it did not arrive completely.
    #[error("the form is broken")]
    BadForm,
    /// Something typed must be put right first.
    #[error("the answers need another look")]
    Answers,
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
    Broken,
}

impl From<SealError> for NotSent {
    fn from(error: SealError) -> Self {
        match error {
            SealError::TooLarge | SealError::TooManyFiles => Self::TooLarge,
            SealError::NoMoreMessages | SealError::Write(_) => Self::Broken,
        }
    }
}

impl NotSent {
    /// The page that says so.
    fn page(self, app: &App, locale: Locale) -> Response {
        self.answered(error_page(&app.pages, locale, self.kind(app)))
    }

    /// The same, with what was typed still there to be sent again.
    fn keeping(self, app: &App, form: &mut ReportForm) -> Response {
        if form.carried(&[]).is_empty() {
            return self.page(app, form.lang);
        }
        let problem = (self != Self::Answers).then(|| self.kind(app));
        self.answered(review_page(&app.pages, form, problem))
    }

    /// The same for a message, whose mailbox may not be at hand.
    fn holding(self, app: &App, locale: Locale, held: &Held) -> Response {
        if held.fields.is_empty() {
            return self.page(app, locale);
        }
        self.answered(held_page(&app.pages, locale, self.kind(app), held))
    }

    fn kind(self, app: &App) -> ErrorKind {
        match self {
            Self::BadForm | Self::Answers => ErrorKind::BadForm,
            Self::TooLarge => ErrorKind::TooLarge,
            Self::NoDirectory => ErrorKind::NoDirectory,
            Self::Busy => {
                app.counters.busy();
                ErrorKind::Busy
            }
            Self::Store(StoreError::NoRoomForFiles) => {
                app.counters.busy();
                ErrorKind::NoRoomForFiles
            }
            Self::Store(error) => {
                app.counters.failed(error);
                if error == StoreError::Full { ErrorKind::Full } else { ErrorKind::Busy }
            }
            Self::Broken => ErrorKind::Broken,
        }
    }

    fn answered(self, page: Response) -> Response {
        if matches!(self, Self::Busy | Self::Store(_) | Self::NoDirectory) {
            come_back_later(page)
        } else {
            page
        }
    }
}
