//! The metrics page for operators. [`service_kit::metrics`] explains what the page never shows.

pub mod counters;

use doctor::not_after;
use prometheus_client::metrics::gauge::Gauge;
use rand::rngs::OsRng;
use service_kit::metrics::{MetricsRegistry, noisy_tenths};
use web::Clock;

use crate::{directory_cache::DirectoryCache, metrics::counters::DailyCounts, store::Store};

/// The metrics of the intake.
#[derive(Debug)]
pub struct IntakeMetrics {
    registry: MetricsRegistry,
    ready: Gauge,
    directory_days: Gauge,
    certificate_days: Gauge,
    spool_tenths: Gauge,
    submitted: Gauge,
    rejected: Gauge,
    store_failures: Gauge,
    relay_certificate: Vec<u8>,
}

impl IntakeMetrics {
    /// Registers the metrics. Nothing is published until the first refresh. `relay_certificate` is
    /// in PEM.
    pub fn new(relay_certificate: Vec<u8>) -> Self {
        let mut registry = MetricsRegistry::default();
        Self {
            ready: registry.register_gauge("intake_ready", "1 if the database of the spool responds, else 0"),
            directory_days: registry.register_gauge("intake_directory_days", "Days until the directory expires; reports cannot be submitted below 0"),
            certificate_days: registry.register_gauge("intake_certificate_days", "Days until the certificate of the relay expires"),
            spool_tenths: registry.register_gauge("intake_spool_tenths", "Fill level of the spool in tenths of its maximum size, rounded up or down at random"),
            submitted: registry.register_gauge("intake_filed", "Approximate number of submissions on the last full day, with noise of about 15"),
            rejected: registry.register_gauge("intake_busy", "Approximate number of rejected requests on the last full day, with noise of about 15"),
            store_failures: registry.register_gauge("intake_failed", "Approximate number of spool failures on the last full day, with noise of about 15"),
            registry,
            relay_certificate,
        }
    }

    /// Returns the registry, which serves the page.
    pub fn registry(&self) -> &MetricsRegistry {
        &self.registry
    }

    /// Sets the metrics of a completed day. The next refresh publishes them.
    pub fn record_day(&self, day: &DailyCounts) {
        for (gauge, count) in [
            (&self.submitted, day.submitted),
            (&self.rejected, day.rejected),
            (&self.store_failures, day.store_failures),
        ] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Measures the service and publishes the metrics.
    pub async fn refresh(&self, store: &Store, directory_cache: &DirectoryCache, clock: &Clock) {
        self.ready.set(i64::from(store.ping().await.is_ok()));
        let now = clock.now();
        let last_day = directory_cache.latest().map(|latest| latest.directory.expires);
        self.directory_days.set(last_day.map_or(-1, |last| (last - now.date()).whole_days()));
        self.certificate_days
            .set(not_after(&self.relay_certificate).map_or(-1, |end| (end - now).whole_days()));
        let (used, capacity) = store.usage();
        self.spool_tenths.set(noisy_tenths(used, capacity, &mut OsRng));
        self.registry.publish();
    }
}
