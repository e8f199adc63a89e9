//! A bounded pool of slots that evicts slow clients under contention, and then clients of the
//! network that holds the most slots.
//!
//! Each client has a deadline. Every received byte extends the deadline by the time that the byte
//! takes at [`MIN_BYTES_PER_SECOND`], capped at [`IDLE_TIMEOUT`] from now, so that a burst cannot
//! pay for a long stall. A phone on a bad 2G line meets its deadlines. A client that stalls misses
//! its deadline within seconds, and then keeps its slot only while no other client needs it.
//!
//! If no client has missed its deadline, the victim is chosen from the network that holds the most
//! slots, and within it from the address that holds the most. Of two of its clients, drawn at
//! random, the one with the lower rate is evicted. A client that fills the pool from one network or
//! circuit therefore evicts only its own requests.

mod slot_holders;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use crate::admission::{
    body_timeout::{BodyReadError, TimedBody},
    rate_limit::ClientOrigin,
};
use slot_holders::{HolderState, SlotHolders};

/// Minimum rate that protects a slot when slots are scarce: half the rate of a bad 2G connection.
const MIN_BYTES_PER_SECOND: u32 = 1024;
/// Maximum idle time of a client that has sent bytes, when slots are scarce.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout for the first byte of a new client.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(5);

/// A bounded pool of slots. Clones share it.
#[derive(Clone)]
pub struct SlotPool {
    capacity: usize,
    holders: Arc<Mutex<SlotHolders>>,
    slot_released: Arc<Notify>,
}

/// A slot. Dropping it releases it; an eviction takes it away before.
pub struct Slot {
    pool: SlotPool,
    id: u64,
    evicted: Arc<Notify>,
}

