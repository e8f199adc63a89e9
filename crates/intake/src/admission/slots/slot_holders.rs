//! The clients that hold the slots of a pool, and the choice of the client to evict.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use rand::{rngs::OsRng, seq::IteratorRandom as _};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use super::{IDLE_TIMEOUT, MIN_BYTES_PER_SECOND};
use crate::admission::rate_limit::ClientOrigin;

/// The time constant, in seconds, of the moving average of a rate.
const RATE_WINDOW_SECONDS: f64 = 5.0;

/// The state of the request of a slot holder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum HolderState {
    /// The client sends. At this time it misses its deadline.
    Receiving(Instant),
    /// The request was received and waits to be processed.
    Queued,
    /// The request is being processed, and is not evicted.
    Answering,
}

/// A client that holds a slot.
pub(super) struct SlotHolder {
    origin: ClientOrigin,
    pub(super) state: HolderState,
    acquired_at: Instant,
    /// Bytes a second, as of `rate_updated_at`.
    rate: f64,
    rate_updated_at: Instant,
    evicted: Arc<Notify>,
}

impl SlotHolder {
    pub(super) fn record_progress(&mut self, bytes: usize, now: Instant) {
        self.rate = self.rate_at(now)
            + u32::try_from(bytes).map_or(f64::MAX, f64::from) / RATE_WINDOW_SECONDS;
        self.rate_updated_at = now;
        if let HolderState::Receiving(deadline) = &mut self.state {
            let bought = Duration::from_secs(bytes as u64) / MIN_BYTES_PER_SECOND;
            *deadline = ((*deadline).max(now) + bought).min(now + IDLE_TIMEOUT);
        }
    }

    /// Returns the moving average of the rate, in which a burst decays.
    fn rate_at(&self, now: Instant) -> f64 {
        self.rate
            * (-now.duration_since(self.rate_updated_at).as_secs_f64() / RATE_WINDOW_SECONDS).exp()
    }

    /// How much is lost with it.
    fn eviction_cost(&self, now: Instant) -> f64 {
        if self.state == HolderState::Queued { f64::INFINITY } else { self.rate_at(now) }
    }

    fn is_evictable(&self) -> bool {
        self.state != HolderState::Answering
    }
}

/// All clients that hold a slot, by the id of the slot.
#[derive(Default)]
pub(super) struct SlotHolders {
    last_id: u64,
    by_id: HashMap<u64, SlotHolder>,
}

impl SlotHolders {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn insert(
        &mut self,
        origin: ClientOrigin,
        deadline: Instant,
        lost: Arc<Notify>,
    ) -> u64 {
        let now = Instant::now();
        self.last_id += 1;
        let state = HolderState::Receiving(deadline);
        self.by_id.insert(
            self.last_id,
            SlotHolder {
                origin,
                state,
                acquired_at: now,
                rate: 0.0,
                rate_updated_at: now,
                evicted: lost,
            },
        );
        self.last_id
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut SlotHolder> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.by_id.remove(&id).is_some()
    }

    pub(super) fn evict(&mut self, victim: Option<u64>) {
        if let Some(sender) = victim.and_then(|id| self.by_id.remove(&id)) {
            sender.evicted.notify_one();
        }
    }

    /// Returns the client whose deadline passed first.
    pub(super) fn find_overdue(&self) -> Option<u64> {
        let now = Instant::now();
        let behind = self.by_id.iter().filter_map(|(id, sender)| match sender.state {
            HolderState::Receiving(deadline) if deadline < now => Some((deadline, *id)),
            _ => None,
        });
        behind.min().map(|(_, id)| id)
    }

    /// Returns a client of a network that holds at least two slots more than the newcomer's
    /// network. If there is none, returns a client of the newcomer's network whose address holds at
    /// least two slots more than the newcomer's address.
    pub(super) fn find_in_larger_network(&self, newcomer: &ClientOrigin) -> Option<u64> {
        let (networks, held) =
            most_frequent(self.by_id.values().map(|sender| sender.origin.network));
        let own = |is_own: &dyn Fn(&ClientOrigin) -> bool| {
            self.by_id.values().filter(|one| is_own(&one.origin)).count()
        };
        if held > own(&|origin| origin.network == newcomer.network) + 1 {
            return self.pick_slower_of_two(
                |sender| networks.contains(&sender.origin.network),
                Duration::ZERO,
            );
        }
        let in_network = self.by_id.values().map(|sender| sender.origin);
        let in_network = in_network.filter(|origin| origin.network == newcomer.network);
        let (members, held) = most_frequent(in_network.map(|origin| origin.host));
        let is_larger = held > own(&|origin| origin.host == newcomer.host) + 1;
        let is_of = |sender: &SlotHolder| {
            sender.origin.network == newcomer.network && members.contains(&sender.origin.host)
        };
        is_larger.then(|| self.pick_slower_of_two(is_of, Duration::ZERO))?
    }

    /// Returns a client that has held its slot for at least `held_for`, of an address with the most
    /// slots in a network with the most slots.
    pub(super) fn find_in_largest_network(&self, held_for: Duration) -> Option<u64> {
        let evictable = || self.by_id.values().filter(|sender| sender.is_evictable());
        let (networks, _) = most_frequent(evictable().map(|sender| sender.origin.network));
        let candidates = evictable().filter(|sender| networks.contains(&sender.origin.network));
        let key = |origin: ClientOrigin| (origin.network, origin.host);
        let (members, _) = most_frequent(candidates.map(|sender| key(sender.origin)));
        self.pick_slower_of_two(|sender| members.contains(&key(sender.origin)), held_for)
    }

    /// Draws two clients at random, and returns the one with the lower rate.
    fn pick_slower_of_two(
        &self,
        of: impl Fn(&SlotHolder) -> bool,
        held_for: Duration,
    ) -> Option<u64> {
        let now = Instant::now();
        let candidates = self.by_id.iter().filter(|(_, sender)| {
            sender.is_evictable()
                && now.duration_since(sender.acquired_at) >= held_for
                && of(sender)
        });
        let drawn = candidates.choose_multiple(&mut OsRng, 2);
        let slower = drawn
            .into_iter()
            .min_by(|(_, a), (_, b)| a.eviction_cost(now).total_cmp(&b.eviction_cost(now)));
        slower.map(|(id, _)| *id)
    }
}

/// Returns all values with the highest count, and that count. Ties stay unresolved, because the
/// caller prefers a slow client among them.
fn most_frequent<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> (HashSet<K>, usize) {
    let mut counts: HashMap<K, usize> = HashMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or_default();
    (counts.into_iter().filter(|(_, count)| *count == most).map(|(key, _)| key).collect(), most)
}
