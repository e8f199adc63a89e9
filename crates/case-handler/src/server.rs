//! Composes the service from its state, the API listener and background tasks, and runs it.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use reqwest::Url;
use service_kit::{
    periodic_tasks::{PeriodicTasks, Schedule},
    tls::{self, TlsFile},
};
use time::Date;
use tokio::task::{JoinHandle, JoinSet};
use web::Clock;

use crate::{
    Config,
    api::{self, LimitedAcceptor},
    collector::{CollectorState, relay_client::RelayClient},
    escalation::Escalation,
    event_log::{self, LogIntegrityError},
    keys::HandlerKeys,
    metrics::METRICS_INTERVAL,
    notify::{CLOCK_POLL_INTERVAL, Notifier},
    state::HandlerState,
    store::CaseStore,
    witnesses::{CHECK_INTERVAL, WitnessClient},
};

/// Time that open requests get to finish after a termination signal.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Maximum time to receive the head of a request, so that idle connections end.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(15);

/// Time for which the start waits for the log verification. A longer verification continues in the
/// background. Until it succeeds, the API answers reads only, and the service collects and writes
/// nothing.
const STARTUP_CHECK_TIMEOUT: Duration = Duration::from_millis(100);

/// A running case handler.
pub struct RunningService {
    /// Address on which the API listens.
    pub address: SocketAddr,
    server_handle: Handle<SocketAddr>,
    server_task: JoinHandle<std::io::Result<()>>,
    log_check: JoinSet<LogIntegrityError>,
    collector_task: JoinHandle<()>,
    /// Deadline checks, digests and requests to witnesses.
    periodic_tasks: PeriodicTasks,
    /// The metrics page, if it is configured, and the task that updates it. The service runs
    /// without them.
    metrics_page: Option<(JoinHandle<()>, PeriodicTasks)>,
    store: Arc<CaseStore>,
}

/// Starts all tasks and returns once the API listens.
///
/// # Errors
/// Fails if a key, certificate or database cannot be used, if the log does not verify, or if an
/// address cannot be bound.
pub async fn run(config: &Config, clock: Clock) -> Result<RunningService> {
    run_with_confirmed_date(config, clock, None).await
}

/// Starts as [`run`] does, with a date that the operator has confirmed. The service accepts the
/// system clock on that date even after a clock jump.
///
/// # Errors
/// Fails as [`run`] does.
pub async fn run_with_confirmed_date(
    config: &Config,
    clock: Clock,
    confirmed: Option<Date>,
) -> Result<RunningService> {
    // The call fails only if a provider is installed already, which is sufficient.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let state = HandlerState::open(config, clock, confirmed).await?;
    let relay = relay_client(config)?;
    let interval = Duration::from_secs(config.relay.poll_interval_seconds);
    let store = Arc::clone(&state.context.store);
    // The task ends with this set, also if a later step of the start fails.
    let mut log_check = JoinSet::new();
    log_check.spawn(verify_log(Arc::clone(&store)));
    tokio::select! {
        Some(broken) = log_check.join_next() => return Err(broken?.into()),
        () = store.wait_log_verified() => {}
        () = tokio::time::sleep(STARTUP_CHECK_TIMEOUT) => tracing::info!("log verification continues in the background"),
    }
    let server_handle = Handle::new();
    let tls = api_certificate(config)?;
    // Without `TCP_NODELAY`, a response in two segments waits for an acknowledgement: 40 ms for
    // each part of a case.
    let acceptor = LimitedAcceptor::new(RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new()));
    let mut server = axum_server::bind(config.api.listen)
        .acceptor(acceptor)
        .handle(server_handle.clone())
        .http1_only()
        .first_request_timeout(HEADER_READ_TIMEOUT);
    server.http_builder().http1().header_read_timeout(HEADER_READ_TIMEOUT);
    let server_task = tokio::spawn(server.serve(api::routes(state.api()).into_make_service()));
    let Some(address) = server_handle.listening().await else {
        server_task.await?.with_context(|| format!("api.listen: {}", config.api.listen))?;
        anyhow::bail!("api.listen: failed to listen on {}", config.api.listen);
    };
    let mut periodic_tasks = PeriodicTasks::default();
    spawn_deadline_checks(&mut periodic_tasks, &state, interval);
    if let Some(notifier) = config.notify.notifier()? {
        spawn_digests(&mut periodic_tasks, &state, notifier);
    }
    spawn_witness_requests(&mut periodic_tasks, state.witnesses(config)?);
    let observed = CollectorState::default();
    let mut metrics_page = None;
    if let Some(address) = config.metrics.listen {
        let metrics = Arc::new(state.metrics(config, &observed));
        let listening = metrics.registry().listen(address).await;
        let (_, page) = listening.with_context(|| format!("metrics.listen: {address}"))?;
        let mut refreshing = PeriodicTasks::default();
        refreshing.spawn("metrics", Schedule::from_now(METRICS_INTERVAL), move || {
            let metrics = Arc::clone(&metrics);
            async move {
                metrics.refresh().await;
                Ok::<_, Infallible>(())
            }
        });
        metrics_page = Some((tokio::spawn(page), refreshing));
    }
    let collector = state.into_collector(config, relay, observed);
    let collector_task = tokio::spawn(collector.run(interval));
    Ok(RunningService {
        address,
        server_handle,
        server_task,
        log_check,
        collector_task,
        periodic_tasks,
        metrics_page,
        store,
    })
}

