//! How many bytes one network may store in an hour while room is scarce. Reset with each hour; nothing of it is stored.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::time::{Duration, Instant};

use crate::{
    networks::{NetworkKey, Origin},
    store::{StoreError, TEXT},
};

/// A network may store this share of the spool in an hour, and this share of what is kept for text.
const SHARE: u64 = 16;
const HOUR: Duration = Duration::from_hours(1);

/// Counts bytes by network.
pub(super) struct Volume(Mutex<Hour>);

struct Hour {
    since: Instant,
    stored: HashMap<NetworkKey, Stored>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stored {
    text: u64,
    files: u64,
}

impl Stored {
    fn add(&mut self, length: u64) {
        let kind = self.kind(length);
        *kind = kind.saturating_add(length);
    }

    /// What began in an hour that has ended was forgotten with it.
    fn remove(&mut self, length: u64) {
        let kind = self.kind(length);
        *kind = kind.saturating_sub(length);
    }

    fn kind(&mut self, length: u64) -> &mut u64 {
        if length <= TEXT { &mut self.text } else { &mut self.files }
    }
}

impl Volume {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Hour { since: Instant::now(), stored: HashMap::new() }))
    }

    /// Counts a submission of this length that begins, with the spool filled so far. It counts from now on, so that
    /// uploads at the same time share what their network may store.
    ///
    /// # Errors
    /// Text is refused only in the last tenth of the spool, files only in its second half.
    pub(super) fn begin(
        &self,
        origin: &Origin,
        length: u64,
        (used, most): (u64, u64),
    ) -> Result<(), StoreError> {
        let mut hour = self.hour();
        let stored = hour.stored.entry(origin.network).or_default();
        let is_text = length <= TEXT;
        if is_text && used > most / 10 * 9 && stored.text + length > most / 10 / SHARE {
            return Err(StoreError::Full);
        }
        if !is_text && used > most / 2 && stored.files + length > most / SHARE {
            return Err(StoreError::NoRoomForFiles);
        }
        stored.add(length);
        Ok(())
    }

    /// Corrects what a submission counts that began with one length: it was stored with another, or not at all (0).
    pub(super) fn end(&self, origin: &Origin, begun: u64, length: u64) {
        let mut hour = self.hour();
        let stored = hour.stored.entry(origin.network).or_default();
        stored.remove(begun);
        stored.add(length);
    }

    fn hour(&self) -> MutexGuard<'_, Hour> {
        let mut hour = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hour.since.elapsed() >= HOUR {
            *hour = Hour { since: Instant::now(), stored: HashMap::new() };
        }
        hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn of(network: u8) -> Origin {
        Origin { network: [network; 16], member: [network; 16], is_counted: true }
    }

    /// Files submissions of this length until the spool takes no more of them from this network.
    fn fill(volume: &Volume, network: u8, length: u64, used: &mut u64, most: u64) -> StoreError {
        loop {
            if let Err(refused) = volume.begin(&of(network), length, (*used, most)) {
                return refused;
            }
            volume.end(&of(network), length, length);
            *used += length;
            assert!(*used <= most, "it took all of the spool");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_network_fills_neither_the_spool_nor_what_is_kept_for_text() {
        let (volume, most, mut used) = (Volume::new(), 200 * MIB, 0);
        assert_eq!(fill(&volume, 1, 64 * MIB, &mut used, most), StoreError::NoRoomForFiles);
        assert_eq!(used, 128 * MIB);
        assert_eq!(
            volume.begin(&of(2), 8 * MIB, (used, most)),
            Ok(()),
            "another network may still send files"
        );
        // Its text is taken until the last tenth.
        assert_eq!(fill(&volume, 1, 32 * 1024, &mut used, most), StoreError::Full);
        assert!(used < 182 * MIB, "{used}");
        assert_eq!(volume.begin(&of(2), 32 * 1024, (used, most)), Ok(()), "an honest report of text");
        tokio::time::advance(HOUR).await;
        assert_eq!(volume.begin(&of(1), 32 * 1024, (used, most)), Ok(()));
    }

    #[test]
    fn uploads_at_the_same_time_share_what_their_network_may_store() {
        let (volume, most, used) = (Volume::new(), 1600 * MIB, 900 * MIB);
        let begin = |length| volume.begin(&of(1), length, (used, most));
        assert_eq!(begin(64 * MIB), Ok(()));
        assert_eq!(begin(64 * MIB), Err(StoreError::NoRoomForFiles), "the first is still under way");
        volume.end(&of(1), 64 * MIB, 8 * MIB);
        assert_eq!(begin(64 * MIB), Ok(()), "the first was shorter than announced");
        volume.end(&of(1), 64 * MIB, 0);
        assert_eq!(begin(64 * MIB), Ok(()), "the second was not stored");
    }
}
