//! The shares of classes, networks and circuits.

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
        let counted = self.quota.reserve(origin, of(length), usage, self.keys_since)?;
        self.used += length;
        assert!(self.used <= Self::LIMIT, "the quota allows more than there is");
        self.quota.settle(origin, &counted, length);
        Ok(())
    }

    /// Stores at most `most` submissions, and returns how many were stored.
    fn store_until_refused(&mut self, origin: &ClientOrigin, length: u64, most: usize) -> usize {
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

/// Returns the space that a submission of this length takes.
fn of(length: u64) -> (SpaceKind, u64) {
    (SpaceKind::of_submission(length), length)
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
    let class = OriginClass::Internet { outer: key([outer, 0, 0]), inner: key([outer, inner, 0]) };
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
    assert_eq!(spool.store_until_refused(&ClientOrigin::LOCAL, 64 * MIB, 3), 1);
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
    let stored = spool.store_until_refused(&circuit(0), 32 * MIB, 10);
    assert_eq!(stored, 3, "the next one has 28 MiB in the scarce half, and its share is 10 MiB");
    for number in 0..1_000 {
        spool.store_until_refused(&circuit(number), MIB, 40);
    }
    assert_eq!(spool.store(&circuit(0), 4 * MIB), Err(StoreError::FullForFiles));
    assert!(spool.used <= 100 * MIB + 80 * MIB / 9 + MIB, "{}", spool.used);
    assert_eq!(spool.store(&internet(1, 1, 1), 4 * MIB), Ok(()));
    // Its text is no scarce space yet.
    assert_eq!(spool.store(&circuit(0), SMALL), Ok(()));
}

#[test]
fn concurrent_uploads_share_the_quota_of_their_network() {
    let spool = Spool::filled_to(0);
    let usage = (900 * MIB, 1600 * MIB);
    let origin = internet(1, 1, 1);
    let begin = |length| spool.quota.reserve(&origin, of(length), usage, spool.keys_since);
    let first = begin(64 * MIB).unwrap();
    assert!(begin(64 * MIB).is_err_and(|error| error == StoreError::FullForFiles));
    spool.quota.settle(&origin, &first, 0);
    let second = begin(64 * MIB).expect("the first was not stored");
    // An upload that began under earlier keys changes no count under the present ones.
    let later = spool.keys_since + Duration::from_hours(1);
    spool.quota.reserve(&origin, of(64 * MIB), usage, later).unwrap();
    spool.quota.settle(&origin, &second, 0);
    assert!(spool.quota.reserve(&origin, of(64 * MIB), usage, later).is_err());
}

#[test]
fn a_submission_that_crosses_into_scarce_space_is_refused_before_it_begins_or_is_stored_whole() {
    let origin = internet(1, 1, 1);
    let mut refused = 0;
    for length in 1..=100 {
        let mut spool = Spool::filled_to(80 * MIB);
        let usage = (spool.used, Spool::LIMIT);
        let counted = spool.quota.reserve(&origin, of(length * MIB), usage, spool.keys_since);
        let Ok(mut counted) = counted else {
            refused += 1;
            continue;
        };
        for _ in 0..length {
            let usage = (spool.used, Spool::LIMIT);
            let stored = spool.quota.extend(&origin, &mut counted, MIB, usage, spool.keys_since);
            assert_eq!(stored, Ok(()), "{length} MiB are cut at {} bytes", spool.used);
            spool.used += MIB;
        }
        spool.quota.settle(&origin, &counted, length * MIB);
    }
    // The share of a class is 10 MiB: an eighth of the 80 MiB for files in the scarce half.
    assert_eq!(refused, 100 - 30);
}

#[test]
fn what_was_expected_in_scarce_space_and_not_stored_there_is_not_counted() {
    let spool = Spool::filled_to(80 * MIB);
    let origin = internet(1, 1, 1);
    let begin = |usage| spool.quota.reserve(&origin, of(30 * MIB), usage, spool.keys_since);
    let usage = (80 * MIB, Spool::LIMIT);
    let mut counted = begin(usage).unwrap();
    assert!(begin(usage).is_err_and(|error| error == StoreError::FullForFiles), "a share of 10");
    // The case handler has collected meanwhile.
    spool
        .quota
        .extend(&origin, &mut counted, 30 * MIB, (0, Spool::LIMIT), spool.keys_since)
        .unwrap();
    spool.quota.settle(&origin, &counted, 30 * MIB);
    begin(usage).unwrap();
}

#[test]
fn submissions_that_began_before_space_was_scarce_share_the_quota() {
    let mut spool = Spool::filled_to(0);
    let origin = internet(1, 1, 1);
    let mut begun: Vec<_> = (0..20)
        .map(|_| {
            let usage = (spool.used, Spool::LIMIT);
            spool.quota.reserve(&origin, of(16 * MIB), usage, spool.keys_since).unwrap()
        })
        .collect();
    for _ in 0..16 {
        for counted in &mut begun {
            let usage = (spool.used, Spool::LIMIT);
            let stored = spool.quota.extend(&origin, counted, MIB, usage, spool.keys_since);
            spool.used += if stored.is_ok() { MIB } else { 0 };
        }
    }
    // Beyond the half, all of them together take a ninth of the space for files.
    assert!(spool.used <= 100 * MIB + 80 * MIB / 9 + MIB, "{}", spool.used);
    assert_eq!(spool.store(&origin, 4 * MIB), Err(StoreError::FullForFiles));
    assert_eq!(spool.store(&internet(2, 1, 1), 4 * MIB), Ok(()));
    // What was not stored in the end is not counted.
    for counted in &begun {
        spool.quota.settle(&origin, counted, 0);
    }
    spool.used = 101 * MIB;
    assert_eq!(spool.store(&origin, 4 * MIB), Ok(()));
}

#[test]
fn unfinished_uploads_of_one_class_leave_space_for_those_of_others() {
    const LIMIT: u64 = 5120 * MIB;
    let quota = StorageQuota::new();
    let keys_since = Instant::now();
    let mut used = 0;
    let mut begin = |origin: &ClientOrigin, mib: u64, keys_since| {
        let wanted = (SpaceKind::Unfinished, mib * MIB);
        let counted = quota.reserve(origin, wanted, (used, LIMIT), keys_since);
        used += if counted.is_ok() { mib * MIB } else { 0 };
        counted
    };
    let mut of_class = Vec::new();
    for network in 0..1_000 {
        of_class.extend(begin(&internet(1, network, 1), 1, keys_since));
    }
    assert!(of_class.len() <= 5120 / 9 + 1, "{}", of_class.len());
    let refused = begin(&internet(1, 1_001, 1), 1, keys_since);
    assert_eq!(refused.map(drop), Err(StoreError::FullForUploads));
    // An upload that was cut counts what it has stored, and nothing after it has finished.
    let origin = internet(1, 0, 1);
    let mut of_class = of_class.into_iter();
    quota.settle(&origin, &of_class.next().unwrap(), MIB / 2);
    let refused = begin(&origin, 1, keys_since);
    assert_eq!(refused.map(drop), Err(StoreError::FullForUploads));
    let mut last = of_class.next().unwrap();
    last.add_earlier(MIB / 2);
    quota.settle(&origin, &last, 0);
    assert!(begin(&origin, 1, keys_since).is_ok());
    for other in [internet(2, 1, 1), circuit(1), ClientOrigin::LOCAL] {
        assert!(begin(&other, 256, keys_since).is_ok(), "the largest upload");
    }
    let later = keys_since + Duration::from_hours(1);
    assert!(begin(&origin, 256, later).is_ok(), "new keys begin new counts");
}

#[test]
fn a_rejected_or_unstored_submission_is_not_counted() {
    let mut spool = Spool::filled_to(199 * MIB);
    for number in 0..100 {
        let origin = internet(number, 1, 1);
        assert!(spool.store(&origin, MAX_TEXT_BYTES).is_err() || number < 10);
        let usage = (spool.used, Spool::LIMIT);
        if let Ok(counted) = spool.quota.reserve(&origin, of(SMALL), usage, spool.keys_since) {
            spool.quota.settle(&origin, &counted, 0);
        }
    }
    assert!(spool.quota.lock_window(spool.keys_since).taken.len() <= 30);
}
