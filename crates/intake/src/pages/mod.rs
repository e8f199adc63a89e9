//! The pages for reporters. Handlers here parse a request and render a page. They do not seal or
//! store anything.

mod added_facts;
mod added_layout;
mod answer_pages;
mod assets;
mod conversation;
mod conversation_message;
mod error;
mod fields;
mod home;
mod layout;
mod offline_form;
mod offline_form_routes;
mod offline_texts;
mod oversight_access;
mod own_messages;
mod page_parts;
mod phone_links;
mod privacy;
mod program;
mod question_step;
mod quick_exit;
mod receipt;
mod receipt_entry;
mod rejected_form;
mod report;
mod report_readers;
mod review;
mod scrub_summary;
mod spoken_help;
mod subject;
mod tell;
#[cfg(test)]
mod tests;
mod training;
mod visit;

use crate::{
    config::branding::{self, Branding, Contact},
    i18n::load_catalogs,
};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    routing::{get, post},
};
use protocol::program::MANIFEST_PATH;
use rand::{CryptoRng, RngCore};
use taxonomy::{Taxonomy, TrainingScenario};
use time::Date;
use tower_http::{CompressionLevel, compression::CompressionLayer};
use web::{Clock, Locale, MessageCatalogs, OnionAddress};

use crate::{
    directory_cache::DirectoryCache,
    form::MAX_FORM_BYTES,
    precompressed::Precompressed,
    reply_schedule::ReplyScheduleCache,
    visits::{ReceiptFolder, VisitState, VisitStore, VisitToken},
};

pub use added_facts::added_facts_page;
pub use answer_pages::AnswerAddress;
pub use assets::StaticAssets;
pub use conversation::{ConversationView, conversation_page};
pub use conversation_message::ConversationMessage;
pub use error::{ErrorKind, error_page, standalone_error_page};
pub use oversight_access::OversightAccess;
pub use own_messages::OwnMessage;
pub use program::ManifestMismatch;
pub use receipt::{ReceiptView, receipt_page};
pub use receipt_entry::{
    LANGUAGE_ACTION, ReceiptEntryError, receipt_entry_page, receipt_entry_page_with_draft,
};
pub use rejected_form::{RejectedForm, rejected_form_page};
pub use report::{advance_and_redirect, review_page};
pub use scrub_summary::{FileOutcome, SentFile};
pub use spoken_help::AudioPackError;
pub use visit::redirect_after_send;

/// Maximum size of the body of a step, in bytes: the largest form, with each byte percent-encoded.
const MAX_STEP_BODY_BYTES: usize = 3 * MAX_FORM_BYTES;

/// The state of the pages.
pub struct Pages {
    /// The categories and questions.
    pub taxonomy: Arc<Taxonomy>,
    /// Names and contacts of the administration.
    pub branding: Branding,
    /// The clock, for the dates on the receipt.
    pub clock: Clock,
    directory_cache: Option<Arc<DirectoryCache>>,
    reply_schedule: Option<Arc<ReplyScheduleCache>>,
    onion_address: Option<OnionAddress>,
    assets: StaticAssets,
    scenarios: Vec<TrainingScenario>,
    offline_forms: offline_form_routes::OfflineForms,
    /// The signed manifest of the browser program, as it is served.
    program: Option<Precompressed>,
    audio_packs: Vec<spoken_help::OfferedPack>,
    visits: VisitStore,
    answered_requests: AtomicU64,
    catalogs: MessageCatalogs,
    seed_rng: Mutex<Box<dyn RngCore + Send>>,
}

impl Pages {
    /// Creates pages in the languages of `branding`, or in all languages if it has none. `rng`
    /// draws the seeds of forms; a form that is sent twice with the same seed is one report.
    pub fn new(
        taxonomy: Arc<Taxonomy>,
        branding: Branding,
        clock: Clock,
        rng: impl RngCore + CryptoRng + Send + 'static,
    ) -> Self {
        let offered = branding.locales();
        let catalogs =
            load_catalogs(if offered.is_empty() { Locale::ALL.as_slice() } else { &offered })
                .with_constant("body", |locale| {
                    branding::localized(&branding.oversight_body.name, locale).to_owned()
                })
                .with_constant("contact", |locale| {
                    let Contact { name, contact } = &branding.oversight_body;
                    let [name, contact] =
                        [name, contact].map(|text| branding::localized(text, locale));
                    format!("{name}, {contact}")
                });
        let name = |code: &str| {
            let locale = Locale::ALL.into_iter().find(|locale| locale.code == code);
            let names = &branding.oversight_body.name;
            branding::localized(names, locale.unwrap_or(Locale::ALL[0])).to_owned()
        };
        let taxonomy = Arc::unwrap_or_clone(taxonomy).with_oversight_body(name);
        Self {
            taxonomy: Arc::new(taxonomy),
            branding,
            clock,
            directory_cache: None,
            reply_schedule: None,
            onion_address: None,
            assets: StaticAssets::built_in(),
            scenarios: TrainingScenario::built_in(),
            offline_forms: offline_form_routes::OfflineForms::default(),
            program: None,
            audio_packs: Vec::new(),
            visits: VisitStore::default(),
            answered_requests: AtomicU64::new(0),
            catalogs,
            seed_rng: Mutex::new(Box::new(rng)),
        }
    }

