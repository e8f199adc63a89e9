//! The keys, while somebody is working with them. Without a sign of life they are wiped from
//! memory; what was on the screen is asked for again after the passphrase.
//!
//! Locking waits for nothing: the request that works with the keys is cancelled, wherever it waits,
//! and those that wait for its end find the place locked.

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

use super::forms::FormInput;
use crate::{
    alert::IntegrityAlert,
    keys::key_file::InvestigatorKey,
    search::{Index, IndexJob},
    session::{ConnectError, HandlerConnection, profile::ProfileDir},
};

/// How often it is looked whether somebody is still there.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// What is in memory while it is unlocked. Dropping it wipes the keys.
pub(crate) struct UnlockedKeys {
    pub(crate) key: Arc<InvestigatorKey>,
    /// `None` as long as no case handler is pinned, or it does not let these keys in.
    pub(crate) signed_in: Option<SignedInState>,
}

/// A place at the case handler.
pub(crate) struct SignedInState {
    pub(crate) connection: HandlerConnection,
    /// Made at the first search.
    pub(crate) index: Option<Index>,
    /// What is being read into it, as long as that lasts.
    pub(crate) index_job: Option<IndexJob>,
    /// What is looked for as soon as everything is read: words that must not stand in an address.
    pub(crate) pending_search: Option<FormInput>,
    /// Cases that were read before and are not there any more: looked for once, when the queue is
    /// first shown.
    pub(crate) missing_case_alerts: Option<Vec<IntegrityAlert>>,
}

impl UnlockedKeys {
    /// The keys alone.
    pub(crate) fn without_connection(key: InvestigatorKey) -> Self {
        Self { key: key.into(), signed_in: None }
    }

    /// Signs in at the pinned case handler.
    pub(crate) async fn sign_in(
        &mut self,
        home: &ProfileDir,
        now: OffsetDateTime,
    ) -> Result<(), ConnectError> {
        let connection = HandlerConnection::open(home.clone(), self.key.clone(), now).await?;
        self.sign_out().await;
        self.signed_in = Some(SignedInState {
            connection,
            index: None,
            index_job: None,
            pending_search: None,
            missing_case_alerts: None,
        });
        Ok(())
    }

    /// Wipes what was read.
    async fn sign_out(&mut self) {
        if let Some(index) = self.signed_in.take().and_then(|desk| desk.index) {
            index.wipe().await;
        }
    }
}

tokio::task_local! {
    /// By this the request that runs here is cancelled.
    static REQUEST_CANCELLED: Arc<Notify>;
}

/// Locked, or with somebody at work. One request at a time: there is one person.
pub(super) struct KeySession {
    keys: Arc<Mutex<Option<UnlockedKeys>>>,
    /// How to cancel the request that took the keys last.
    current_request: std::sync::Mutex<Option<Arc<Notify>>>,
    /// How many are locking now. While one is, nobody takes the keys.
    locks_in_progress: AtomicUsize,
    /// Seconds since 1970.
    last_activity: AtomicI64,
    idle_timeout: Duration,
}

impl KeySession {
    pub(super) fn new(idle: Duration) -> Self {
        Self {
            keys: Arc::default(),
            current_request: std::sync::Mutex::default(),
            locks_in_progress: AtomicUsize::new(0),
            last_activity: AtomicI64::new(0),
            idle_timeout: idle,
        }
    }

    /// Without a sign of life for so long, it locks itself.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Somebody is there.
    pub(super) fn record_activity(&self, now: OffsetDateTime) {
        self.last_activity.store(now.unix_timestamp(), Ordering::SeqCst);
    }

    /// Begins to work.
    pub(super) async fn unlock(&self, work: UnlockedKeys, now: OffsetDateTime) {
        self.record_activity(now);
        *self.keys.lock().await = Some(work);
    }

    /// Wipes the keys. The request that works with them is cancelled first.
    pub(super) async fn lock(&self) {
        let locking = LockInProgress::begin(&self.locks_in_progress);
        self.cancel_current_request();
        let work = self.keys.lock().await.take();
        drop(locking);
        if let Some(mut work) = work {
            work.sign_out().await;
        }
    }

