//! Putting it together: keys, database, listener, ticks.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use configuration::without_mark;
use database::Place;
use envelope::relay::AnswerTimes;
use reqwest::Url;
use time::Date;
use tokio::task::{JoinHandle, JoinSet};
use web::{Clock, metrics::Board};

use crate::{
    Config,
    api::{self, Api, Bounded, Sessions},
    collect::{Collector, Progress},
    current::Current,
    deadlines,
    figures::Watched,
    keys::Keys,
    log::{self, BrokenLog},
    office::Office,
    relay::Relay,
    store::{Objects, Store},
    today::Today,
};

/// How long open requests may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// How long the head of a request may take, so that connections that say nothing end.
const HEADER_TIME: Duration = Duration::from_secs(15);

/// How long the log is checked before anything is answered. One that takes longer is checked while questions are answered; nothing is
/// collected or written until it has been found whole.
const CHECK_FIRST: Duration = Duration::from_millis(100);

/// A running case handler.
pub struct Service {
    /// Where the API listens.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<std::io::Result<()>>,
    checking: JoinSet<BrokenLog>,
    collecting: JoinHandle<()>,
    escalating: JoinHandle<()>,
    notifying: Option<JoinHandle<()>>,
    /// The metrics page, if there is one.
    watching: Option<[JoinHandle<()>; 2]>,
    store: Arc<Store>,
}

/// Starts everything; returns once the API listens.
pub async fn run(config: &Config, clock: Clock) -> Result<Service> {
    run_confirmed(config, clock, None).await
}

/// The same with a day that an operator has confirmed, so that a clock that has leapt is believed.
pub async fn run_confirmed(config: &Config, clock: Clock, confirmed: Option<Date>) -> Result<Service> {
    // Fails only if a provider was installed before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = open_store(config).await?;
    let Keys { trust, transport, log: log_key } = Keys::load(config)?;
    let current = Arc::new(Current::load(trust, &store).await?);
    let relay = relay_of(config)?;
    let every = Duration::from_secs(config.relay.collect_seconds);
    let most_days = config.calendar.most_days_off;
    // The second round after a day that moved ahead releases what it must.
    let today = Today::new(clock.clone(), Arc::clone(&store), most_days, confirmed, every / 2);
    let calendar = config.working_days()?;
    let office = Office {
        store: Arc::clone(&store),
        log_key: Arc::new(log_key.clone()),
        clock: clock.clone(),
        today: today.clone(),
        calendar: calendar.clone(),
        warn_days: config.calendar.warn_days,
    };
    let api = Api {
        store: Arc::clone(&store),
        current: Arc::clone(&current),
        log_key: Arc::new(log_key.clone()),
        sessions: Arc::new(Sessions::default()),
        today: today.clone(),
        calendar: calendar.clone(),
        clock: clock.clone(),
    };
    // Ends with this set, however starting goes on.
    let mut checking = JoinSet::new();
    checking.spawn(check(Arc::clone(&store)));
    tokio::select! {
        Some(broken) = checking.join_next() => return Err(broken?.into()),
        () = store.believed() => {}
        () = tokio::time::sleep(CHECK_FIRST) => tracing::info!("the log is long; checking it goes on"),
    }
    let handle = Handle::new();
    let tls = api_certificate(config).await?;
    // An answer in two pieces would wait until the first is confirmed: 40 ms for each part of a case.
    let acceptor = Bounded::new(RustlsAcceptor::new(tls).acceptor(NoDelayAcceptor::new()));
    let mut server = axum_server::bind(config.api.listen)
        .acceptor(acceptor)
        .handle(handle.clone())
        .http1_only()
        .first_request_timeout(HEADER_TIME);
    server.http_builder().http1().header_read_timeout(HEADER_TIME);
    let serving = tokio::spawn(server.serve(api::routes(api).into_make_service()));
    let Some(address) = handle.listening().await else {
        serving.await??;
        anyhow::bail!("api.listen: cannot listen on {}", config.api.listen);
    };
    let escalating = tokio::spawn(deadlines::run(office.clone(), Arc::clone(&current), every));
    let notifying = config
        .notify
        .notifier()?
        .map(|notifier| tokio::spawn(notifier.run(office.clone(), Arc::clone(&current))));
    let progress = Progress::default();
    let watched = Watched {
        store: Arc::clone(&store),
        current: Arc::clone(&current),
        collecting: progress.works(),
        certificates: Watched::certificates(config),
        clock: clock.clone(),
    };
    let watching = match config.metrics.listen {
        Some(at) => {
            let board = Board::default();
            let (_, page) = board.listen(at).await.context("metrics.listen")?;
            Some([tokio::spawn(page), tokio::spawn(watched.run(board))])
        }
        None => None,
    };
    let collector = Collector {
        store: Arc::clone(&store),
        current,
        relay,
        transport: Arc::new(transport),
        log_key,
        absent: Vec::new(),
        retention_months: config.retention.months,
        today,
        answers: AnswerTimes {
            calendar,
            collect_seconds: u32::try_from(config.relay.collect_seconds).unwrap_or(u32::MAX),
        },
        clock,
        progress,
    };
    let collecting = tokio::spawn(collector.run(every));
    Ok(Service { address, handle, serving, checking, collecting, escalating, notifying, watching, store })
}

