//! A log with its keys, for the tests of this crate.

use std::collections::HashMap;

use ed25519_dalek::SigningKey;
use protocol::Hash;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use transparency_log::{
    batch::{Batch, LoggedEvent, batch_of, consistency_plan, log_size, place_events},
    checkpoint::{Checkpoint, SignedCheckpoint, log_key, log_origin},
    leaf::LeafSecret,
    merkle::{NodeId, TreePlan, completed_nodes, empty_root},
    note::VerifierKey,
    proof::LogProof,
};
use uuid::Uuid;

/// The installation of the tests.
pub(crate) const INSTANCE: Uuid = Uuid::from_u128(7);

/// The epoch of the log of the tests.
pub(crate) const EPOCH: u32 = 1;

/// Returns a key that differs by number.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

/// The log of a case handler.
pub(crate) struct Log {
    pub(crate) secret: LeafSecret,
    pub(crate) key: SigningKey,
    batches: Vec<Vec<LoggedEvent>>,
    nodes: HashMap<NodeId, Hash>,
}

impl Log {
    /// Returns an empty log with the key number 1.
    pub(crate) fn new() -> Self {
        Self {
            secret: LeafSecret::from_bytes([9; 32]),
            key: key(1),
            batches: Vec::new(),
            nodes: HashMap::new(),
        }
    }

    pub(crate) fn verifier_key(&self) -> VerifierKey {
        log_key(INSTANCE, EPOCH, (&self.key).into())
    }

    pub(crate) fn batches(&self) -> u32 {
        self.batches.len().try_into().unwrap()
    }

    pub(crate) fn size(&self) -> u64 {
        log_size(self.batches())
    }

    /// Adds a batch with these events.
    pub(crate) fn append(&mut self, events: &[Hash]) -> Vec<LoggedEvent> {
        let number = self.batches();
        let rng = &mut ChaCha20Rng::seed_from_u64(number.into());
        let placed = place_events(number, events, rng);
        let root = Batch::build(number, &placed, &self.secret).unwrap().root();
        let completed = completed_nodes(number.into(), root, |node| self.node(node)).unwrap();
        self.nodes.extend(completed);
        self.batches.push(placed.clone());
        placed
    }

    fn node(&self, node: NodeId) -> Option<Hash> {
        self.nodes.get(&node).copied()
    }

    pub(crate) fn root(&self) -> Hash {
        let plan = TreePlan::root(self.batches().into());
        let root = plan.hashes(|node| self.node(node)).unwrap();
        root.first().copied().unwrap_or_else(empty_root)
    }

    pub(crate) fn head(&self) -> Checkpoint {
        let origin = log_origin(INSTANCE, EPOCH).to_string();
        Checkpoint { origin, size: self.size(), root: self.root() }
    }

    pub(crate) fn checkpoint(&self) -> SignedCheckpoint {
        SignedCheckpoint::sign(self.head(), &self.key).unwrap()
    }

    pub(crate) fn consistency(&self, old_batches: u32) -> Vec<Hash> {
        let plan = consistency_plan(old_batches, self.batches()).unwrap();
        plan.hashes(|node| self.node(node)).unwrap()
    }

    /// Returns the proof of an event with a checkpoint of the whole log.
    pub(crate) fn prove(&self, logged: &LoggedEvent, checkpoint: SignedCheckpoint) -> LogProof {
        let number = batch_of(logged.index).unwrap();
        let events = &self.batches[usize::try_from(number).unwrap()];
        let batch = Batch::build(number, events, &self.secret).unwrap();
        let path =
            batch.prove_inclusion(logged.index, self.batches(), |node| self.node(node)).unwrap();
        LogProof { salt: self.secret.salt(logged.index), index: logged.index, path, checkpoint }
    }
}
