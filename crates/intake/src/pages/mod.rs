//! The reporter's pages. A handler parses, asks for a page, and renders it; nothing is sealed or stored here.

mod answered;
mod assets;
mod branding;
mod calls;
mod error;
mod fields;
mod files;
mod held;
mod home;
mod kit;
mod layout;
mod learn;
mod leave;
mod mailbox;
mod protect;
mod readers;
mod receipt;
mod report;
mod review;
#[cfg(test)]
mod tests;
mod thread;
mod visit;

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    routing::{get, post},
};
use rand::{CryptoRng, RngCore};
use taxonomy::{Scene, Taxonomy};
use time::Date;
use tower_http::{CompressionLevel, compression::CompressionLayer};
use web::{Clock, Locale, Texts};

use crate::{
    answers::Answers,
    directory::Directories,
    form::MAX_TOTAL,
    visits::{Token, Visit, Visits},
};

pub use answered::Address;
pub use assets::Assets;
pub use branding::{Branding, Contact};
pub use error::{ErrorKind, error_page, standalone_error_page};
pub use files::{SentFile, Treatment};
pub use held::{Held, held_page};
pub use mailbox::{ReturnProblem, return_page};
pub use receipt::{ReceiptView, receipt_page};
pub use report::{review_page, take_step};
pub use thread::{ThreadMessage, ThreadView, thread_page};
pub use visit::sent;

/// Largest body of a step, in bytes: what a form may carry, each byte of it percent-encoded.
const MAX_FORM: usize = 3 * MAX_TOTAL;

/// Everything that the pages need.
pub struct Pages {
    /// What can be reported and what is asked.
    pub taxonomy: Arc<Taxonomy>,
    /// Whose service this is.
    pub branding: Branding,
    /// For the dates on the receipt.
    pub clock: Clock,
    directories: Option<Arc<Directories>>,
    answers: Option<Arc<Answers>>,
    assets: Assets,
    scenes: Vec<Scene>,
    kits: kit::Kits,
    visits: Visits,
    texts: Texts,
    seeds: Mutex<Box<dyn RngCore + Send>>,
}

impl Pages {
    /// Pages in every built-in language. `rng` draws the seeds that make a form sent twice one report.
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
            directories: None,
            answers: None,
            assets: Assets::built_in(),
            scenes: Scene::built_in(),
            kits: kit::Kits::default(),
            visits: Visits::default(),
            texts: crate::i18n::texts(),
            seeds: Mutex::new(Box::new(rng)),
        }
    }

    /// Shows the fingerprint of the keys that vouch for directories, to be held against the one on posters, and until when the
    /// directory in force is good.
    #[must_use]
    pub fn vouched_by(mut self, directories: Arc<Directories>) -> Self {
        self.directories = Some(directories);
        self
    }

    /// Gives receipts the day by which a report is answered.
    #[must_use]
    pub fn answered_by(mut self, answers: Arc<Answers>) -> Self {
        self.answers = Some(answers);
        self
    }

    /// Returns the last day for the first answer to a report that arrives now, if it is known.
    pub fn answer_day(&self) -> Option<Date> {
        self.answers.as_ref()?.day_for(self.clock.now())
    }

    /// A new seed: 64 hexadecimal digits for a hidden field.
    pub fn new_seed(&self) -> String {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        self.seeds.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut *seed);
        hex::encode(*seed)
    }

    /// Keeps where a visit is. The token of a form that names none yet is drawn.
    pub fn keep_visit(&self, token: &str, visit: &Visit) -> Token {
        let mut rng = self.seeds.lock().unwrap_or_else(PoisonError::into_inner);
        let token = Token::parse(token).unwrap_or_else(|| Token::draw(&mut **rng));
        self.visits.put(&token, visit, &mut **rng);
        token
    }

    fn new_token(&self) -> Token {
        Token::draw(&mut **self.seeds.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends what is kept under a token, without a trace.
    fn forget_visit(&self, token: &str) {
        if let Some(token) = Token::parse(token) {
            self.visits.forget(&token);
        }
    }

    /// What is said to be under way with a token, if it is one and the visit is still kept.
    pub fn visit(&self, token: &str) -> Option<Visit> {
        self.visits.get(&Token::parse(token)?)
    }

    /// Forgets visits that nobody goes on with.
    pub fn sweep(&self) {
        self.visits.sweep();
    }

    /// Can browsers seal by themselves in this build?
    pub fn has_script(&self) -> bool {
        self.assets.script().is_some()
    }

    /// The language of a path; `None` for one that the pages are not written in.
    pub fn locale(&self, code: &str) -> Option<Locale> {
        self.texts.locales().find(|locale| locale.code == code)
    }
}

/// All pages but those that need mailboxes or sealing: `POST /{lang}/return`, `POST /{lang}/report/send` and
/// `POST /{lang}/return/send` are the service's own, and answer with the pages of this module.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Pages>: FromRef<S>,
{
    Router::new()
        .route("/", get(home::negotiated))
        .route("/{lang}", get(home::show))
        .route(
            "/{lang}/report",
            get(report::before).merge(post(report::step).layer(DefaultBodyLimit::max(MAX_FORM))),
        )
        .route("/{lang}/form.json", get(kit::show))
        .route("/{lang}/report/send", get(report::again))
        .route("/{lang}/report/noted", post(visit::noted))
        .route("/{lang}/report/{visit}/{step}", get(report::visited))
        .route("/{lang}/return", get(mailbox::show))
        .route("/{lang}/return/send", get(mailbox::again))
        .route("/{lang}/return/{visit}", get(answered::show))
        .route("/{lang}/return/{visit}/close", get(answered::close))
        .route("/{lang}/learn", get(learn::show))
        .route("/{lang}/protect", get(protect::show))
        .route("/leave", get(leave::leave))
        .route("/leave/{visit}", get(leave::leave_visit))
        .route("/assets/{name}", get(assets::serve))
        .fallback(error::not_found)
        .layer(CompressionLayer::new().quality(CompressionLevel::Default).compress_when(layout::Compressible))
}
