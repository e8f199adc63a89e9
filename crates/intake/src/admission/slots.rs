//! A bounded pool of slots. When all are taken, senders that fall behind make room first, then
//! those that hold the most.
//!
//! Each sender has a deadline up to which it may stay silent. Every received byte extends it, as
//! much as that byte takes at [`MIN_BYTES_PER_SECOND`], capped at [`IDLE_TIMEOUT`] from now, so
//! that a burst cannot pay for a long stall. A phone on a bad 2G line never falls behind. A sender
//! that stalls falls behind within seconds, and then keeps its slot only while no other upload
//! waits.
//!
//! Where nobody is behind, the victim is found in the network that holds the most slots, and there
//! in the address that holds the most. Between two of its senders, drawn at random, the one with
//! the lower rate is evicted. So a sender that fills the pool from one network or circuit evicts
//! only its own.

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

/// Bytes a second that keep a slot when slots are scarce: half of what a bad 2G connection gives.
const MIN_BYTES_PER_SECOND: u32 = 1024;
/// Longest silence of a sender that has kept sending, when slots are scarce.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// Of one that has sent nothing yet.
const FIRST_BYTE_TIMEOUT: Duration = Duration::from_secs(5);

/// A number of slots.
#[derive(Clone)]
pub struct SlotPool {
    capacity: usize,
    holders: Arc<Mutex<SlotHolders>>,
    slot_released: Arc<Notify>,
}

/// One slot, until it is dropped or lost to another sender.
pub struct Slot {
    pool: SlotPool,
    id: u64,
    evicted: Arc<Notify>,
}

impl SlotPool {
    /// So many slots.
    pub fn new(most: usize) -> Self {
        Self { capacity: most, holders: Arc::default(), slot_released: Arc::default() }
    }

    /// Are more than half of the slots taken?
    pub fn is_scarce(&self) -> bool {
        self.lock_holders().len() * 2 > self.capacity
    }

    /// Takes a slot at once. If all are taken, another sender loses its own.
    pub fn acquire_or_evict(&self, origin: ClientOrigin) -> Slot {
        let mut taken = self.lock_holders();
        if taken.len() >= self.capacity {
            let victim =
                taken.find_overdue().or_else(|| taken.find_in_largest_network(Duration::ZERO));
            taken.evict(victim);
        }
        self.insert_holder(&mut taken, origin)
    }

    /// Waits for a slot, at most `longest`. Until then only senders that fall behind, or whose
    /// network or address holds more than its share, lose theirs. At the end the waiting one takes
    /// the slot of a slow sender of whichever network holds the most, so that nobody can keep all
    /// slots. `None` if even that is not possible.
    pub async fn acquire_timeout(&self, origin: ClientOrigin, longest: Duration) -> Option<Slot> {
        /// How often it is looked who has fallen behind.
        const POLL_INTERVAL: Duration = Duration::from_millis(250);
        let end = Instant::now() + longest;
        loop {
            let now = Instant::now();
            let held_for = (now >= end).then_some(longest);
            if let Some(place) = self.try_acquire(origin, held_for) {
                return Some(place);
            }
            if now >= end {
                return None;
            }
            // Either way it is looked again.
            tokio::time::timeout_at(end.min(now + POLL_INTERVAL), self.slot_released.notified())
                .await
                .ok();
        }
    }

    /// A free slot, or one of a sender that is behind or holds more than its share. With
    /// `held_for`, also one of any sender that has held its own for so long: a slot that was just
    /// given is not taken back, or two who wait would take it from each other.
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
        let lost = Arc::new(Notify::new());
        let id = taken.insert(origin, Instant::now() + FIRST_BYTE_TIMEOUT, lost.clone());
        Slot { pool: self.clone(), id, evicted: lost }
    }

    fn lock_holders(&self) -> MutexGuard<'_, SlotHolders> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Some bytes have come or gone.
    pub fn record_progress(&self, bytes: usize) {
        if let Some(sender) = self.pool.lock_holders().get(self.id) {
            sender.record_progress(bytes, Instant::now());
        }
    }

    /// Everything has come, and its turn to be answered is awaited: it does not fall behind any
    /// more.
    fn mark_received(&self) {
        self.set_state(HolderState::Queued);
    }

    /// It is being answered: from now on the slot is kept until it is dropped.
    pub fn mark_answering(&self) {
        self.set_state(HolderState::Answering);
    }

    fn set_state(&self, state: HolderState) {
        if let Some(sender) = self.pool.lock_holders().get(self.id) {
            sender.state = state;
        }
    }

    /// Completes, once, when the slot is lost.
    pub fn evicted(&self) -> impl Future<Output = ()> + Send + use<> {
        let lost = self.evicted.clone();
        async move { lost.notified().await }
    }

    /// Returns the next bytes of a body, or `None` at its end.
    ///
    /// # Errors
    /// Fails with [`BodyReadError::Evicted`] if the slot is lost first, and otherwise as the body
    /// does.
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

    /// Reads the beginning of a body, until `most` bytes or more have arrived or the body ends.
    /// Returns the bytes, and true if the body may continue.
    ///
    /// # Errors
    /// Fails as [`Self::next_chunk`] does.
    pub async fn read_prefix(
        &self,
        body: &mut TimedBody,
        most: usize,
    ) -> Result<(Bytes, bool), BodyReadError> {
        let mut read = Vec::new();
        while read.len() < most {
            let Some(bytes) = self.next_chunk(body).await else {
                self.mark_received();
                return Ok((read.into(), false));
            };
            read.extend_from_slice(&bytes?);
        }
        Ok((read.into(), true))
    }

    /// The rest of a body, as long as the slot is kept. When the stream is dropped or fails, what
    /// was not read of the body is left in `rest`.
    pub fn into_stream(
        self: Arc<Self>,
        body: TimedBody,
        rest: Arc<Mutex<Option<TimedBody>>>,
    ) -> impl Stream<Item = Result<Bytes, BodyReadError>> + Send {
        *rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        stream::unfold((self, rest, false), |(place, rest, ended)| async move {
            if ended {
                return None;
            }
            let mut lent = BodyReturnGuard::take_from(&rest)?;
            let next = place.next_chunk(&mut lent.body).await;
            drop(lent);
            let Some(next) = next else {
                place.mark_answering();
                return None;
            };
            let ended = next.is_err();
            Some((next, (place, rest, ended)))
        })
    }
}

/// A body that goes back where it was taken from.
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