    /// Adds the directory: the pages show the fingerprint of the root keys, which reporters compare
    /// with posters, the expiry date, and the readers of a report.
    #[must_use]
    pub fn with_directory(mut self, directory_cache: Arc<DirectoryCache>) -> Self {
        self.directory_cache = Some(directory_cache);
        self
    }

    /// Adds the reply schedule: receipts show the date by which a report is answered.
    #[must_use]
    pub fn with_reply_schedule(mut self, reply_schedule: Arc<ReplyScheduleCache>) -> Self {
        self.reply_schedule = Some(reply_schedule);
        self
    }

    /// Adds the address of the onion service, which the page on protection shows.
    #[must_use]
    pub fn with_onion_address(mut self, onion_address: Option<OnionAddress>) -> Self {
        self.onion_address = onion_address;
        self
    }

    /// Returns the address of the onion service, if one is configured.
    pub(crate) fn onion_address(&self) -> Option<&OnionAddress> {
        self.onion_address.as_ref()
    }

    /// Copies receipts that are not confirmed to a folder in memory, and adds those that an earlier
    /// process left there.
    ///
    /// # Errors
    /// If the folder is not in memory, or one of its files cannot be read or deleted.
    pub fn copy_receipts_to(&self, folder: PathBuf) -> io::Result<()> {
        self.visits.copy_receipts_to(ReceiptFolder::open(folder)?)
    }

    /// Returns the last day for the first answer to a report that arrives now, if it is known.
    pub fn first_answer_date(&self) -> Option<Date> {
        self.reply_schedule.as_ref()?.first_answer_date(self.clock.now())
    }

    /// Returns the same day for a submission, which stays that of the first call with this key.
    pub fn first_answer_date_of(&self, key: [u8; 32]) -> Option<Date> {
        self.reply_schedule.as_ref()?.first_answer_date_of(key, self.clock.now())
    }

    /// Draws a new seed: 64 hexadecimal digits for a hidden field.
    pub fn new_seed(&self) -> String {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        self.seed_rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut *seed);
        hex::encode(*seed)
    }

    /// Stores the state of a visit. Draws a new token if `token` is not valid. Returns the token.
    pub fn save_visit(&self, token: &str, visit: &VisitState) -> VisitToken {
        let mut rng = self.seed_rng.lock().unwrap_or_else(PoisonError::into_inner);
        let token = VisitToken::parse(token).unwrap_or_else(|| VisitToken::random(&mut **rng));
        self.visits.put(&token, visit, &mut **rng);
        token
    }

    fn new_token(&self) -> VisitToken {
        VisitToken::random(&mut **self.seed_rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Deletes the visit of a token.
    fn remove_visit(&self, token: &str) {
        if let Some(token) = VisitToken::parse(token) {
            self.visits.remove(&token);
        }
    }

    /// Returns the state of the visit, if the token is valid and the visit is still stored.
    pub fn find_visit(&self, token: &str) -> Option<VisitState> {
        self.visits.get(&VisitToken::parse(token)?)
    }

    /// Deletes expired visits.
    pub fn remove_expired_visits(&self) {
        self.visits.remove_expired();
    }

    /// Returns whether this build contains the script with which browsers seal reports.
    pub fn has_script(&self) -> bool {
        self.assets.script().is_some()
    }

    /// Returns the language of pages whose address names none.
    pub fn default_locale(&self) -> Locale {
        self.catalogs.locales().next().expect("catalogs have a language")
    }

    /// Returns the language with this code, or `None` if the pages do not have it.
    pub fn locale(&self, code: &str) -> Option<Locale> {
        self.catalogs.locales().find(|locale| locale.code == code)
    }
}

/// Returns the routes of all pages, except those that need mailboxes or sealing: `POST
/// /{lang}/return`, `POST /{lang}/report/send`, `POST /{lang}/return/send` and `POST
/// /{lang}/return/facts` are in [`crate::sealing`], and respond with the pages of this module.
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
        .route("/{lang}/form.json", get(offline_form_routes::show_start))
        .route("/{lang}/form-rest.json", get(offline_form_routes::show_rest))
        .route(MANIFEST_PATH, get(program::show))
        .route("/{lang}/report/send", get(report::redirect_to_start))
        .route("/{lang}/report/noted", post(visit::confirm_receipt))
        .route("/{lang}/report/{visit}/{step}", get(report::show_step))
        .route("/{lang}/return", get(receipt_entry::show))
        .route("/{lang}/return/send", get(receipt_entry::redirect_to_receipt_entry))
        .route("/{lang}/return/facts", get(receipt_entry::redirect_to_receipt_entry))
        .route("/{lang}/return/{visit}", get(answer_pages::show))
        .route("/{lang}/return/{visit}/close", get(answer_pages::close))
        .route("/{lang}/learn", get(training::show))
        .route("/{lang}/protect", get(privacy::show))
        .route("/leave", get(quick_exit::quick_exit))
        .route("/leave/{visit}", get(quick_exit::quick_exit_visit))
        .route("/assets/{name}", get(assets::serve_asset))
        .route("/audio/{name}", get(spoken_help::serve_pack))
        .fallback(error::not_found)
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Default)
                .compress_when(layout::CompressionPolicy),
        )
}
