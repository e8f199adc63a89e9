//! What each party can do to checkpoints, cosignatures and proofs without the right key: make,
//! change, drop, replay and reorder them. The reader notices or loses nothing but the evidence that
//! was dropped.

use crate::common::{EPOCH, INSTANCE, Log, key};
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use protocol::Hash;
use transparency_log::{
    batch::LoggedEvent,
    checkpoint::{Checkpoint, SignedCheckpoint, log_key, member_key},
    leaf::LeafSalt,
    merkle::MerkleError,
    note::{NoteError, NoteSignature, SignatureType, VerifierKey},
    policy::{LogError, LogEvidence, LogPolicy, PolicyError, Quorum},
    proof::LogProof,
};
use uuid::Uuid;

const MEMBERS: [(&str, u8); 2] = [("o-1", 2), ("o-2", 3)];
const WITNESSES: [(&str, u8); 2] = [("witness.example/a", 4), ("witness.example/b", 5)];
/// A key that the policy does not contain.
const UNKNOWN: u8 = 6;
const TIME: u64 = 1_780_000_000;

fn member(handle: &str, number: u8) -> VerifierKey {
    member_key(INSTANCE, handle, (&key(number)).into()).unwrap()
}

fn witness(name: &str, number: u8) -> VerifierKey {
    VerifierKey {
        name: name.parse().unwrap(),
        signature_type: SignatureType::CosignatureV1,
        key: (&key(number)).into(),
    }
}

fn policy(quorum: Quorum) -> LogPolicy {
    LogPolicy::new(
        log_key(INSTANCE, EPOCH, (&key(1)).into()),
        MEMBERS.map(|(handle, number)| member(handle, number)).to_vec(),
        WITNESSES.map(|(name, number)| witness(name, number)).to_vec(),
        quorum,
    )
    .unwrap()
}

fn one_of_each() -> LogPolicy {
    policy(Quorum { oversight: 1, witnesses: 1 })
}

fn cosign(checkpoint: &mut SignedCheckpoint, by: &VerifierKey, with: &SigningKey, time: u64) {
    let signature = checkpoint.cosign(by.name.clone(), with, time);
    checkpoint.add_signature(signature).unwrap();
}

fn countersign(checkpoint: &mut SignedCheckpoint) {
    cosign(checkpoint, &member("o-1", 2), &key(2), TIME);
    cosign(checkpoint, &witness("witness.example/b", 5), &key(5), TIME + 60);
}

/// A log of three batches, and an event of the second one.
fn log_with_event() -> (Log, LoggedEvent) {
    let mut log = Log::new();
    log.append(&[Hash([1; 32]), Hash([2; 32])]);
    let placed = log.append(&[Hash([3; 32]), Hash([4; 32])]);
    log.append(&[]);
    (log, placed[0])
}

fn countersigned_proof() -> (Log, LoggedEvent, LogProof) {
    let (log, event) = log_with_event();
    let mut checkpoint = log.checkpoint();
    countersign(&mut checkpoint);
    let proof = log.prove(&event, checkpoint);
    (log, event, proof)
}

/// Returns the lines of a checkpoint's signatures.
fn lines(checkpoint: &SignedCheckpoint) -> Vec<String> {
    let text = checkpoint.to_string();
    let (_, lines) = text.split_once("\n\n").unwrap();
    lines.lines().map(str::to_owned).collect()
}

/// Returns a checkpoint with this head and these signature lines.
fn assemble(head: &Checkpoint, lines: &[String]) -> SignedCheckpoint {
    SignedCheckpoint::parse(&format!("{head}\n{}\n", lines.join("\n"))).unwrap()
}

/// Returns a signature line with the name and id of one key and the signature of another.
fn under_the_name_of(victim: &VerifierKey, line: &str) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let signature = BASE64_STANDARD.decode(line.rsplit_once(' ').unwrap().1).unwrap();
    let forged = [victim.id().as_slice(), &signature[4..]].concat();
    format!("— {} {}", victim.name, BASE64_STANDARD.encode(forged))
}

