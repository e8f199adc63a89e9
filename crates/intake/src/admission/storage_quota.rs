//! How many bytes one network may store in an hour while room is scarce. Reset with each hour;
//! nothing of it is stored.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::time::{Duration, Instant};

use crate::{
    admission::rate_limit::{ClientOrigin, NetworkKey},
    store::{MAX_TEXT_BYTES, StoreError},
};

/// A network may store this share of the spool in an hour, and this share of what is kept for text.
const NETWORK_SHARE_DIVISOR: u64 = 16;
const WINDOW: Duration = Duration::from_hours(1);

/// Counts bytes by network.
pub(super) struct StorageQuota(Mutex<QuotaWindow>);

struct QuotaWindow {
    started_at: Instant,
    stored: HashMap<NetworkKey, StoredBytes>,
}

#[derive(Debug, Clone, Copy, Default)]
struct StoredBytes {
    text: u64,
    files: u64,
}

impl StoredBytes {
    fn add(&mut self, length: u64) {
        let kind = self.counter_for(length);
        *kind = kind.saturating_add(length);
    }

    /// What began in an hour that has ended was forgotten with it.
    fn remove(&mut self, length: u64) {
        let kind = self.counter_for(length);
        *kind = kind.saturating_sub(length);
    }

    fn counter_for(&mut self, length: u64) -> &mut u64 {
        if length <= MAX_TEXT_BYTES { &mut self.text } else { &mut self.files }
    }
}

impl StorageQuota {
    pub(super) fn new() -> Self {
        Self(Mutex::new(QuotaWindow { started_at: Instant::now(), stored: HashMap::new() }))
    }

    /// Counts a submission of this length that begins, with the spool filled so far. It counts from
    /// now on, so that uploads at the same time share what their network may store.
    ///
    /// # Errors
    /// Text is refused only in the last tenth of the spool, files only in its second half.
    pub(super) fn reserve(
        &self,
        origin: &ClientOrigin,
        length: u64,
        (used, most): (u64, u64),
    ) -> Result<(), StoreError> {
        let mut hour = self.lock_window();
        let stored = hour.stored.entry(origin.network).or_default();
        let is_text = length <= MAX_TEXT_BYTES;
        if is_text
            && used > most / 10 * 9
            && stored.text + length > most / 10 / NETWORK_SHARE_DIVISOR
        {
            return Err(StoreError::Full);
        }
        if !is_text && used > most / 2 && stored.files + length > most / NETWORK_SHARE_DIVISOR {
            return Err(StoreError::FullForFiles);
        }
        stored.add(length);
        Ok(())
    }

    /// Corrects what a submission counts that began with one length: it was stored with another, or
    /// not at all (0).
    pub(super) fn settle(&self, origin: &ClientOrigin, begun: u64, length: u64) {
        let mut hour = self.lock_window();
        let stored = hour.stored.entry(origin.network).or_default();
        stored.remove(begun);
        stored.add(length);
    }

    fn lock_window(&self) -> MutexGuard<'_, QuotaWindow> {
        let mut hour = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hour.started_at.elapsed() >= WINDOW {
            *hour = QuotaWindow { started_at: Instant::now(), stored: HashMap::new() };
        }
        hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn origin_in_network(network: u8) -> ClientOrigin {
        ClientOrigin { network: [network; 16], host: [network; 16], is_counted: true }
    }

    /// Files submissions of this length until the spool takes no more of them from this network.
    fn submit_until_refused(
        volume: &StorageQuota,
        network: u8,
        length: u64,
        used: &mut u64,
        most: u64,
    ) -> StoreError {
        loop {
            if let Err(refused) = volume.reserve(&origin_in_network(network), length, (*used, most))
            {
                return refused;
            }
            volume.settle(&origin_in_network(network), length, length);
            *used += length;
            assert!(*used <= most, "it took all of the spool");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_fills_neither_the_spool_nor_what_is_kept_for_text() {
        let (volume, most, mut used) = (StorageQuota::new(), 200 * MIB, 0);
        assert_eq!(
            submit_until_refused(&volume, 1, 64 * MIB, &mut used, most),
            StoreError::FullForFiles
        );
        assert_eq!(used, 128 * MIB);
        assert_eq!(
            volume.reserve(&origin_in_network(2), 8 * MIB, (used, most)),
            Ok(()),
            "another network may still send files"
        );
        // Its text is taken until the last tenth.
        assert_eq!(submit_until_refused(&volume, 1, 32 * 1024, &mut used, most), StoreError::Full);
        assert!(used < 182 * MIB, "{used}");
        assert_eq!(
            volume.reserve(&origin_in_network(2), 32 * 1024, (used, most)),
            Ok(()),
            "an honest report of text"
        );
        tokio::time::advance(WINDOW).await;
        assert_eq!(volume.reserve(&origin_in_network(1), 32 * 1024, (used, most)), Ok(()));
    }

    #[test]
    fn uploads_at_the_same_time_share_what_their_network_may_store() {
        let (volume, most, used) = (StorageQuota::new(), 1600 * MIB, 900 * MIB);
        let begin = |length| volume.reserve(&origin_in_network(1), length, (used, most));
        assert_eq!(begin(64 * MIB), Ok(()));
        assert_eq!(begin(64 * MIB), Err(StoreError::FullForFiles), "the first is still under way");
        volume.settle(&origin_in_network(1), 64 * MIB, 8 * MIB);
        assert_eq!(begin(64 * MIB), Ok(()), "the first was shorter than announced");
        volume.settle(&origin_in_network(1), 64 * MIB, 0);
        assert_eq!(begin(64 * MIB), Ok(()), "the second was not stored");
    }
}
