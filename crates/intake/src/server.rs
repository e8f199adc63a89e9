//! Composes the service from state, routes and listeners, and runs it.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use axum_server::{
    Handle, Server,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use rand::rngs::OsRng;
use service_kit::{
    cli::print_output,
    periodic_tasks::{PeriodicTasks, Schedule},
    process_hardening, shutdown_signal,
};
use web::Clock;

use crate::{
    admission::connections::ConnectionLimiter,
    cleaning::FileCleaner,
    config::{Config, ConfigError},
    error::RunError,
    http_api, middleware,
    onion::OnionAcceptor,
    onion_location::onion_location_middleware,
    pages::{self, ErrorKind},
    problem::Problem,
    relay, sealing,
    state::AppState,
    upload_api,
};

/// Age at which garbage collection deletes an incomplete submission that cannot be continued. It is
/// longer than [`crate::admission::body_timeout::MAX_UPLOAD_DURATION`].
const INCOMPLETE_UPLOAD_TTL: Duration = Duration::from_hours(1);
/// Interval of the garbage collection.
const GC_INTERVAL: Duration = Duration::from_mins(10);
/// Interval at which an intake reads what other replicas wrote, such as a new directory.
const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// Interval at which idle entries are removed and the store is checked.
const MAINTENANCE_INTERVAL: Duration = Duration::from_mins(1);
/// Interval at which the metrics are refreshed.
const METRICS_INTERVAL: Duration = Duration::from_mins(5);
const ONE_DAY: Duration = Duration::from_hours(24);
/// Timeout for the request line and the headers of a request.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum size of the request line and the headers, in bytes. Also the size of the read buffer of
/// a body.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Maximum number of headers of a request.
const MAX_HEADERS: usize = 64;
/// File descriptors that are not connections of visitors: spool, database, relay.
const RESERVED_FDS: usize = 256;
/// Time that pending requests have to complete after the stop signal.
const SHUTDOWN_GRACE_PERIOD: Duration = Duration::from_secs(30);

/// Returns the routes for reporters, with the layers that every response passes.
pub fn public_router(state: &AppState) -> Router {
    let router = Router::new()
        .merge(http_api::routes())
        .merge(upload_api::routes())
        .merge(sealing::routes())
        .merge(pages::routes())
        .layer(axum::middleware::from_fn_with_state(
            state.clone(),
            middleware::admission_middleware,
        ))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&state.pages),
            onion_location_middleware,
        ))
        .with_state(state.clone());
    let app = state.clone();
    let router =
        web::catch_panic::catch_panics(router, move || app.error_page("", ErrorKind::Internal));
    web::with_security_headers(router, &web::SecurityPolicy::default())
}

/// Returns the routes for the case handler.
pub fn relay_router(state: &AppState) -> Router {
    const INTERNAL_ERROR: Problem =
        Problem::new(http::StatusCode::INTERNAL_SERVER_ERROR, "internal error");
    web::catch_panic::catch_panics(relay::routes().with_state(state.clone()), || INTERNAL_ERROR)
}

/// Starts the periodic tasks: garbage collection, maintenance, refreshing what other replicas
/// wrote, metrics, and one log line a day.
fn start_periodic_tasks(state: &AppState) -> PeriodicTasks {
    let mut tasks = PeriodicTasks::default();
    let schedule = Schedule::from_now;
    spawn(&mut tasks, state, "garbage collection", schedule(GC_INTERVAL), collect_garbage);
    spawn(&mut tasks, state, "maintenance", schedule(MAINTENANCE_INTERVAL), maintain);
    if state.store.is_shared() {
        spawn(&mut tasks, state, "refresh", schedule(REFRESH_INTERVAL), refresh);
    }
    spawn(&mut tasks, state, "metrics", schedule(METRICS_INTERVAL), async |state: AppState| {
        state.metrics.refresh(&state.store, &state.directory_cache, &state.clock).await;
    });
    spawn(
        &mut tasks,
        state,
        "counts",
        Schedule::after_interval(ONE_DAY),
        async |state: AppState| {
            state.metrics.record_day(&state.counters.close_day(&mut OsRng));
        },
    );
    tasks
}

/// Starts a task that counts and logs the failures of the store itself.
fn spawn<R: Future<Output = ()> + Send + 'static>(
    tasks: &mut PeriodicTasks,
    state: &AppState,
    name: &'static str,
    schedule: Schedule,
    run: impl Fn(AppState) -> R + Send + 'static,
) {
    let state = state.clone();
    tasks.spawn(name, schedule, move || run(state.clone()).map(Ok::<(), Infallible>));
}

async fn collect_garbage(state: AppState) {
    let deleted = state.store.delete_incomplete(INCOMPLETE_UPLOAD_TTL).await;
    let expired = state.store.delete_expired_uploads(state.clock.today()).await;
    if let Err(error) = deleted.and(expired) {
        state.counters.record_store_failure(error);
    }
}

async fn maintain(state: AppState) {
    state.admission.evict_idle_keys();
    state.pages.remove_expired_visits();
    let measured = state.store.refresh_usage().await;
    match measured.and(state.store.ping().await) {
        Ok(()) => state.counters.record_store_recovery(),
        Err(error) => state.counters.record_store_failure(error),
    }
}

async fn refresh(state: AppState) {
    let refreshed = state.directory_cache.refresh(&state.store).await;
    if let Err(error) = refreshed.and(state.reply_schedule.refresh(&state.store).await) {
        state.counters.record_store_failure(error);
    }
}

