//! What operators see of the intake on its metrics page. See [`web::metrics`] for what they cannot see.

use doctor::ends;
use prometheus_client::metrics::gauge::Gauge;
use rand::rngs::OsRng;
use web::metrics::{Board, tenths};

use crate::{app::App, counters::Day};

/// The figures.
#[derive(Debug)]
pub struct Figures {
    board: Board,
    ready: Gauge,
    directory_days: Gauge,
    certificate_days: Gauge,
    spool_tenths: Gauge,
    filed: Gauge,
    busy: Gauge,
    failed: Gauge,
    relay_certificate: Vec<u8>,
}

impl Figures {
    /// Nothing is published yet. `relay_certificate` is in PEM.
    pub fn new(relay_certificate: Vec<u8>) -> Self {
        let mut board = Board::default();
        Self {
            ready: board.figure("intake_ready", "Does the spool's database answer? 1 if so"),
            directory_days: board.figure("intake_directory_days", "Days that the directory is still good; below 0 no report can be filed"),
            certificate_days: board.figure("intake_certificate_days", "Days that the relay's certificate is still good"),
            spool_tenths: board.figure("intake_spool_tenths", "How full the spool is, in tenths of its limit, rounded up or down by chance"),
            filed: board.figure("intake_filed", "About how much was filed on the last full day, with noise of about 15"),
            busy: board.figure("intake_busy", "About how often somebody was asked to come back on the last full day, with noise of about 15"),
            failed: board.figure("intake_failed", "About how often the spool failed on the last full day, with noise of about 15"),
            board,
            relay_certificate,
        }
    }

    /// The page.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Takes in what a day was; seen from the next look on.
    pub fn day(&self, day: &Day) {
        for (gauge, count) in [(&self.filed, day.filed), (&self.busy, day.busy), (&self.failed, day.failed)] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Looks at the service, and publishes.
    pub async fn look(&self, app: &App) {
        self.ready.set(i64::from(app.store.check().await.is_ok()));
        let now = app.clock.now();
        let last_day = app.directories.newest().map(|newest| newest.directory.expires);
        self.directory_days.set(last_day.map_or(-1, |last| (last - now.date()).whole_days()));
        self.certificate_days.set(ends(&self.relay_certificate).map_or(-1, |end| (end - now).whole_days()));
        let (used, most) = app.store.fill();
        self.spool_tenths.set(tenths(used, most, &mut OsRng));
        self.board.publish();
    }
}
