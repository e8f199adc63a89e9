//! The keys, while somebody is working with them. Without a sign of life they are wiped from memory; what was on the screen is asked
//! for again after the passphrase.
//!
//! Locking waits for nothing: the request that works with the keys is cancelled, wherever it waits, and those that wait for its end
//! find the place locked.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;
use tokio::sync::{Mutex, Notify, OwnedMappedMutexGuard, OwnedMutexGuard};
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

tokio::task_local! {
    /// By this the request that runs here is cancelled.
    static CANCELLED: Arc<Notify>;
}

/// Locked, or with somebody at work. One request at a time: there is one person.
pub(super) struct Seat {
    work: Arc<Mutex<Option<Work>>>,
    /// How to cancel the request that took the keys last.
    holder: std::sync::Mutex<Option<Arc<Notify>>>,
    /// How many are locking now. While one is, nobody takes the keys.
    locking: AtomicUsize,
    /// Seconds since 1970.
    last_sign: AtomicI64,
    idle: Duration,
}

impl Seat {
    pub(super) fn new(idle: Duration) -> Self {
        Self {
            work: Arc::default(),
            holder: std::sync::Mutex::default(),
            locking: AtomicUsize::new(0),
            last_sign: AtomicI64::new(0),
            idle,
        }
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

    /// Wipes the keys. The request that works with them is cancelled first.
    pub(super) async fn lock(&self) {
        let locking = Locking::begin(&self.locking);
        self.cancel_holder();
        let work = self.work.lock().await.take();
        drop(locking);
        if let Some(mut work) = work {
            work.leave().await;
        }
    }

    /// Runs a request until it is done, or until it has taken the keys and the place is locked; `None` then.
    pub(super) async fn until_locked<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let cancelled = Arc::new(Notify::new());
        let running = CANCELLED.scope(Arc::clone(&cancelled), request);
        tokio::select! {
            biased;
            () = cancelled.notified() => None,
            done = running => Some(done),
        }
    }

    /// The same for something that has the keys already, and goes on with them after the request that took them.
    pub(super) async fn hold_until_locked<T>(&self, holding: impl Future<Output = T>) -> Option<T> {
        self.until_locked(async {
            self.set_holder();
            holding.await
        })
        .await
    }

    fn set_holder(&self) {
        let me = CANCELLED.try_with(Arc::clone).ok();
        *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = me;
    }

    /// Unless that is the request that asks for it.
    fn cancel_holder(&self) {
        let holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner).take();
        let own = |holder: &Arc<Notify>| CANCELLED.try_with(|me| Arc::ptr_eq(me, holder)).unwrap_or(false);
        if let Some(holder) = holder.filter(|holder| !own(holder)) {
            holder.notify_one();
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
        let work = self.work.clone().lock_owned().await;
        if self.locking.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let work = OwnedMutexGuard::try_map(work, Option::as_mut).ok()?;
        self.set_holder();
        self.touch(now);
        Some(work)
    }

    /// Returns whether it is unlocked and in use. Asking is no sign of life, and waits for no request under way.
    pub(super) fn is_open(&self, now: OffsetDateTime) -> bool {
        // Who holds it works with it.
        !self.is_idle(now) && self.work.try_lock().map_or(true, |work| work.is_some())
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

/// Counts one who locks, also if that is given up.
struct Locking<'a>(&'a AtomicUsize);

impl<'a> Locking<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Locking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::OsRng;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-25 09:00 UTC);

    async fn unlocked() -> Arc<Seat> {
        let seat = Arc::new(Seat::new(Duration::from_mins(10)));
        seat.unlock(Work::alone(InvestigatorKey::generate("lead", &mut OsRng).unwrap()), NOW).await;
        seat
    }

    /// A request that takes the keys, and then waits for an answer that never comes.
    fn stalled(seat: &Arc<Seat>) -> tokio::task::JoinHandle<Option<bool>> {
        let seat = Arc::clone(seat);
        tokio::spawn(async move {
            seat.until_locked(async {
                let work = seat.take(NOW).await;
                if work.is_some() {
                    std::future::pending::<()>().await;
                }
                work.is_some()
            })
            .await
        })
    }

    #[tokio::test(start_paused = true)]
    async fn locking_waits_for_no_request() {
        let seat = unlocked().await;
        let requests = [stalled(&seat), stalled(&seat), stalled(&seat)];
        tokio::task::yield_now().await;
        assert!(seat.is_open(NOW), "a request has the keys, and asking does not wait");
        let start = tokio::time::Instant::now();
        seat.lock().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(!seat.is_open(NOW));
        let mut ended = Vec::new();
        for request in requests {
            ended.push(request.await.unwrap());
        }
        assert_eq!(
            ended,
            [None, Some(false), Some(false)],
            "the one is cancelled, the others find it locked"
        );
        assert!(seat.take(NOW).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_ten_minutes_ends_what_hangs_and_is_not_cancelled_itself() {
        let seat = unlocked().await;
        let hanging = stalled(&seat);
        tokio::task::yield_now().await;
        let late = NOW + Duration::from_mins(11);
        let late = seat.until_locked(async { seat.take(late).await.is_none() }).await;
        assert_eq!(late, Some(true), "it is told that it is locked, and keeps what was typed");
        assert_eq!(hanging.await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_goes_on_after_its_request_and_ends_with_the_lock() {
        let seat = unlocked().await;
        let work = seat.until_locked(async { seat.take(NOW).await }).await.flatten().unwrap();
        let download = tokio::spawn({
            let seat = Arc::clone(&seat);
            async move {
                seat.hold_until_locked(async move {
                    std::future::pending::<()>().await;
                    drop(work);
                })
                .await
            }
        });
        tokio::task::yield_now().await;
        seat.lock().await;
        assert_eq!(download.await.unwrap(), None);
    }
}
