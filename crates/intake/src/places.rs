//! Room for a bounded number of senders. When all of it is taken, whoever falls behind makes room for the next.
//!
//! Each sender has a patience, a moment up to which it may stay silent. Every byte moves it on, as much as that byte takes at
//! [`DECENT`], and no further than [`PATIENCE`] from now: a burst buys no long silence. A phone on a bad 2G line never falls
//! behind; who stalls or drips does within seconds, and then holds its place just as long as nobody else wants it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::body::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::{
    sync::Notify,
    time::{Duration, Instant},
};

use crate::{
    networks::NetworkKey,
    pace::{PaceError, Paced},
};

/// Bytes a second that keep a place when places are scarce: half of what a bad 2G connection gives.
const DECENT: u32 = 1024;
/// Longest silence of somebody who has kept sending, when places are scarce.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of somebody who has sent nothing yet.
const FIRST_PATIENCE: Duration = Duration::from_secs(5);

/// A number of places.
#[derive(Clone)]
pub struct Places {
    most: usize,
    taken: Arc<Mutex<Taken>>,
    freed: Arc<Notify>,
}

#[derive(Default)]
struct Taken {
    last: u64,
    senders: HashMap<u64, Sender>,
}

struct Sender {
    network: Option<NetworkKey>,
    /// `None` once everything has come: it is then we who are awaited, and nobody takes the place.
    patience: Option<Instant>,
    lost: Arc<Notify>,
}

/// One place, until it is dropped or lost to somebody else.
pub struct Place {
    places: Places,
    id: u64,
    lost: Arc<Notify>,
}

impl Places {
    /// So many places.
    pub fn new(most: usize) -> Self {
        Self { most, taken: Arc::default(), freed: Arc::default() }
    }

    /// A place at once, whoever has to go for it: the one furthest behind or with the least patience left.
    ///
    /// Visitors who cannot be told apart have no network.
    pub fn take(&self, network: Option<NetworkKey>) -> Place {
        let mut taken = self.taken();
        if taken.senders.len() >= self.most {
            let victim = taken.behind().or_else(|| taken.greedy(network)).or_else(|| taken.slowest(|_| true));
            taken.turn_out(victim);
        }
        self.sit(&mut taken, network)
    }

    /// A place, as soon as there is one: by then nobody has to go who keeps a decent pace, unless its network holds more than
    /// its share. `None` when none came free in time.
    pub async fn wait(&self, network: Option<NetworkKey>, longest: Duration) -> Option<Place> {
        /// How often it is looked who has fallen behind.
        const LOOK_EVERY: Duration = Duration::from_millis(250);
        let end = Instant::now() + longest;
        loop {
            if let Some(place) = self.take_fairly(network) {
                return Some(place);
            }
            let now = Instant::now();
            if now >= end {
                return None;
            }
            // Either way it is looked again.
            tokio::time::timeout_at(end.min(now + LOOK_EVERY), self.freed.notified()).await.ok();
        }
    }

    fn take_fairly(&self, network: Option<NetworkKey>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.senders.len() >= self.most {
            let victim = taken.behind().or_else(|| taken.greedy(network))?;
            taken.turn_out(Some(victim));
        }
        Some(self.sit(&mut taken, network))
    }

    fn sit(&self, taken: &mut Taken, network: Option<NetworkKey>) -> Place {
        let lost = Arc::new(Notify::new());
        taken.last += 1;
        let id = taken.last;
        let patience = Some(Instant::now() + FIRST_PATIENCE);
        taken.senders.insert(id, Sender { network, patience, lost: lost.clone() });
        Place { places: self.clone(), id, lost }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Who has been expected longest.
    fn behind(&self) -> Option<u64> {
        let now = Instant::now();
        self.slowest(|sender| sender.patience.is_some_and(|patience| patience < now))
    }

    /// The slowest of the network that holds the most places, if that is more than this network would hold.
    fn greedy(&self, network: Option<NetworkKey>) -> Option<u64> {
        let mut held: HashMap<_, usize> = HashMap::new();
        for sender in self.senders.values() {
            *held.entry(sender.network).or_default() += 1;
        }
        let own = held.get(&network).copied().unwrap_or_default();
        let (most, count) = held.into_iter().max_by_key(|(_, count)| *count)?;
        (count > own + 1).then(|| self.slowest(|sender| sender.network == most))?
    }

    fn slowest(&self, of: impl Fn(&Sender) -> bool) -> Option<u64> {
        let those = self.senders.iter().filter(|(_, sender)| sender.patience.is_some() && of(sender));
        those.min_by_key(|(_, sender)| sender.patience).map(|(id, _)| *id)
    }

    fn turn_out(&mut self, victim: Option<u64>) {
        if let Some(sender) = victim.and_then(|id| self.senders.remove(&id)) {
            sender.lost.notify_one();
        }
    }
}

impl Place {
    /// Some bytes have come or gone.
    pub fn progress(&self, bytes: usize) {
        let now = Instant::now();
        if let Some(patience) =
            self.places.taken().senders.get_mut(&self.id).and_then(|one| one.patience.as_mut())
        {
            let bought = Duration::from_secs(bytes as u64) / DECENT;
            *patience = ((*patience).max(now) + bought).min(now + PATIENCE);
        }
    }

