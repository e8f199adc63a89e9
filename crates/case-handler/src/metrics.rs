//! What operators see of the case handler on its metrics page: how the service is, on a schedule of
//! its own, and nothing of cases.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use web::{Clock, metrics::MetricsRegistry};

use crate::{Config, directory_cache::DirectoryCache, store::CaseStore};

const PUBLISH_INTERVAL: Duration = Duration::from_mins(5);

/// What is looked at.
pub struct MetricsTask {
    /// The database.
    pub store: Arc<CaseStore>,
    /// The directory.
    pub directories: Arc<DirectoryCache>,
    /// Did the last round to the intake get to its end?
    pub collector_healthy: Arc<AtomicBool>,
    /// Certificates, by the name of their figure.
    pub certificates: [(&'static str, PathBuf); 2],
    /// The time.
    pub clock: Clock,
}

impl MetricsTask {
    /// The certificates that a configuration names.
    pub fn certificates(config: &Config) -> [(&'static str, PathBuf); 2] {
        [
            ("handler_api_certificate_days", config.api.certificate.clone()),
            ("handler_relay_certificate_days", config.relay.certificate.clone()),
        ]
    }

    /// Looks and publishes again and again, until the future is dropped.
    pub async fn run(self, mut board: MetricsRegistry) {
        let ready = board.register_gauge("handler_ready", "Does the database answer? 1 if so");
        let collecting = board.register_gauge(
            "handler_collecting",
            "Did the last round to the intake get to its end? 1 if so",
        );
        let directory = board.register_gauge(
            "handler_directory_days",
            "Days that the directory is still good; below 0 no report can be filed",
        );
        let certificates = self.certificates.each_ref().map(|(name, path)| {
            (
                board.register_gauge(
                    name,
                    "Days that this certificate is still good; below 0 nobody believes it",
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
            for (figure, path) in &certificates {
                let end = fs::read(path).ok().and_then(|bytes| doctor::not_after(&bytes));
                figure.set(end.map_or(-1, |end| (end - now).whole_days()));
            }
            board.publish();
        }
    }
}
