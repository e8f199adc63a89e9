//! The limit on the scarce space of the spool that the networks of one class take in an hour.
//!
//! Space is scarce in the last tenth of the spool, and for files in its second half. A class of
//! origins ([`OriginClass`]) then takes a share of the space that is free, and each network in it
//! takes a share of what its class has left. Shares shrink with the free space, so the networks of
//! one class leave space for the other classes, in this hour and in the hours after it. The space
//! for unfinished uploads is divided in the same way, from its first byte. The counts are in memory
//! only.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use protocol::encoding::size_classes;
use tokio::time::Instant;

use crate::{
    admission::rate_limit::{ClientOrigin, NetworkKey, OriginClass},
    store::{MAX_TEXT_BYTES, StoreError},
};

/// A class of origins takes at most the free space divided by this number.
const CLASS_DIVISOR: u64 = 8;
/// A network takes at most the remaining share of the larger network divided by this number.
const NETWORK_DIVISOR: u64 = 2;
/// A circuit takes at most the remaining share of all circuits divided by this number.
const CIRCUIT_DIVISOR: u64 = 16;
/// Maximum bytes of text of one circuit. A visitor opens a new circuit more easily than a new
/// network, and a circuit serves one visitor only.
const MAX_CIRCUIT_TEXT_BYTES: u64 = MAX_TEXT_BYTES;

/// Counts the scarce bytes that origins have taken.
pub(super) struct StorageQuota(Mutex<QuotaWindow>);

/// The counts for one set of network keys. New keys begin new counts.
struct QuotaWindow {
    keys_since: Instant,
    taken: HashMap<(SpaceKind, ShareKey), u64>,
}

/// The kind of space that is scarce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum SpaceKind {
    Text,
    Files,
    Unfinished,
}

impl SpaceKind {
    /// Returns the space that a submission of this length takes.
    pub(super) fn of_submission(length: u64) -> Self {
        if length <= MAX_TEXT_BYTES { Self::Text } else { Self::Files }
    }

    /// Returns the free bytes of a scarce space, or `None` if it is not scarce. `used` and `limit`
    /// are the bytes of the spool, or those of its share for unfinished uploads.
    fn scarce_bytes(self, (used, limit): (u64, u64)) -> Option<u64> {
        let (available, scarce_from) = self.bounds(limit);
        (used > scarce_from || self == Self::Unfinished).then(|| available.saturating_sub(used))
    }

    /// Returns how many bytes of a submission of this length would be stored while space is scarce,
    /// and the free bytes at the beginning of the scarce space. The space is not scarce yet.
    fn crossing_bytes(self, length: u64, (used, limit): (u64, u64)) -> (u64, u64) {
        let (available, scarce_from) = self.bounds(limit);
        ((used + length).saturating_sub(scarce_from).min(length), available - scarce_from)
    }

    /// Returns how many bytes may be used, and from how many used bytes on the space is scarce.
    fn bounds(self, limit: u64) -> (u64, u64) {
        match self {
            Self::Text => (limit, limit / 10 * 9),
            Self::Files => (limit / 10 * 9, limit / 2),
            Self::Unfinished => (limit, 0),
        }
    }

    fn error(self) -> StoreError {
        match self {
            Self::Text => StoreError::ShareUsedUp,
            Self::Files => StoreError::FullForFiles,
            Self::Unfinished => StoreError::FullForUploads,
        }
    }
}

/// The class, network or circuit that a share belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ShareKey {
    Local,
    Onion,
    Outer(NetworkKey),
    Inner(NetworkKey),
    Network(NetworkKey),
}

/// The share of a class in the free space, or of a network in the share of the larger network.
struct Share {
    key: ShareKey,
    divisor: u64,
    /// Maximum size of the share, regardless of the free space.
    max: u64,
    /// Minimum size of the share, as long as the containing share has so much left.
    min: u64,
}

/// Returns the shares of an origin, the share of its class first.
fn shares_of(origin: &ClientOrigin, kind: SpaceKind) -> Vec<Share> {
    // The minimum lets a network store its first submission while its class has space for it.
    let (class_min, network_min, circuit_max) = match kind {
        SpaceKind::Text => {
            let smallest = size_classes::SIZE_CLASSES[0];
            (smallest, smallest, MAX_CIRCUIT_TEXT_BYTES)
        }
        SpaceKind::Files => (0, size_classes::MAX_SUBMISSION_LEN, u64::MAX),
        SpaceKind::Unfinished => {
            (size_classes::MAX_SUBMISSION_LEN, size_classes::MAX_SUBMISSION_LEN, u64::MAX)
        }
    };
    let class = |key| Share { key, divisor: CLASS_DIVISOR, max: u64::MAX, min: class_min };
    let network = |key| Share { key, divisor: NETWORK_DIVISOR, max: u64::MAX, min: network_min };
    match origin.class {
        OriginClass::Local => vec![class(ShareKey::Local)],
        OriginClass::Onion => {
            let key = ShareKey::Network(origin.network);
            let circuit =
                Share { key, divisor: CIRCUIT_DIVISOR, max: circuit_max, min: network_min };
            vec![class(ShareKey::Onion), circuit]
        }
        OriginClass::Internet { outer, inner } => vec![
            class(ShareKey::Outer(outer)),
            network(ShareKey::Inner(inner)),
            network(ShareKey::Network(origin.network)),
        ],
    }
}