#[test]
fn a_proof_shows_who_has_countersigned_the_log_with_the_event() {
    let (log, event, proof) = countersigned_proof();
    let reread: LogProof = proof.to_string().parse().unwrap();
    assert_eq!(reread, proof);
    let evidence = one_of_each().verify_proof(&reread, &event.event).unwrap();
    assert_eq!((evidence.size, evidence.root), (768, log.root()));
    assert_eq!(evidence.oversight.len(), 1);
    assert_eq!(evidence.oversight[0].by, member("o-1", 2));
    assert_eq!(evidence.witnesses[0].time, TIME + 60);
    assert_eq!(evidence.countersigned, Some(TIME + 60), "the later of the two");
    let both = policy(Quorum { oversight: 2, witnesses: 0 });
    let evidence = both.verify_proof(&proof, &event.event).unwrap();
    assert_eq!(evidence.countersigned, None, "one of two members");
}

#[test]
fn without_the_logs_key_no_party_makes_or_changes_a_checkpoint() {
    let (log, _) = log_with_event();
    let policy = one_of_each();
    for other in [2, 3, 4, 5, UNKNOWN] {
        let forged = SignedCheckpoint::sign(log.head(), &key(other)).unwrap();
        assert_eq!(policy.verify_checkpoint(&forged), Err(LogError::NotSigned), "key {other}");
        let line = under_the_name_of(&log.verifier_key(), &lines(&forged)[0]);
        let refused = policy.verify_checkpoint(&assemble(&log.head(), &[line]));
        let name = log.verifier_key().name;
        assert_eq!(refused, Err(LogError::Note(NoteError::BadSignature(name))), "key {other}");
    }
    // A cosigner changes what the log has signed.
    for head in
        [Checkpoint { size: 1024, ..log.head() }, Checkpoint { root: Hash([8; 32]), ..log.head() }]
    {
        let changed = assemble(&head, &lines(&log.checkpoint()));
        assert!(matches!(policy.verify_checkpoint(&changed), Err(LogError::Note(_))));
    }
}

#[test]
fn without_a_cosigners_key_no_party_makes_a_cosignature() {
    let (log, event) = log_with_event();
    let policy = one_of_each();
    let victims = [(member("o-1", 2), 2), (witness("witness.example/b", 5), 5)];
    for (victim, right) in &victims {
        for other in [1, 2, 3, 4, 5, UNKNOWN] {
            if other == *right {
                continue;
            }
            // With the forger's own key id the line counts for no signer.
            let mut checkpoint = log.checkpoint();
            countersign_all_but(&mut checkpoint, &victim.name.to_string());
            cosign(&mut checkpoint, victim, &key(other), TIME);
            let proof = log.prove(&event, checkpoint.clone());
            let evidence = policy.verify_proof(&proof, &event.event).unwrap();
            assert_eq!(evidence.countersigned, None, "{} by key {other}", victim.name);
            // With the victim's key id the signature is invalid.
            let mut forged = lines(&checkpoint);
            let last = forged.pop().unwrap();
            forged.push(under_the_name_of(victim, &last));
            let refused = policy.verify_checkpoint(&assemble(&log.head(), &forged));
            let bad = NoteError::BadSignature(victim.name.clone());
            assert_eq!(refused, Err(LogError::Note(bad)), "{} by key {other}", victim.name);
        }
    }
}

/// Countersigns with the member and the witness of the quorum, except the one with this name.
fn countersign_all_but(checkpoint: &mut SignedCheckpoint, name: &str) {
    for (by, number) in [(member("o-1", 2), 2), (witness("witness.example/b", 5), 5)] {
        if by.name.as_str() != name {
            cosign(checkpoint, &by, &key(number), TIME);
        }
    }
}

#[test]
fn a_log_signature_is_no_cosignature_and_a_cosignature_no_log_signature() {
    let (log, _) = log_with_event();
    // A member whose device key were also the log's key: each line counts for its own type only.
    let shared = VerifierKey { signature_type: SignatureType::CosignatureV1, ..log.verifier_key() };
    assert_eq!(log.checkpoint().cosigned_at(&shared), Ok(None));
    let plain = under_the_name_of(&shared, &lines(&log.checkpoint())[0]);
    let refused = assemble(&log.head(), &[plain]).cosigned_at(&shared);
    assert!(refused.is_err(), "64 bytes without a time");
    let mut cosigned = log.checkpoint();
    cosign(&mut cosigned, &shared, &log.key, TIME);
    let only = [lines(&cosigned)[1].clone()];
    assert_eq!(assemble(&log.head(), &only).is_signed_by(&log.verifier_key()), Ok(false));
}

