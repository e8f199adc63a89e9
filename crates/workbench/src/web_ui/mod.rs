//! The workbench in a browser: pages on 127.0.0.1, for the member who started the program.
//!
//! The pages call the same functions as the command line. Three modules protect them:
//! [`browser_session`] authenticates the browser, [`request_guard`] checks every request, and
//! [`key_session`] holds the keys in memory only while the member is active.

mod assets;
mod browser_session;
mod draft_store;
mod error_page;
mod error_text;
mod extract;
mod forms;
mod key_session;
mod layout;
mod pages;
mod render_errors;
mod request;
mod request_guard;

use crate::l10n::dates;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use axum::{Router, middleware};
use axum_server::{Handle, Server, accept::NoDelayAcceptor};
use rand::{CryptoRng, RngCore};
use taxonomy::Taxonomy;
use web::{Clock, Locale, MessageCatalogs, SecurityPolicy};

use crate::l10n::Localizer;
use crate::{keys::passphrase_encryption::ScryptCost, session::profile::ProfileDir};
use assets::UiAssets;
use browser_session::BrowserSession;
use draft_store::DraftStore;
use error_page::PageError;
use key_session::KeySession;

/// Timeout for the first line and the headers of a request.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum time for open requests to end when the program stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Settings of the server for the pages.
#[derive(Debug, Clone)]
pub struct UiSettings {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The keys are wiped from memory after this time without activity.
    pub idle_timeout: Duration,
    /// Maximum time that a page waits for the index. After it, the page shows the progress.
    pub page_timeout: Duration,
    /// The cost of a guess of the passphrase, for keys that the pages create or encrypt again.
    pub scrypt_cost: ScryptCost,
    /// The path of this program, which also runs as the sandboxed process that decodes images.
    pub program: PathBuf,
}

/// The state that all handlers share.
#[derive(Clone)]
pub(crate) struct UiState(Arc<UiStateInner>);

pub(crate) struct UiStateInner {
    browser_session: BrowserSession,
    key_session: KeySession,
    drafts: DraftStore,
    profile: ProfileDir,
    clock: Clock,
    texts: Arc<MessageCatalogs>,
    assets: UiAssets,
    taxonomy: Arc<Taxonomy>,
    scrypt_cost: ScryptCost,
    page_timeout: Duration,
    program: PathBuf,
    shortcuts: AtomicBool,
}

impl std::ops::Deref for UiState {
    type Target = UiStateInner;

    fn deref(&self) -> &UiStateInner {
        &self.0
    }
}

impl UiStateInner {
    /// Returns the texts of a language.
    fn localizer(&self, locale: Locale) -> Localizer {
        Localizer { texts: Arc::clone(&self.texts), taxonomy: Arc::clone(&self.taxonomy), locale }
    }
}

/// A server that is bound to its port and does not answer yet.
pub struct BoundUiServer {
    state: UiState,
    server: Server<SocketAddr, NoDelayAcceptor>,
    /// The address of the server.
    pub address: SocketAddr,
}

/// Issues sign-in links. Each one admits one browser, once.
#[derive(Clone)]
pub struct LinkIssuer(UiState);

impl LinkIssuer {
    /// Returns a new link, which expires within minutes. The previous link becomes invalid.
    pub fn issue_link(&self, rng: &mut (impl RngCore + CryptoRng)) -> String {
        let UiState(state) = &self.0;
        state.browser_session.issue_login_link(state.clock.monotonic(), rng)
    }
}

impl BoundUiServer {
    /// Binds a port of the loopback address, which other machines cannot reach.
    ///
    /// # Errors
    /// Returns an error if the port is not available.
    pub fn bind(
        home: ProfileDir,
        settings: UiSettings,
        clock: Clock,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port))?;
        let address = listener.local_addr()?;
        let shortcuts = home.page_settings().unwrap_or_default().shortcuts.into();
        let texts = dates::load_texts();
        let state = UiState(Arc::new(UiStateInner {
            browser_session: BrowserSession::new(address.port(), rng),
            key_session: KeySession::new(settings.idle_timeout, clock.clone()),
            drafts: DraftStore::default(),
            profile: home,
            clock,
            taxonomy: Arc::new(dates::load_taxonomy(&texts)),
            texts: Arc::new(texts),
            assets: UiAssets::embedded(),
            scrypt_cost: settings.scrypt_cost,
            page_timeout: settings.page_timeout,
            program: settings.program,
            shortcuts,
        }));
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(NoDelayAcceptor::new())
            .http1_only()
            .first_request_timeout(HEADER_READ_TIMEOUT);
        server.http_builder().http1().header_read_timeout(HEADER_READ_TIMEOUT);
        Ok(Self { state, server, address })
    }

    /// Returns the issuer of sign-in links.
    pub fn link_issuer(&self) -> LinkIssuer {
        LinkIssuer(self.state.clone())
    }

    /// Answers requests until `stop` resolves, and wipes the keys then.
    ///
    /// # Errors
    /// Returns an error if the server fails.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = Handle::new();
        let service = router(&self.state).into_make_service();
        let serving = self.server.handle(handle.clone()).serve(service);
        let stopping = async {
            stop.await;
            handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        };
        let watching = self.state.key_session.run_idle_timer();
        tokio::select! {
            () = watching => Ok(()),
            (served, ()) = async { tokio::join!(serving, stopping) } => {
                self.state.key_session.lock().await;
                served
            }
        }
    }
}

/// Runs work that uses the processor for long, such as the hash of a passphrase, outside of the
/// threads that answer requests.
///
/// # Errors
/// Returns [`PageError::internal_error`] if the work panics.
pub(crate) async fn spawn_cpu_bound<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PageError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| PageError::internal_error())
}

fn router(state: &UiState) -> Router {
    let router = pages::routes(state)
        .layer(middleware::from_fn_with_state(state.clone(), render_errors::render_errors))
        .layer(middleware::from_fn_with_state(state.clone(), render_errors::cancel_on_lock))
        .layer(middleware::from_fn_with_state(state.clone(), request_guard::guard_request))
        .with_state(state.clone());
    let router = web::catch_panic::catch_panics(router, layout::internal_error_page);
    web::with_security_headers(router, &page_policy())
}

/// Returns the content policy of the pages.
fn page_policy() -> SecurityPolicy {
    SecurityPolicy { scripts: true, own_referrer: true, ..SecurityPolicy::default() }
}
