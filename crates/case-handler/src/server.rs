//! Putting it together: keys, database, listener, ticks.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use database::DatabaseUrl;
use protocol::api::relay::ReplySchedule;
use reqwest::Url;
use service_kit::strip_bom;
use time::Date;
use tokio::task::{JoinHandle, JoinSet};
use web::{Clock, metrics::MetricsRegistry};

use crate::{
    Config,
    api::{self, ApiState, LimitedAcceptor, SessionRegistry},
    collector::{Collector, CollectorState, relay_client::RelayClient},
    context::HandlerContext,
    directory_cache::DirectoryCache,
    escalation,
    event_log::{self, LogIntegrityError},
    keys::HandlerKeys,
    metrics::MetricsTask,
    store::{CaseStore, PartObjectStore},
    trusted_date::TrustedDateSource,
};

/// How long open requests may take to end after a signal.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// How long the head of a request may take, so that connections that say nothing end.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the log is checked before anything is answered. One that takes longer is checked while
/// questions are answered; nothing is collected or written until it has been found whole.
const STARTUP_CHECK_TIMEOUT: Duration = Duration::from_millis(100);

/// A running case handler.
pub struct RunningService {
    /// Where the API listens.
    pub address: SocketAddr,
    server_handle: Handle<SocketAddr>,
    server_task: JoinHandle<std::io::Result<()>>,
    log_check: JoinSet<LogIntegrityError>,
    collector_task: JoinHandle<()>,
    escalation_task: JoinHandle<()>,
    notifier_task: Option<JoinHandle<()>>,
    /// The metrics page, if there is one.
    metrics_tasks: Option<[JoinHandle<()>; 2]>,
    store: Arc<CaseStore>,
}

/// Starts everything; returns once the API listens.
pub async fn run(config: &Config, clock: Clock) -> Result<RunningService> {
    run_with_confirmed_date(config, clock, None).await
}

/// The same with a day that an operator has confirmed, so that a clock that has leapt is believed.
pub async fn run_with_confirmed_date(
    config: &Config,
    clock: Clock,
    confirmed: Option<Date>,
) -> Result<RunningService> {
    // Fails only if a provider was installed before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = open_store(config).await?;
    let HandlerKeys { trust, transport, log: log_key } = HandlerKeys::load(config)?;
    let current = Arc::new(DirectoryCache::load(trust, &store).await?);
    let relay = relay_client(config)?;
    let every = Duration::from_secs(config.relay.poll_interval_seconds);
    let most_days = config.calendar.max_clock_jump_days;
    // The second round after a day that moved ahead releases what it must.
    let today =
        TrustedDateSource::new(clock.clone(), Arc::clone(&store), most_days, confirmed, every / 2);
    let calendar = config.calendar()?;
    let office = HandlerContext {
        store: Arc::clone(&store),
        log_key: Arc::new(log_key.clone()),
        clock: clock.clone(),
        trusted_date: today.clone(),
        calendar: calendar.clone(),
        warn_days: config.calendar.warn_days,
    };
    let api = ApiState {
        store: Arc::clone(&store),
        directories: Arc::clone(&current),
        log_key: Arc::new(log_key.clone()),
        sessions: Arc::new(SessionRegistry::default()),
        trusted_date: today.clone(),
        calendar: calendar.clone(),
        clock: clock.clone(),
    };
    // Ends with this set, however starting goes on.
    let mut checking = JoinSet::new();
    checking.spawn(verify_log(Arc::clone(&store)));
    tokio::select! {
        Some(broken) = checking.join_next() => return Err(broken?.into()),
        () = store.wait_log_verified() => {}
        () = tokio::time::sleep(STARTUP_CHECK_TIMEOUT) => tracing::info!("the log is long; checking it goes on"),
    }
    let handle = Handle::new();
    let tls = api_certificate(config).await?;
    // An answer in two pieces would wait until the first is confirmed: 40 ms for each part of a
    // case.
    let acceptor = LimitedAcceptor::new(RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new()));
    let mut server = axum_server::bind(config.api.listen)
        .acceptor(acceptor)
        .handle(handle.clone())
        .http1_only()
        .first_request_timeout(HEADER_READ_TIMEOUT);
    server.http_builder().http1().header_read_timeout(HEADER_READ_TIMEOUT);
    let serving = tokio::spawn(server.serve(api::routes(api).into_make_service()));
    let Some(address) = handle.listening().await else {
        serving.await??;
        anyhow::bail!("api.listen: cannot listen on {}", config.api.listen);
    };
    let escalating = tokio::spawn(escalation::run(office.clone(), Arc::clone(&current), every));
    let notifying = config
        .notify
        .notifier()?
        .map(|notifier| tokio::spawn(notifier.run(office.clone(), Arc::clone(&current))));
    let progress = CollectorState::default();
    let watched = MetricsTask {
        store: Arc::clone(&store),
        directories: Arc::clone(&current),
        collector_healthy: progress.health_flag(),
        certificates: MetricsTask::certificates(config),
        clock: clock.clone(),
    };
    let watching = match config.metrics.listen {
        Some(at) => {
            let board = MetricsRegistry::default();
            let (_, page) = board.listen(at).await.context("metrics.listen")?;
            Some([tokio::spawn(page), tokio::spawn(watched.run(board))])
        }
        None => None,
    };
    let collector = Collector {
        store: Arc::clone(&store),
        directories: current,
        relay,
        transport: Arc::new(transport),
        log_key,
        absent_members: Vec::new(),
        retention_months: config.retention.months,
        trusted_date: today,
        reply_schedule: ReplySchedule {
            calendar,
            collect_seconds: u32::try_from(config.relay.poll_interval_seconds).unwrap_or(u32::MAX),
        },
        clock,
        state: progress,
    };
    let collecting = tokio::spawn(collector.run(every));
    Ok(RunningService {
        address,
        server_handle: handle,
        server_task: serving,
        log_check: checking,
        collector_task: collecting,
        escalation_task: escalating,
        notifier_task: notifying,
        metrics_tasks: watching,
        store,
    })
}

