//! The workbench in a browser: pages on 127.0.0.1, served by this program to the one person who started it.
//!
//! Everything that they do goes through the same functions as the command line. What keeps others out: [`door`] (who is let in),
//! [`guard`] (what every request must look like), [`seat`] (keys that are in memory only while somebody is working).

mod assets;
mod door;
mod drafts;
mod forms;
mod frame;
mod guard;
pub(crate) mod i18n;
pub(crate) mod moments;
mod pages;
mod refusals;
mod seat;
pub(crate) mod speech;
pub mod treatment;
mod trouble;

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
use web::{Clock, Locale, Policy, Texts};

use crate::{home::Home, sealed::Work};
use assets::Assets;
use door::Door;
use drafts::Drafts;
use seat::Seat;
use speech::Speech;
use trouble::Trouble;

/// For a request's first line and headers.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// What is under way when the program is told to stop may take so long to end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Without a sign of life for so long, the keys are wiped from memory.
    pub idle: Duration,
    /// How long somebody waits for a page while cases are read; then the page says how far it is.
    pub patience: Duration,
    /// What a guess at the passphrase of a key costs that is made or sealed anew in the pages.
    pub work: Work,
    /// This program itself, which becomes the confined process that looks at images.
    pub program: PathBuf,
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Site(Arc<Inner>);

pub(crate) struct Inner {
    door: Door,
    seat: Seat,
    drafts: Drafts,
    home: Home,
    clock: Clock,
    texts: Arc<Texts>,
    assets: Assets,
    taxonomy: Arc<Taxonomy>,
    work: Work,
    patience: Duration,
    program: PathBuf,
    shortcuts: AtomicBool,
}

impl std::ops::Deref for Site {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    /// The words of a language.
    fn speech(&self, locale: Locale) -> Speech {
        Speech { texts: Arc::clone(&self.texts), taxonomy: Arc::clone(&self.taxonomy), locale }
    }
}

/// Bound to its port; nothing is answered yet.
pub struct Bound {
    site: Site,
    server: Server<SocketAddr, NoDelayAcceptor>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Makes links that let one browser in, once.
#[derive(Clone)]
pub struct Launcher(Site);

impl Launcher {
    /// A new link. It takes the place of the one before, and ends within minutes.
    pub fn link(&self, rng: &mut (impl RngCore + CryptoRng)) -> String {
        let Site(site) = &self.0;
        site.door.new_link(site.clock.now(), rng)
    }
}

impl Bound {
    /// Takes a port of this machine's own address, which nobody outside it reaches.
    pub fn bind(
        home: Home,
        settings: Settings,
        clock: Clock,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port))?;
        let address = listener.local_addr()?;
        let shortcuts = home.pages().unwrap_or_default().shortcuts.into();
        let site = Site(Arc::new(Inner {
            door: Door::new(address.port(), rng),
            seat: Seat::new(settings.idle),
            drafts: Drafts::default(),
            home,
            clock,
            texts: Arc::new(i18n::texts()),
            assets: Assets::built_in(),
            taxonomy: Arc::new(Taxonomy::built_in()),
            work: settings.work,
            patience: settings.patience,
            program: settings.program,
            shortcuts,
        }));
        let mut server = axum_server::from_tcp(listener)?
            .acceptor(NoDelayAcceptor::new())
            .http1_only()
            .first_request_timeout(HEADER_TIME);
        server.http_builder().http1().header_read_timeout(HEADER_TIME);
        Ok(Self { site, server, address })
    }

    /// For the links that let a browser in.
    pub fn launcher(&self) -> Launcher {
        Launcher(self.site.clone())
    }

    /// Answers until `stop` comes; then the keys are wiped.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let handle = Handle::new();
        let service = router(&self.site).into_make_service();
        let serving = self.server.handle(handle.clone()).serve(service);
        let stopping = async {
            stop.await;
            handle.graceful_shutdown(Some(LAST_REQUESTS));
        };
        let watching = self.site.seat.watch(&self.site.clock);
        tokio::select! {
            () = watching => Ok(()),
            (served, ()) = async { tokio::join!(serving, stopping) } => {
                self.site.seat.lock().await;
                served
            }
        }
    }
}

/// What takes the processor long, such as a passphrase's hash, away from the pages.
pub(crate) async fn hard<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Trouble::broken())
}

fn router(site: &Site) -> Router {
    let router = pages::routes(site)
        .layer(middleware::from_fn_with_state(site.clone(), trouble::lay_out))
        .layer(middleware::from_fn_with_state(site.clone(), trouble::until_locked))
        .layer(middleware::from_fn_with_state(site.clone(), guard::check))
        .with_state(site.clone());
    let router = web::panics::catch(router, trouble::broken);
    web::secure(router, &Policy { scripts: true, own_referrer: true, ..Policy::default() })
}
