//! The workbench in a browser: pages on 127.0.0.1, served by this program to the one person who
//! started it.
//!
//! Everything that they do goes through the same functions as the command line. What keeps others
//! out: [`browser_session`] (who is let in), [`request_guard`] (what every request must look like),
//! [`key_session`] (keys that are in memory only while somebody is working).

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

/// For a request's first line and headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// What is under way when the program is told to stop may take so long to end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct UiSettings {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Without a sign of life for so long, the keys are wiped from memory.
    pub idle_timeout: Duration,
    /// How long somebody waits for a page while cases are read; then the page says how far it is.
    pub page_timeout: Duration,
    /// What a guess at the passphrase of a key costs that is made or sealed anew in the pages.
    pub scrypt_cost: ScryptCost,
    /// This program itself, which becomes the confined process that looks at images.
    pub program: PathBuf,
}

/// What handlers share.
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
    /// The words of a language.
    fn localizer(&self, locale: Locale) -> Localizer {
        Localizer { texts: Arc::clone(&self.texts), taxonomy: Arc::clone(&self.taxonomy), locale }
    }
}

/// Bound to its port; nothing is answered yet.
pub struct BoundUiServer {
    state: UiState,
    server: Server<SocketAddr, NoDelayAcceptor>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Makes links that let one browser in, once.
#[derive(Clone)]
pub struct LinkIssuer(UiState);

impl LinkIssuer {
    /// A new link. It takes the place of the one before, and ends within minutes.
    pub fn issue_link(&self, rng: &mut (impl RngCore + CryptoRng)) -> String {
        let UiState(state) = &self.0;
        state.browser_session.issue_login_link(state.clock.now(), rng)
    }
}

impl BoundUiServer {
    /// Takes a port of this machine's own address, which nobody outside it reaches.
    pub fn bind(
        home: ProfileDir,
        settings: UiSettings,
        clock: Clock,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port))?;
        let address = listener.local_addr()?;
        let shortcuts = home.page_settings().unwrap_or_default().shortcuts.into();
        let state = UiState(Arc::new(UiStateInner {
            browser_session: BrowserSession::new(address.port(), rng),
            key_session: KeySession::new(settings.idle_timeout),
            drafts: DraftStore::default(),
            profile: home,
            clock,
            texts: Arc::new(dates::load_texts()),
            assets: UiAssets::embedded(),
            taxonomy: Arc::new(Taxonomy::built_in()),
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

    /// For the links that let a browser in.
    pub fn link_issuer(&self) -> LinkIssuer {
        LinkIssuer(self.state.clone())
    }

    /// Answers until `stop` comes; then the keys are wiped.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = Handle::new();
        let service = router(&self.state).into_make_service();
        let serving = self.server.handle(handle.clone()).serve(service);
        let stopping = async {
            stop.await;
            handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        };
        let watching = self.state.key_session.run_idle_timer(&self.state.clock);
        tokio::select! {
            () = watching => Ok(()),
            (served, ()) = async { tokio::join!(serving, stopping) } => {
                self.state.key_session.lock().await;
                served
            }
        }
    }
}

/// What takes the processor long, such as a passphrase's hash, away from the pages.
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
    web::with_security_headers(
        router,
        &SecurityPolicy { scripts: true, own_referrer: true, ..SecurityPolicy::default() },
    )
}
