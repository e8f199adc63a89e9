//! What the log and the metrics page may know: about how much happened in a day.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::RngCore;
use web::{logging::log_safe, metrics::NoisyCounter};

use crate::store::StoreError;

/// Counts of the day so far.
#[derive(Debug, Default)]
pub struct DailyCounters {
    submitted: NoisyCounter,
    rejected: NoisyCounter,
    store_failures: NoisyCounter,
    uncleaned: NoisyCounter,
    /// Where the spool is, for the log; without user and password.
    spool: String,
    /// Was a failure logged that has not ended yet?
    failure_logged: AtomicBool,
}

/// A day that has ended, with noise in each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyCounts {
    /// Submissions that have become durable.
    pub submitted: u64,
    /// How often somebody was asked to come back later.
    pub rejected: u64,
    /// How often the spool could not do something.
    pub store_failures: u64,
    /// Files that could not be cleaned.
    pub uncleaned: u64,
}

impl DailyCounters {
    /// Counts for the spool at this address.
    pub fn for_spool(spool: String) -> Self {
        Self { spool, ..Self::default() }
    }

    /// A submission has become durable.
    pub fn record_submitted(&self) {
        self.submitted.increment();
    }

    /// Somebody was asked to come back later.
    pub fn record_rejected(&self) {
        self.rejected.increment();
    }

    /// The spool could not do something. The first failure of a row is logged, so that neither
    /// silence nor a flood of lines hides it.
    pub fn record_store_failure(&self, error: StoreError) {
        self.store_failures.increment();
        // What another replica did first is no failure of the database.
        if error != StoreError::Duplicate && !self.failure_logged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "database error: {}: {}. Reporters are asked to come back later, and nothing \
                 acknowledged is lost. Check the database server and the disk; `intake --config … \
                 doctor` says more",
                self.spool,
                log_safe(&error)
            );
        }
    }

    /// The spool answers.
    pub fn record_store_recovery(&self) {
        if self.failure_logged.swap(false, Ordering::Relaxed) {
            tracing::info!("the database answers again: {}", self.spool);
        }
    }

    /// A file could not be cleaned.
    pub fn record_uncleaned(&self) {
        self.uncleaned.increment();
    }

    /// Ends a day and says so in the log. A single report shows in none of it.
    pub fn close_day(&self, rng: &mut impl RngCore) -> DailyCounts {
        let day = DailyCounts {
            submitted: self.submitted.take_noisy(rng),
            rejected: self.rejected.take_noisy(rng),
            store_failures: self.store_failures.take_noisy(rng),
            uncleaned: self.uncleaned.take_noisy(rng),
        };
        tracing::info!(
            filed = day.submitted,
            busy = day.rejected,
            errors = day.store_failures,
            uncleaned = day.uncleaned,
            "one day, with noise of about 15"
        );
        day
    }
}
