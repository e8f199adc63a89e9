//! What the log and the metrics page may know: about how much happened in a day.

use rand::RngCore;
use web::metrics::Tally;

/// Counts of the day so far.
#[derive(Debug, Default)]
pub struct Counters {
    filed: Tally,
    busy: Tally,
    failed: Tally,
    uncleaned: Tally,
}

/// A day that has ended, with noise in each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Submissions that have become durable.
    pub filed: u64,
    /// How often somebody was asked to come back later.
    pub busy: u64,
    /// How often the spool could not do something.
    pub failed: u64,
    /// Files that could not be cleaned.
    pub uncleaned: u64,
}

impl Counters {
    /// A submission has become durable.
    pub fn filed(&self) {
        self.filed.count();
    }

    /// Somebody was asked to come back later.
    pub fn busy(&self) {
        self.busy.count();
    }

    /// The spool could not do something.
    pub fn failed(&self) {
        self.failed.count();
    }

    /// A file could not be cleaned.
    pub fn uncleaned(&self) {
        self.uncleaned.count();
    }

    /// Ends a day and says so in the log. A single report shows in none of it.
    pub fn close_day(&self, rng: &mut impl RngCore) -> Day {
        let day = Day {
            filed: self.filed.close(rng),
            busy: self.busy.close(rng),
            failed: self.failed.close(rng),
            uncleaned: self.uncleaned.close(rng),
        };
        tracing::info!(
            filed = day.filed,
            busy = day.busy,
            errors = day.failed,
            uncleaned = day.uncleaned,
            "one day, with noise of about 15"
        );
        day
    }
}