/// The bytes that a submission counts towards the shares of its origin.
pub(super) struct CountedBytes {
    keys_since: Instant,
    kind: SpaceKind,
    /// All bytes of a submission that began while space was scarce. Of another one, the bytes that
    /// were expected to be stored while it is scarce, and further ones that were.
    length: u64,
    /// The expected bytes that were not stored yet.
    expected: u64,
    began_scarce: bool,
}

impl StorageQuota {
    pub(super) fn new() -> Self {
        Self(Mutex::new(QuotaWindow { keys_since: Instant::now(), taken: HashMap::new() }))
    }

    /// Counts a submission of this length before it is stored, so that concurrent uploads share the
    /// quota of their network. Of a submission that begins before space is scarce, counts the bytes
    /// beyond, so that a submission for which the share is too small is refused before its body.
    /// `usage` is the used bytes of the spool, or of its space for unfinished uploads, and the
    /// limit. `keys_since` identifies the network keys: new keys begin new counts.
    ///
    /// # Errors
    /// [`StoreError::ShareUsedUp`] for text, [`StoreError::FullForFiles`] for files,
    /// [`StoreError::FullForUploads`] for unfinished uploads.
    pub(super) fn reserve(
        &self,
        origin: &ClientOrigin,
        (kind, length): (SpaceKind, u64),
        usage: (u64, u64),
        keys_since: Instant,
    ) -> Result<CountedBytes, StoreError> {
        let Some(free) = kind.scarce_bytes(usage) else {
            let (length, free) = kind.crossing_bytes(length, usage);
            self.lock_window(keys_since).take(origin, kind, length, free)?;
            let (expected, began_scarce) = (length, false);
            return Ok(CountedBytes { keys_since, kind, length, expected, began_scarce });
        };
        self.lock_window(keys_since).take(origin, kind, length, free)?;
        Ok(CountedBytes { keys_since, kind, length, expected: 0, began_scarce: true })
    }

    /// Counts the next bytes of a submission before they are stored, if it began before space was
    /// scarce. Without this, submissions that begin at the same time would fill the space without
    /// being counted.
    ///
    /// # Errors
    /// As [`Self::reserve`].
    pub(super) fn extend(
        &self,
        origin: &ClientOrigin,
        counted: &mut CountedBytes,
        bytes: u64,
        usage: (u64, u64),
        keys_since: Instant,
    ) -> Result<(), StoreError> {
        if counted.began_scarce {
            return Ok(());
        }
        if let Some(free) = counted.kind.scarce_bytes(usage) {
            let further = bytes.saturating_sub(counted.expected);
            self.lock_window(keys_since).take(origin, counted.kind, further, free)?;
            counted.length += further;
            counted.expected -= bytes - further;
        }
        Ok(())
    }

    /// Replaces the counted bytes of a submission that has ended by the stored bytes: its length,
    /// or 0 if it was not stored.
    pub(super) fn settle(&self, origin: &ClientOrigin, counted: &CountedBytes, stored: u64) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The counts under earlier keys no longer exist.
        if counted.length == 0 || window.keys_since != counted.keys_since {
            return;
        }
        let scarce = counted.length - counted.expected;
        let stored = if counted.began_scarce { stored } else { stored.min(scarce) };
        window.replace(origin, counted.kind, counted.length, stored);
    }

    fn lock_window(&self, keys_since: Instant) -> MutexGuard<'_, QuotaWindow> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.keys_since != keys_since {
            *window = QuotaWindow { keys_since, taken: HashMap::new() };
        }
        window
    }
}

impl CountedBytes {
    /// Adds bytes that an earlier request of the same upload has counted.
    pub(super) fn add_earlier(&mut self, bytes: u64) {
        self.length += bytes;
    }
}

impl QuotaWindow {
    /// Counts these bytes towards the shares of the origin, of the free bytes of the space.
    fn take(
        &mut self,
        origin: &ClientOrigin,
        kind: SpaceKind,
        length: u64,
        free: u64,
    ) -> Result<(), StoreError> {
        if length == 0 {
            return Ok(());
        }
        let shares = shares_of(origin, kind);
        let mut left = free;
        for share in &shares {
            let size = (left / share.divisor).max(share.min).min(share.max).min(left);
            let taken = self.taken.get(&(kind, share.key)).copied().unwrap_or_default();
            left = size.saturating_sub(taken);
        }
        if length > left {
            return Err(kind.error());
        }
        for share in shares {
            *self.taken.entry((kind, share.key)).or_default() += length;
        }
        Ok(())
    }

    /// Replaces bytes that were counted by others.
    fn replace(&mut self, origin: &ClientOrigin, kind: SpaceKind, counted: u64, stored: u64) {
        for share in shares_of(origin, kind) {
            let key = (kind, share.key);
            let taken = self.taken.get(&key).copied().unwrap_or_default();
            match taken.saturating_sub(counted) + stored {
                0 => drop(self.taken.remove(&key)),
                taken => drop(self.taken.insert(key, taken)),
            }
        }
    }
}
