//! The limit on the scarce space of the spool that the networks of one class take in an hour.
//!
//! Space is scarce in the last tenth of the spool, and for files in its second half. A class of
//! origins ([`OriginClass`]) then takes a share of the space that is free, and each network in it
//! takes a share of what its class has left. Shares shrink with the free space, so the networks of
//! one class leave space for the other classes, in this hour and in the hours after it. The counts
//! are in memory only.

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
enum SpaceKind {
    Text,
    Files,
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
    /// 0 if space was not scarce.
    length: u64,
}

impl StorageQuota {
    pub(super) fn new() -> Self {
        Self(Mutex::new(QuotaWindow { keys_since: Instant::now(), taken: HashMap::new() }))
    }

    /// Counts a submission of this length before it is stored, so that concurrent uploads share the
    /// quota of their network. `used` and `limit` are the bytes of the spool. `keys_since`
    /// identifies the network keys: new keys begin new counts.
    ///
    /// # Errors
    /// [`StoreError::ShareUsedUp`] for text, [`StoreError::FullForFiles`] for files.
    pub(super) fn reserve(
        &self,
        origin: &ClientOrigin,
        length: u64,
        (used, limit): (u64, u64),
        keys_since: Instant,
    ) -> Result<CountedBytes, StoreError> {
        let (kind, available, scarce_from) = if length <= MAX_TEXT_BYTES {
            (SpaceKind::Text, limit, limit / 10 * 9)
        } else {
            (SpaceKind::Files, limit / 10 * 9, limit / 2)
        };
        if used <= scarce_from {
            return Ok(CountedBytes { keys_since, kind, length: 0 });
        }
        let mut window = self.lock_window(keys_since);
        let shares = shares_of(origin, kind);
        let mut left = available.saturating_sub(used);
        for share in &shares {
            let size = (left / share.divisor).max(share.min).min(share.max).min(left);
            let taken = window.taken.get(&(kind, share.key)).copied().unwrap_or_default();
            left = size.saturating_sub(taken);
        }
        if length > left {
            return Err(match kind {
                SpaceKind::Text => StoreError::ShareUsedUp,
                SpaceKind::Files => StoreError::FullForFiles,
            });
        }
        for share in shares {
            *window.taken.entry((kind, share.key)).or_default() += length;
        }
        Ok(CountedBytes { keys_since, kind, length })
    }

