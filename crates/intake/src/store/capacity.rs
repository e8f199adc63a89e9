//! The remaining capacity of the spool.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use protocol::encoding::size_classes;

use super::StoreError;

/// The share of the spool in percent that files may fill. The rest is reserved for text.
const FILES_PERCENT: u64 = 90;
/// Maximum length of a submission that counts as text, in bytes: the second size class.
pub const MAX_TEXT_BYTES: u64 = size_classes::SIZE_CLASSES[1];

/// Counts the bytes that are stored and the bytes that are being uploaded.
pub(super) struct SpoolCapacity {
    limit: u64,
    stored: AtomicU64,
    uploading: AtomicU64,
}

impl SpoolCapacity {
    /// Creates a capacity of `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, stored: AtomicU64::new(0), uploading: AtomicU64::new(0) }
    }

    /// Sets the measured bytes of stored submissions.
    pub(super) fn set_stored(&self, bytes: u64) {
        self.stored.store(bytes, Ordering::Relaxed);
    }

    /// Sets the measured bytes of stored submissions and uploads together.
    pub(super) fn set_measured(&self, bytes: u64) {
        self.set_stored(bytes.saturating_sub(self.uploading.load(Ordering::Relaxed)));
    }

    /// Returns the bytes that are stored or being uploaded, and the limit.
    pub(super) fn usage(&self) -> (u64, u64) {
        (self.stored.load(Ordering::Relaxed) + self.uploading.load(Ordering::Relaxed), self.limit)
    }

    /// Reserves `bytes` for a submission whose length is `length` so far.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the spool is full, [`StoreError::FullForFiles`] if the rest is
    /// reserved for text.
    pub(super) fn reserve(&self, bytes: u64, length: u64) -> Result<(), StoreError> {
        self.check(bytes, length)?;
        self.uploading.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Checks that there is space as [`Self::reserve`] does, and reserves nothing.
    ///
    /// # Errors
    /// As [`Self::reserve`].
    pub(super) fn check(&self, bytes: u64, length: u64) -> Result<(), StoreError> {
        let (used, limit) = self.usage();
        if used + bytes > limit {
            return Err(StoreError::Full);
        }
        if length > MAX_TEXT_BYTES && used + bytes > limit / 100 * FILES_PERCENT {
            return Err(StoreError::FullForFiles);
        }
        Ok(())
    }

    /// Reserves `bytes` as [`Self::reserve`] does, until the result is dropped.
    ///
    /// # Errors
    /// As [`Self::reserve`].
    pub(super) fn reserve_piece(
        self: &Arc<Self>,
        bytes: u64,
        length: u64,
    ) -> Result<ReservedPiece, StoreError> {
        self.reserve(bytes, length)?;
        Ok(ReservedPiece { capacity: Arc::clone(self), bytes, is_stored: true })
    }

    /// Releases the reservation of an upload that has ended.
    pub(super) fn release(&self, bytes: u64, is_stored: bool) {
        self.uploading.fetch_sub(bytes, Ordering::Relaxed);
        if is_stored {
            self.stored.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// Bytes that are reserved while they are written.
pub(super) struct ReservedPiece {
    capacity: Arc<SpoolCapacity>,
    bytes: u64,
    /// True until the write fails: a write whose caller was dropped is completed anyway.
    is_stored: bool,
}

impl ReservedPiece {
    /// Ends the reservation with the result of the write.
    pub(super) fn settle(mut self, is_stored: bool) {
        self.is_stored = is_stored;
    }
}

impl Drop for ReservedPiece {
    fn drop(&mut self) {
        self.capacity.release(self.bytes, self.is_stored);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tenth_is_reserved_for_text() {
        const MIB: u64 = 1 << 20;
        let capacity = SpoolCapacity::new(100 * MIB);
        capacity.set_measured(80 * MIB);
        assert_eq!(capacity.reserve(8 * MIB, 8 * MIB), Ok(()));
        assert_eq!(capacity.reserve(4 * MIB, 4 * MIB), Err(StoreError::FullForFiles));
        assert_eq!(capacity.reserve(MAX_TEXT_BYTES, MAX_TEXT_BYTES), Ok(()));
        capacity.release(8 * MIB, false);
        assert_eq!(
            capacity.reserve(4 * MIB, 4 * MIB),
            Ok(()),
            "a released reservation is free again"
        );
        capacity.release(4 * MIB, true);
        capacity.release(MAX_TEXT_BYTES, true);
        assert_eq!(capacity.usage().0, 84 * MIB + MAX_TEXT_BYTES);
        capacity.set_measured(100 * MIB - MAX_TEXT_BYTES);
        assert_eq!(capacity.reserve(MAX_TEXT_BYTES, MAX_TEXT_BYTES), Ok(()));
        assert_eq!(capacity.reserve(MAX_TEXT_BYTES, MAX_TEXT_BYTES), Err(StoreError::Full));
    }
}
