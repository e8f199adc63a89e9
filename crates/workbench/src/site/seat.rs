//! The keys, while somebody is working with them. Without a sign of life they are wiped from memory; what was on the screen is asked
//! for again after the passphrase.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;
use tokio::sync::{Mutex, OwnedMutexGuard};
use web::Clock;

use crate::{connection::Connection, index::Index};

/// How often it is looked whether somebody is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is in memory while it is unlocked. Dropping it wipes the keys.
pub(crate) struct Work {
    pub(crate) connection: Connection,
    /// Made at the first search.
    pub(crate) index: Option<Index>,
}

/// Locked, or with somebody at work. One request at a time: there is one person.
pub(super) struct Seat {
    work: Arc<Mutex<Option<Work>>>,
    /// Seconds since 1970.
    last_sign: AtomicI64,
    idle: Duration,
}

impl Seat {
    pub(super) fn new(idle: Duration) -> Self {
        Self { work: Arc::default(), last_sign: AtomicI64::new(0), idle }
    }

    /// Without a sign of life for so long, it locks itself.
    pub(super) fn idle(&self) -> Duration {
        self.idle
    }

    /// Somebody is there.
    pub(super) fn touch(&self, now: OffsetDateTime) {
        self.last_sign.store(now.unix_timestamp(), Ordering::SeqCst);
    }

    /// Begins to work.
    pub(super) async fn unlock(&self, connection: Connection, now: OffsetDateTime) {
        self.touch(now);
        *self.work.lock().await = Some(Work { connection, index: None });
    }

    /// Wipes the keys. What is under way ends first.
    pub(super) async fn lock(&self) {
        if let Some(Work { connection, index }) = self.work.lock().await.take() {
            if let Some(index) = index {
                index.wipe().await;
            }
            drop(connection);
        }
    }

    /// The place at work; `None` when it is locked. To come here is a sign of life.
    pub(super) async fn take(&self, now: OffsetDateTime) -> Option<OwnedMutexGuard<Option<Work>>> {
        if self.is_idle(now) {
            self.lock().await;
        }
        let work = self.work.clone().lock_owned().await;
        if work.is_none() {
            return None;
        }
        self.touch(now);
        Some(work)
    }

    /// Is it unlocked, and somebody there? No sign of life by itself.
    pub(super) async fn is_open(&self, now: OffsetDateTime) -> bool {
        !self.is_idle(now) && self.work.lock().await.is_some()
    }

    /// Looks after the lock, for ever.
    pub(super) async fn watch(&self, clock: &Clock) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.is_idle(clock.now()) {
                self.lock().await;
            }
        }
    }

    fn is_idle(&self, now: OffsetDateTime) -> bool {
        let still = now.unix_timestamp() - self.last_sign.load(Ordering::SeqCst);
        u64::try_from(still).is_ok_and(|still| still >= self.idle.as_secs())
    }
}
