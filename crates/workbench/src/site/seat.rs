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
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
use web::Clock;

use super::forms::Typed;
use crate::{
    alarm::Alarm,
    connection::{ConnectError, Connection},
    home::Home,
    index::{Index, Reading},
    keyfile::InvestigatorKey,
};

/// How often it is looked whether somebody is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is in memory while it is unlocked. Dropping it wipes the keys.
pub(crate) struct Work {
    pub(crate) key: Arc<InvestigatorKey>,
    /// `None` as long as no case handler is pinned, or it does not let these keys in.
    pub(crate) desk: Option<Desk>,
}

/// A place at the case handler.
pub(crate) struct Desk {
    pub(crate) connection: Connection,
    /// Made at the first search.
    pub(crate) index: Option<Index>,
    /// What is being read into it, as long as that lasts.
    pub(crate) reading: Option<Reading>,
    /// What is looked for as soon as everything is read: words that must not stand in an address.
    pub(crate) wanted: Option<Typed>,
    /// Cases that were read before and are not there any more: looked for once, when the queue is first shown.
    pub(crate) missing: Option<Vec<Alarm>>,
}

impl Work {
    /// The keys alone.
    pub(crate) fn alone(key: InvestigatorKey) -> Self {
        Self { key: key.into(), desk: None }
    }

    /// Signs in at the pinned case handler.
    pub(crate) async fn join(&mut self, home: &Home, now: OffsetDateTime) -> Result<(), ConnectError> {
        let connection = Connection::open(home.clone(), self.key.clone(), now).await?;
        self.leave().await;
        self.desk = Some(Desk { connection, index: None, reading: None, wanted: None, missing: None });
        Ok(())
    }

    /// Wipes what was read.
    async fn leave(&mut self) {
        if let Some(index) = self.desk.take().and_then(|desk| desk.index) {
            index.wipe().await;
        }
    }
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
    pub(super) async fn unlock(&self, work: Work, now: OffsetDateTime) {
        self.touch(now);
        *self.work.lock().await = Some(work);
    }

    /// Wipes the keys. What is under way ends first.
    pub(super) async fn lock(&self) {
        if let Some(mut work) = self.work.lock().await.take() {
            work.leave().await;
        }
    }

    /// The place at work; `None` when it is locked. To come here is a sign of life.
    pub(super) async fn take(
        &self,
        now: OffsetDateTime,
    ) -> Option<OwnedMappedMutexGuard<Option<Work>, Work>> {
        if self.is_idle(now) {
            self.lock().await;
        }
        let work = OwnedMutexGuard::try_map(self.work.clone().lock_owned().await, Option::as_mut).ok()?;
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