impl SlotPool {
    /// Returns a pool of `capacity` slots.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, holders: Arc::default(), slot_released: Arc::default() }
    }

    /// Returns whether more than half of the slots are taken.
    pub fn is_scarce(&self) -> bool {
        self.lock_holders().len() * 2 > self.capacity
    }

    /// Takes a slot at once. If all are taken, another client is evicted.
    pub fn acquire_or_evict(&self, origin: ClientOrigin) -> Slot {
        let mut taken = self.lock_holders();
        if taken.len() >= self.capacity {
            let victim =
                taken.find_overdue().or_else(|| taken.find_in_largest_network(Duration::ZERO));
            taken.evict(victim);
        }
        self.insert_holder(&mut taken, origin)
    }

    /// Waits for a slot, at most for `timeout`. Until then it evicts only clients that missed their
    /// deadline, or whose network or address holds more than its share. At the end it evicts a slow
    /// client of the network that holds the most slots, so that no client can keep all slots.
    /// Returns `None` if even that is not possible.
    pub async fn acquire_timeout(&self, origin: ClientOrigin, timeout: Duration) -> Option<Slot> {
        /// Time between two checks for clients that missed their deadline.
        const POLL_INTERVAL: Duration = Duration::from_millis(250);
        let end = Instant::now() + timeout;
        loop {
            let now = Instant::now();
            let held_for = (now >= end).then_some(timeout);
            if let Some(slot) = self.try_acquire(origin, held_for) {
                return Some(slot);
            }
            if now >= end {
                return None;
            }
            // After a release and after the interval alike, the loop checks again.
            tokio::time::timeout_at(end.min(now + POLL_INTERVAL), self.slot_released.notified())
                .await
                .ok();
        }
    }

    /// Returns a free slot, or one of a client that missed its deadline or holds more than its
    /// share. With `held_for`, it also evicts a client that has held its slot for that long. A slot
    /// that was just assigned is not evicted, because two waiting clients would evict each other.
    fn try_acquire(&self, origin: ClientOrigin, held_for: Option<Duration>) -> Option<Slot> {
        let mut taken = self.lock_holders();
        if taken.len() >= self.capacity {
            let victim = taken.find_overdue().or_else(|| taken.find_in_larger_network(&origin));
            let victim = victim
                .or_else(|| held_for.and_then(|held_for| taken.find_in_largest_network(held_for)));
            taken.evict(victim);
        }
        (taken.len() < self.capacity).then(|| self.insert_holder(&mut taken, origin))
    }

    fn insert_holder(&self, taken: &mut SlotHolders, origin: ClientOrigin) -> Slot {
        let evicted = Arc::new(Notify::new());
        let id = taken.insert(origin, Instant::now() + FIRST_BYTE_TIMEOUT, evicted.clone());
        Slot { pool: self.clone(), id, evicted }
    }

    fn lock_holders(&self) -> MutexGuard<'_, SlotHolders> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Records bytes that were received or sent, which extends the deadline.
    pub fn record_progress(&self, bytes: usize) {
        if let Some(holder) = self.pool.lock_holders().get(self.id) {
            holder.record_progress(bytes, Instant::now());
        }
    }

    /// Marks the request as received. It waits to be processed, so its deadline no longer applies.
    fn mark_received(&self) {
        self.set_state(HolderState::Queued);
    }

    /// Marks the request as being processed. The slot is not evicted any more.
    pub fn mark_answering(&self) {
        self.set_state(HolderState::Answering);
    }

    fn set_state(&self, state: HolderState) {
        if let Some(holder) = self.pool.lock_holders().get(self.id) {
            holder.state = state;
        }
    }

    /// Completes, once, when the slot is evicted.
    pub fn evicted(&self) -> impl Future<Output = ()> + Send + use<> {
        let evicted = self.evicted.clone();
        async move { evicted.notified().await }
    }

    /// Returns the next bytes of a body, or `None` at its end.
    ///
    /// # Errors
    /// Fails with [`BodyReadError::Evicted`] if the slot is evicted first, and otherwise as the
    /// body does.
    pub async fn next_chunk(&self, body: &mut TimedBody) -> Option<Result<Bytes, BodyReadError>> {
        let next = tokio::select! {
            () = self.evicted() => Some(Err(BodyReadError::Evicted)),
            next = body.next() => next,
        };
        if let Some(Ok(bytes)) = &next {
            self.record_progress(bytes.len());
        }
        next
    }

    /// Reads the beginning of a body, until `limit` bytes or more have arrived, the body ends or
    /// [`Self::next_chunk`] fails. Returns the bytes that have arrived, and true if the body may
    /// continue, or why reading failed.
    pub async fn read_prefix(
        &self,
        body: &mut TimedBody,
        limit: usize,
    ) -> (Bytes, Result<bool, BodyReadError>) {
        let mut read = Vec::new();
        while read.len() < limit {
            match self.next_chunk(body).await {
                Some(Ok(bytes)) => read.extend_from_slice(&bytes),
                Some(Err(error)) => return (read.into(), Err(error)),
                None => {
                    self.mark_received();
                    return (read.into(), Ok(false));
                }
            }
        }
        (read.into(), Ok(true))
    }

    /// Returns the rest of a body as a stream that fails when the slot is evicted. When the stream
    /// is dropped or fails, it leaves the unread body in `rest`. It may be polled after its end: a
    /// handler that refuses an incomplete form reads on, to discard the rest.
    pub fn into_stream(
        self: Arc<Self>,
        body: TimedBody,
        rest: Arc<Mutex<Option<TimedBody>>>,
    ) -> impl Stream<Item = Result<Bytes, BodyReadError>> + Send {
        *rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        stream::unfold((self, rest, false), |(slot, rest, ended)| async move {
            if ended {
                return None;
            }
            let mut guard = BodyReturnGuard::take_from(&rest)?;
            let next = slot.next_chunk(&mut guard.body).await;
            drop(guard);
            let Some(next) = next else {
                slot.mark_answering();
                return None;
            };
            let ended = next.is_err();
            Some((next, (slot, rest, ended)))
        })
        .fuse()
    }
}

/// A guard that puts the body back when it is dropped.
struct BodyReturnGuard<'a> {
    body: TimedBody,
    rest: &'a Mutex<Option<TimedBody>>,
}

impl<'a> BodyReturnGuard<'a> {
    fn take_from(rest: &'a Mutex<Option<TimedBody>>) -> Option<Self> {
        let body = rest.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Self { body, rest })
    }
}

impl Drop for BodyReturnGuard<'_> {
    fn drop(&mut self) {
        let body = std::mem::replace(&mut self.body, stream::empty().boxed());
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.pool.lock_holders().remove(self.id) {
            self.pool.slot_released.notify_one();
        }
    }
}
