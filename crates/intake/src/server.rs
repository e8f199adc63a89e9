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
use futures_util::{FutureExt as _, future::BoxFuture};
use protocol::mailbox::DecoyMailboxes;
use rand::{SeedableRng, rngs::OsRng};
use rand_chacha::ChaCha20Rng;
use taxonomy::Taxonomy;
use web::{Clock, Locale};

use crate::{
    admission::{self, AdmissionControl, connections::ConnectionLimiter},
    answer_times::AnswerTimesCache,
    cleaning::FileCleaner,
    config::{Config, ConfigError},
    directory_cache::DirectoryCache,
    http_api, i18n,
    metrics::{IntakeMetrics, counters::DailyCounters},
    onion::OnionAcceptor,
    pages::{self, ErrorKind, Pages, error_page},
    problem::Problem,
    process_hardening, relay, sealing,
    store::{Store, StoreError},
};

/// Age at which an incomplete submission is swept; uploads end before that.
const INCOMPLETE_UPLOAD_TTL: Duration = Duration::from_hours(1);
const GC_INTERVAL: Duration = Duration::from_mins(10);
/// How soon a directory that came to another replica is in force here.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
const MAINTENANCE_INTERVAL: Duration = Duration::from_mins(1);
/// How often the service looks at itself for the metrics page.
const METRICS_INTERVAL: Duration = Duration::from_mins(5);
const ONE_DAY: Duration = Duration::from_hours(24);
/// For a request's first line and headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(15);
/// For a request's first line and headers, in bytes; also how much of a body is read at once.
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;
/// Files that are no connections of visitors: the spool, its database, the relay.
const RESERVED_FDS: usize = 256;
/// What is under way when the service is told to stop may take so long to end.
const SHUTDOWN_GRACE_PERIOD: Duration = Duration::from_secs(30);

/// What handlers share.
#[derive(Clone)]
pub struct AppState {
    /// Sealed bytes in and out.
    pub store: Store,
    /// What visitors see.
    pub pages: Arc<Pages>,
    /// The time.
    pub clock: Clock,
    /// Whom reports are sealed to.
    pub directory_cache: Arc<DirectoryCache>,
    /// By when reports are answered.
    pub answer_times: Arc<AnswerTimesCache>,
    /// Answers for mailboxes that are not there.
    pub decoys: Arc<DecoyMailboxes>,
    /// How much at once.
    pub admission: Arc<AdmissionControl>,
    /// What the log gets to know.
    pub counters: Arc<DailyCounters>,
    /// What operators see.
    pub metrics: Arc<IntakeMetrics>,
    /// Takes metadata out of files.
    pub cleaner: Arc<FileCleaner>,
}

