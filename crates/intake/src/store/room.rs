//! How much room the spool has left, and for what.

use std::sync::atomic::{AtomicU64, Ordering};

use envelope::ladder;

use super::StoreError;

/// The share of the spool in percent that files may fill. The rest is kept for text.
const FOR_FILES: u64 = 90;
/// Longest submission that counts as text, in bytes: the two smallest rungs.
pub const TEXT: u64 = ladder::RUNGS[1];

/// Counts what is stored and what is under way.
pub(super) struct Room {
    most: u64,
    stored: AtomicU64,
    under_way: AtomicU64,
}

impl Room {
    /// Room for so many bytes.
    pub(super) fn new(most: u64) -> Self {
        Self { most, stored: AtomicU64::new(0), under_way: AtomicU64::new(0) }
    }

    /// Takes over what was measured of what is stored.
    pub(super) fn stored(&self, bytes: u64) {
        self.stored.store(bytes, Ordering::Relaxed);
    }

    /// Takes over what was measured of what is stored and of what is under way.
    pub(super) fn measured(&self, bytes: u64) {
        self.stored(bytes.saturating_sub(self.under_way.load(Ordering::Relaxed)));
    }

    /// Bytes that are stored or under way, and how many may be.
    pub(super) fn fill(&self) -> (u64, u64) {
        (self.stored.load(Ordering::Relaxed) + self.under_way.load(Ordering::Relaxed), self.most)
    }

    /// Reserves room for the next bytes of a submission that is so long by now.
    ///
    /// # Errors
    /// [`StoreError::Full`] if there is no room at all, [`StoreError::NoRoomForFiles`] if what is left is kept for text.
    pub(super) fn reserve(&self, bytes: u64, length: u64) -> Result<(), StoreError> {
        let (used, most) = self.fill();
        if used + bytes > most {
            return Err(StoreError::Full);
        }
        if length > TEXT && used + bytes > most / 100 * FOR_FILES {
            return Err(StoreError::NoRoomForFiles);
        }
        self.under_way.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// A submission has ended for which so much was reserved.
    pub(super) fn settle(&self, bytes: u64, is_stored: bool) {
        self.under_way.fetch_sub(bytes, Ordering::Relaxed);
        if is_stored {
            self.stored.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tenth_is_kept_for_text() {
        const MIB: u64 = 1 << 20;
        let room = Room::new(100 * MIB);
        room.measured(80 * MIB);
        assert_eq!(room.reserve(8 * MIB, 8 * MIB), Ok(()));
        assert_eq!(room.reserve(4 * MIB, 4 * MIB), Err(StoreError::NoRoomForFiles));
        assert_eq!(room.reserve(TEXT, TEXT), Ok(()));
        room.settle(8 * MIB, false);
        assert_eq!(room.reserve(4 * MIB, 4 * MIB), Ok(()), "what was not stored is free again");
        room.settle(4 * MIB, true);
        room.settle(TEXT, true);
        assert_eq!(room.fill().0, 84 * MIB + TEXT);
        room.measured(100 * MIB - TEXT);
        assert_eq!(room.reserve(TEXT, TEXT), Ok(()));
        assert_eq!(room.reserve(TEXT, TEXT), Err(StoreError::Full));
    }
}
