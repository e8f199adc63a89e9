//! The service put together: state, routes, listeners.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::FromRef, middleware, response::Response};
use axum_server::{
    Handle, Server,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use envelope::mailbox::Decoys;
use futures_util::{FutureExt as _, future::BoxFuture};
use rand::{SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use taxonomy::Taxonomy;
use web::{Clock, Locale};

use crate::{
    answers::Answers,
    api,
    cleaning::Cleaner,
    config::{Config, ConfigError},
    connections::Bounded,
    counters::Counters,
    directory::Directories,
    figures::Figures,
    hardening, i18n, limits,
    limits::Limits,
    onion::Onion,
    pages::{self, ErrorKind, Pages, error_page},
    problem::Problem,
    relay, sealing,
    store::{Store, StoreError},
};

/// Age at which an incomplete submission is swept; uploads end before that.
const SWEPT_AFTER: Duration = Duration::from_hours(1);
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// How soon a directory that came to another replica is in force here.
const REFRESH_EVERY: Duration = Duration::from_secs(5);
const A_MINUTE: Duration = Duration::from_mins(1);
/// How often the service looks at itself for the metrics page.
const LOOK_EVERY: Duration = Duration::from_mins(5);
const DAY: Duration = Duration::from_hours(24);
/// For a request's first line and headers.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// For a request's first line and headers, in bytes; also how much of a body is read at once.
const HEADER_BYTES: usize = 64 * 1024;
const HEADERS: usize = 64;
/// Files that are no connections of visitors: the spool, its database, the relay.
const OTHER_FILES: usize = 256;
/// What is under way when the service is told to stop may take so long to end.
const LAST_REQUESTS: Duration = Duration::from_secs(30);

/// What handlers share.
#[derive(Clone)]
pub struct App {
    /// Sealed bytes in and out.
    pub store: Store,
    /// What visitors see.
    pub pages: Arc<Pages>,
    /// The time.
    pub clock: Clock,
    /// Whom reports are sealed to.
    pub directories: Arc<Directories>,
    /// By when reports are answered.
    pub answers: Arc<Answers>,
    /// Answers for mailboxes that are not there.
    pub decoys: Arc<Decoys>,
    /// How much at once.
    pub limits: Arc<Limits>,
    /// What the log gets to know.
    pub counters: Arc<Counters>,
    /// What operators see.
    pub figures: Arc<Figures>,
    /// Takes metadata out of files.
    pub cleaner: Arc<Cleaner>,
}

impl FromRef<App> for Arc<Pages> {
    fn from_ref(app: &App) -> Self {
        app.pages.clone()
    }
}

/// Why the service does not start or has ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A key of the configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system refused something: hardening, listening, serving.
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
}

impl App {
    /// Opens everything that the configuration names.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, RunError> {
        let key = if config.spool.url.is_some() { "spool.url" } else { "spool.path" };
        let spool = |error: &dyn ToString| ConfigError::value(key, error.to_string());
        let taxonomy = Arc::new(Taxonomy::built_in());
        let trust = config.trust()?;
        let place = config.spool.place()?;
        tracing::info!("the spool is {place}");
        let store =
            Store::open(&place, config.spool.bounds(), &mut OsRng).await.map_err(|error| spool(&error))?;
        let directories = Arc::new(Directories::load(trust, &store).await.map_err(|error| spool(&error))?);
        let answers = Arc::new(Answers::load(&store).await.map_err(|error| spool(&error))?);
        let pages = Pages::new(taxonomy, config.branding.clone(), clock.clone(), OsRng)
            .vouched_by(Arc::clone(&directories))
            .answered_by(Arc::clone(&answers));
        let decoys = Decoys::new(&mut ChaCha20Rng::from_seed(*store.decoy_seed()));
        Ok(Self {
            pages: Arc::new(pages),
            store,
            clock,
            directories,
            answers,
            decoys: Arc::new(decoys),
            limits: Arc::new(Limits::new(config)),
            counters: Arc::new(Counters::of(place.to_string())),
            figures: Arc::new(Figures::new(std::fs::read(&config.relay.certificate)?)),
            cleaner: Arc::new(Cleaner::InProcess),
        })
    }

    /// The routes for reporters, with everything that every answer goes through.
    pub fn public(&self) -> Router {
        let router = Router::new()
            .merge(api::routes())
            .merge(sealing::routes())
            .merge(pages::routes())
            .layer(middleware::from_fn_with_state(self.clone(), limits::bound_posts))
            .with_state(self.clone());
        let app = self.clone();
        let router = web::panics::catch(router, move || app.error_page("", ErrorKind::Broken));
        web::secure(router, &web::Policy::default())
    }

    /// The routes for the case handler.
    pub fn relay(&self) -> Router {
        const BROKEN: Problem = Problem::new(http::StatusCode::INTERNAL_SERVER_ERROR, "broken");
        web::panics::catch(relay::routes().with_state(self.clone()), || BROKEN)
    }

    /// A page for something that went wrong, in the language that the path begins with.
    pub(crate) fn error_page(&self, path: &str, kind: ErrorKind) -> Response {
        error_page(&self.pages, self.locale(path), kind)
    }

    /// The language that a path begins with; the first one for any other path.
    pub(crate) fn locale(&self, path: &str) -> Locale {
        let lang = path.split('/').nth(1).unwrap_or_default();
        self.pages.locale(lang).unwrap_or(i18n::LOCALES[0])
    }

    /// Counts it and gives the answer for programs.
    pub(crate) fn store_failed(&self, error: StoreError) -> Problem {
        self.counters.failed(error);
        error.into()
    }

    /// What happens without a request: sweeping, and a line in the log once a day.
    async fn housekeep(self) {
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        let mut minute = tokio::time::interval(A_MINUTE);
        let mut moment = tokio::time::interval(REFRESH_EVERY);
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut day = tokio::time::interval_at(tokio::time::Instant::now() + DAY, DAY);
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    if let Err(error) = self.store.sweep(SWEPT_AFTER).await {
                        self.counters.failed(error);
                    }
                }
                _ = minute.tick() => {
                    self.limits.sweep();
                    self.pages.sweep();
                    let measured = self.store.measure().await;
                    match measured.and(self.store.check().await) {
                        Ok(()) => self.counters.answers(),
                        Err(error) => self.counters.failed(error),
                    }
                }
                _ = moment.tick(), if self.store.is_shared() => {
                    let refreshed = self.directories.refresh(&self.store).await;
                    if let Err(error) = refreshed.and(self.answers.refresh(&self.store).await) {
                        self.counters.failed(error);
                    }
                }
                _ = look.tick() => self.figures.look(&self).await,
                _ = day.tick() => self.figures.day(&self.counters.close_day(&mut OsRng)),
            }
        }
    }
}

