//! A transparency log for tests.

use std::collections::HashMap;

use ed25519_dalek::SigningKey;
use protocol::Hash;
use transparency_log::{
    batch::{Batch, LoggedEvent, batch_of, consistency_plan, log_size},
    checkpoint::{Checkpoint, SignedCheckpoint, log_origin},
    leaf::LeafSecret,
    merkle::{NodeId, TreePlan, completed_nodes, empty_root},
    note::NoteSignature,
    witness::AddCheckpoint,
};
use uuid::Uuid;

/// A log with one event in each batch.
pub(crate) struct TestTree {
    instance: Uuid,
    epoch: u32,
    key: SigningKey,
    batches: u32,
    nodes: HashMap<NodeId, Hash>,
    /// Cosignatures that were sent, with the size of the checkpoint.
    pub(crate) cosignatures: Vec<(u64, NoteSignature)>,
}

impl TestTree {
    /// Returns the log of the first epoch with batches of this event.
    pub(crate) fn new(instance: Uuid, key: &SigningKey, batches: u32, event: u8) -> Self {
        let mut tree = Self {
            instance,
            epoch: 1,
            key: key.clone(),
            batches: 0,
            nodes: HashMap::new(),
            cosignatures: Vec::new(),
        };
        (0..batches).for_each(|_| tree.append(event));
        tree
    }

    /// Returns the same log with another epoch.
    pub(crate) fn with_epoch(self, epoch: u32) -> Self {
        Self { epoch, ..self }
    }

    /// Adds a batch with this event.
    pub(crate) fn append(&mut self, event: u8) {
        let secret = LeafSecret::from_bytes([9; 32]);
        let logged = LoggedEvent { index: log_size(self.batches), event: Hash([event; 32]) };
        let root = Batch::build(self.batches, &[logged], &secret).unwrap().root();
        let completed =
            completed_nodes(self.batches.into(), root, |node| self.nodes.get(&node).copied());
        self.nodes.extend(completed.unwrap());
        self.batches += 1;
    }

    /// Returns the newest checkpoint with the proof from an old size. `None` if the log has no such
    /// size.
    pub(crate) fn offer(&self, old_size: u64) -> Option<AddCheckpoint> {
        let lookup = |node| self.nodes.get(&node).copied();
        let old = batch_of(old_size).filter(|old| log_size(*old) == old_size)?;
        let proof = consistency_plan(old, self.batches).ok()?.hashes(lookup).unwrap();
        let root = TreePlan::root(self.batches.into()).hashes(lookup).unwrap();
        let head = Checkpoint {
            origin: log_origin(self.instance, self.epoch).to_string(),
            size: log_size(self.batches),
            root: root.first().copied().unwrap_or_else(empty_root),
        };
        let mut checkpoint = SignedCheckpoint::sign(head, &self.key).unwrap();
        for (size, signature) in &self.cosignatures {
            if *size == log_size(self.batches) {
                checkpoint.add_signature(signature.clone()).unwrap();
            }
        }
        Some(AddCheckpoint { old_size, proof, checkpoint })
    }
}
