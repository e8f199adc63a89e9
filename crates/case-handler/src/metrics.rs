//! The metrics page for operators. It describes the service, is updated at fixed intervals, and
//! reveals nothing about cases.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use prometheus_client::metrics::{family::Family, gauge::Gauge};
use service_kit::metrics::{Label, MetricsRegistry};
use time::OffsetDateTime;
use web::Clock;

use crate::{
    Config, collector::CollectorState, context::HandlerContext, directory_cache::DirectoryCache,
    store::CaseStore,
};

/// Interval at which the metrics are refreshed.
pub const METRICS_INTERVAL: Duration = Duration::from_mins(5);

/// The metrics of the case handler.
pub struct HandlerMetrics {
    store: Arc<CaseStore>,
    directories: Arc<DirectoryCache>,
    /// True if the last collection cycle succeeded.
    collector_healthy: Arc<AtomicBool>,
    clock: Clock,
    registry: MetricsRegistry,
    ready: Gauge,
    collecting: Gauge,
    directory_days: Gauge,
    log_signing: Gauge,
    /// The certificate files.
    certificate_days: [(Gauge, PathBuf); 2],
    /// By the name of the witness.
    witness_hours: Family<Vec<Label>, Gauge>,
    /// The names of the configured witnesses.
    witnesses: Vec<String>,
}

impl HandlerMetrics {
    /// Registers the metrics. Nothing is published until the first refresh.
    pub fn new(
        config: &Config,
        context: &HandlerContext,
        directories: &Arc<DirectoryCache>,
        observed: &CollectorState,
    ) -> Self {
        let mut registry = MetricsRegistry::default();
        let ready = registry.register_gauge("handler_ready", "1 if the database answers");
        let collecting = registry
            .register_gauge("handler_collecting", "1 if the last collection cycle succeeded");
        let directory_days = registry.register_gauge(
            "handler_directory_days",
            "Days until the directory expires; below 0 the intake refuses reports",
        );
        let log_signing = registry.register_gauge(
            "handler_log_signing",
            "1 if checkpoints of the transparency log are signed; 0 if it is paused after a restore",
        );
        let mut certificate = |name: &str, path: &PathBuf| {
            let help = "Days until this certificate expires; below 0 clients refuse it";
            (registry.register_gauge(name, help), path.clone())
        };
        let certificate_days = [
            certificate("handler_api_certificate_days", &config.api.certificate),
            certificate("handler_relay_certificate_days", &config.relay.certificate),
        ];
        let witness_hours = registry.register_family(
            "handler_witness_hours",
            "Hours since the newest cosignature of a witness; -1 if there is none",
        );
        Self {
            store: Arc::clone(&context.store),
            directories: Arc::clone(directories),
            collector_healthy: observed.health_flag(),
            clock: context.clock.clone(),
            registry,
            ready,
            collecting,
            directory_days,
            log_signing,
            certificate_days,
            witness_hours,
            witnesses: config.log.witnesses.iter().map(|witness| witness.name.clone()).collect(),
        }
    }

    /// Returns the registry, which serves the page.
    pub fn registry(&self) -> &MetricsRegistry {
        &self.registry
    }

    /// Measures the service and publishes the metrics.
    pub async fn refresh(&self) {
        let now = self.clock.now();
        self.ready.set(i64::from(self.store.directories().await.is_ok()));
        self.collecting.set(i64::from(self.collector_healthy.load(Ordering::Relaxed)));
        let expires = self.directories.latest().map(|accepted| accepted.directory.expires);
        self.directory_days.set(expires.map_or(-1, |last| (last - now.date()).whole_days()));
        if let Ok(paused) = self.store.log_paused_since().await {
            self.log_signing.set(i64::from(paused.is_none()));
        }
        for (gauge, path) in &self.certificate_days {
            let end = fs::read(path).ok().and_then(|bytes| doctor::not_after(&bytes));
            gauge.set(end.map_or(-1, |end| (end - now).whole_days()));
        }
        self.measure_witnesses(now).await;
        self.registry.publish();
    }

    async fn measure_witnesses(&self, now: OffsetDateTime) {
        // If the database does not answer, the last values stay, and `ready` is 0.
        let Ok(states) = self.store.witness_states().await else { return };
        for name in &self.witnesses {
            let cosigned_at = states.get(name).and_then(|state| state.cosigned_at);
            let seconds = cosigned_at.map(|at| now.unix_timestamp().saturating_sub(at).max(0));
            let hours = seconds.map_or(-1, |seconds| seconds / 3600);
            let label = vec![("witness".to_owned(), name.clone())];
            self.witness_hours.get_or_create(&label).set(hours);
        }
    }
}
