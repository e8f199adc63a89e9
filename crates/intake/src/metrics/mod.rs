//! What operators see of the intake on its metrics page. See [`web::metrics`] for what they cannot
//! see.

pub mod counters;

use doctor::not_after;
use prometheus_client::metrics::gauge::Gauge;
use rand::rngs::OsRng;
use web::metrics::{MetricsRegistry, noisy_tenths};

use crate::{metrics::counters::DailyCounts, server::AppState};

/// The figures.
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
    /// Nothing is published yet. `relay_certificate` is in PEM.
    pub fn new(relay_certificate: Vec<u8>) -> Self {
        let mut board = MetricsRegistry::default();
        Self {
            ready: board.register_gauge("intake_ready", "Does the spool's database answer? 1 if so"),
            directory_days: board.register_gauge("intake_directory_days", "Days that the directory is still good; below 0 no report can be filed"),
            certificate_days: board.register_gauge("intake_certificate_days", "Days that the relay's certificate is still good"),
            spool_tenths: board.register_gauge("intake_spool_tenths", "How full the spool is, in tenths of its limit, rounded up or down by chance"),
            submitted: board.register_gauge("intake_filed", "About how much was filed on the last full day, with noise of about 15"),
            rejected: board.register_gauge("intake_busy", "About how often somebody was asked to come back on the last full day, with noise of about 15"),
            store_failures: board.register_gauge("intake_failed", "About how often the spool failed on the last full day, with noise of about 15"),
            registry: board,
            relay_certificate,
        }
    }

    /// The page.
    pub fn registry(&self) -> &MetricsRegistry {
        &self.registry
    }

    /// Takes in what a day was; seen from the next look on.
    pub fn record_day(&self, day: &DailyCounts) {
        for (gauge, count) in [
            (&self.submitted, day.submitted),
            (&self.rejected, day.rejected),
            (&self.store_failures, day.store_failures),
        ] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Looks at the service, and publishes.
    pub async fn refresh(&self, app: &AppState) {
        self.ready.set(i64::from(app.store.ping().await.is_ok()));
        let now = app.clock.now();
        let last_day = app.directory_cache.latest().map(|newest| newest.directory.expires);
        self.directory_days.set(last_day.map_or(-1, |last| (last - now.date()).whole_days()));
        self.certificate_days
            .set(not_after(&self.relay_certificate).map_or(-1, |end| (end - now).whole_days()));
        let (used, most) = app.store.usage();
        self.spool_tenths.set(noisy_tenths(used, most, &mut OsRng));
        self.registry.publish();
    }
}
