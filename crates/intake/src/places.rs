//! A bounded pool of slots. When all are taken, senders that fall behind make room first, then those that hold the most.
//!
//! Each sender has a deadline up to which it may stay silent. Every received byte extends it, as much as that byte takes at
//! [`DECENT`], capped at [`PATIENCE`] from now, so that a burst cannot pay for a long stall. A phone on a bad 2G line never
//! falls behind. A sender that stalls falls behind within seconds, and then keeps its slot only while no other upload waits.
//!
//! Where nobody is behind, the victim is found in the network that holds the most slots, and there in the address that
//! holds the most. Between two of its senders, drawn at random, the one with the lower rate is evicted. So a sender that
//! fills the pool from one network or circuit evicts only its own.

mod taken;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use crate::{
    networks::Origin,
    pace::{PaceError, Paced},
};
use taken::{State, Taken};

/// Bytes a second that keep a slot when slots are scarce: half of what a bad 2G connection gives.
const DECENT: u32 = 1024;
/// Longest silence of a sender that has kept sending, when slots are scarce.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of one that has sent nothing yet.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);

/// A number of slots.
#[derive(Clone)]
pub struct Places {
    most: usize,
    taken: Arc<Mutex<Taken>>,
    freed: Arc<Notify>,
}

/// One slot, until it is dropped or lost to another sender.
pub struct Place {
    places: Places,
    id: u64,
    lost: Arc<Notify>,
}

impl Places {
    /// So many slots.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default(), freed: Arc::default() }
    }

    /// Are more than half of the slots taken?
    pub fn is_scarce(&self) -> bool {
        self.taken().len() * 2 > self.most
    }

    /// Takes a slot at once. If all are taken, another sender loses its own.
    pub fn take(&self, origin: Origin) -> Place {
        let mut taken = self.taken();
        if taken.len() >= self.most {
            let victim = taken.behind().or_else(|| taken.of_the_largest(Duration::ZERO));
            taken.evict(victim);
        }
        self.occupy(&mut taken, origin)
    }

    /// Waits for a slot, at most `longest`. Until then only senders that fall behind, or whose network or address holds
    /// more than its share, lose theirs. At the end the waiting one takes the slot of a slow sender of whichever network
    /// holds the most, so that nobody can keep all slots. `None` if even that is not possible.
    pub async fn wait(&self, origin: Origin, longest: Duration) -> Option<Place> {
        /// How often it is looked who has fallen behind.
        const LOOK_EVERY: Duration = Duration::from_millis(250);
        let end = Instant::now() + longest;
        loop {
            let now = Instant::now();
            let held_for = (now >= end).then_some(longest);
            if let Some(place) = self.try_take(origin, held_for) {
                return Some(place);
            }
            if now >= end {
                return None;
            }
            // Either way it is looked again.
            tokio::time::timeout_at(end.min(now + LOOK_EVERY), self.freed.notified()).await.ok();
        }
    }

    /// A free slot, or one of a sender that is behind or holds more than its share. With `held_for`, also one of any sender
    /// that has held its own for so long: a slot that was just given is not taken back, or two who wait would take it from
    /// each other.
    fn try_take(&self, origin: Origin, held_for: Option<Duration>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.len() >= self.most {
            let victim = taken.behind().or_else(|| taken.of_a_larger(&origin));
            let victim = victim.or_else(|| held_for.and_then(|held_for| taken.of_the_largest(held_for)));
            taken.evict(victim);
        }
        (taken.len() < self.most).then(|| self.occupy(&mut taken, origin))
    }

    fn occupy(&self, taken: &mut Taken, origin: Origin) -> Place {
        let lost = Arc::new(Notify::new());
        let id = taken.insert(origin, Instant::now() + FIRST_PATIENCE, lost.clone());
        Place { places: self.clone(), id, lost }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Some bytes have come or gone.
    pub fn progress(&self, bytes: usize) {
        if let Some(sender) = self.places.taken().get(self.id) {
            sender.progress(bytes, Instant::now());
        }
    }

    /// Everything has come, and its turn to be answered is awaited: it does not fall behind any more.
    fn arrived(&self) {
        self.set(State::Waiting);
    }

    /// It is being answered: from now on the slot is kept until it is dropped.
    pub fn answering(&self) {
        self.set(State::Answered);
    }

    fn set(&self, state: State) {
        if let Some(sender) = self.places.taken().get(self.id) {
            sender.state = state;
        }
    }

    /// Completes, once, when the slot is lost.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let lost = self.lost.clone();
        async move { lost.notified().await }
    }

    /// Returns the next bytes of a body, unless the slot is lost first.
    pub async fn next(&self, body: &mut Paced) -> Option<Result<Bytes, PaceError>> {
        let next = tokio::select! {
            () = self.lost() => Some(Err(PaceError::Evicted)),
            next = body.next() => next,
        };
        if let Some(Ok(bytes)) = &next {
            self.progress(bytes.len());
        }
        next
    }

    /// Reads the beginning of a body, at most about `most` bytes: what came, and whether there is more.
    pub async fn beginning(&self, body: &mut Paced, most: usize) -> Result<(Bytes, bool), PaceError> {
        let mut read = Vec::new();
        while read.len() < most {
            let Some(bytes) = self.next(body).await else {
                self.arrived();
                return Ok((read.into(), false));
            };
            read.extend_from_slice(&bytes?);
        }
        Ok((read.into(), true))
    }

    /// The rest of a body, as long as the slot is kept. When the stream is dropped or fails, what was not read of the body
    /// is left in `rest`.
    pub fn keep(
        self: Arc<Self>,
        body: Paced,
        rest: Arc<Mutex<Option<Paced>>>,
    ) -> impl Stream<Item = Result<Bytes, PaceError>> + Send {
        *rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        stream::unfold((self, rest, false), |(place, rest, ended)| async move {
            if ended {
                return None;
            }
            let mut lent = Lent::of(&rest)?;
            let next = place.next(&mut lent.body).await;
            drop(lent);
            let Some(next) = next else {
                place.answering();
                return None;
            };
            let ended = next.is_err();
            Some((next, (place, rest, ended)))
        })
    }
}

/// A body that goes back where it was taken from.
struct Lent<'a> {
    body: Paced,
    rest: &'a Mutex<Option<Paced>>,
}

impl<'a> Lent<'a> {
    fn of(rest: &'a Mutex<Option<Paced>>) -> Option<Self> {
        let body = rest.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Self { body, rest })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let body = std::mem::replace(&mut self.body, stream::empty().boxed());
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.places.taken().remove(self.id) {
            self.places.freed.notify_one();
        }
    }
}
