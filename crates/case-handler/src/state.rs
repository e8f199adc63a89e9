//! Opens the state of the service: store, keys, directories and clock. `server` composes the
//! listener and the tasks from it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use database::DatabaseUrl;
use protocol::{api::relay::ReplySchedule, keys::TransportIdentity};
use time::Date;
use web::Clock;

use crate::{
    Config,
    api::{ApiState, SessionRegistry},
    collector::{Collector, CollectorState, relay_client::RelayClient},
    context::HandlerContext,
    directory_cache::DirectoryCache,
    keys::HandlerKeys,
    metrics::HandlerMetrics,
    store::{CaseStore, PartObjectStore},
    trusted_date::TrustedDateSource,
    witnesses::WitnessClient,
};

/// The state that the API and the background tasks share.
pub struct HandlerState {
    /// Store, signing keys, clocks and calendar.
    pub context: HandlerContext,
    /// The verified directories.
    pub directories: Arc<DirectoryCache>,
    transport: Vec<TransportIdentity>,
}

impl HandlerState {
    /// Opens the store and loads the keys and directories that the configuration names. The system
    /// clock is accepted on the date `confirmed` even after a clock jump. Nothing is written until
    /// the log is verified.
    ///
    /// # Errors
    /// Fails if the store, a key, a directory or the calendar cannot be used.
    pub async fn open(config: &Config, clock: Clock, confirmed: Option<Date>) -> Result<Self> {
        let store = open_store(config).await?;
        let HandlerKeys { trust, transport, log } = HandlerKeys::load(config)?;
        let directories = Arc::new(DirectoryCache::load(trust, &store).await?);
        // A date that moved ahead at a boot settles before the second cycle, which then releases
        // overdue cases.
        let trusted_date = TrustedDateSource::new(
            clock.clone(),
            Arc::clone(&store),
            config.calendar.max_clock_jump_days,
            confirmed,
            Duration::from_secs(config.relay.poll_interval_seconds) / 2,
        );
        let context = HandlerContext {
            store,
            log_keys: Arc::new(log),
            clock,
            trusted_date,
            calendar: config.calendar()?,
            warn_days: config.calendar.warn_days,
        };
        Ok(Self { context, directories, transport })
    }

    /// Returns the state of the API's request handlers, with no sessions.
    pub fn api(&self) -> ApiState {
        ApiState {
            store: Arc::clone(&self.context.store),
            directories: Arc::clone(&self.directories),
            log_keys: Arc::clone(&self.context.log_keys),
            sessions: Arc::new(SessionRegistry::default()),
            trusted_date: self.context.trusted_date.clone(),
            calendar: self.context.calendar.clone(),
            clock: self.context.clock.clone(),
        }
    }

    /// Returns the metrics, with what the collector has observed.
    pub fn metrics(&self, config: &Config, observed: &CollectorState) -> HandlerMetrics {
        HandlerMetrics::new(config, &self.context, &self.directories, observed)
    }

    /// Returns the clients of the configured witnesses.
    ///
    /// # Errors
    /// Fails if an address is invalid.
    pub fn witnesses(&self, config: &Config) -> Result<Vec<WitnessClient>> {
        let HandlerContext { store, clock, .. } = &self.context;
        let client = |witness| {
            WitnessClient::new(witness, store, &self.directories, clock.clone())
                .with_context(|| format!("log.witnesses: {}: invalid URL", witness.name))
        };
        config.log.witnesses.iter().map(client).collect()
    }

    /// Returns the collector, which gets the transport keys.
    pub fn into_collector(
        self,
        config: &Config,
        relay: RelayClient,
        observed: CollectorState,
    ) -> Collector {
        let HandlerContext { store, log_keys, clock, trusted_date, calendar, .. } = self.context;
        Collector {
            store,
            directories: self.directories,
            relay,
            transport: Arc::new(self.transport),
            log_keys,
            absent_members: Vec::new(),
            retention_months: config.retention.months,
            trusted_date,
            reply_schedule: ReplySchedule {
                calendar,
                poll_interval_seconds: u32::try_from(config.relay.poll_interval_seconds)
                    .unwrap_or(u32::MAX),
            },
            clock,
            state: observed,
        }
    }
}

/// Opens the store, which accepts no write until the log is verified.
async fn open_store(config: &Config) -> Result<Arc<CaseStore>> {
    let url: DatabaseUrl = config.store.url.parse().context("store.url")?;
    tracing::info!("using the store {url}");
    let store = CaseStore::open_at(&url).await.with_context(|| format!("store.url: {url}"))?;
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
