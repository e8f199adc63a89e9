//! The remaining capacity of the spool.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use protocol::encoding::size_classes;

use super::StoreError;

/// The share of the spool in percent that files may fill. The rest is reserved for text.
const FILES_PERCENT: u64 = 90;
/// The spool divided by this number is the space of unfinished uploads. The case handler cannot
/// collect them, so they must not take the space of complete submissions.
const UNFINISHED_DIVISOR: u64 = 4;
/// The share of that space in percent in which uploads begin. The rest is reserved for uploads that
/// continue, so that stored pieces cannot keep each other from finishing.
const BEGIN_PERCENT: u64 = 80;
/// Maximum length of a submission that counts as text, in bytes: the second size class.
pub const MAX_TEXT_BYTES: u64 = size_classes::SIZE_CLASSES[1];

/// Counts the bytes that are stored and the bytes that are being uploaded.
pub(super) struct SpoolCapacity {
    limit: u64,
    stored: AtomicU64,
    uploading: AtomicU64,
    /// Stored bytes of unfinished uploads. The counts above contain them as well.
    unfinished: AtomicU64,
    /// Bytes that requests have reserved for pieces of unfinished uploads and not stored yet.
    expected: AtomicU64,
}

impl SpoolCapacity {
    /// Creates a capacity of `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        let [stored, uploading, unfinished, expected] = [(); 4].map(|()| AtomicU64::new(0));
        Self { limit, stored, uploading, unfinished, expected }
    }

    /// Sets the measured bytes of stored submissions.
    pub(super) fn set_stored(&self, bytes: u64) {
        self.stored.store(bytes, Ordering::Relaxed);
    }

    /// Sets the measured bytes of stored submissions and uploads together.
    pub(super) fn set_measured(&self, bytes: u64) {
        self.set_stored(bytes.saturating_sub(self.uploading.load(Ordering::Relaxed)));
    }

    /// Sets the measured bytes of unfinished uploads.
    pub(super) fn set_unfinished(&self, bytes: u64) {
        self.unfinished.store(bytes, Ordering::Relaxed);
    }

    /// Returns the bytes of unfinished uploads that are stored or reserved, and their limit.
    pub(super) fn unfinished_usage(&self) -> (u64, u64) {
        let unfinished = self.unfinished.load(Ordering::Relaxed);
        (unfinished + self.expected.load(Ordering::Relaxed), self.limit / UNFINISHED_DIVISOR)
    }

    /// Reserves `bytes` for the pieces of an upload that begins or continues.
    ///
    /// # Errors
    /// [`StoreError::FullForUploads`] if unfinished uploads have used up their space.
    pub(super) fn reserve_pieces(
        self: &Arc<Self>,
        bytes: u64,
        begins: bool,
    ) -> Result<ReservedPieces, StoreError> {
        // Counted before the check, because other requests are counted at the same time.
        self.expected.fetch_add(bytes, Ordering::Relaxed);
        let reserved = ReservedPieces { capacity: Arc::clone(self), left: bytes };
        let (used, limit) = self.unfinished_usage();
        let available = if begins { limit / 100 * BEGIN_PERCENT } else { limit };
        if used > available { Err(StoreError::FullForUploads) } else { Ok(reserved) }
    }

    /// Counts bytes of unfinished uploads as finished.
    pub(super) fn end_unfinished(&self, bytes: u64) {
        let end = |unfinished: u64| Some(unfinished.saturating_sub(bytes));
        // The closure always returns a value.
        self.unfinished.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end).ok();
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

/// Space for the pieces of an unfinished upload, reserved while a request sends them.
pub(super) struct ReservedPieces {
    capacity: Arc<SpoolCapacity>,
    left: u64,
}

impl ReservedPieces {
    /// Counts bytes as stored.
    pub(super) fn record_stored(&mut self, bytes: u64) {
        let bytes = bytes.min(self.left);
        self.left -= bytes;
        self.capacity.unfinished.fetch_add(bytes, Ordering::Relaxed);
        self.capacity.expected.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Returns the bytes that are reserved and not stored.
    pub(super) fn left(&self) -> u64 {
        self.left
    }
}

impl Drop for ReservedPieces {
    fn drop(&mut self) {
        self.capacity.expected.fetch_sub(self.left, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn unfinished_uploads_leave_three_quarters_to_complete_submissions() {
        let capacity = Arc::new(SpoolCapacity::new(100 * MIB));
        let mut running: Vec<_> =
            (0..5).map(|_| capacity.reserve_pieces(4 * MIB, true).unwrap()).collect();
        let refused = capacity.reserve_pieces(1, true).map(drop);
        assert_eq!(refused, Err(StoreError::FullForUploads));
        assert_eq!(capacity.reserve(64 * MIB, 64 * MIB), Ok(()), "a complete submission");
        // Each is cut after half of it. What was not stored is free again.
        for reserved in &mut running {
            reserved.record_stored(2 * MIB);
            assert_eq!(reserved.left(), 2 * MIB);
        }
        drop(running);
        assert_eq!(capacity.unfinished_usage(), (10 * MIB, 25 * MIB));
        // Others take the space in which uploads begin. Those that continue still can.
        let mut others = capacity.reserve_pieces(10 * MIB, true).unwrap();
        others.record_stored(10 * MIB);
        for _ in 0..5 {
            capacity.reserve_pieces(2 * MIB, false).unwrap().record_stored(2 * MIB);
            capacity.end_unfinished(4 * MIB);
        }
        assert_eq!(capacity.unfinished_usage(), (10 * MIB, 25 * MIB));
        let refused = capacity.reserve_pieces(16 * MIB, false).map(drop);
        assert_eq!(refused, Err(StoreError::FullForUploads));
        capacity.set_unfinished(0);
        capacity.reserve_pieces(16 * MIB, true).unwrap();
    }

    #[test]
    fn the_last_tenth_is_reserved_for_text() {
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