/// All listeners bound, nothing answered yet.
pub struct Bound {
    app: App,
    metrics: Option<BoxFuture<'static, ()>>,
    public: Server<SocketAddr, Bounded>,
    onion: Option<Server<SocketAddr, Onion>>,
    relay: Server<SocketAddr, RustlsAcceptor<NoDelayAcceptor>>,
    /// Where reporters connect.
    pub public_addr: SocketAddr,
    /// Where the onion service connects, if it has a listener of its own.
    pub onion_addr: Option<SocketAddr>,
    /// Where the case handler connects.
    pub relay_addr: SocketAddr,
    /// Where the metrics page is, if there is one.
    pub metrics_addr: Option<SocketAddr>,
}

impl Bound {
    /// Opens everything and binds all listeners.
    pub async fn bind(config: &Config, clock: Clock) -> Result<Self, RunError> {
        let tls = RustlsConfig::from_config(Arc::new(relay::server_config(&config.relay)?));
        let tls = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
        // Each upload holds the two pipes of a child process.
        let others = OTHER_FILES + 2 * config.limits.uploads + onion_connections(config);
        hardening::allow_files(config.limits.connections + others).map_err(|most| {
            let problem =
                format!("the system lets this process open {most} files; {others} are for other things");
            ConfigError::value("limits.connections", problem)
        })?;
        let app = App::open(config, clock).await?;
        let (public, public_addr) = listen("public.listen", config.public.listen)?;
        let (relay, relay_addr) = listen("relay.listen", config.relay.listen)?;
        let (mut metrics, mut metrics_addr) = (None, None);
        if let Some(at) = config.metrics.listen {
            let wrong =
                |error: std::io::Error| ConfigError::value("metrics.listen", format!("{at}: {error}"));
            let (address, page) = app.figures.board().listen(at).await.map_err(wrong)?;
            (metrics, metrics_addr) = (Some(page.boxed()), Some(address));
        }
        let public =
            speak_http(axum_server::from_tcp(public)?.acceptor(Bounded::new(config.limits.connections)));
        let (mut onion, mut onion_addr) = (None, None);
        if let Some(at) = config.public.onion_listen {
            let (listener, address) = listen("public.onion_listen", at)?;
            let acceptor = Onion::new(Bounded::new(onion_connections(config)), Arc::clone(&app.limits));
            onion = Some(speak_http(axum_server::from_tcp(listener)?.acceptor(acceptor)));
            onion_addr = Some(address);
        }
        let relay = speak_http(axum_server::from_tcp(relay)?.acceptor(tls));
        Ok(Self { app, metrics, public, onion, relay, public_addr, onion_addr, relay_addr, metrics_addr })
    }

