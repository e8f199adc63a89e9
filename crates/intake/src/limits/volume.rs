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

impl Volume {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Hour { since: Instant::now(), stored: HashMap::new() }))
    }

    /// May this network store a submission of this length, with the spool filled so far?
    ///
    /// Text is refused only in the last tenth of the spool, files only in its second half.
    pub(super) fn check(
        &self,
        origin: &Origin,
        length: u64,
        (used, most): (u64, u64),
    ) -> Result<(), StoreError> {
        let stored = self.hour().stored.get(&origin.network).copied().unwrap_or_default();
        let is_text = length <= TEXT;
        if is_text && used > most / 10 * 9 && stored.text + length > most / 10 / SHARE {
            return Err(StoreError::Full);
        }
        if !is_text && used > most / 2 && stored.files + length > most / SHARE {
            return Err(StoreError::NoRoomForFiles);
        }
        Ok(())
    }

    /// A submission was stored.
    pub(super) fn count(&self, origin: &Origin, length: u64) {
        let mut hour = self.hour();
        let stored = hour.stored.entry(origin.network).or_default();
        let kind = if length <= TEXT { &mut stored.text } else { &mut stored.files };
        *kind = kind.saturating_add(length);
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
            if let Err(refused) = volume.check(&of(network), length, (*used, most)) {
                return refused;
            }
            volume.count(&of(network), length);
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
            volume.check(&of(2), 8 * MIB, (used, most)),
            Ok(()),
            "another network may still send files"
        );
        // Its text is taken until the last tenth.
        assert_eq!(fill(&volume, 1, 32 * 1024, &mut used, most), StoreError::Full);
        assert!(used < 182 * MIB, "{used}");
        assert_eq!(volume.check(&of(2), 32 * 1024, (used, most)), Ok(()), "an honest report of text");
        tokio::time::advance(HOUR).await;
        assert_eq!(volume.check(&of(1), 32 * 1024, (used, most)), Ok(()));
    }
}
