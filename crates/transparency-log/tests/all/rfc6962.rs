//! The tree, compared with the definitions of RFC 6962, with the vectors of
//! `transparency-dev/merkle`, and with the crate `ct-merkle`.

use std::collections::HashMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use protocol::Hash;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sha2_for_ct_merkle::Sha256;
use transparency_log::{
    batch::{
        BATCH_LEAVES, Batch, BatchError, LoggedEvent, batch_of, consistency_plan, log_size,
        place_events, upper_proof_nodes,
    },
    leaf::LeafSecret,
    merkle::{
        MerkleError, MissingNode, NodeId, TreePlan, completed_nodes, empty_root, leaf_hash,
        node_hash, verify_consistency, verify_inclusion,
    },
};

/// `MTH(D[n])` of RFC 6962, section 2.1, over hashes of leaves.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(largest_power_below(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// `PATH(m, D[n])` of RFC 6962, section 2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = largest_power_below(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m < k {
        [path(m, left), vec![mth(right)]].concat()
    } else {
        [path(m - k, right), vec![mth(left)]].concat()
    }
}

/// `SUBPROOF(m, D[n], b)` of RFC 6962, section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = largest_power_below(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m <= k {
        [subproof(m, left, whole), vec![mth(right)]].concat()
    } else {
        [subproof(m - k, right, false), vec![mth(left)]].concat()
    }
}