    /// Cleans files in child processes of `program` from now on, where the system can confine them.
    #[must_use]
    pub async fn isolate_cleaning(mut self, program: PathBuf) -> Self {
        self.app.cleaner = Arc::new(Cleaner::isolated(program).await);
        self
    }

    /// Answers until `stop` comes, then lets what is under way end.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let (public_handle, relay_handle) = (Handle::new(), Handle::new());
        let public_service = self.app.public().into_make_service_with_connect_info::<SocketAddr>();
        let onion_handle = Handle::new();
        let onion = self.onion.map(|onion| onion.handle(onion_handle.clone()).serve(public_service.clone()));
        let onion = async { if let Some(onion) = onion { onion.await } else { Ok(()) } };
        let relay_service = self.app.relay().into_make_service();
        let public = self.public.handle(public_handle.clone()).serve(public_service);
        let relay = self.relay.handle(relay_handle.clone()).serve(relay_service);
        let housekeeping = tokio::spawn(self.app.housekeep());
        let metrics = self.metrics.map(tokio::spawn);
        let stopping = async {
            stop.await;
            public_handle.graceful_shutdown(Some(LAST_REQUESTS));
            onion_handle.graceful_shutdown(Some(LAST_REQUESTS));
            relay_handle.graceful_shutdown(Some(LAST_REQUESTS));
            Ok(())
        };
        let ended = tokio::try_join!(public, onion, relay, stopping);
        housekeeping.abort();
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        ended?;
        Ok(())
    }
}

/// Connections of the onion service at once: a quarter of those of the other listener.
fn onion_connections(config: &Config) -> usize {
    if config.public.onion_listen.is_some() { config.limits.connections.div_ceil(4) } else { 0 }
}

/// HTTP/1 alone. Slow or swollen headers end the connection.
fn speak_http<A>(server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
    let mut server = server.http1_only().first_request_timeout(HEADER_TIME);
    let http = server.http_builder();
    http.http1().header_read_timeout(HEADER_TIME).max_buf_size(HEADER_BYTES).max_headers(HEADERS);
    server
}

fn listen(key: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), RunError> {
    let wrong = |error: std::io::Error| ConfigError::value(key, format!("{address}: {error}"));
    let listener = TcpListener::bind(address).map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    Ok((listener, address))
}

/// Runs the service until SIGTERM or SIGINT. Prints `ready public=… relay=…` on standard output once both listeners are
/// bound. `program` is this program itself, which cleans files of visitors in child processes.
///
/// # Errors
/// Returns why the service does not start, or why it ended.
pub async fn run(config: Config, program: PathBuf) -> Result<(), RunError> {
    // Installed before the ready line, so that a signal sent right after it stops the service in order.
    let stop = stop_signal()?;
    web::init_logging(config.level()?, config.log.json);
    web::panics::quiet();
    let bind = async {
        let bound = Bound::bind(&config, Clock::system()).await?;
        Ok::<_, RunError>(bound.isolate_cleaning(program).await)
    };
    let mut stop = std::pin::pin!(stop);
    let bound = tokio::select! {
        bound = bind => bound?,
        () = &mut stop => return Ok(()),
    };
    if !bound.app.pages.has_script() {
        tracing::warn!(
            "this build has no script: reports are sealed here, and not in the reporter's browser"
        );
    }
    let mut stdout = std::io::stdout();
    writeln!(stdout, "ready public={} relay={}", bound.public_addr, bound.relay_addr)?;
    stdout.flush()?;
    bound.serve(stop).await
}

/// Installs handlers for SIGTERM and SIGINT. The returned future completes at the first of them.
fn stop_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => (),
            _ = int.recv() => (),
        }
    })
}
