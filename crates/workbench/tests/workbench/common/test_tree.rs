//! A transparency log for tests.

use std::collections::HashMap;

use ed25519_dalek::SigningKey;
use protocol::Hash;
use transparency_log::{
    batch::{
        BATCH_LEAVES, Batch, LoggedEvent, batch_of, consistency_plan, log_size, upper_proof_nodes,
    },
    checkpoint::{Checkpoint, SignedCheckpoint, log_origin},
    leaf::LeafSecret,
    merkle::{NodeId, TreePlan, completed_nodes, empty_root},
    note::NoteSignature,
    proof::LogProof,
    witness::AddCheckpoint,
};
use uuid::Uuid;

/// A log with one event in each batch.
pub(crate) struct TestTree {
    instance: Uuid,
    epoch: u32,
    key: SigningKey,
    /// The event of each batch.
    events: Vec<Hash>,
    batches: Vec<Batch>,
    nodes: HashMap<NodeId, Hash>,
    /// Cosignatures that were sent, with the size of the checkpoint.
    pub(crate) cosignatures: Vec<(u64, NoteSignature)>,
}

/// The secret of every test tree.
pub(crate) fn leaf_secret() -> LeafSecret {
    LeafSecret::from_bytes([9; 32])
}

/// Returns the index of the event of this batch.
pub(crate) fn index_of(batch: usize) -> u64 {
    (batch * BATCH_LEAVES + batch * 37 % BATCH_LEAVES) as u64
}

impl TestTree {
    /// Returns a log with one batch for each of these events.
    pub(crate) fn new(instance: Uuid, key: &SigningKey, events: &[Hash]) -> Self {
        let mut tree = Self {
            instance,
            epoch: 1,
            key: key.clone(),
            events: Vec::new(),
            batches: Vec::new(),
            nodes: HashMap::new(),
            cosignatures: Vec::new(),
        };
        tree.log(events);
        tree
    }

    /// Returns the same log with another epoch.
    pub(crate) fn with_epoch(self, epoch: u32) -> Self {
        Self { epoch, ..self }
    }

    /// Makes the log one of exactly these events, as after a restore if it has others.
    pub(crate) fn log(&mut self, events: &[Hash]) {
        let same = self.events.iter().zip(events).take_while(|(old, new)| old == new).count();
        self.events.truncate(same);
        self.batches.truncate(same);
        self.cosignatures.retain(|(size, _)| *size <= same as u64 * BATCH_LEAVES as u64);
        for event in &events[same..] {
            let number = self.events.len();
            let logged = LoggedEvent { index: index_of(number), event: *event };
            self.append(&[logged]);
            self.events.push(*event);
        }
    }

    fn append(&mut self, events: &[LoggedEvent]) {
        let number = u32::try_from(self.batches.len()).unwrap();
        let batch = Batch::build(number, events, &leaf_secret()).unwrap();
        let completed =
            completed_nodes(number.into(), batch.root(), |node| self.nodes.get(&node).copied());
        self.nodes.extend(completed.unwrap());
        self.batches.push(batch);
    }

    /// Adds a batch with a second event that [`Self::events`] does not name.
    pub(crate) fn log_hidden(&mut self, event: Hash, hidden: Hash) {
        let index = index_of(self.batches.len());
        let second = LoggedEvent { index: index ^ 1, event: hidden };
        self.append(&[LoggedEvent { index, event }, second]);
        self.events.push(event);
    }

    /// Returns the events in the order of their batches.
    pub(crate) fn events(&self) -> &[Hash] {
        &self.events
    }

    fn len(&self) -> u32 {
        u32::try_from(self.batches.len()).unwrap()
    }

    fn lookup(&self, node: NodeId) -> Option<Hash> {
        self.nodes.get(&node).copied()
    }

    /// Returns the checkpoint of the first batches, with its cosignatures.
    pub(crate) fn checkpoint(&self, batches: u32) -> SignedCheckpoint {
        let root = TreePlan::root(batches.into()).hashes(|node| self.lookup(node)).unwrap();
        let head = Checkpoint {
            origin: log_origin(self.instance, self.epoch).to_string(),
            size: log_size(batches),
            root: root.first().copied().unwrap_or_else(empty_root),
        };
        let mut checkpoint = SignedCheckpoint::sign(head, &self.key).unwrap();
        for (size, signature) in &self.cosignatures {
            if *size == log_size(batches) {
                checkpoint.add_signature(signature.clone()).unwrap();
            }
        }
        checkpoint
    }

    /// Returns the newest checkpoint with the proof from an old size. `None` if the log has no such
    /// size.
    pub(crate) fn offer(&self, old_size: u64) -> Option<AddCheckpoint> {
        let old = batch_of(old_size).filter(|old| log_size(*old) == old_size)?;
        let plan = consistency_plan(old, self.len()).ok()?;
        let proof = plan.hashes(|node| self.lookup(node)).unwrap();
        Some(AddCheckpoint { old_size, proof, checkpoint: self.checkpoint(self.len()) })
    }

    /// Returns the proof that the event of this batch is in the tree of the first `size` batches.
    pub(crate) fn prove(&self, batch: usize, size: u32) -> LogProof {
        let number = u32::try_from(batch).unwrap();
        assert!(upper_proof_nodes(number, size).is_ok(), "the tree contains the batch");
        let index = index_of(batch);
        let path = self.batches[batch].prove_inclusion(index, size, |node| self.lookup(node));
        LogProof {
            salt: leaf_secret().salt(index),
            index,
            path: path.unwrap(),
            checkpoint: self.checkpoint(size),
        }
    }

    /// Returns the proof with the newest checkpoint.
    pub(crate) fn newest_proof(&self, batch: usize) -> LogProof {
        self.prove(batch, self.len())
    }
}
