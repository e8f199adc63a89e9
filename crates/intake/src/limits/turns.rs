//! Turns of small posts to be answered, in the order in which they came, of which no network waits for many at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::networks::{NetworkKey, Origin};

/// A network has at most this share of all turns, and of the places in their queue.
const SHARE: usize = 4;

/// A number of turns.
pub(super) struct Turns {
    most: usize,
    all: Arc<Semaphore>,
    by_network: Mutex<HashMap<NetworkKey, Arc<Semaphore>>>,
}

/// A turn, until it is dropped.
pub(super) struct Turn {
    _of_all: OwnedSemaphorePermit,
    _of_network: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(super) fn new(most: usize) -> Self {
        Self { most, all: Arc::new(Semaphore::new(most)), by_network: Mutex::default() }
    }

    pub(super) fn is_scarce(&self) -> bool {
        self.all.available_permits() * 2 < self.most
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, origin: &Origin) -> Turn {
        let of_network = match origin.is_counted.then(|| self.of(origin.network)) {
            Some(own) => Some(permit(own).await),
            None => None,
        };
        Turn { _of_all: permit(Arc::clone(&self.all)).await, _of_network: of_network }
    }

    /// Forgets networks that hold no turn and wait for none.
    pub(super) fn sweep(&self) {
        self.by_network().retain(|_, own| Arc::strong_count(own) > 1);
    }

    fn of(&self, network: NetworkKey) -> Arc<Semaphore> {
        let share = self.most.div_ceil(SHARE);
        Arc::clone(self.by_network().entry(network).or_insert_with(|| Arc::new(Semaphore::new(share))))
    }

    fn by_network(&self) -> std::sync::MutexGuard<'_, HashMap<NetworkKey, Arc<Semaphore>>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn permit(semaphore: Arc<Semaphore>) -> OwnedSemaphorePermit {
    semaphore.acquire_owned().await.expect("no semaphore of these is ever closed")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn of(network: u8) -> Origin {
        Origin { network: [network; 16], member: [network; 16], is_counted: true }
    }

    #[tokio::test]
    async fn a_network_that_wants_all_turns_leaves_most_to_others() {
        let turns = Turns::new(8);
        let held = [turns.take(&of(1)).await, turns.take(&of(1)).await];
        // Its others wait behind their own and take nothing from the queue of all.
        let greedy = of(1);
        let mut waiting = std::pin::pin!(turns.take(&greedy));
        assert!(waiting.as_mut().now_or_never().is_none());
        let others: Vec<_> = (2..5).map(|network| turns.take(&of(network)).now_or_never()).collect();
        assert!(others.iter().all(Option::is_some));
        assert!(turns.is_scarce());
        drop(held);
        waiting.await;
        assert!(turns.take(&Origin::LOCAL).now_or_never().is_some());
        drop(others);
        turns.sweep();
        assert_eq!(turns.by_network().len(), 0);
    }
}
