//! What operators see of the case handler on its metrics page: how the service is, on a schedule of its own, and nothing of cases.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use web::{Clock, metrics::Board};

use crate::{Config, current::Current, store::Store};

const LOOK_EVERY: Duration = Duration::from_mins(5);

/// What is looked at.
pub struct Watched {
    /// The database.
    pub store: Arc<Store>,
    /// The directory.
    pub current: Arc<Current>,
    /// Did the last round to the intake get to its end?
    pub collecting: Arc<AtomicBool>,
    /// Certificates, by the name of their figure.
    pub certificates: [(&'static str, PathBuf); 2],
    /// The time.
    pub clock: Clock,
}

impl Watched {
    /// The certificates that a configuration names.
    pub fn certificates(config: &Config) -> [(&'static str, PathBuf); 2] {
        [
            ("handler_api_certificate_days", config.api.certificate.clone()),
            ("handler_relay_certificate_days", config.relay.certificate.clone()),
        ]
    }

    /// Looks and publishes again and again, until the future is dropped.
    pub async fn run(self, mut board: Board) {
        let ready = board.figure("handler_ready", "Does the database answer? 1 if so");
        let collecting =
            board.figure("handler_collecting", "Did the last round to the intake get to its end? 1 if so");
        let directory = board.figure(
            "handler_directory_days",
            "Days that the directory is still good; below 0 no report can be filed",
        );
        let certificates = self.certificates.each_ref().map(|(name, path)| {
            (board.figure(name, "Days that this certificate is still good; below 0 nobody believes it"), path)
        });
        let mut interval = tokio::time::interval(LOOK_EVERY);
        loop {
            interval.tick().await;
            let now = self.clock.now();
            ready.set(i64::from(self.store.directories().await.is_ok()));
            collecting.set(i64::from(self.collecting.load(Ordering::Relaxed)));
            let expires = self.current.get().map(|accepted| accepted.directory.expires);
            directory.set(expires.map_or(-1, |last| (last - now.date()).whole_days()));
            for (figure, path) in &certificates {
                let end = fs::read(path).ok().and_then(|bytes| doctor::ends(&bytes));
                figure.set(end.map_or(-1, |end| (end - now).whole_days()));
            }
            board.publish();
        }
    }
}