    /// Runs a request until it is done, or until it has taken the keys and the place is locked;
    /// `None` then.
    pub(super) async fn cancel_on_lock<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let cancelled = Arc::new(Notify::new());
        let running = REQUEST_CANCELLED.scope(Arc::clone(&cancelled), request);
        tokio::select! {
            biased;
            () = cancelled.notified() => None,
            done = running => Some(done),
        }
    }

    /// The same for something that has the keys already, and goes on with them after the request
    /// that took them.
    pub(super) async fn hold_and_cancel_on_lock<T>(
        &self,
        holding: impl Future<Output = T>,
    ) -> Option<T> {
        self.cancel_on_lock(async {
            self.register_request();
            holding.await
        })
        .await
    }

    fn register_request(&self) {
        let me = REQUEST_CANCELLED.try_with(Arc::clone).ok();
        *self.current_request.lock().unwrap_or_else(PoisonError::into_inner) = me;
    }

    /// Unless that is the request that asks for it.
    fn cancel_current_request(&self) {
        let holder = self.current_request.lock().unwrap_or_else(PoisonError::into_inner).take();
        let own = |holder: &Arc<Notify>| {
            REQUEST_CANCELLED.try_with(|me| Arc::ptr_eq(me, holder)).unwrap_or(false)
        };
        if let Some(holder) = holder.filter(|holder| !own(holder)) {
            holder.notify_one();
        }
    }

    /// The place at work; `None` when it is locked. To come here is a sign of life.
    pub(super) async fn acquire(
        &self,
        now: OffsetDateTime,
    ) -> Option<OwnedMappedMutexGuard<Option<UnlockedKeys>, UnlockedKeys>> {
        if self.is_idle(now) {
            self.lock().await;
        }
        let work = self.keys.clone().lock_owned().await;
        if self.locks_in_progress.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let work = OwnedMutexGuard::try_map(work, Option::as_mut).ok()?;
        self.register_request();
        self.record_activity(now);
        Some(work)
    }

    /// Returns whether it is unlocked and in use. Asking is no sign of life, and waits for no
    /// request under way.
    pub(super) fn is_unlocked(&self, now: OffsetDateTime) -> bool {
        // Who holds it works with it.
        !self.is_idle(now) && self.keys.try_lock().map_or(true, |work| work.is_some())
    }

    /// Looks after the lock, for ever.
    pub(super) async fn run_idle_timer(&self, clock: &Clock) {
        loop {
            tokio::time::sleep(IDLE_CHECK_INTERVAL).await;
            if self.is_idle(clock.now()) {
                self.lock().await;
            }
        }
    }

    fn is_idle(&self, now: OffsetDateTime) -> bool {
        let still = now.unix_timestamp() - self.last_activity.load(Ordering::SeqCst);
        u64::try_from(still).is_ok_and(|still| still >= self.idle_timeout.as_secs())
    }
}

/// Counts one who locks, also if that is given up.
struct LockInProgress<'a>(&'a AtomicUsize);

impl<'a> LockInProgress<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for LockInProgress<'_> {
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

    async fn unlocked_session() -> Arc<KeySession> {
        let key_session = Arc::new(KeySession::new(Duration::from_mins(10)));
        key_session
            .unlock(
                UnlockedKeys::without_connection(
                    InvestigatorKey::generate("lead", &mut OsRng).unwrap(),
                ),
                NOW,
            )
            .await;
        key_session
    }

    /// A request that takes the keys, and then waits for an answer that never comes.
    fn stalled_request(key_session: &Arc<KeySession>) -> tokio::task::JoinHandle<Option<bool>> {
        let key_session = Arc::clone(key_session);
        tokio::spawn(async move {
            key_session
                .cancel_on_lock(async {
                    let work = key_session.acquire(NOW).await;
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
        let key_session = unlocked_session().await;
        let requests = [
            stalled_request(&key_session),
            stalled_request(&key_session),
            stalled_request(&key_session),
        ];
        tokio::task::yield_now().await;
        assert!(key_session.is_unlocked(NOW), "a request has the keys, and asking does not wait");
        let start = tokio::time::Instant::now();
        key_session.lock().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(!key_session.is_unlocked(NOW));
        let mut ended = Vec::new();
        for request in requests {
            ended.push(request.await.unwrap());
        }
        assert_eq!(
            ended,
            [None, Some(false), Some(false)],
            "the one is cancelled, the others find it locked"
        );
        assert!(key_session.acquire(NOW).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_after_ten_minutes_ends_what_hangs_and_is_not_cancelled_itself() {
        let key_session = unlocked_session().await;
        let hanging = stalled_request(&key_session);
        tokio::task::yield_now().await;
        let late = NOW + Duration::from_mins(11);
        let late =
            key_session.cancel_on_lock(async { key_session.acquire(late).await.is_none() }).await;
        assert_eq!(late, Some(true), "it is told that it is locked, and keeps what was typed");
        assert_eq!(hanging.await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_goes_on_after_its_request_and_ends_with_the_lock() {
        let key_session = unlocked_session().await;
        let work = key_session
            .cancel_on_lock(async { key_session.acquire(NOW).await })
            .await
            .flatten()
            .unwrap();
        let download = tokio::spawn({
            let key_session = Arc::clone(&key_session);
            async move {
                key_session
                    .hold_and_cancel_on_lock(async move {
                        std::future::pending::<()>().await;
                        drop(work);
                    })
                    .await
            }
        });
        tokio::task::yield_now().await;
        key_session.lock().await;
        assert_eq!(download.await.unwrap(), None);
    }
}