/// Reads every key and certificate that the configuration names as a start does, so that a file
/// that is not what it should be is named before the service ends.
///
/// # Errors
/// Fails for the first that cannot be read, or that does not belong to its counterpart.
pub async fn check_files(config: &Config) -> Result<()> {
    Keys::load(config)?;
    api_certificate(config).await?;
    relay_of(config).map(drop)
}

/// Returns the client of the relay that the configuration names. Nothing is sent.
///
/// # Errors
/// Fails if the address is none, or a file cannot be read or does not belong to its counterpart.
pub(crate) fn relay_of(config: &Config) -> Result<Relay> {
    let relay = &config.relay;
    let url: Url = relay.url.parse().context("relay.url")?;
    Ok(Relay::new(&url, &relay.ca, &relay.certificate, &relay.key)?)
}

/// Returns the TLS settings of the API, made of the configured certificate and key.
///
/// # Errors
/// Fails if either file cannot be read, or if they do not belong together.
async fn api_certificate(config: &Config) -> Result<RustlsConfig> {
    let pem = |path: &Path| {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        anyhow::Ok(without_mark(&bytes).to_vec())
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
async fn open_store(config: &Config) -> Result<Arc<Store>> {
    let place: Place = config.store.url.parse().context("store.url")?;
    tracing::info!("the store is {place}");
    let store = Store::open_at(&place).await.with_context(|| format!("store.url: {place}"))?;
    let objects = config.store.parts_url.as_ref().map(|url| Objects::open(url, std::env::vars()));
    let objects = objects.transpose().context("store.parts_url")?;
    Ok(Arc::new(store.keeping_aside(config.store.most_aside_mib).with_objects(objects).doubted()))
}

/// Comes back only if the log is not whole.
async fn check(store: Arc<Store>) -> BrokenLog {
    match log::check(&store).await {
        Ok(entries) => {
            tracing::info!("the log is whole ({} entries)", if entries == 0 { "no" } else { "some" });
            store.believe();
            std::future::pending().await
        }
        Err(broken) => broken,
    }
}

/// Comes back when a task that runs has ended; never if it does not run at all.
async fn ended(task: &mut Option<JoinHandle<()>>) {
    match task {
        Some(task) => drop(task.await),
        None => std::future::pending().await,
    }
}

impl Service {
    /// Waits until a part of the service has ended by itself, which none should: a handler that serves but no longer collects
    /// or escalates is worse than one that is started again.
    pub async fn broken(&mut self) -> anyhow::Error {
        tokio::select! {
            ended = &mut self.serving => match ended {
                Ok(Err(error)) => anyhow::Error::new(error).context("the API has stopped"),
                _ => anyhow::anyhow!("the API has stopped"),
            },
            broken = self.checking.join_next() => match broken {
                Some(Ok(broken)) => broken.into(),
                _ => anyhow::anyhow!("checking the log has stopped: this is a bug"),
            },
            _ = &mut self.collecting => anyhow::anyhow!("collecting has stopped: this is a bug"),
            _ = &mut self.escalating => anyhow::anyhow!("watching deadlines has stopped: this is a bug"),
            () = ended(&mut self.notifying) => anyhow::anyhow!("sending digests has stopped: this is a bug"),
        }
    }

    /// Lets open requests end, and stops.
    pub async fn stop(self) -> Result<()> {
        drop(self.checking);
        self.collecting.abort();
        self.escalating.abort();
        // An aborted task may still hold its write.
        drop(self.collecting.await);
        if self.store.is_believed() {
            self.store.stop_openings().await?;
        }
        if let Some(notifying) = self.notifying {
            notifying.abort();
        }
        self.watching.into_iter().flatten().for_each(|task| task.abort());
        self.handle.graceful_shutdown(Some(GRACE));
        self.serving.await??;
        Ok(self.store.stop_writing().await?)
    }
}