fn largest_power_below(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

fn leaves(n: usize) -> Vec<Hash> {
    (0..n).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// The nodes of a growing tree, as a store keeps them.
#[derive(Default)]
struct Nodes {
    size: u64,
    by_id: HashMap<NodeId, Hash>,
}

impl Nodes {
    fn append(&mut self, leaf: Hash) {
        let completed = completed_nodes(self.size, leaf, self.lookup()).unwrap();
        self.by_id.extend(completed);
        self.size += 1;
    }

    fn of(leaves: &[Hash]) -> Self {
        let mut nodes = Self::default();
        for leaf in leaves {
            nodes.append(*leaf);
        }
        nodes
    }

    fn lookup(&self) -> impl Fn(NodeId) -> Option<Hash> {
        |node| self.by_id.get(&node).copied()
    }

    fn root(&self, size: u64) -> Hash {
        let hashes = TreePlan::root(size).hashes(self.lookup()).unwrap();
        hashes.first().copied().unwrap_or_else(empty_root)
    }
}

#[test]
fn roots_and_proofs_are_those_of_the_definitions() {
    let all = leaves(70);
    let nodes = Nodes::of(&all);
    for n in 0..=all.len() {
        let size = n as u64;
        assert_eq!(nodes.root(size), mth(&all[..n]), "size {n}");
        for m in 0..n {
            let plan = TreePlan::inclusion(m as u64, size).unwrap();
            assert_eq!(plan.hashes(nodes.lookup()).unwrap(), path(m, &all[..n]), "{m} of {n}");
        }
        for m in 1..=n {
            let plan = TreePlan::consistency(m as u64, size).unwrap();
            let expected = subproof(m, &all[..n], true);
            assert_eq!(plan.hashes(nodes.lookup()).unwrap(), expected, "{m} to {n}");
        }
    }
}

#[test]
fn proofs_verify_at_exactly_one_index_and_between_exactly_two_sizes() {
    let all = leaves(20);
    let nodes = Nodes::of(&all);
    for size in 1..=20_u64 {
        let root = nodes.root(size);
        for index in 0..size {
            let proof = TreePlan::inclusion(index, size).unwrap().hashes(nodes.lookup()).unwrap();
            for other in 0..=size {
                let accepted = verify_inclusion(
                    other,
                    all[usize::try_from(index).unwrap()],
                    size,
                    &root,
                    &proof,
                );
                assert_eq!(accepted.is_ok(), other == index, "{index} as {other} of {size}");
            }
        }
        for old in 0..=size {
            let proof = TreePlan::consistency(old, size).unwrap().hashes(nodes.lookup()).unwrap();
            for other in 0..=size {
                let accepted =
                    verify_consistency((other, &nodes.root(other)), (size, &root), &proof);
                // Other sizes can have the same proof only if it is empty.
                let trivial = proof.is_empty() && (other == 0 || other == size);
                assert_eq!(accepted.is_ok(), other == old || trivial, "{old} as {other}: {size}");
            }
        }
    }
}

#[test]
fn the_published_vectors_of_certificate_transparency_hold() {
    const INPUTS: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let inputs: Vec<Hash> =
        INPUTS.iter().map(|input| leaf_hash(&hex::decode(input).unwrap())).collect();
    let nodes = Nodes::of(&inputs);
    for (size, root) in (0..).zip(ROOTS) {
        assert_eq!(hex::encode(nodes.root(size).as_bytes()), root, "size {size}");
    }
    let hex_of = |plan: TreePlan| -> Vec<String> {
        let hashes = plan.hashes(nodes.lookup()).unwrap();
        hashes.iter().map(|hash| hex::encode(hash.as_bytes())).collect()
    };
    for (index, size, proof) in [
        (0, 1, vec![]),
        (2, 3, vec!["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            vec![
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
        (
            5,
            8,
            vec![
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
    ] {
        assert_eq!(hex_of(TreePlan::inclusion(index, size).unwrap()), proof, "{index} of {size}");
    }
    for (old, new, proof) in [
        (1, 1, vec![]),
        (
            2,
            5,
            vec![
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
        (
            6,
            8,
            vec![
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
    ] {
        assert_eq!(hex_of(TreePlan::consistency(old, new).unwrap()), proof, "{old} to {new}");
    }
}

#[test]
fn ct_merkle_makes_the_same_roots_and_proofs() {
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut ours = Nodes::default();
    for n in 1..=130_usize {
        let data = n.to_be_bytes().to_vec();
        ours.append(leaf_hash(&data));
        theirs.push(data);
        assert_eq!(theirs.root().as_bytes().as_slice(), ours.root(n as u64).as_bytes());
        let (index, old) = (n * n / 3 % n, n * n / 7 % n + 1);
        let bytes = |plan: TreePlan| -> Vec<u8> {
            plan.hashes(ours.lookup()).unwrap().iter().flat_map(|hash| *hash.as_bytes()).collect()
        };
        assert_eq!(
            theirs.prove_inclusion(index).as_bytes(),
            bytes(TreePlan::inclusion(index as u64, n as u64).unwrap())
        );
        assert_eq!(
            theirs.prove_consistency(n - old).as_bytes(),
            bytes(TreePlan::consistency(old as u64, n as u64).unwrap())
        );
    }
}

proptest! {
    #[test]
    fn a_changed_proof_is_refused(
        size in 2_u64..300, place in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(), bit in 0_usize..256,
    ) {
        let all = leaves(usize::try_from(size).unwrap());
        let nodes = Nodes::of(&all);
        let index = place.index(all.len());
        let root = nodes.root(size);
        let plan = TreePlan::inclusion(index as u64, size).unwrap();
        let mut proof = plan.hashes(nodes.lookup()).unwrap();
        let check = |proof: &[Hash]| {
            verify_inclusion(index as u64, all[index], size, &root, proof)
        };
        prop_assert_eq!(check(&proof), Ok(()));
        let shorter = &proof[1..];
        prop_assert_eq!(
            check(shorter),
            Err(MerkleError::WrongLength { found: shorter.len(), expected: proof.len() })
        );
        let changed = at.index(proof.len());
        proof[changed].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(check(&proof), Err(MerkleError::OtherRoot));
    }

    #[test]
    fn a_tree_with_one_changed_old_leaf_is_not_consistent(
        old in 1_u64..200, more in 0_u64..200, place in any::<prop::sample::Index>(),
    ) {
        let new = old + more;
        let honest = leaves(usize::try_from(new).unwrap());
        let mut forged = honest.clone();
        forged[place.index(usize::try_from(old).unwrap())] = leaf_hash(b"another event");
        let (honest, forged) = (Nodes::of(&honest), Nodes::of(&forged));
        let plan = TreePlan::consistency(old, new).unwrap();
        let old_root = honest.root(old);
        let proof = plan.hashes(honest.lookup()).unwrap();
        let check = |root, proof: &[Hash]| verify_consistency((old, &old_root), (new, &root), proof);
        prop_assert_eq!(check(honest.root(new), &proof), Ok(()));
        let forged_proof = plan.hashes(forged.lookup()).unwrap();
        for proof in [&proof, &forged_proof] {
            prop_assert_eq!(check(forged.root(new), proof), Err(MerkleError::OtherRoot));
        }
    }

    #[test]
    fn arbitrary_sizes_never_panic(
        index in any::<u64>(), size in any::<u64>(), old in any::<u64>(), len in 0_usize..70,
    ) {
        let proof = vec![Hash::default(); len];
        let (one, two) = (Hash([1; 32]), Hash([2; 32]));
        prop_assert!(verify_inclusion(index, one, size, &two, &proof).is_err());
        prop_assert!(verify_consistency((old, &one), (size, &two), &proof).is_err());
    }
}

#[test]
fn a_missing_node_is_named() {
    let nodes = Nodes::of(&leaves(6));
    let missing = NodeId { level: 1, index: 2 };
    let lookup = |node| (node != missing).then(|| nodes.lookup()(node)).flatten();
    assert_eq!(TreePlan::root(6).hashes(lookup), Err(MissingNode(missing)));
    assert!(TreePlan::root(6).nodes().contains(&missing));
    assert_eq!(
        completed_nodes(5, Hash::default(), |_| None),
        Err(MissingNode(NodeId { level: 0, index: 4 }))
    );
}

/// A log as the case handler keeps it: the events, and the tree over the roots of batches.
struct Log {
    secret: LeafSecret,
    batches: Vec<Vec<LoggedEvent>>,
    upper: Nodes,
}

impl Log {
    fn new() -> Self {
        let secret = LeafSecret::from_bytes([9; 32]);
        Self { secret, batches: Vec::new(), upper: Nodes::default() }
    }

    fn append(&mut self, waiting: &[Hash], seed: u64) -> Vec<LoggedEvent> {
        let number = u32::try_from(self.batches.len()).unwrap();
        let placed = place_events(number, waiting, &mut ChaCha20Rng::seed_from_u64(seed));
        self.upper.append(Batch::build(number, &placed, &self.secret).unwrap().root());
        self.batches.push(placed.clone());
        placed
    }

    fn all_leaves(&self) -> Vec<Hash> {
        let events: HashMap<u64, Hash> =
            self.batches.iter().flatten().map(|logged| (logged.index, logged.event)).collect();
        (0..log_size(self.batches.len().try_into().unwrap()))
            .map(|index| match events.get(&index) {
                Some(event) => self.secret.salt(index).leaf_of(event),
                None => self.secret.dummy(index),
            })
            .collect()
    }
}

fn events(count: usize, seed: u8) -> Vec<Hash> {
    (0..count).map(|number| Hash::of(&[&[seed], &number.to_be_bytes()])).collect()
}

#[test]
fn the_tree_over_batches_is_the_tree_over_all_leaves() {
    let mut log = Log::new();
    for (batch, count) in [0, 3, 256, 1, 0, 0, 2].into_iter().enumerate() {
        log.append(&events(count, u8::try_from(batch).unwrap()), batch as u64);
    }
    let all = log.all_leaves();
    let batches = u32::try_from(log.batches.len()).unwrap();
    for size in 1..=batches {
        let leaves = &all[..usize::try_from(log_size(size)).unwrap()];
        assert_eq!(log.upper.root(size.into()), mth(leaves));
        for old in 1..=size {
            let plan = consistency_plan(old, size).unwrap();
            let expected = subproof(usize::try_from(log_size(old)).unwrap(), leaves, true);
            assert_eq!(plan.hashes(log.upper.lookup()).unwrap(), expected, "{old} to {size}");
        }
    }
    let root = log.upper.root(batches.into());
    for logged in log.batches.iter().flatten() {
        let number = batch_of(logged.index).unwrap();
        let events = &log.batches[usize::try_from(number).unwrap()];
        let batch = Batch::build(number, events, &log.secret).unwrap();
        let needed = upper_proof_nodes(number, batches).unwrap();
        let proof = batch
            .prove_inclusion(logged.index, batches, |node| {
                assert!(needed.contains(&node), "{node:?} was not announced");
                log.upper.lookup()(node)
            })
            .unwrap();
        assert_eq!(proof, path(usize::try_from(logged.index).unwrap(), &all));
        let leaf = log.secret.salt(logged.index).leaf_of(&logged.event);
        verify_inclusion(logged.index, leaf, log_size(batches), &root, &proof).unwrap();
    }
    let first = Batch::build(0, &log.batches[0], &log.secret).unwrap();
    assert!(first.prove_inclusion(256, batches, log.upper.lookup()).is_err(), "another batch");
    assert!(first.prove_inclusion(0, 0, log.upper.lookup()).is_err(), "an empty log");
}

#[test]
fn events_beyond_256_wait_and_positions_are_distinct_and_random() {
    let mut log = Log::new();
    let waiting = events(300, 1);
    let placed = log.append(&waiting, 1);
    assert_eq!(placed.len(), BATCH_LEAVES);
    assert_eq!(
        placed.iter().map(|logged| logged.event).collect::<Vec<_>>(),
        waiting[..BATCH_LEAVES],
        "the first events in their order"
    );
    let mut indices: Vec<u64> = placed.iter().map(|logged| logged.index).collect();
    assert!(!indices.is_sorted(), "the order in the batch is not the order of events");
    indices.sort_unstable();
    assert_eq!(indices, (0..256).collect::<Vec<u64>>());
    let rest = log.append(&waiting[BATCH_LEAVES..], 2);
    assert_eq!(rest.len(), 44);
    assert!(rest.iter().all(|logged| batch_of(logged.index) == Some(1)));
    // Each position of a batch occurs for a single event.
    let mut seen = [false; BATCH_LEAVES];
    for seed in 0..4_000 {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let [logged] = *place_events(2, &waiting[..1], rng) else { panic!("one event") };
        seen[usize::try_from(logged.index - log_size(2)).unwrap()] = true;
    }
    assert!(seen.iter().all(|seen| *seen));
}

#[test]
fn a_batch_refuses_events_of_another_batch_and_two_events_on_one_leaf() {
    let secret = LeafSecret::from_bytes([9; 32]);
    let event = Hash([1; 32]);
    for index in [0, 255, 512, u64::MAX] {
        let refused = Batch::build(1, &[LoggedEvent { index, event }], &secret);
        assert_eq!(refused.unwrap_err(), BatchError::OtherBatch { index, batch: 1 });
    }
    let twice = [LoggedEvent { index: 300, event }; 2];
    assert_eq!(Batch::build(1, &twice, &secret).unwrap_err(), BatchError::SameLeaf(300));
}

/// A batch without events and a batch with 256 look alike to those who lack the salts: each leaf is
/// 32 bytes, and no leaf repeats.
#[test]
fn leaves_do_not_repeat_for_the_same_event() {
    let secret = LeafSecret::from_bytes([9; 32]);
    let same = vec![Hash([7; 32]); BATCH_LEAVES];
    let placed = place_events(0, &same, &mut ChaCha20Rng::seed_from_u64(3));
    let mut leaves: Vec<Hash> =
        placed.iter().map(|logged| secret.salt(logged.index).leaf_of(&logged.event)).collect();
    leaves.extend((0..256).map(|index| secret.dummy(index)));
    leaves.sort_unstable();
    leaves.dedup();
    assert_eq!(leaves.len(), 2 * BATCH_LEAVES);
}