impl FromRef<AppState> for Arc<Pages> {
    fn from_ref(app: &AppState) -> Self {
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

impl AppState {
    /// Opens everything that the configuration names.
    pub async fn open(config: &Config, clock: Clock) -> Result<Self, RunError> {
        let key = if config.store.url.is_some() { "spool.url" } else { "spool.path" };
        let spool = |error: &dyn ToString| ConfigError::invalid_value(key, error.to_string());
        let taxonomy = Arc::new(Taxonomy::built_in());
        let trust = config.load_trust()?;
        let place = config.store.database_url()?;
        tracing::info!("the spool is {place}");
        let store = Store::open(&place, config.store.limits(), &mut OsRng)
            .await
            .map_err(|error| spool(&error))?;
        let directories =
            Arc::new(DirectoryCache::load(trust, &store).await.map_err(|error| spool(&error))?);
        let answers =
            Arc::new(AnswerTimesCache::load(&store).await.map_err(|error| spool(&error))?);
        let pages = Pages::new(taxonomy, config.branding.clone(), clock.clone(), OsRng)
            .with_directory(Arc::clone(&directories))
            .with_answer_times(Arc::clone(&answers));
        let decoys = DecoyMailboxes::new(&mut ChaCha20Rng::from_seed(*store.decoy_seed()));
        Ok(Self {
            pages: Arc::new(pages),
            store,
            clock,
            directory_cache: directories,
            answer_times: answers,
            decoys: Arc::new(decoys),
            admission: Arc::new(AdmissionControl::new(config)),
            counters: Arc::new(DailyCounters::for_spool(place.to_string())),
            metrics: Arc::new(IntakeMetrics::new(std::fs::read(&config.relay.certificate)?)),
            cleaner: Arc::new(FileCleaner::InProcess),
        })
    }

    /// The routes for reporters, with everything that every answer goes through.
    pub fn public_router(&self) -> Router {
        let router = Router::new()
            .merge(http_api::routes())
            .merge(sealing::routes())
            .merge(pages::routes())
            .layer(middleware::from_fn_with_state(self.clone(), admission::admission_middleware))
            .with_state(self.clone());
        let app = self.clone();
        let router =
            web::catch_panic::catch_panics(router, move || app.error_page("", ErrorKind::Internal));
        web::with_security_headers(router, &web::SecurityPolicy::default())
    }

    /// The routes for the case handler.
    pub fn relay_router(&self) -> Router {
        const INTERNAL_ERROR: Problem =
            Problem::new(http::StatusCode::INTERNAL_SERVER_ERROR, "broken");
        web::catch_panic::catch_panics(relay::routes().with_state(self.clone()), || INTERNAL_ERROR)
    }

    /// A page for something that went wrong, in the language that the path begins with.
    pub(crate) fn error_page(&self, path: &str, kind: ErrorKind) -> Response {
        error_page(&self.pages, self.locale_of_path(path), kind)
    }

    /// The language that a path begins with; the first one for any other path.
    pub(crate) fn locale_of_path(&self, path: &str) -> Locale {
        let lang = path.split('/').nth(1).unwrap_or_default();
        self.pages.locale(lang).unwrap_or(i18n::LOCALES[0])
    }

    /// Counts it and gives the answer for programs.
    pub(crate) fn record_store_error(&self, error: StoreError) -> Problem {
        self.counters.record_store_failure(error);
        error.into()
    }

    /// What happens without a request: sweeping, and a line in the log once a day.
    async fn run_housekeeping(self) {
        let mut sweep = tokio::time::interval(GC_INTERVAL);
        let mut minute = tokio::time::interval(MAINTENANCE_INTERVAL);
        let mut moment = tokio::time::interval(REFRESH_INTERVAL);
        let mut look = tokio::time::interval(METRICS_INTERVAL);
        let mut day = tokio::time::interval_at(tokio::time::Instant::now() + ONE_DAY, ONE_DAY);
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    if let Err(error) = self.store.delete_incomplete(INCOMPLETE_UPLOAD_TTL).await {
                        self.counters.record_store_failure(error);
                    }
                }
                _ = minute.tick() => {
                    self.admission.evict_idle_keys();
                    self.pages.remove_expired_visits();
                    let measured = self.store.refresh_usage().await;
                    match measured.and(self.store.ping().await) {
                        Ok(()) => self.counters.record_store_recovery(),
                        Err(error) => self.counters.record_store_failure(error),
                    }
                }
                _ = moment.tick(), if self.store.is_shared() => {
                    let refreshed = self.directory_cache.refresh(&self.store).await;
                    if let Err(error) = refreshed.and(self.answer_times.refresh(&self.store).await) {
                        self.counters.record_store_failure(error);
                    }
                }
                _ = look.tick() => self.metrics.refresh(&self).await,
                _ = day.tick() => self.metrics.record_day(&self.counters.close_day(&mut OsRng)),
            }
        }
    }
}

/// All listeners bound, nothing answered yet.
pub struct BoundServer {
    state: AppState,
    metrics: Option<BoxFuture<'static, ()>>,
    public: Server<SocketAddr, ConnectionLimiter>,
    onion: Option<Server<SocketAddr, OnionAcceptor>>,
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

impl BoundServer {
    /// Opens everything and binds all listeners.
    pub async fn bind(config: &Config, clock: Clock) -> Result<Self, RunError> {
        let tls = RustlsConfig::from_config(Arc::new(relay::server_config(&config.relay)?));
        let tls = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
        // Each upload holds the two pipes of a child process.
        let others =
            RESERVED_FDS + 2 * config.limits.concurrent_uploads + onion_connection_limit(config);
        process_hardening::raise_nofile_limit(config.limits.connections + others).map_err(
            |most| {
                let problem = format!(
                    "the system lets this process open {most} files; {others} are for other things"
                );
                ConfigError::invalid_value("limits.connections", problem)
            },
        )?;
        let app = AppState::open(config, clock).await?;
        let (public, public_addr) = bind_listener("public.listen", config.public.listen)?;
        let (relay, relay_addr) = bind_listener("relay.listen", config.relay.listen)?;
        let (mut metrics, mut metrics_addr) = (None, None);
        if let Some(at) = config.metrics.listen {
            let wrong = |error: std::io::Error| {
                ConfigError::invalid_value("metrics.listen", format!("{at}: {error}"))
            };
            let (address, page) = app.metrics.registry().listen(at).await.map_err(wrong)?;
            (metrics, metrics_addr) = (Some(page.boxed()), Some(address));
        }
        let public = configure_http1(
            axum_server::from_tcp(public)?
                .acceptor(ConnectionLimiter::new(config.limits.connections)),
        );
        let (mut onion, mut onion_addr) = (None, None);
        if let Some(at) = config.public.onion_listen {
            let (listener, address) = bind_listener("public.onion_listen", at)?;
            let acceptor = OnionAcceptor::new(
                ConnectionLimiter::new(onion_connection_limit(config)),
                Arc::clone(&app.admission),
            );
            onion = Some(configure_http1(axum_server::from_tcp(listener)?.acceptor(acceptor)));
            onion_addr = Some(address);
        }
        let relay = configure_http1(axum_server::from_tcp(relay)?.acceptor(tls));
        Ok(Self {
            state: app,
            metrics,
            public,
            onion,
            relay,
            public_addr,
            onion_addr,
            relay_addr,
            metrics_addr,
        })
    }

