//! The unlocked session: decrypted keys and the connection to the case handler. The keys are wiped
//! from memory after a time without activity. Unlocking restores the page.
//!
//! Locking does not wait: it cancels the request that works with the keys, at whatever await it is.
//! Requests that wait for the keys find the workbench locked. A request that unlocks the keys is
//! an [`UnlockAttempt`]: locking ends it, and its keys are discarded.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;
use tokio::sync::{Mutex, Notify, OwnedMappedMutexGuard, OwnedMutexGuard, watch};
use web::Clock;

use super::forms::FormInput;
use crate::{
    alert::IntegrityAlert,
    keys::{key_file::InvestigatorKey, stack_wipe::wipe_stack},
    search::{Index, IndexJob},
    session::{ConnectError, HandlerConnection, profile::ProfileDir},
};

/// Interval of the check for activity.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The contents of an unlocked session. Dropping it wipes the keys.
pub(crate) struct UnlockedKeys {
    pub(crate) key: Arc<InvestigatorKey>,
    /// `None` while no case handler is pinned, or while it rejects these keys.
    pub(crate) signed_in: Option<SignedInState>,
}

/// A session at the case handler.
pub(crate) struct SignedInState {
    pub(crate) connection: HandlerConnection,
    /// The search index, opened at the first search.
    pub(crate) index: Option<Index>,
    /// The running update of the index.
    pub(crate) index_job: Option<IndexJob>,
    /// The search that runs when the update ends. Its words must not be in an address.
    pub(crate) pending_search: Option<FormInput>,
    /// Alerts about cases that were read before and are missing now. They are computed once, when
    /// the queue is first shown.
    pub(crate) missing_case_alerts: Option<Vec<IntegrityAlert>>,
}

impl UnlockedKeys {
    /// Returns the keys without a session at the case handler.
    pub(crate) fn without_connection(key: InvestigatorKey) -> Self {
        Self { key: key.into(), signed_in: None }
    }

    /// Signs in at the pinned case handler.
    ///
    /// # Errors
    /// Returns why there is no session. An earlier session stays then.
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

    /// Ends the session and wipes the index.
    async fn sign_out(&mut self) {
        if let Some(index) = self.signed_in.take().and_then(|state| state.index) {
            index.wipe().await;
        }
    }
}

tokio::task_local! {
    /// Cancels the request that runs in this task.
    static REQUEST_CANCELLED: Arc<Notify>;
}

/// The keys, locked or unlocked. One request at a time can hold them, because there is one member.
pub(super) struct KeySession {
    keys: Arc<Mutex<Option<UnlockedKeys>>>,
    /// Cancels the request that took the keys last.
    current_request: std::sync::Mutex<Option<Arc<Notify>>>,
    /// Number of running calls of `wipe_keys`. During them, no request can take the keys.
    wipes_in_progress: AtomicUsize,
    /// Number of calls of `lock`.
    lock_count: watch::Sender<u64>,
    /// Measures the time without activity. Setting the clock of the machine does not change it, and
    /// it counts the time in which the machine is suspended.
    clock: Clock,
    /// Time of the last activity, in seconds of [`Clock::monotonic`].
    last_activity: AtomicU64,
    idle_timeout: Duration,
}

impl KeySession {
    pub(super) fn new(idle: Duration, clock: Clock) -> Self {
        Self {
            keys: Arc::default(),
            current_request: std::sync::Mutex::default(),
            wipes_in_progress: AtomicUsize::new(0),
            lock_count: watch::Sender::new(0),
            clock,
            last_activity: AtomicU64::new(0),
            idle_timeout: idle,
        }
    }

    /// Returns the time without activity after which the workbench locks.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// Records activity of the member.
    pub(super) fn record_activity(&self) {
        self.last_activity.store(self.uptime_secs(), Ordering::SeqCst);
    }

    /// Begins to unlock. The caller opens the key after this call.
    pub(super) fn begin_unlock(&self) -> UnlockAttempt {
        UnlockAttempt { lock_count: self.lock_count.subscribe(), started: self.uptime_secs() }
    }

    /// Begins an unlocked session.
    ///
    /// # Errors
    /// Returns [`LockedMeanwhile`] and discards the keys if the workbench was locked since the
    /// attempt began, or if the attempt took as long as the time without activity.
    pub(super) async fn unlock(
        &self,
        attempt: UnlockAttempt,
        keys: UnlockedKeys,
    ) -> Result<(), LockedMeanwhile> {
        let mut current = self.keys.lock().await;
        // `lock` counts before it waits for the keys, so either it is counted here, or it wipes
        // these keys.
        if attempt.is_revoked() || self.is_idle_since(attempt.started) {
            return Err(LockedMeanwhile);
        }
        self.record_activity();
        let previous = current.replace(keys);
        drop(current);
        if let Some(mut previous) = previous {
            previous.sign_out().await;
        }
        Ok(())
    }

