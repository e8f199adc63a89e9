//! The state that all handlers share.

use std::sync::Arc;

use axum::{extract::FromRef, response::Response};
use protocol::mailbox::DecoyMailboxes;
use rand::{SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use web::{Clock, Locale};

use crate::{
    admission::AdmissionControl,
    cleaning::FileCleaner,
    config::{Config, ConfigError},
    directory_cache::DirectoryCache,
    error::RunError,
    metrics::{IntakeMetrics, counters::DailyCounters},
    pages::{ErrorKind, Pages, error_page},
    problem::Problem,
    program_manifest::{add_audio_packs, wrong_manifest},
    reply_schedule::ReplyScheduleCache,
    store::{Store, StoreError},
};

/// The variable in which systemd names the folder in memory of `RuntimeDirectory`.
const RUNTIME_FOLDER_VARIABLE: &str = "RUNTIME_DIRECTORY";

/// The state that all handlers share.
#[derive(Clone)]
pub struct AppState {
    /// The spool of sealed submissions and mailboxes.
    pub store: Store,
    /// The pages for reporters.
    pub pages: Arc<Pages>,
    /// The clock.
    pub clock: Clock,
    /// The directory, whose recipients reports are sealed to.
    pub directory_cache: Arc<DirectoryCache>,
    /// The dates by which reports are answered.
    pub reply_schedule: Arc<ReplyScheduleCache>,
    /// The answers for mailboxes that do not exist.
    pub decoys: Arc<DecoyMailboxes>,
    /// The limits on concurrent requests.
    pub admission: Arc<AdmissionControl>,
    /// The counters of the current day.
    pub counters: Arc<DailyCounters>,
    /// The metrics for operators.
    pub metrics: Arc<IntakeMetrics>,
    /// Removes metadata from files.
    pub cleaner: Arc<FileCleaner>,
}

impl FromRef<AppState> for Arc<Pages> {
    fn from_ref(app: &AppState) -> Self {
        app.pages.clone()
    }
}

impl AppState {
    /// Opens the store and loads everything else that the configuration names.
    ///
    /// # Errors
    /// If a configured value is invalid, or the store or a file cannot be opened.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, RunError> {
        let store_error =
            |error: &dyn ToString| ConfigError::invalid_value("store.url", error.to_string());
        let taxonomy = Arc::new(config.load_taxonomy()?);
        let trust = config.load_trust()?;
        let program = config.load_program(&trust)?;
        let url = config.store.database_url()?;
        tracing::info!("the spool is {url}");
        let store = Store::open(&url, config.store.limits(), &mut OsRng)
            .await
            .map_err(|error| store_error(&error))?;
        let directory_cache = Arc::new(
            DirectoryCache::load(trust.clone(), &store)
                .await
                .map_err(|error| store_error(&error))?,
        );
        let reply_schedule =
            Arc::new(ReplyScheduleCache::load(&store).await.map_err(|error| store_error(&error))?);
        let mut pages = Pages::new(taxonomy, config.branding.clone(), clock.clone(), OsRng)
            .with_directory(Arc::clone(&directory_cache))
            .with_reply_schedule(Arc::clone(&reply_schedule))
            .with_onion_address(config.public.onion_address()?);
        pages = add_audio_packs(pages, config)?;
        if let Some(signed) = program {
            pages = pages
                .with_program(&signed, &trust)
                .await
                .map_err(|mismatch| wrong_manifest(&mismatch))?;
        }
        copy_receipts(&pages);
        let decoys = DecoyMailboxes::new(&mut ChaCha20Rng::from_seed(*store.decoy_seed()));
        Ok(Self {
            pages: Arc::new(pages),
            store,
            clock,
            directory_cache,
            reply_schedule,
            decoys: Arc::new(decoys),
            admission: Arc::new(AdmissionControl::new(config)),
            counters: Arc::new(DailyCounters::for_spool(url.to_string())),
            metrics: Arc::new(IntakeMetrics::new(std::fs::read(&config.relay.certificate)?)),
            cleaner: Arc::new(FileCleaner::InProcess),
        })
    }

    /// Returns an error page in the language of the first segment of `path`.
    pub(crate) fn error_page(&self, path: &str, kind: ErrorKind) -> Response {
        error_page(&self.pages, self.locale_of_path(path), kind)
    }

    /// Returns the language of the first segment of `path`, or the first language of the pages if
    /// the path names none.
    pub(crate) fn locale_of_path(&self, path: &str) -> Locale {
        let lang = path.split('/').nth(1).unwrap_or_default();
        self.pages.locale(lang).unwrap_or_else(|| self.pages.default_locale())
    }

    /// Counts a failure of the store and returns the problem for API clients.
    pub(crate) fn record_store_error(&self, error: StoreError) -> Problem {
        self.counters.record_store_failure(error);
        error.into()
    }
}

/// Copies receipts to the folder of [`RUNTIME_FOLDER_VARIABLE`]. Without it, the service works, but
/// its sudden end loses the receipts that no browser has read.
fn copy_receipts(pages: &Pages) {
    let Some(folder) = std::env::var_os(RUNTIME_FOLDER_VARIABLE) else { return };
    if let Err(error) = pages.copy_receipts_to(folder.clone().into()) {
        tracing::warn!(
            %error,
            "{RUNTIME_FOLDER_VARIABLE} names {}, where receipts cannot be copied: if this process \
             ends suddenly, receipts that are not noted are lost. Use the RuntimeDirectory= of \
             deploy/systemd",
            folder.display()
        );
    }
}