/// Checks deadlines and readers independently of the intake.
fn spawn_deadline_checks(tasks: &mut PeriodicTasks, state: &HandlerState, interval: Duration) {
    let escalation = Escalation::new(state.context.clone(), Arc::clone(&state.directories));
    let escalation = Arc::new(escalation);
    tasks.spawn("deadline check", Schedule::from_now(interval), move || {
        let escalation = Arc::clone(&escalation);
        async move { escalation.check().await }
    });
}

/// Asks each witness independently of the others, so that a slow one delays no other.
fn spawn_witness_requests(tasks: &mut PeriodicTasks, witnesses: Vec<WitnessClient>) {
    for witness in witnesses {
        let witness = Arc::new(witness);
        tasks.spawn("requests to a witness", Schedule::from_now(CHECK_INTERVAL), move || {
            let witness = Arc::clone(&witness);
            async move {
                witness.ask_if_due().await;
                Ok::<_, Infallible>(())
            }
        });
    }
}

/// Sends digests at the configured times.
fn spawn_digests(tasks: &mut PeriodicTasks, state: &HandlerState, notifier: Notifier) {
    let (context, directories) = (state.context.clone(), Arc::clone(&state.directories));
    let notifier = Arc::new(notifier);
    let mut last = context.clock.now();
    tasks.spawn("digests", Schedule::after_interval(CLOCK_POLL_INTERVAL), move || {
        let now = context.clock.now();
        let due = notifier.is_due(last, now).then(|| Arc::clone(&notifier));
        if due.is_some() {
            last = now;
        }
        let (context, directories) = (context.clone(), Arc::clone(&directories));
        async move {
            if let Some(notifier) = due {
                notifier.send_scheduled(&context, &directories).await;
            }
            Ok::<_, Infallible>(())
        }
    });
}

/// Reads every configured key and certificate as a start does, so that `--check-config` and
/// `doctor` name an unusable file.
///
/// # Errors
/// Fails for the first file that cannot be read or does not belong to its counterpart.
pub fn check_files(config: &Config) -> Result<()> {
    config.check_files()?;
    HandlerKeys::load(config)?;
    api_certificate(config)?;
    relay_client(config).map(drop)
}

/// Returns a client for the configured relay. Sends no request.
///
/// # Errors
/// Fails if `relay.url` is invalid, or if a file cannot be read or does not belong to its
/// counterpart.
pub(crate) fn relay_client(config: &Config) -> Result<RelayClient> {
    let relay = &config.relay;
    let url: Url = relay.url.parse().context("relay.url")?;
    Ok(RelayClient::new(&url, &relay.ca, &relay.certificate, &relay.key)?)
}

/// Returns the TLS settings of the API from the configured certificate and key.
///
/// # Errors
/// Fails if a file cannot be read, or if certificate and key do not belong together.
fn api_certificate(config: &Config) -> Result<RustlsConfig> {
    let certificate = TlsFile { key: "api.certificate", path: &config.api.certificate };
    let key = TlsFile { key: "api.key", path: &config.api.key };
    Ok(RustlsConfig::from_config(Arc::new(tls::server_config(certificate, key, None)?)))
}

/// Returns only if the log verification fails.
async fn verify_log(store: Arc<CaseStore>) -> LogIntegrityError {
    match event_log::verify_chains(&store).await {
        Ok(events) => {
            tracing::info!("log verified ({} events)", if events == 0 { "no" } else { "some" });
            store.mark_log_verified();
            std::future::pending().await
        }
        Err(broken) => broken,
    }
}

impl RunningService {
    /// Waits until a task of the service ends by itself, and returns the reason. The caller then
    /// ends the process, because a service that answers but no longer collects or escalates is
    /// worse than a restart.
    pub async fn task_failure(&mut self) -> anyhow::Error {
        tokio::select! {
            ended = &mut self.server_task => match ended {
                Ok(Err(error)) => anyhow::Error::new(error).context("the API server ended unexpectedly"),
                _ => anyhow::anyhow!("the API server ended unexpectedly"),
            },
            broken = self.log_check.join_next() => match broken {
                Some(Ok(broken)) => broken.into(),
                _ => anyhow::anyhow!("the log verification task ended unexpectedly (bug)"),
            },
            _ = &mut self.collector_task => anyhow::anyhow!("the collection task ended unexpectedly (bug)"),
            name = self.periodic_tasks.first_panic() => anyhow::anyhow!("a periodic task panicked (bug): {name}"),
        }
    }

    /// Stops the service after open requests have finished.
    ///
    /// # Errors
    /// Fails if the database cannot be written, or if the API ended with an error.
    pub async fn stop(self) -> Result<()> {
        drop(self.log_check);
        self.collector_task.abort();
        // An aborted task may still hold the write transaction.
        drop(self.collector_task.await);
        self.periodic_tasks.stop().await;
        if self.store.is_log_verified() {
            self.store.journal_clean_shutdown().await?;
        }
        if let Some((page, refreshing)) = self.metrics_page {
            page.abort();
            refreshing.stop().await;
        }
        self.server_handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        self.server_task.await??;
        Ok(self.store.release_writer().await?)
    }
}