    /// Cleans files in child processes of `program` from now on, where the system can confine them.
    #[must_use]
    pub async fn isolate_cleaning(mut self, program: PathBuf) -> Self {
        self.state.cleaner = Arc::new(FileCleaner::isolated(program).await);
        self
    }

    /// Answers until `stop` comes, then lets what is under way end.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let (public_handle, relay_handle) = (Handle::new(), Handle::new());
        let public_service =
            self.state.public_router().into_make_service_with_connect_info::<SocketAddr>();
        let onion_handle = Handle::new();
        let onion = self
            .onion
            .map(|onion| onion.handle(onion_handle.clone()).serve(public_service.clone()));
        let onion = async { if let Some(onion) = onion { onion.await } else { Ok(()) } };
        let relay_service = self.state.relay_router().into_make_service();
        let public = self.public.handle(public_handle.clone()).serve(public_service);
        let relay = self.relay.handle(relay_handle.clone()).serve(relay_service);
        let housekeeping = tokio::spawn(self.state.run_housekeeping());
        let metrics = self.metrics.map(tokio::spawn);
        let stopping = async {
            stop.await;
            public_handle.graceful_shutdown(Some(SHUTDOWN_GRACE_PERIOD));
            onion_handle.graceful_shutdown(Some(SHUTDOWN_GRACE_PERIOD));
            relay_handle.graceful_shutdown(Some(SHUTDOWN_GRACE_PERIOD));
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
fn onion_connection_limit(config: &Config) -> usize {
    if config.public.onion_listen.is_some() { config.limits.connections.div_ceil(4) } else { 0 }
}

/// HTTP/1 alone. Slow or swollen headers end the connection.
fn configure_http1<A>(server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
    let mut server = server.http1_only().first_request_timeout(HEADER_READ_TIMEOUT);
    let http = server.http_builder();
    http.http1()
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS);
    server
}

fn bind_listener(
    key: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), RunError> {
    let wrong =
        |error: std::io::Error| ConfigError::invalid_value(key, format!("{address}: {error}"));
    let listener = TcpListener::bind(address).map_err(wrong)?;
    let address = listener.local_addr().map_err(wrong)?;
    Ok((listener, address))
}

/// Runs the service until SIGTERM or SIGINT. Prints `ready public=… relay=…` on standard output
/// once both listeners are bound. `program` is this program itself, which cleans files of visitors
/// in child processes.
///
/// # Errors
/// Returns why the service does not start, or why it ended.
pub async fn run(config: Config, program: PathBuf) -> Result<(), RunError> {
    // Installed before the ready line, so that a signal sent right after it stops the service in
    // order.
    let stop = shutdown_signal()?;
    web::init_logging(config.log_level()?, config.log.json);
    web::catch_panic::install_panic_hook();
    let bind = async {
        let bound = BoundServer::bind(&config, Clock::system()).await?;
        Ok::<_, RunError>(bound.isolate_cleaning(program).await)
    };
    let mut stop = std::pin::pin!(stop);
    let bound = tokio::select! {
        bound = bind => bound?,
        () = &mut stop => return Ok(()),
    };
    if !bound.state.pages.has_script() {
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
fn shutdown_signal() -> Result<impl Future<Output = ()>, std::io::Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => (),
            _ = int.recv() => (),
        }
    })
}