#[test]
fn cosignatures_cannot_be_replayed_on_another_checkpoint_or_for_another_cosigner() {
    let (mut log, _) = log_with_event();
    let policy = one_of_each();
    let mut old = log.checkpoint();
    countersign(&mut old);
    log.append(&[Hash([5; 32])]);
    let newer = lines(&log.checkpoint());
    for replayed in &lines(&old)[1..] {
        let checkpoint = assemble(&log.head(), &[newer[0].clone(), replayed.clone()]);
        assert!(matches!(policy.verify_checkpoint(&checkpoint), Err(LogError::Note(_))));
    }
    // The member's cosignature under the witness's name, and the reverse.
    let old_lines = lines(&old);
    for (victim, line) in
        [(witness("witness.example/a", 4), &old_lines[1]), (member("o-2", 3), &old_lines[2])]
    {
        let moved = under_the_name_of(&victim, line);
        let checkpoint = assemble(old.checkpoint(), &[old_lines[0].clone(), moved]);
        assert!(matches!(policy.verify_checkpoint(&checkpoint), Err(LogError::Note(_))));
    }
    // A changed time.
    let changed = old_lines[1].replacen("AAAABqG", "AAAABqH", 1);
    assert_ne!(changed, old_lines[1], "the line contains the time");
    let checkpoint = assemble(old.checkpoint(), &[old_lines[0].clone(), changed]);
    assert!(matches!(policy.verify_checkpoint(&checkpoint), Err(LogError::Note(_))));
}

#[test]
fn one_cosigner_counts_once_and_the_earliest_time_counts() {
    let (log, _) = log_with_event();
    let mut checkpoint = log.checkpoint();
    for time in [TIME + 9, TIME, TIME + 5] {
        cosign(&mut checkpoint, &member("o-1", 2), &key(2), time);
    }
    let evidence = policy(Quorum { oversight: 2, witnesses: 0 });
    let evidence = evidence.verify_checkpoint(&checkpoint).unwrap();
    assert_eq!((evidence.oversight.len(), evidence.countersigned), (1, None));
    let evidence = policy(Quorum { oversight: 1, witnesses: 0 });
    assert_eq!(evidence.verify_checkpoint(&checkpoint).unwrap().countersigned, Some(TIME));
}

#[test]
fn dropped_lines_remove_evidence_and_reordered_lines_change_nothing() {
    let (log, event, proof) = countersigned_proof();
    let policy = one_of_each();
    let whole = policy.verify_proof(&proof, &event.event).unwrap();
    let mut all = lines(&proof.checkpoint);
    all.reverse();
    let reordered = LogProof { checkpoint: assemble(&log.head(), &all), ..proof.clone() };
    assert_eq!(policy.verify_proof(&reordered, &event.event).unwrap(), whole);
    for dropped in 0..3 {
        let mut lines = lines(&proof.checkpoint);
        lines.remove(dropped);
        let proof = LogProof { checkpoint: assemble(&log.head(), &lines), ..proof.clone() };
        let shown = policy.verify_proof(&proof, &event.event);
        if dropped == 0 {
            assert_eq!(shown, Err(LogError::NotSigned));
        } else {
            assert_eq!(shown.unwrap().countersigned, None);
        }
    }
}