    /// Locks the workbench: wipes the keys, and ends every attempt to unlock that began before.
    pub(super) async fn lock(&self) {
        self.lock_count.send_modify(|count| *count += 1);
        self.wipe_keys().await;
    }

    /// Wipes the keys. It first cancels the request that works with them.
    async fn wipe_keys(&self) {
        let wiping = WipeInProgress::begin(&self.wipes_in_progress);
        self.cancel_current_request();
        let keys = self.keys.lock().await.take();
        drop(wiping);
        if let Some(mut keys) = keys {
            keys.sign_out().await;
            drop(keys);
            // Requests used the keys on this thread.
            wipe_stack();
        }
    }

    /// Runs a request to its end. Returns `None` if the request took the keys and the workbench was
    /// locked meanwhile.
    pub(super) async fn cancel_on_lock<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let cancelled = Arc::new(Notify::new());
        let running = REQUEST_CANCELLED.scope(Arc::clone(&cancelled), request);
        tokio::select! {
            biased;
            () = cancelled.notified() => None,
            done = running => Some(done),
        }
    }

    /// As [`Self::cancel_on_lock`], for a task that already has the keys and uses them after the
    /// request that took them.
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

    /// Cancels the request that has the keys, unless it is the caller itself.
    fn cancel_current_request(&self) {
        let holder = self.current_request.lock().unwrap_or_else(PoisonError::into_inner).take();
        let is_caller = |holder: &Arc<Notify>| {
            REQUEST_CANCELLED.try_with(|me| Arc::ptr_eq(me, holder)).unwrap_or(false)
        };
        if let Some(holder) = holder.filter(|holder| !is_caller(holder)) {
            holder.notify_one();
        }
    }

    /// Returns the keys, or `None` if the workbench is locked. The call counts as activity.
    pub(super) async fn acquire(
        &self,
    ) -> Option<OwnedMappedMutexGuard<Option<UnlockedKeys>, UnlockedKeys>> {
        if self.is_idle() {
            self.wipe_keys().await;
        }
        let keys = self.keys.clone().lock_owned().await;
        if self.wipes_in_progress.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let keys = OwnedMutexGuard::try_map(keys, Option::as_mut).ok()?;
        self.register_request();
        self.record_activity();
        Some(keys)
    }

    /// Returns whether the workbench is unlocked. The call does not count as activity, and does not
    /// wait for running requests.
    pub(super) fn is_unlocked(&self) -> bool {
        // If a request holds the lock, the keys are in use.
        !self.is_idle() && self.keys.try_lock().map_or(true, |keys| keys.is_some())
    }

    /// Wipes the keys after a time without activity. It never returns. An attempt to unlock is
    /// activity, so this does not end it.
    pub(super) async fn run_idle_timer(&self) {
        loop {
            tokio::time::sleep(IDLE_CHECK_INTERVAL).await;
            if self.is_idle() {
                self.wipe_keys().await;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.is_idle_since(self.last_activity.load(Ordering::SeqCst))
    }

    fn is_idle_since(&self, start: u64) -> bool {
        self.uptime_secs().saturating_sub(start) >= self.idle_timeout.as_secs()
    }

    fn uptime_secs(&self) -> u64 {
        self.clock.monotonic().as_secs()
    }
}

/// A request that unlocks the keys, from before it opens the key until the session begins.
pub(super) struct UnlockAttempt {
    /// Changes when the workbench is locked.
    lock_count: watch::Receiver<u64>,
    /// Start of the attempt, in seconds of [`Clock::monotonic`].
    started: u64,
}

/// The workbench was locked while the keys were being unlocked.
#[derive(Debug)]
pub(super) struct LockedMeanwhile;

impl UnlockAttempt {
    /// Runs a part of the attempt, which opens the key or uses it.
    ///
    /// # Errors
    /// Returns [`LockedMeanwhile`] and drops the part as soon as the workbench is locked.
    pub(super) async fn cancel_on_lock<T>(
        &self,
        part: impl Future<Output = T>,
    ) -> Result<T, LockedMeanwhile> {
        let mut lock_count = self.lock_count.clone();
        tokio::select! {
            biased;
            _ = lock_count.changed() => Err(LockedMeanwhile),
            done = part => Ok(done),
        }
    }

    /// Returns whether the workbench was locked since the attempt began.
    fn is_revoked(&self) -> bool {
        // Without a sender, the program is about to end.
        self.lock_count.has_changed().unwrap_or(true)
    }
}

/// Counts a running call of `wipe_keys`, also if its future is dropped.
struct WipeInProgress<'a>(&'a AtomicUsize);