    /// Replaces the counted bytes of a submission that has ended by the stored bytes: its length,
    /// or 0 if it was not stored.
    pub(super) fn settle(&self, origin: &ClientOrigin, counted: &CountedBytes, stored: u64) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The counts under earlier keys no longer exist.
        if counted.length == 0 || window.keys_since != counted.keys_since {
            return;
        }
        for share in shares_of(origin, counted.kind) {
            let key = (counted.kind, share.key);
            let taken = window.taken.get(&key).copied().unwrap_or_default();
            match taken.saturating_sub(counted.length) + stored {
                0 => drop(window.taken.remove(&key)),
                taken => drop(window.taken.insert(key, taken)),
            }
        }
    }

    fn lock_window(&self, keys_since: Instant) -> MutexGuard<'_, QuotaWindow> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if window.keys_since != keys_since {
            *window = QuotaWindow { keys_since, taken: HashMap::new() };
        }
        window
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use tokio::time::Duration;

    use super::*;

    const MIB: u64 = 1 << 20;
    const SMALL: u64 = size_classes::SIZE_CLASSES[0];

    /// A spool of 200 MiB and its quota.
    struct Spool {
        quota: StorageQuota,
        used: u64,
        keys_since: Instant,
    }

    impl Spool {
        const LIMIT: u64 = 200 * MIB;

        fn filled_to(used: u64) -> Self {
            Self { quota: StorageQuota::new(), used, keys_since: Instant::now() }
        }

        fn store(&mut self, origin: &ClientOrigin, length: u64) -> Result<(), StoreError> {
            let usage = (self.used, Self::LIMIT);
            let counted = self.quota.reserve(origin, length, usage, self.keys_since)?;
            self.used += length;
            assert!(self.used <= Self::LIMIT, "the quota allows more than there is");
            self.quota.settle(origin, &counted, length);
            Ok(())
        }

        /// Stores at most `most` submissions, and returns how many were stored.
        fn store_until_refused(
            &mut self,
            origin: &ClientOrigin,
            length: u64,
            most: usize,
        ) -> usize {
            (0..most).take_while(|_| self.store(origin, length).is_ok()).count()
        }

        /// How many of these origins can store one small text.
        fn admitted(&mut self, origins: impl IntoIterator<Item = ClientOrigin>) -> usize {
            origins.into_iter().filter(|origin| self.store(origin, SMALL).is_ok()).count()
        }

        fn next_hour(&mut self) {
            self.keys_since += Duration::from_hours(1);
        }
    }

    /// A network of the internet by the numbers of its /16, /20 and /24 (IPv6: /32, /48 and /56).
    fn internet(outer: u16, inner: u16, network: u16) -> ClientOrigin {
        let key = |parts: [u16; 3]| {
            let [a, b, c] = parts.map(u16::to_be_bytes);
            let mut key = [9; 16];
            key[..6].copy_from_slice(&[a, b, c].concat());
            key
        };
        let network = key([outer, inner, network]);
        let class =
            OriginClass::Internet { outer: key([outer, 0, 0]), inner: key([outer, inner, 0]) };
        ClientOrigin { class, network, host: network }
    }

    fn circuit(number: u16) -> ClientOrigin {
        let network = Ipv6Addr::from_bits(number.into()).octets();
        ClientOrigin { class: OriginClass::Onion, network, host: network }
    }

    #[test]
    fn circuits_leave_space_for_other_classes_and_other_circuits() {
        let mut spool = Spool::filled_to(181 * MIB);
        for number in 0..14 {
            assert!(spool.store_until_refused(&circuit(number), SMALL, 40) <= 4);
        }
        assert_eq!(spool.admitted((100..110).map(circuit)), 10, "other circuits");
        // All circuits together take a ninth of what was free, however many they are.
        for number in 1_000..2_000 {
            spool.store_until_refused(&circuit(number), SMALL, 40);
        }
        assert!(spool.used <= 181 * MIB + 19 * MIB / 9 + SMALL, "{}", spool.used);
        assert_eq!(spool.admitted((0..20).map(|network| internet(1, network, 1))), 20);
        assert_eq!(spool.admitted([ClientOrigin::LOCAL]), 1);
    }

    #[test]
    fn networks_of_one_sender_leave_space_for_neighbouring_networks() {
        let mut spool = Spool::filled_to(181 * MIB);
        // All /56 of one /48.
        for network in 0..256 {
            spool.store_until_refused(&internet(1, 1, network), SMALL, 40);
        }
        assert!(spool.used <= 181 * MIB + 19 * MIB / 25 + SMALL, "{}", spool.used);
        assert_eq!(spool.admitted((2..7).map(|inner| internet(1, inner, 1))), 5, "in its /32");
        assert_eq!(spool.admitted((2..22).map(|outer| internet(outer, 1, 1))), 20);
        assert_eq!(spool.admitted((0..20).map(circuit)), 20);
        // The first /24 of a flood, and 13 more from elsewhere.
        for outer in 100..114 {
            spool.store_until_refused(&internet(outer, 1, 1), SMALL, 40);
        }
        assert_eq!(spool.admitted((200..220).map(|outer| internet(outer, 1, 1))), 20);
    }

    #[test]
    fn without_circuit_ids_one_onion_visitor_can_block_only_other_onion_visitors() {
        let mut spool = Spool::filled_to(0);
        assert_eq!(spool.store_until_refused(&ClientOrigin::LOCAL, 64 * MIB, 3), 2);
        spool.store_until_refused(&ClientOrigin::LOCAL, SMALL, 10_000);
        assert_eq!(spool.store(&ClientOrigin::LOCAL, SMALL), Err(StoreError::ShareUsedUp));
        assert_eq!(spool.admitted((0..20).map(|outer| internet(outer, 1, 1))), 20);
        assert_eq!(spool.admitted((0..20).map(circuit)), 20);
    }

    #[test]
    fn a_flood_of_one_day_from_one_class_does_not_fill_the_spool() {
        let mut spool = Spool::filled_to(181 * MIB);
        for _ in 0..24 {
            for number in 0..300 {
                spool.store_until_refused(&circuit(number), SMALL, 40);
            }
            assert_eq!(spool.admitted([internet(1, 1, 1)]), 1);
            spool.next_hour();
        }
        assert_eq!(spool.admitted([circuit(1_000)]), 1, "the shares are new");
    }

    #[test]
    fn a_network_stores_its_first_text_while_the_spool_has_space_for_it() {
        let mut spool = Spool::filled_to(Spool::LIMIT - 3 * SMALL);
        let origins = [circuit(1), internet(1, 1, 1), internet(2, 1, 1)];
        assert_eq!(spool.store(&origins[0], MAX_TEXT_BYTES), Err(StoreError::ShareUsedUp));
        for origin in origins {
            assert_eq!(spool.store_until_refused(&origin, SMALL, 2), 1);
        }
        assert_eq!(spool.used, Spool::LIMIT);
    }

    #[test]
    fn files_of_one_class_leave_space_for_other_classes() {
        let mut spool = Spool::filled_to(0);
        assert_eq!(spool.store_until_refused(&circuit(0), 32 * MIB, 10), 4, "no space is scarce");
        for number in 0..1_000 {
            spool.store_until_refused(&circuit(number), MIB, 40);
        }
        assert_eq!(spool.store(&circuit(0), 4 * MIB), Err(StoreError::FullForFiles));
        assert!(spool.used <= 128 * MIB + 52 * MIB / 9 + MIB, "{}", spool.used);
        assert_eq!(spool.store(&internet(1, 1, 1), 4 * MIB), Ok(()));
        // Its text is no scarce space yet.
        assert_eq!(spool.store(&circuit(0), SMALL), Ok(()));
    }

    #[test]
    fn concurrent_uploads_share_the_quota_of_their_network() {
        let spool = Spool::filled_to(0);
        let usage = (900 * MIB, 1600 * MIB);
        let origin = internet(1, 1, 1);
        let begin = |length| spool.quota.reserve(&origin, length, usage, spool.keys_since);
        let first = begin(64 * MIB).unwrap();
        assert!(begin(64 * MIB).is_err_and(|error| error == StoreError::FullForFiles));
        spool.quota.settle(&origin, &first, 0);
        let second = begin(64 * MIB).expect("the first was not stored");
        // An upload that began under earlier keys changes no count under the present ones.
        let later = spool.keys_since + Duration::from_hours(1);
        spool.quota.reserve(&origin, 64 * MIB, usage, later).unwrap();
        spool.quota.settle(&origin, &second, 0);
        assert!(spool.quota.reserve(&origin, 64 * MIB, usage, later).is_err());
    }

    #[test]
    fn a_rejected_or_unstored_submission_is_not_counted() {
        let mut spool = Spool::filled_to(199 * MIB);
        for number in 0..100 {
            let origin = internet(number, 1, 1);
            assert!(spool.store(&origin, MAX_TEXT_BYTES).is_err() || number < 10);
            let usage = (spool.used, Spool::LIMIT);
            if let Ok(counted) = spool.quota.reserve(&origin, SMALL, usage, spool.keys_since) {
                spool.quota.settle(&origin, &counted, 0);
            }
        }
        assert!(spool.quota.lock_window(spool.keys_since).taken.len() <= 30);
    }
}
