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

use service_kit::metrics::MetricsRegistry;
use web::Clock;

use crate::{Config, directory_cache::DirectoryCache, store::CaseStore};

const PUBLISH_INTERVAL: Duration = Duration::from_mins(5);

/// The task that updates the metrics page.
pub struct MetricsTask {
    /// The store.
    pub store: Arc<CaseStore>,
    /// The directories.
    pub directories: Arc<DirectoryCache>,
    /// True if the last collection cycle succeeded.
    pub collector_healthy: Arc<AtomicBool>,
    /// Certificate files by the name of their metric.
    pub certificates: [(&'static str, PathBuf); 2],
    /// The system clock.
    pub clock: Clock,
}

impl MetricsTask {
    /// Returns the configured certificates by the name of their metric.
    pub fn certificates(config: &Config) -> [(&'static str, PathBuf); 2] {
        [
            ("handler_api_certificate_days", config.api.certificate.clone()),
            ("handler_relay_certificate_days", config.relay.certificate.clone()),
        ]
    }

    /// Updates the metrics page at fixed intervals until the future is dropped.
    pub async fn run(self, mut registry: MetricsRegistry) {
        let ready = registry.register_gauge("handler_ready", "1 if the database answers");
        let collecting = registry
            .register_gauge("handler_collecting", "1 if the last collection cycle succeeded");
        let directory = registry.register_gauge(
            "handler_directory_days",
            "Days until the directory expires; below 0 the intake refuses reports",
        );
        let certificates = self.certificates.each_ref().map(|(name, path)| {
            (
                registry.register_gauge(
                    name,
                    "Days until this certificate expires; below 0 clients refuse it",
                ),
                path,
            )
        });
        let mut interval = tokio::time::interval(PUBLISH_INTERVAL);
        loop {
            interval.tick().await;
            let now = self.clock.now();
            ready.set(i64::from(self.store.directories().await.is_ok()));
            collecting.set(i64::from(self.collector_healthy.load(Ordering::Relaxed)));
            let expires = self.directories.latest().map(|accepted| accepted.directory.expires);
            directory.set(expires.map_or(-1, |last| (last - now.date()).whole_days()));
            for (gauge, path) in &certificates {
                let end = fs::read(path).ok().and_then(|bytes| doctor::not_after(&bytes));
                gauge.set(end.map_or(-1, |end| (end - now).whole_days()));
            }
            registry.publish();
        }
    }
}
