//! The reporter's pages. A handler parses, asks for a page, and renders it; nothing is sealed or
//! stored here.

mod answer_pages;
mod assets;
mod conversation;
mod error;
mod fields;
mod home;
mod layout;
mod offline_form;
mod phone_links;
mod privacy;
mod quick_exit;
mod receipt;
mod receipt_entry;
mod rejected_form;
mod report;
mod report_readers;
mod review;
mod scrub_summary;
#[cfg(test)]
mod tests;
mod training;
mod visit;

use crate::config::branding::Branding;
use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    routing::{get, post},
};
use rand::{CryptoRng, RngCore};
use taxonomy::{Taxonomy, TrainingScenario};
use time::Date;
use tower_http::{CompressionLevel, compression::CompressionLayer};
use web::{Clock, Locale, MessageCatalogs};

use crate::{
    answer_times::AnswerTimesCache,
    directory_cache::DirectoryCache,
    form::MAX_FORM_BYTES,
    visits::{VisitState, VisitStore, VisitToken},
};

pub use answer_pages::AnswerAddress;
pub use assets::StaticAssets;
pub use conversation::{ConversationMessage, ConversationView, conversation_page};
pub use error::{ErrorKind, error_page, standalone_error_page};
pub use receipt::{ReceiptView, receipt_page};
pub use receipt_entry::{ReceiptEntryError, receipt_entry_page};
pub use rejected_form::{RejectedForm, rejected_form_page};
pub use report::{advance_and_redirect, review_page};
pub use scrub_summary::{FileOutcome, SentFile};
pub use visit::redirect_after_send;

/// Largest body of a step, in bytes: what a form may carry, each byte of it percent-encoded.
const MAX_STEP_BODY_BYTES: usize = 3 * MAX_FORM_BYTES;

/// Everything that the pages need.
pub struct Pages {
    /// What can be reported and what is asked.
    pub taxonomy: Arc<Taxonomy>,
    /// Whose service this is.
    pub branding: Branding,
    /// For the dates on the receipt.
    pub clock: Clock,
    directory_cache: Option<Arc<DirectoryCache>>,
    answer_times: Option<Arc<AnswerTimesCache>>,
    assets: StaticAssets,
    scenarios: Vec<TrainingScenario>,
    form_bundles: offline_form::FormBundles,
    visits: VisitStore,
    catalogs: MessageCatalogs,
    seed_rng: Mutex<Box<dyn RngCore + Send>>,
}

impl Pages {
    /// Pages in every built-in language. `rng` draws the seeds that make a form sent twice one
    /// report.
    pub fn new(
        taxonomy: Arc<Taxonomy>,
        branding: Branding,
        clock: Clock,
        rng: impl RngCore + CryptoRng + Send + 'static,
    ) -> Self {
        Self {
            taxonomy,
            branding,
            clock,
            directory_cache: None,
            answer_times: None,
            assets: StaticAssets::built_in(),
            scenarios: TrainingScenario::built_in(),
            form_bundles: offline_form::FormBundles::default(),
            visits: VisitStore::default(),
            catalogs: crate::i18n::load_catalogs(),
            seed_rng: Mutex::new(Box::new(rng)),
        }
    }

    /// Shows the fingerprint of the keys that vouch for directories, to be held against the one on
    /// posters, and until when the directory in force is good.
    #[must_use]
    pub fn with_directory(mut self, directories: Arc<DirectoryCache>) -> Self {
        self.directory_cache = Some(directories);
        self
    }

    /// Gives receipts the day by which a report is answered.
    #[must_use]
    pub fn with_answer_times(mut self, answers: Arc<AnswerTimesCache>) -> Self {
        self.answer_times = Some(answers);
        self
    }

    /// Returns the last day for the first answer to a report that arrives now, if it is known.
    pub fn first_answer_date(&self) -> Option<Date> {
        self.answer_times.as_ref()?.first_answer_date(self.clock.now())
    }

    /// A new seed: 64 hexadecimal digits for a hidden field.
    pub fn new_seed(&self) -> String {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        self.seed_rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut *seed);
        hex::encode(*seed)
    }

    /// Keeps where a visit is. The token of a form that names none yet is drawn.
    pub fn save_visit(&self, token: &str, visit: &VisitState) -> VisitToken {
        let mut rng = self.seed_rng.lock().unwrap_or_else(PoisonError::into_inner);
        let token = VisitToken::parse(token).unwrap_or_else(|| VisitToken::random(&mut **rng));
        self.visits.put(&token, visit, &mut **rng);
        token
    }

    fn new_token(&self) -> VisitToken {
        VisitToken::random(&mut **self.seed_rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends what is kept under a token, without a trace.
    fn remove_visit(&self, token: &str) {
        if let Some(token) = VisitToken::parse(token) {
            self.visits.remove(&token);
        }
    }

    /// What is said to be under way with a token, if it is one and the visit is still kept.
    pub fn find_visit(&self, token: &str) -> Option<VisitState> {
        self.visits.get(&VisitToken::parse(token)?)
    }

    /// Forgets visits that nobody goes on with.
    pub fn remove_expired_visits(&self) {
        self.visits.remove_expired();
    }

    /// Can browsers seal by themselves in this build?
    pub fn has_script(&self) -> bool {
        self.assets.script().is_some()
    }

    /// The language of a path; `None` for one that the pages are not written in.
    pub fn locale(&self, code: &str) -> Option<Locale> {
        self.catalogs.locales().find(|locale| locale.code == code)
    }
}

/// All pages but those that need mailboxes or sealing: `POST /{lang}/return`, `POST
/// /{lang}/report/send` and `POST /{lang}/return/send` are the service's own, and answer with the
/// pages of this module.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Pages>: FromRef<S>,
{
    Router::new()
        .route("/", get(home::show_negotiated))
        .route("/{lang}", get(home::show))
        .route(
            "/{lang}/report",
            get(report::show_start)
                .merge(post(report::post_step).layer(DefaultBodyLimit::max(MAX_STEP_BODY_BYTES))),
        )
        .route("/{lang}/form.json", get(offline_form::show))
        .route("/{lang}/report/send", get(report::redirect_to_start))
        .route("/{lang}/report/noted", post(visit::confirm_receipt))
        .route("/{lang}/report/{visit}/{step}", get(report::show_step))
        .route("/{lang}/return", get(receipt_entry::show))
        .route("/{lang}/return/send", get(receipt_entry::redirect_to_receipt_entry))
        .route("/{lang}/return/{visit}", get(answer_pages::show))
        .route("/{lang}/return/{visit}/close", get(answer_pages::close))
        .route("/{lang}/learn", get(training::show))
        .route("/{lang}/protect", get(privacy::show))
        .route("/leave", get(quick_exit::quick_exit))
        .route("/leave/{visit}", get(quick_exit::quick_exit_visit))
        .route("/assets/{name}", get(assets::serve_asset))
        .fallback(error::not_found)
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Default)
                .compress_when(layout::CompressionPolicy),
        )
}
