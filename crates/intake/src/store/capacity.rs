//! How much room the spool has left, and for what.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::encoding::size_classes;

use super::StoreError;

/// The share of the spool in percent that files may fill. The rest is kept for text.
const FILES_PERCENT: u64 = 90;
/// Longest submission that counts as text, in bytes: the two smallest rungs.
pub const MAX_TEXT_BYTES: u64 = size_classes::SIZE_CLASSES[1];

/// Counts what is stored and what is under way.
pub(super) struct SpoolCapacity {
    limit: u64,
    stored: AtomicU64,
    under_way: AtomicU64,
}

impl SpoolCapacity {
    /// Room for so many bytes.
    pub(super) fn new(most: u64) -> Self {
        Self { limit: most, stored: AtomicU64::new(0), under_way: AtomicU64::new(0) }
    }

    /// Takes over what was measured of what is stored.
    pub(super) fn set_stored(&self, bytes: u64) {
        self.stored.store(bytes, Ordering::Relaxed);
    }

    /// Takes over what was measured of what is stored and of what is under way.
    pub(super) fn set_measured(&self, bytes: u64) {
        self.set_stored(bytes.saturating_sub(self.under_way.load(Ordering::Relaxed)));
    }

    /// Bytes that are stored or under way, and how many may be.
    pub(super) fn usage(&self) -> (u64, u64) {
        (self.stored.load(Ordering::Relaxed) + self.under_way.load(Ordering::Relaxed), self.limit)
    }

    /// Reserves room for the next bytes of a submission that is so long by now.
    ///
    /// # Errors
    /// [`StoreError::Full`] if there is no room at all, [`StoreError::FullForFiles`] if what is
    /// left is kept for text.
    pub(super) fn reserve(&self, bytes: u64, length: u64) -> Result<(), StoreError> {
        let (used, most) = self.usage();
        if used + bytes > most {
            return Err(StoreError::Full);
        }
        if length > MAX_TEXT_BYTES && used + bytes > most / 100 * FILES_PERCENT {
            return Err(StoreError::FullForFiles);
        }
        self.under_way.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// A submission has ended for which so much was reserved.
    pub(super) fn release(&self, bytes: u64, is_stored: bool) {
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
        let room = SpoolCapacity::new(100 * MIB);
        room.set_measured(80 * MIB);
        assert_eq!(room.reserve(8 * MIB, 8 * MIB), Ok(()));
        assert_eq!(room.reserve(4 * MIB, 4 * MIB), Err(StoreError::FullForFiles));
        assert_eq!(room.reserve(MAX_TEXT_BYTES, MAX_TEXT_BYTES), Ok(()));
        room.release(8 * MIB, false);
        assert_eq!(room.reserve(4 * MIB, 4 * MIB), Ok(()), "what was not stored is free again");
        room.release(4 * MIB, true);
        room.release(MAX_TEXT_BYTES, true);
        assert_eq!(room.usage().0, 84 * MIB + MAX_TEXT_BYTES);
        room.set_measured(100 * MIB - MAX_TEXT_BYTES);
        assert_eq!(room.reserve(MAX_TEXT_BYTES, MAX_TEXT_BYTES), Ok(()));
        assert_eq!(room.reserve(MAX_TEXT_BYTES, MAX_TEXT_BYTES), Err(StoreError::Full));
    }
}
