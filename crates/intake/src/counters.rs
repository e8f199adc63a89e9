//! What the log may know: how much happened in a day, in tens.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the last line in the log.
#[derive(Debug, Default)]
pub struct Counters {
    filed: AtomicU64,
    busy: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    /// A submission has become durable.
    pub fn filed(&self) {
        self.filed.fetch_add(1, Ordering::Relaxed);
    }

    /// Somebody was asked to come back later.
    pub fn busy(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// The spool could not do something.
    pub fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes the line of a day and begins anew. Tens, rounded down: a single report must not show in a log.
    pub fn log_day(&self) {
        let tens = |count: &AtomicU64| count.swap(0, Ordering::Relaxed) / 10 * 10;
        let [filed, busy, errors] = [&self.filed, &self.busy, &self.failed].map(tens);
        tracing::info!(filed, busy, errors, "one day, in tens");
    }
}