#[test]
fn a_proof_for_another_index_size_salt_event_or_tree_is_refused() {
    let (log, event, proof) = countersigned_proof();
    let policy = one_of_each();
    let refused = |proof: &LogProof, event: &Hash| policy.verify_proof(proof, event).unwrap_err();
    let other_root = LogError::Merkle(MerkleError::OtherRoot);
    assert_eq!(refused(&proof, &Hash([99; 32])), other_root, "another event");
    let salt = LeafSalt::from_bytes([0; 32]);
    assert_eq!(refused(&LogProof { salt, ..proof.clone() }, &event.event), other_root);
    for index in (0..768).filter(|index| *index != event.index) {
        let moved = LogProof { index, ..proof.clone() };
        assert!(matches!(refused(&moved, &event.event), LogError::Merkle(_)), "index {index}");
    }
    let outside = LogProof { index: 768, ..proof.clone() };
    assert!(matches!(
        refused(&outside, &event.event),
        LogError::Merkle(MerkleError::OutsideTree(_))
    ));
    for first in 0..proof.path.len() - 1 {
        let mut path = proof.path.clone();
        path.swap(first, first + 1);
        assert_eq!(refused(&LogProof { path, ..proof.clone() }, &event.event), other_root);
    }
    // The log signs another size for the same root, or another tree, and both are countersigned. A
    // size in which the proof has the same form is left out: then the leaf is below the root.
    for head in [Checkpoint { size: 2048, ..log.head() }, Checkpoint { size: 512, ..log.head() }, {
        let mut other = Log::new();
        (0..3).for_each(|_| drop(other.append(&[])));
        other.head()
    }] {
        let mut checkpoint = SignedCheckpoint::sign(head, &log.key).unwrap();
        countersign(&mut checkpoint);
        let moved = LogProof { checkpoint, ..proof.clone() };
        assert!(matches!(refused(&moved, &event.event), LogError::Merkle(_)));
    }
}

#[test]
fn a_dummy_and_an_inner_node_pass_for_no_event() {
    let (log, event, proof) = countersigned_proof();
    let policy = one_of_each();
    let neighbour = LoggedEvent { index: event.index ^ 1, ..event };
    let of_dummy = log.prove(&neighbour, proof.checkpoint.clone());
    assert!(policy.verify_proof(&of_dummy, &event.event).is_err());
    let shorter = LogProof { path: proof.path[1..].to_vec(), index: event.index / 2, ..proof };
    assert!(policy.verify_proof(&shorter, &event.event).is_err());
}

#[test]
fn a_log_that_shrinks_or_becomes_another_one_is_noticed() {
    let (mut log, _) = log_with_event();
    let policy = one_of_each();
    let earlier = policy.verify_checkpoint(&log.checkpoint()).unwrap();
    log.append(&[Hash([5; 32])]);
    let grown = policy.verify_growth(&earlier, &log.checkpoint(), &log.consistency(3)).unwrap();
    assert_eq!(grown.size, 1024);
    let (old, _) = log_with_event();
    let rollback = policy.verify_growth(&grown, &old.checkpoint(), &[]).unwrap_err();
    assert!(matches!(rollback, LogError::Merkle(MerkleError::OutsideTree(_))));
    // The same log without one of the events of the first batch.
    let mut other = Log::new();
    other.append(&[Hash([1; 32])]);
    other.append(&[Hash([3; 32]), Hash([4; 32])]);
    other.append(&[]);
    assert_ne!(other.root(), earlier.root);
    let same_size = policy.verify_growth(&earlier, &other.checkpoint(), &[]).unwrap_err();
    assert_eq!(same_size, LogError::Merkle(MerkleError::OtherRoot));
    other.append(&[Hash([5; 32])]);
    for proof in [other.consistency(3), log.consistency(3)] {
        let refused = policy.verify_growth(&earlier, &other.checkpoint(), &proof).unwrap_err();
        assert_eq!(refused, LogError::Merkle(MerkleError::OtherRoot));
    }
}

#[test]
fn a_checkpoint_of_another_log_and_a_partial_batch_are_refused() {
    let (log, _) = log_with_event();
    // The log of another installation, and the log of this one before and after a restart.
    for (instance, epoch) in [(Uuid::from_u128(8), EPOCH), (INSTANCE, 0), (INSTANCE, EPOCH + 1)] {
        let origin = log_key(instance, epoch, (&key(1)).into()).name.to_string();
        let foreign = Checkpoint { origin: origin.clone(), ..log.head() };
        let foreign = SignedCheckpoint::sign(foreign, &log.key).unwrap();
        assert_eq!(one_of_each().verify_checkpoint(&foreign), Err(LogError::OtherLog(origin)));
    }
    let partial = Checkpoint { size: 700, ..log.head() };
    let partial = SignedCheckpoint::sign(partial, &log.key).unwrap();
    assert_eq!(one_of_each().verify_checkpoint(&partial), Err(LogError::PartialBatch(700)));
}

