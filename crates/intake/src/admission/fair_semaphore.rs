//! Turns of small posts to be answered, in the order in which they came, of which no network waits
//! for many at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admission::rate_limit::{ClientOrigin, NetworkKey};

/// A network has at most this share of all turns, and of the places in their queue.
const NETWORK_SHARE_DIVISOR: usize = 4;

/// A number of turns.
pub(super) struct FairSemaphore {
    capacity: usize,
    global: Arc<Semaphore>,
    by_network: Mutex<HashMap<NetworkKey, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
pub(super) struct FairPermit {
    _global: OwnedSemaphorePermit,
    _per_network: Option<OwnedSemaphorePermit>,
}

impl FairSemaphore {
    pub(super) fn new(most: usize) -> Self {
        Self {
            capacity: most,
            global: Arc::new(Semaphore::new(most)),
            by_network: Mutex::default(),
        }
    }

    pub(super) fn is_scarce(&self) -> bool {
        self.global.available_permits() * 2 < self.capacity
    }

    /// Waits for a turn.
    pub(super) async fn acquire(&self, origin: &ClientOrigin) -> FairPermit {
        let of_network = match origin.is_counted().then(|| self.network_semaphore(origin.network)) {
            Some(own) => Some(acquire_owned(own).await),
            None => None,
        };
        FairPermit {
            _global: acquire_owned(Arc::clone(&self.global)).await,
            _per_network: of_network,
        }
    }

    /// Forgets networks that hold no turn and wait for none.
    pub(super) fn remove_idle_networks(&self) {
        self.lock_networks().retain(|_, own| Arc::strong_count(own) > 1);
    }

    fn network_semaphore(&self, network: NetworkKey) -> Arc<Semaphore> {
        let share = self.capacity.div_ceil(NETWORK_SHARE_DIVISOR);
        Arc::clone(
            self.lock_networks().entry(network).or_insert_with(|| Arc::new(Semaphore::new(share))),
        )
    }

    fn lock_networks(&self) -> std::sync::MutexGuard<'_, HashMap<NetworkKey, Arc<Semaphore>>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn acquire_owned(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("no semaphore of these is ever closed")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn origin_in_network(network: u8) -> ClientOrigin {
        ClientOrigin::numbered(network, network)
    }

    #[tokio::test]
    async fn a_network_that_wants_all_permits_leaves_most_to_others() {
        let turns = FairSemaphore::new(8);
        let held = [
            turns.acquire(&origin_in_network(1)).await,
            turns.acquire(&origin_in_network(1)).await,
        ];
        // Its others wait behind their own and take nothing from the queue of all.
        let greedy = origin_in_network(1);
        let mut waiting = std::pin::pin!(turns.acquire(&greedy));
        assert!(waiting.as_mut().now_or_never().is_none());
        let others: Vec<_> = (2..5)
            .map(|network| turns.acquire(&origin_in_network(network)).now_or_never())
            .collect();
        assert!(others.iter().all(Option::is_some));
        assert!(turns.is_scarce());
        drop(held);
        waiting.await;
        assert!(turns.acquire(&ClientOrigin::LOCAL).now_or_never().is_some());
        drop(others);
        turns.remove_idle_networks();
        assert_eq!(turns.lock_networks().len(), 0);
    }
}
