//! What the log and the metrics page may know: about how much happened in a day.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::RngCore;
use web::{logging::safe, metrics::Tally};

use crate::store::StoreError;

/// Counts of the day so far.
#[derive(Debug, Default)]
pub struct Counters {
    filed: Tally,
    busy: Tally,
    failed: Tally,
    uncleaned: Tally,
    /// Where the spool is, for the log; without user and password.
    spool: String,
    /// Was a failure logged that has not ended yet?
    failing: AtomicBool,
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
    /// Counts for the spool at this address.
    pub fn of(spool: String) -> Self {
        Self { spool, ..Self::default() }
    }

    /// A submission has become durable.
    pub fn filed(&self) {
        self.filed.count();
    }

    /// Somebody was asked to come back later.
    pub fn busy(&self) {
        self.busy.count();
    }

    /// The spool could not do something. The first failure of a row is logged, so that neither
    /// silence nor a flood of lines hides it.
    pub fn failed(&self, error: StoreError) {
        self.failed.count();
        // What another replica did first is no failure of the database.
        if error != StoreError::Twice && !self.failing.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "the database failed: {}: {}. Reporters are asked to come back later, and nothing \
                 acknowledged is lost. Check the database server and the disk; `intake --config … \
                 doctor` says more",
                self.spool,
                safe(&error)
            );
        }
    }

    /// The spool answers.
    pub fn answers(&self) {
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the database answers again: {}", self.spool);
        }
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