/// Reads every key and certificate that the configuration names as a start does, so that a file
/// that is not what it should be is named before the service ends.
///
/// # Errors
/// Fails for the first that cannot be read, or that does not belong to its counterpart.
pub async fn check_files(config: &Config) -> Result<()> {
    HandlerKeys::load(config)?;
    api_certificate(config).await?;
    relay_client(config).map(drop)
}

/// Returns the client of the relay that the configuration names. Nothing is sent.
///
/// # Errors
/// Fails if the address is none, or a file cannot be read or does not belong to its counterpart.
pub(crate) fn relay_client(config: &Config) -> Result<RelayClient> {
    let relay = &config.relay;
    let url: Url = relay.url.parse().context("relay.url")?;
    Ok(RelayClient::new(&url, &relay.ca, &relay.certificate, &relay.key)?)
}

/// Returns the TLS settings of the API, made of the configured certificate and key.
///
/// # Errors
/// Fails if either file cannot be read, or if they do not belong together.
async fn api_certificate(config: &Config) -> Result<RustlsConfig> {
    let pem = |path: &Path| {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        anyhow::Ok(strip_bom(&bytes).to_vec())
    };
    let tls = RustlsConfig::from_pem(pem(&config.api.certificate)?, pem(&config.api.key)?)
        .await
        .context("api.certificate, api.key")?;
    // Only what is spoken is offered, or a client that knows HTTP/2 would choose it.
    let mut offering = rustls::ServerConfig::clone(&tls.get_inner());
    offering.alpn_protocols = vec![b"http/1.1".to_vec()];
    tls.reload_from_config(Arc::new(offering));
    Ok(tls)
}

/// Opens the store; nothing is written into it until the log has been found whole.
async fn open_store(config: &Config) -> Result<Arc<CaseStore>> {
    let place: DatabaseUrl = config.store.url.parse().context("store.url")?;
    tracing::info!("the store is {place}");
    let store = CaseStore::open_at(&place).await.with_context(|| format!("store.url: {place}"))?;
    let objects =
        config.store.parts_url.as_ref().map(|url| PartObjectStore::open(url, std::env::vars()));
    let objects = objects.transpose().context("store.parts_url")?;
    Ok(Arc::new(
        store
            .with_quarantine_limit(config.store.max_quarantine_mib)
            .with_object_store(objects)
            .with_log_unverified(),
    ))
}

/// Comes back only if the log is not whole.
async fn verify_log(store: Arc<CaseStore>) -> LogIntegrityError {
    match event_log::verify_chain(&store).await {
        Ok(entries) => {
            tracing::info!(
                "the log is whole ({} entries)",
                if entries == 0 { "no" } else { "some" }
            );
            store.mark_log_verified();
            std::future::pending().await
        }
        Err(broken) => broken,
    }
}

/// Comes back when a task that runs has ended; never if it does not run at all.
async fn join_or_pending(task: &mut Option<JoinHandle<()>>) {
    match task {
        Some(task) => drop(task.await),
        None => std::future::pending().await,
    }
}

impl RunningService {
    /// Waits until a part of the service has ended by itself, which none should: a handler that
    /// serves but no longer collects or escalates is worse than one that is started again.
    pub async fn task_failure(&mut self) -> anyhow::Error {
        tokio::select! {
            ended = &mut self.server_task => match ended {
                Ok(Err(error)) => anyhow::Error::new(error).context("the API has stopped"),
                _ => anyhow::anyhow!("the API has stopped"),
            },
            broken = self.log_check.join_next() => match broken {
                Some(Ok(broken)) => broken.into(),
                _ => anyhow::anyhow!("checking the log has stopped: this is a bug"),
            },
            _ = &mut self.collector_task => anyhow::anyhow!("collecting has stopped: this is a bug"),
            _ = &mut self.escalation_task => anyhow::anyhow!("watching deadlines has stopped: this is a bug"),
            () = join_or_pending(&mut self.notifier_task) => anyhow::anyhow!("sending digests has stopped: this is a bug"),
        }
    }

    /// Lets open requests end, and stops.
    pub async fn stop(self) -> Result<()> {
        drop(self.log_check);
        self.collector_task.abort();
        self.escalation_task.abort();
        // An aborted task may still hold its write.
        drop(self.collector_task.await);
        if self.store.is_log_verified() {
            self.store.journal_clean_shutdown().await?;
        }
        if let Some(notifying) = self.notifier_task {
            notifying.abort();
        }
        self.metrics_tasks.into_iter().flatten().for_each(|task| task.abort());
        self.server_handle.graceful_shutdown(Some(SHUTDOWN_GRACE));
        self.server_task.await??;
        Ok(self.store.release_writer().await?)
    }
}