/// A server whose listeners are bound, but which accepts no connection yet.
pub struct BoundServer {
    state: AppState,
    metrics: Option<BoxFuture<'static, ()>>,
    public: Server<SocketAddr, ConnectionLimiter>,
    onion: Option<Server<SocketAddr, OnionAcceptor>>,
    relay: Server<SocketAddr, RustlsAcceptor<NoDelayAcceptor>>,
    /// Address of the listener for reporters.
    pub public_addr: SocketAddr,
    /// Address of the listener for the onion service, if one is configured.
    pub onion_addr: Option<SocketAddr>,
    /// Address of the listener for the case handler.
    pub relay_addr: SocketAddr,
    /// Address of the metrics page, if one is configured.
    pub metrics_addr: Option<SocketAddr>,
}

impl BoundServer {
    /// Opens the state and binds all listeners.
    ///
    /// # Errors
    /// If the configuration is invalid, the store does not open, an address cannot be bound, or the
    /// system allows too few open files.
    pub async fn bind(config: &Config, clock: Clock) -> Result<Self, RunError> {
        let tls = RustlsConfig::from_config(Arc::new(relay::server_config(&config.relay)?));
        let tls = RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new());
        // Each upload uses the two pipes of a child process.
        let reserved_fds =
            RESERVED_FDS + 2 * config.limits.concurrent_uploads + onion_connection_limit(config);
        process_hardening::raise_nofile_limit(config.limits.connections + reserved_fds).map_err(
            |limit| {
                let problem = format!(
                    "the system lets this process open {limit} files, of which {reserved_fds} are \
                     reserved for other uses. Lower it, or raise the limit of open files"
                );
                ConfigError::invalid_value("limits.connections", problem)
            },
        )?;
        let app = AppState::open(config, clock).await?;
        let (public, public_addr) = bind_listener("public.listen", config.public.listen)?;
        let (relay, relay_addr) = bind_listener("relay.listen", config.relay.listen)?;
        let (mut metrics, mut metrics_addr) = (None, None);
        if let Some(at) = config.metrics.listen {
            let bind_error = |error: std::io::Error| {
                ConfigError::invalid_value("metrics.listen", format!("{at}: {error}"))
            };
            let (address, page) = app.metrics.registry().listen(at).await.map_err(bind_error)?;
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

    /// Makes the server clean files in sandboxed child processes of `program`, if the system
    /// supports it.
    #[must_use]
    pub async fn isolate_cleaning(mut self, program: PathBuf) -> Self {
        self.state.cleaner = Arc::new(FileCleaner::isolated(program).await);
        self
    }

    /// Serves requests until `stop` completes, then lets pending requests complete within 30
    /// seconds.
    ///
    /// # Errors
    /// If a listener fails.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let (public_handle, relay_handle) = (Handle::new(), Handle::new());
        let public_service =
            public_router(&self.state).into_make_service_with_connect_info::<SocketAddr>();
        let onion_handle = Handle::new();
        let onion = self
            .onion
            .map(|onion| onion.handle(onion_handle.clone()).serve(public_service.clone()));
        let onion = async { if let Some(onion) = onion { onion.await } else { Ok(()) } };
        let relay_service = relay_router(&self.state).into_make_service();
        let public = self.public.handle(public_handle.clone()).serve(public_service);
        let relay = self.relay.handle(relay_handle.clone()).serve(relay_service);
        let periodic_tasks = start_periodic_tasks(&self.state);
        let metrics = self.metrics.map(tokio::spawn);
        let stopping = async {
            stop.await;
            public_handle.graceful_shutdown(Some(SHUTDOWN_GRACE_PERIOD));
            onion_handle.graceful_shutdown(Some(SHUTDOWN_GRACE_PERIOD));
            relay_handle.graceful_shutdown(Some(SHUTDOWN_GRACE_PERIOD));
            Ok(())
        };
        let ended = tokio::try_join!(public, onion, relay, stopping);
        periodic_tasks.stop().await;
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        ended?;
        Ok(())
    }
}

/// Returns the maximum number of onion connections: a quarter of that of the public listener.
fn onion_connection_limit(config: &Config) -> usize {
    if config.public.onion_listen.is_some() { config.limits.connections.div_ceil(4) } else { 0 }
}

/// Restricts a server to HTTP/1. Slow or oversized headers end the connection.
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
    let bind_error =
        |error: std::io::Error| ConfigError::invalid_value(key, format!("{address}: {error}"));
    let listener = TcpListener::bind(address).map_err(bind_error)?;
    let address = listener.local_addr().map_err(bind_error)?;
    Ok((listener, address))
}

/// Runs the service until SIGTERM or SIGINT. Prints `ready public=… relay=…` on standard output
/// once both listeners are bound. `program` is the path of this program, which the service starts
/// as child processes that clean files of visitors.
///
/// # Errors
/// Returns why the service does not start, or why it ended.
pub async fn run(config: Config, program: PathBuf) -> Result<(), RunError> {
    // Installed before the ready line, so that a signal sent right after it stops the service
    // gracefully.
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
            "this build has no browser script: the intake seals reports in memory instead of the \
             reporter's browser"
        );
    }
    print_output(&format!("ready public={} relay={}", bound.public_addr, bound.relay_addr))?;
    let state = bound.state.clone();
    let compressing = tokio::spawn(async move { http_api::compress_static(&state).await });
    let ended = bound.serve(stop).await;
    compressing.abort();
    ended
}