    /// Everything has come: from now on the place is kept until it is dropped.
    fn arrived(&self) {
        if let Some(sender) = self.places.taken().senders.get_mut(&self.id) {
            sender.patience = None;
        }
    }

    /// Comes back, once, when the place is lost.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let lost = self.lost.clone();
        async move { lost.notified().await }
    }

    /// The next bytes of a body, unless the place is lost first.
    pub async fn next(&self, body: &mut Paced) -> Option<Result<Bytes, PaceError>> {
        let next = tokio::select! {
            () = self.lost() => Some(Err(PaceError::TooSlow)),
            next = body.next() => next,
        };
        match &next {
            Some(Ok(bytes)) => self.progress(bytes.len()),
            Some(Err(_)) => (),
            None => self.arrived(),
        }
        next
    }

    /// Reads the beginning of a body, at most about `most` bytes: what came, and whether there is more.
    pub async fn beginning(&self, body: &mut Paced, most: usize) -> Result<(Bytes, bool), PaceError> {
        let mut read = Vec::new();
        while read.len() < most {
            match self.next(body).await {
                Some(bytes) => read.extend_from_slice(&bytes?),
                None => return Ok((read.into(), false)),
            }
        }
        Ok((read.into(), true))
    }

    /// The rest of a body, as long as the place is kept.
    pub fn keep(self: Arc<Self>, body: Paced) -> impl Stream<Item = Result<Bytes, PaceError>> + Send {
        stream::unfold((self, body), |(place, mut body)| async {
            let next = place.next(&mut body).await?;
            Some((next, (place, body)))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.places.taken().senders.remove(&self.id).is_some() {
            self.places.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tokio::time::{advance, timeout};

    use super::*;
    use crate::pace::paced;

    const HERE: Option<NetworkKey> = None;
    const THERE: Option<NetworkKey> = Some([1; 16]);

    async fn is_lost(place: &Place) -> bool {
        timeout(Duration::ZERO, place.lost()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stalls_goes_and_a_slow_phone_stays() {
        let places = Places::new(3);
        let (phone, burst, silent) = (places.take(HERE), places.take(HERE), places.take(HERE));
        burst.progress(190 * 1024);
        // A bad 2G line: 2.5 kB a second.
        for _ in 0..20 {
            advance(Duration::from_secs(1)).await;
            phone.progress(2560);
        }
        let _first = places.take(HERE);
        assert!(is_lost(&silent).await, "it sent nothing at all");
        let _second = places.take(HERE);
        assert!(is_lost(&burst).await, "what it sent at once bought no long silence");
        let third = places.take(HERE);
        assert!(!is_lost(&phone).await);
        drop(third);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_newcomers_turns_out_newcomers() {
        let places = Places::new(64);
        let phone = places.take(HERE);
        let mut flood = Vec::new();
        // Twice a second the phone sends a packet. Until its first one, it must find its place among the last that came.
        for half_second in 0..120 {
            let newcomers = if half_second == 0 { 60 } else { 300 };
            flood.extend((0..newcomers).map(|_| places.take(HERE)));
            assert!(!is_lost(&phone).await, "{half_second}");
            phone.progress(1400);
            advance(Duration::from_millis(500)).await;
            flood.drain(..flood.len() - 60);
        }
        assert!(places.taken().senders.len() <= 64);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_come_whole_keeps_its_place_until_it_is_answered() {
        let places = Places::new(1);
        let place = Arc::new(places.take(HERE));
        let body = paced(Body::from("all of it"));
        assert_eq!(place.clone().keep(body).count().await, 1);
        // Storing may take longer than anybody would be waited for.
        advance(PATIENCE * 3).await;
        assert!(places.wait(THERE, Duration::from_secs(1)).await.is_none());
        drop(place);
        assert!(places.wait(THERE, Duration::from_secs(1)).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_a_decent_pace_is_waited_for_but_no_network_holds_more_than_its_share() {
        let places = Places::new(4);
        let held: Vec<_> = (0..4).map(|_| places.take(HERE)).collect();
        let second = Duration::from_secs(1);
        assert!(places.wait(HERE, second).await.is_none(), "all are sending, and it is their own network");
        let (first, another) = (places.wait(THERE, second).await, places.wait(THERE, second).await);
        assert!(first.is_some() && another.is_some());
        assert!(places.wait(THERE, second).await.is_none(), "two each");
        let mut lost = 0;
        for place in &held {
            lost += usize::from(is_lost(place).await);
        }
        assert_eq!(lost, 2);

        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.wait(THERE, second).await.is_some() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(waiting.await.unwrap(), "a place that is left goes to who waits");
    }
}
