//! The rules of a witness: which requests it refuses, and for what reason.

use std::slice;

use crate::common::{Log, key};
use protocol::Hash;
use transparency_log::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    merkle::MerkleError,
    note::VerifierKey,
    witness::{AddCheckpoint, Refusal, WitnessedTree, authenticate, check_growth},
};

fn request(log: &Log, old_batches: u32) -> AddCheckpoint {
    AddCheckpoint {
        old_size: u64::from(old_batches) * 256,
        proof: log.consistency(old_batches),
        checkpoint: log.checkpoint(),
    }
}

fn grown_log(batches: u8) -> Log {
    let mut log = Log::new();
    (0..batches).for_each(|batch| drop(log.append(&[Hash([batch; 32])])));
    log
}

#[test]
fn a_witness_follows_a_log_that_only_grows() {
    let mut log = Log::new();
    let mut cosigned = WitnessedTree::empty();
    for batches in 0..20_u32 {
        let trusted = [log.verifier_key()];
        let last = u32::try_from(cosigned.size / 256).unwrap();
        let sent: AddCheckpoint = request(&log, last).to_string().parse().unwrap();
        assert_eq!(sent, request(&log, last), "the text form loses nothing");
        authenticate(&sent.checkpoint, &trusted).unwrap();
        cosigned = check_growth(&sent, cosigned).unwrap();
        assert_eq!(cosigned, WitnessedTree { size: log.size(), root: log.root() });
        // The same request again: the witness cosigns the same tree again.
        assert_eq!(check_growth(&request(&log, batches), cosigned), Ok(cosigned));
        log.append(&[Hash([1; 32])]);
    }
}

#[test]
fn a_witness_authenticates_the_log() {
    let log = grown_log(1);
    let checkpoint = log.checkpoint();
    let origin = checkpoint.checkpoint().origin.clone();
    assert_eq!(authenticate(&checkpoint, &[]), Err(Refusal::UnknownLog(origin.clone())));
    let rotated = VerifierKey { key: (&key(2)).into(), ..log.verifier_key() };
    let not_signed = Err(Refusal::NotSigned(origin));
    assert_eq!(authenticate(&checkpoint, slice::from_ref(&rotated)), not_signed);
    // While the log's key is replaced, the witness trusts both.
    assert_eq!(authenticate(&checkpoint, &[rotated.clone(), log.verifier_key()]), Ok(()));
    let signed_by_new = SignedCheckpoint::sign(log.head(), &key(2)).unwrap();
    assert_eq!(authenticate(&signed_by_new, &[log.verifier_key(), rotated]), Ok(()));
    let changed = checkpoint.to_string().replacen("\n256\n", "\n512\n", 1);
    let changed = SignedCheckpoint::parse(&changed).unwrap();
    assert_eq!(authenticate(&changed, &[log.verifier_key()]), not_signed);
}

#[test]
fn a_witness_refuses_a_wrong_old_size_and_names_its_own() {
    let log = grown_log(5);
    let cosigned = WitnessedTree { size: 768, root: grown_log(3).root() };
    for old_batches in [0, 2, 4, 5] {
        let requested = u64::from(old_batches) * 256;
        let refused = check_growth(&request(&log, old_batches), cosigned);
        assert_eq!(refused, Err(Refusal::OtherSize { requested, cosigned }));
    }
    assert!(check_growth(&request(&log, 3), cosigned).is_ok());
    let larger = AddCheckpoint { old_size: 1_281, ..request(&log, 3) };
    assert!(matches!(check_growth(&larger, cosigned), Err(Refusal::BadRequest(_))));
}

#[test]
fn a_witness_refuses_a_rollback() {
    let cosigned = WitnessedTree { size: 1280, root: grown_log(5).root() };
    let old = grown_log(3);
    // With the witness's size the old size is larger than the new one.
    let rollback = AddCheckpoint { old_size: 1280, proof: vec![], checkpoint: old.checkpoint() };
    assert!(matches!(check_growth(&rollback, cosigned), Err(Refusal::BadRequest(_))));
    // With any other size it is not the witness's.
    for old_batches in 0..=3 {
        let refused = check_growth(&request(&old, old_batches), cosigned);
        assert!(matches!(refused, Err(Refusal::OtherSize { .. })), "{old_batches}");
    }
}

#[test]
fn a_witness_that_saw_another_tree_refuses() {
    let log = grown_log(3);
    let cosigned = WitnessedTree { size: 768, root: log.root() };
    let mut fork = Log::new();
    (0..3_u8).for_each(|batch| drop(fork.append(&[Hash([batch + 100; 32])])));
    let same_size = check_growth(&request(&fork, 3), cosigned);
    assert_eq!(same_size, Err(Refusal::OtherTree { size: 768 }));
    fork.append(&[]);
    let larger = check_growth(&request(&fork, 3), cosigned).unwrap_err();
    assert_eq!(
        larger,
        Refusal::Inconsistent { old_size: 768, new_size: 1024, reason: MerkleError::OtherRoot }
    );
    assert!(larger.to_string().contains("size 1024 is not shown to contain the tree of size 768"));
}

#[test]
fn a_witness_refuses_a_wrong_proof_and_any_proof_from_zero() {
    let log = grown_log(5);
    let cosigned = WitnessedTree { size: 768, root: grown_log(3).root() };
    let good = request(&log, 3);
    for proof in [
        Vec::new(),
        good.proof[1..].to_vec(),
        [good.proof.clone(), vec![Hash::default()]].concat(),
        good.proof.iter().rev().copied().collect(),
    ] {
        let refused = check_growth(&AddCheckpoint { proof, ..good.clone() }, cosigned);
        assert!(matches!(refused, Err(Refusal::Inconsistent { .. })));
    }
    let first = AddCheckpoint { proof: vec![Hash::default()], ..request(&log, 0) };
    let refused = check_growth(&first, WitnessedTree::empty());
    assert!(matches!(refused, Err(Refusal::Inconsistent { .. })));
}

#[test]
fn the_empty_tree_has_one_root() {
    let empty = Log::new();
    assert!(check_growth(&request(&empty, 0), WitnessedTree::empty()).is_ok());
    let head = Checkpoint { root: Hash([1; 32]), ..empty.head() };
    let checkpoint = SignedCheckpoint::sign(head, &empty.key).unwrap();
    let other = AddCheckpoint { checkpoint, ..request(&empty, 0) };
    assert_eq!(check_growth(&other, WitnessedTree::empty()), Err(Refusal::OtherTree { size: 0 }));
}

#[test]
fn malformed_requests_are_refused() {
    let log = grown_log(3);
    let text = request(&log, 1).to_string();
    for (from, to) in [
        ("old 256", "old 0256"),
        ("old 256", "old -1"),
        ("old 256", "256"),
        ("old 256\n", ""),
        ("=\n", "\n"),
        ("\n\n", "\n"),
        ("old 256\n", &format!("old 256\n{}", ("A".repeat(43) + "=\n").repeat(64))),
    ] {
        let malformed = text.replacen(from, to, 1);
        assert_ne!(malformed, text, "{from}");
        assert!(malformed.parse::<AddCheckpoint>().is_err(), "{from:?} as {to:?}");
    }
}
