//! The daily counters for the log and the metrics page, published with noise.

use std::sync::atomic::{AtomicBool, Ordering};

use rand::RngCore;
use service_kit::metrics::NoisyCounter;
use web::logging::log_safe;

use crate::store::StoreError;

/// The counters of the current day.
#[derive(Debug, Default)]
pub struct DailyCounters {
    submitted: NoisyCounter,
    rejected: NoisyCounter,
    store_failures: NoisyCounter,
    uncleaned: NoisyCounter,
    /// Location of the spool for the log, without user and password.
    spool: String,
    /// Whether the current failure of the database was logged.
    failure_logged: AtomicBool,
}

/// The counts of a completed day, with noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyCounts {
    /// Submissions that were stored.
    pub submitted: u64,
    /// Requests that were rejected because the service was busy.
    pub rejected: u64,
    /// Operations of the spool that failed.
    pub store_failures: u64,
    /// Files that could not be cleaned.
    pub uncleaned: u64,
}

impl DailyCounters {
    /// Returns counters for the spool at this location.
    pub fn for_spool(spool: String) -> Self {
        Self { spool, ..Self::default() }
    }

    /// Counts a submission that was stored.
    pub fn record_submitted(&self) {
        self.submitted.increment();
    }

    /// Counts a request that was rejected because the service was busy.
    pub fn record_rejected(&self) {
        self.rejected.increment();
    }

    /// Counts a failed operation of the spool. Only the first failure in a row is logged, so that
    /// an outage causes one line and not a flood of lines.
    pub fn record_store_failure(&self, error: StoreError) {
        self.store_failures.increment();
        // A write that another replica did first is not a failure of the database.
        if error != StoreError::Duplicate && !self.failure_logged.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "database error: {}: {}. Reporters are asked to come back later; acknowledged \
                 submissions are not lost. Check the database server and the disk, and run \
                 `intake --config … doctor`",
                self.spool,
                log_safe(&error)
            );
        }
    }

    /// Logs that the database responds again, if a failure was logged.
    pub fn record_store_recovery(&self) {
        if self.failure_logged.swap(false, Ordering::Relaxed) {
            tracing::info!("database responds again: {}", self.spool);
        }
    }

    /// Counts a file that could not be cleaned.
    pub fn record_uncleaned(&self) {
        self.uncleaned.increment();
    }

    /// Ends a day: logs and returns its counts with noise. They do not reveal a single report.
    pub fn close_day(&self, rng: &mut impl RngCore) -> DailyCounts {
        let day = DailyCounts {
            submitted: self.submitted.take_noisy(rng),
            rejected: self.rejected.take_noisy(rng),
            store_failures: self.store_failures.take_noisy(rng),
            uncleaned: self.uncleaned.take_noisy(rng),
        };
        tracing::info!(
            submitted = day.submitted,
            rejected = day.rejected,
            store_failures = day.store_failures,
            uncleaned = day.uncleaned,
            "counts of one day, with noise of about 15"
        );
        day
    }
}