impl<'a> WipeInProgress<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for WipeInProgress<'_> {
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
    const IDLE_TIMEOUT: Duration = Duration::from_mins(10);

    async fn unlocked_session() -> Arc<KeySession> {
        let key_session = Arc::new(KeySession::new(IDLE_TIMEOUT, Clock::fixed(NOW)));
        key_session.unlock(key_session.begin_unlock(), keys()).await.unwrap();
        key_session
    }

    fn keys() -> UnlockedKeys {
        UnlockedKeys::without_connection(InvestigatorKey::generate("lead", &mut OsRng).unwrap())
    }

    /// Spawns a request that takes the keys and never ends.
    fn stalled_request(key_session: &Arc<KeySession>) -> tokio::task::JoinHandle<Option<bool>> {
        let key_session = Arc::clone(key_session);
        tokio::spawn(async move {
            key_session
                .cancel_on_lock(async {
                    let keys = key_session.acquire().await;
                    if keys.is_some() {
                        std::future::pending::<()>().await;
                    }
                    keys.is_some()
                })
                .await
        })
    }

    #[tokio::test(start_paused = true)]
    async fn locking_does_not_wait_for_requests() {
        let key_session = unlocked_session().await;
        let requests = [
            stalled_request(&key_session),
            stalled_request(&key_session),
            stalled_request(&key_session),
        ];
        tokio::task::yield_now().await;
        assert!(
            key_session.is_unlocked(),
            "a request has the keys, and the call does not wait for it"
        );
        let start = tokio::time::Instant::now();
        key_session.lock().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(!key_session.is_unlocked());
        let mut ended = Vec::new();
        for request in requests {
            ended.push(request.await.unwrap());
        }
        assert_eq!(
            ended,
            [None, Some(false), Some(false)],
            "the first one is cancelled, and the others find the workbench locked"
        );
        assert!(key_session.acquire().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_after_ten_minutes_cancels_a_hanging_one_and_not_itself() {
        let key_session = unlocked_session().await;
        let hanging = stalled_request(&key_session);
        tokio::task::yield_now().await;
        key_session.clock.advance(time::Duration::minutes(11));
        let late =
            key_session.cancel_on_lock(async { key_session.acquire().await.is_none() }).await;
        assert_eq!(
            late,
            Some(true),
            "the late request finds the workbench locked and can store its draft"
        );
        assert_eq!(hanging.await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_continues_after_its_request_and_ends_when_the_workbench_locks() {
        let key_session = unlocked_session().await;
        let keys = key_session
            .cancel_on_lock(async { key_session.acquire().await })
            .await
            .flatten()
            .unwrap();
        let download = tokio::spawn({
            let key_session = Arc::clone(&key_session);
            async move {
                key_session
                    .hold_and_cancel_on_lock(async move {
                        std::future::pending::<()>().await;
                        drop(keys);
                    })
                    .await
            }
        });
        tokio::task::yield_now().await;
        key_session.lock().await;
        assert_eq!(download.await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unlock_that_began_before_a_lock_discards_its_keys() {
        for unlocked_before in [false, true] {
            let key_session = KeySession::new(IDLE_TIMEOUT, Clock::fixed(NOW));
            if unlocked_before {
                key_session.unlock(key_session.begin_unlock(), keys()).await.unwrap();
            }
            let attempt = key_session.begin_unlock();
            let later_parts = attempt.cancel_on_lock(std::future::pending::<()>());
            let (ended, ()) = tokio::join!(later_parts, key_session.lock());
            ended.unwrap_err();
            attempt.cancel_on_lock(async {}).await.unwrap_err();
            key_session.unlock(attempt, keys()).await.unwrap_err();
            assert!(!key_session.is_unlocked());
            assert!(key_session.acquire().await.is_none());
            key_session.unlock(key_session.begin_unlock(), keys()).await.unwrap();
            assert!(key_session.is_unlocked(), "a later attempt succeeds");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_idle_timer_does_not_end_an_unlock_unless_it_took_as_long() {
        let key_session = KeySession::new(IDLE_TIMEOUT, Clock::fixed(NOW));
        let attempt = key_session.begin_unlock();
        // A page that is open in another tab finds the workbench idle.
        assert!(key_session.acquire().await.is_none());
        key_session.clock.advance(time::Duration::minutes(9));
        key_session.unlock(attempt, keys()).await.unwrap();
        let suspended = key_session.begin_unlock();
        key_session.clock.advance(time::Duration::minutes(10));
        key_session.unlock(suspended, keys()).await.unwrap_err();
    }
}