#[test]
fn a_policy_counts_no_key_twice_and_has_a_quorum_that_can_be_reached() {
    let log = log_key(INSTANCE, EPOCH, (&key(1)).into());
    let quorum = Quorum { oversight: 1, witnesses: 0 };
    let new = |oversight: Vec<VerifierKey>, witnesses: Vec<VerifierKey>, quorum| {
        LogPolicy::new(log.clone(), oversight, witnesses, quorum).map(drop)
    };
    let one = member("o-1", 2);
    assert_eq!(new(vec![one.clone()], vec![], quorum), Ok(()));
    let same_key = witness("witness.example/a", 2);
    let refused = new(vec![one.clone()], vec![same_key.clone()], quorum);
    assert_eq!(refused, Err(PolicyError::SameSigner(same_key.name)));
    let same_name = member("o-1", 3);
    let refused = new(vec![one.clone(), same_name.clone()], vec![], quorum);
    assert_eq!(refused, Err(PolicyError::SameSigner(same_name.name)));
    let the_log = member("o-2", 1);
    let refused = new(vec![the_log.clone()], vec![], quorum);
    assert_eq!(refused, Err(PolicyError::SameSigner(the_log.name)), "the log cosigns for itself");
    let plain = VerifierKey { signature_type: SignatureType::Ed25519, ..one.clone() };
    let refused = new(vec![plain.clone()], vec![], quorum);
    assert_eq!(refused, Err(PolicyError::WrongType(plain.name)));
    for (oversight, witnesses) in [(0, 0), (2, 0), (1, 1), (0, 1)] {
        let refused = new(vec![one.clone()], vec![], Quorum { oversight, witnesses });
        assert_eq!(refused, Err(PolicyError::UnreachableQuorum), "{oversight}, {witnesses}");
    }
}

/// Returns whether one evidence shows nothing that the other does not show.
fn shows_no_more(changed: &LogEvidence, original: &LogEvidence) -> bool {
    changed.size == original.size
        && changed.root == original.root
        && changed.oversight.iter().all(|cosigned| original.oversight.contains(cosigned))
        && changed.witnesses.iter().all(|cosigned| original.witnesses.contains(cosigned))
}

proptest! {
    #[test]
    fn a_changed_character_of_a_proof_never_shows_more(
        at in any::<prop::sample::Index>(), new in prop::char::range('\n', '~'),
    ) {
        let (_, event, proof) = countersigned_proof();
        let policy = one_of_each();
        let original = policy.verify_proof(&proof, &event.event).unwrap();
        let mut text: Vec<char> = proof.to_string().chars().collect();
        let at = at.index(text.len());
        text[at] = new;
        let text: String = text.into_iter().collect();
        if let Ok(changed) = text.parse::<LogProof>()
            && let Ok(evidence) = policy.verify_proof(&changed, &event.event)
        {
            prop_assert!(shows_no_more(&evidence, &original), "{}", text);
            prop_assert_eq!(changed.index, proof.index);
        }
    }
}

#[test]
fn malformed_proof_texts_are_refused() {
    let (_, _, proof) = countersigned_proof();
    let text = proof.to_string();
    let many = format!("index {}\n{}", proof.index, ("A".repeat(43) + "=\n").repeat(64));
    let extra_line = text.lines().nth(1).unwrap().to_owned() + "\n";
    for (from, to) in [
        ("tlog-proof@v1", "tlog-proof@v2"),
        ("extra ", "extra  "),
        (extra_line.as_str(), ""),
        ("index ", "index 0"),
        ("index ", "Index "),
        (&format!("index {}\n", proof.index), many.as_str()),
        ("\n\n", "\n"),
    ] {
        let malformed = text.replacen(from, to, 1);
        assert_ne!(malformed, text, "{from}");
        assert!(malformed.parse::<LogProof>().is_err(), "{from:?} as {to:?}");
    }
}

#[test]
fn a_signature_line_without_its_checkpoint_is_readable_alone() {
    let (log, _) = log_with_event();
    let by = member("o-1", 2);
    let signature = log.checkpoint().cosign(by.name.clone(), &key(2), TIME);
    let reread: NoteSignature = signature.to_string().trim_end().parse().unwrap();
    assert_eq!(reread, signature);
    let mut checkpoint = log.checkpoint();
    checkpoint.add_signature(reread).unwrap();
    assert_eq!(checkpoint.cosigned_at(&by), Ok(Some(TIME)));
}
