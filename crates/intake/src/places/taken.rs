//! Who holds the slots of a pool, and who loses one.

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

use super::{DECENT, PATIENCE};
use crate::networks::Origin;

/// Over about how many seconds a rate is measured.
const RATE_SECONDS: f64 = 5.0;

/// What a sender is doing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    /// It sends; it falls behind at this time.
    Sending(Instant),
    /// Everything has come and waits for its turn.
    Waiting,
    /// It is being answered, and is not evicted.
    Answered,
}

/// One that holds a slot.
pub(super) struct Sender {
    origin: Origin,
    pub(super) state: State,
    since: Instant,
    /// Bytes a second, as of `measured`.
    rate: f64,
    measured: Instant,
    lost: Arc<Notify>,
}

impl Sender {
    pub(super) fn progress(&mut self, bytes: usize, now: Instant) {
        self.rate = self.rate_at(now) + u32::try_from(bytes).map_or(f64::MAX, f64::from) / RATE_SECONDS;
        self.measured = now;
        if let State::Sending(deadline) = &mut self.state {
            let bought = Duration::from_secs(bytes as u64) / DECENT;
            *deadline = ((*deadline).max(now) + bought).min(now + PATIENCE);
        }
    }

    /// A moving average, so that a burst does not count for long.
    fn rate_at(&self, now: Instant) -> f64 {
        self.rate * (-now.duration_since(self.measured).as_secs_f64() / RATE_SECONDS).exp()
    }

    /// How much is lost with it.
    fn worth(&self, now: Instant) -> f64 {
        if self.state == State::Waiting { f64::INFINITY } else { self.rate_at(now) }
    }

    fn can_be_evicted(&self) -> bool {
        self.state != State::Answered
    }
}

/// All that hold a slot.
#[derive(Default)]
pub(super) struct Taken {
    last: u64,
    senders: HashMap<u64, Sender>,
}

impl Taken {
    pub(super) fn len(&self) -> usize {
        self.senders.len()
    }

    pub(super) fn insert(&mut self, origin: Origin, deadline: Instant, lost: Arc<Notify>) -> u64 {
        let now = Instant::now();
        self.last += 1;
        let state = State::Sending(deadline);
        self.senders.insert(self.last, Sender { origin, state, since: now, rate: 0.0, measured: now, lost });
        self.last
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Sender> {
        self.senders.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.senders.remove(&id).is_some()
    }

    pub(super) fn evict(&mut self, victim: Option<u64>) {
        if let Some(sender) = victim.and_then(|id| self.senders.remove(&id)) {
            sender.lost.notify_one();
        }
    }

    /// The sender that fell behind first.
    pub(super) fn behind(&self) -> Option<u64> {
        let now = Instant::now();
        let behind = self.senders.iter().filter_map(|(id, sender)| match sender.state {
            State::Sending(deadline) if deadline < now => Some((deadline, *id)),
            _ => None,
        });
        behind.min().map(|(_, id)| id)
    }

    /// One of a network that holds at least two slots more than this one's, or else of an address of the same network for
    /// which the same is true.
    pub(super) fn of_a_larger(&self, newcomer: &Origin) -> Option<u64> {
        let (networks, held) = largest(self.senders.values().map(|sender| sender.origin.network));
        let own = |is_own: &dyn Fn(&Origin) -> bool| {
            self.senders.values().filter(|one| is_own(&one.origin)).count()
        };
        if held > own(&|origin| origin.network == newcomer.network) + 1 {
            return self.slower_of_two(|sender| networks.contains(&sender.origin.network), Duration::ZERO);
        }
        let in_network = self.senders.values().map(|sender| sender.origin);
        let in_network = in_network.filter(|origin| origin.network == newcomer.network);
        let (members, held) = largest(in_network.map(|origin| origin.member));
        let is_larger = held > own(&|origin| origin.member == newcomer.member) + 1;
        let is_of = |sender: &Sender| {
            sender.origin.network == newcomer.network && members.contains(&sender.origin.member)
        };
        is_larger.then(|| self.slower_of_two(is_of, Duration::ZERO))?
    }

    /// One of the addresses that hold the most slots in the networks that hold the most, which has held its own for so long.
    pub(super) fn of_the_largest(&self, held_for: Duration) -> Option<u64> {
        let evictable = || self.senders.values().filter(|sender| sender.can_be_evicted());
        let (networks, _) = largest(evictable().map(|sender| sender.origin.network));
        let candidates = evictable().filter(|sender| networks.contains(&sender.origin.network));
        let key = |origin: Origin| (origin.network, origin.member);
        let (members, _) = largest(candidates.map(|sender| key(sender.origin)));
        self.slower_of_two(|sender| members.contains(&key(sender.origin)), held_for)
    }

    /// Of two drawn at random, the one with the lower rate.
    fn slower_of_two(&self, of: impl Fn(&Sender) -> bool, held_for: Duration) -> Option<u64> {
        let now = Instant::now();
        let candidates = self.senders.iter().filter(|(_, sender)| {
            sender.can_be_evicted() && now.duration_since(sender.since) >= held_for && of(sender)
        });
        let drawn = candidates.choose_multiple(&mut OsRng, 2);
        let slower = drawn.into_iter().min_by(|(_, a), (_, b)| a.worth(now).total_cmp(&b.worth(now)));
        slower.map(|(id, _)| *id)
    }
}

/// All that occur most often, and how often. No tie is broken here: it would expose a fast sender as often as a slow one.
fn largest<K: Eq + Hash>(keys: impl Iterator<Item = K>) -> (HashSet<K>, usize) {
    let mut counts: HashMap<K, usize> = HashMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or_default();
    (counts.into_iter().filter(|(_, count)| *count == most).map(|(key, _)| key).collect(), most)
}
