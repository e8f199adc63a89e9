//! A fair semaphore for small requests: permits are granted in order of arrival, and one network
//! holds or waits for a limited share of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::admission::rate_limit::{ClientOrigin, NetworkKey};

/// A network has at most one permit in this number, and the same share of the global queue.
const NETWORK_SHARE_DIVISOR: usize = 4;

/// A bounded number of permits.
pub(super) struct FairSemaphore {
    capacity: usize,
    global: Arc<Semaphore>,
    by_network: Mutex<HashMap<NetworkKey, Arc<Semaphore>>>,
}

/// A permit. Dropping it releases it.
pub(super) struct FairPermit {
    _global: OwnedSemaphorePermit,
    _per_network: Option<OwnedSemaphorePermit>,
}

impl FairSemaphore {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, global: Arc::new(Semaphore::new(capacity)), by_network: Mutex::default() }
    }

    pub(super) fn is_scarce(&self) -> bool {
        self.global.available_permits() * 2 < self.capacity
    }

    /// Waits for a permit.
    pub(super) async fn acquire(&self, origin: &ClientOrigin) -> FairPermit {
        let per_network = match origin.is_counted().then(|| self.network_semaphore(origin.network))
        {
            Some(own) => Some(acquire_owned(own).await),
            None => None,
        };
        FairPermit {
            _global: acquire_owned(Arc::clone(&self.global)).await,
            _per_network: per_network,
        }
    }

    /// Removes networks that hold no permit and wait for none.
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
    semaphore.acquire_owned().await.expect("these semaphores are never closed")
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
        let semaphore = FairSemaphore::new(8);
        let held = [
            semaphore.acquire(&origin_in_network(1)).await,
            semaphore.acquire(&origin_in_network(1)).await,
        ];
        // Its other requests wait for its own permits and do not enter the global queue.
        let greedy = origin_in_network(1);
        let mut waiting = std::pin::pin!(semaphore.acquire(&greedy));
        assert!(waiting.as_mut().now_or_never().is_none());
        let others: Vec<_> = (2..5)
            .map(|network| semaphore.acquire(&origin_in_network(network)).now_or_never())
            .collect();
        assert!(others.iter().all(Option::is_some));
        assert!(semaphore.is_scarce());
        drop(held);
        waiting.await;
        assert!(semaphore.acquire(&ClientOrigin::LOCAL).now_or_never().is_some());
        drop(others);
        semaphore.remove_idle_networks();
        assert_eq!(semaphore.lock_networks().len(), 0);
    }
}
