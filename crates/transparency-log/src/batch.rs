//! Batches: the leaves that the case handler adds in one collection cycle. Every batch has the same
//! number of leaves, so that the log shows neither how many events happened nor in which cycle.
//!
//! A batch can be built again from the secret and the few indices of its events. So the store keeps
//! the indices of events, and of the tree only the nodes from the roots of batches upwards.

use protocol::Hash;
use rand::{CryptoRng, RngCore, seq::index};

use crate::{
    leaf::LeafSecret,
    merkle::{self, MissingNode, NodeId, OutsideTree, TreePlan},
};

/// The number of leaves of a batch.
pub const BATCH_LEAVES: usize = 256;

/// The number of hashes in the inclusion proof of a leaf in its batch.
pub const BATCH_PATH_HASHES: usize = BATCH_LEAVES.ilog2() as usize;

const BATCH_SIZE: u64 = BATCH_LEAVES as u64;

/// An event with its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The index of its leaf in the log.
    pub index: u64,
    /// The hash of the event.
    pub event: Hash,
}

/// Returns the number of leaves of a log with this many batches.
pub fn log_size(batches: u32) -> u64 {
    u64::from(batches) * BATCH_SIZE
}

/// Returns the number of the batch that contains a leaf. Returns `None` if the log has no room for
/// such a leaf.
pub fn batch_of(index: u64) -> Option<u32> {
    u32::try_from(index / BATCH_SIZE).ok()
}

/// Chooses random leaves of a batch for waiting events. At most [`BATCH_LEAVES`] get one, the first
/// ones; the others wait for the next batch.
pub fn place_events(
    batch: u32,
    waiting: &[Hash],
    rng: &mut (impl RngCore + CryptoRng),
) -> Vec<LoggedEvent> {
    let placed = waiting.len().min(BATCH_LEAVES);
    let positions = index::sample(rng, BATCH_LEAVES, placed);
    let index = |position: usize| log_size(batch) + position as u64;
    positions
        .into_iter()
        .zip(waiting)
        .map(|(position, event)| LoggedEvent { index: index(position), event: *event })
        .collect()
}

/// The events of a batch contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The index belongs to another batch.
    #[error("leaf {index} is not in batch {batch}")]
    OtherBatch {
        /// The index of the leaf.
        index: u64,
        /// The number of the batch.
        batch: u32,
    },
    /// Two events have the same leaf.
    #[error("leaf {0} has two events")]
    SameLeaf(u64),
}

/// The hashes of one batch.
#[derive(Debug, Clone)]
pub struct Batch {
    number: u32,
    /// The hashes by level, from the 256 leaves to the root.
    levels: Vec<Vec<Hash>>,
}

impl Batch {
    /// Builds the batch from its events. The other leaves are dummies.
    ///
    /// # Errors
    /// If an event belongs to another batch, or two events have the same leaf.
    pub fn build(
        number: u32,
        events: &[LoggedEvent],
        secret: &LeafSecret,
    ) -> Result<Self, BatchError> {
        let first = log_size(number);
        let mut leaves = vec![None; BATCH_LEAVES];
        for logged in events {
            let leaf = logged
                .index
                .checked_sub(first)
                .and_then(|position| leaves.get_mut(usize::try_from(position).ok()?))
                .ok_or(BatchError::OtherBatch { index: logged.index, batch: number })?;
            if leaf.replace(secret.salt(logged.index).leaf_of(&logged.event)).is_some() {
                return Err(BatchError::SameLeaf(logged.index));
            }
        }
        let mut level: Vec<Hash> = (first..)
            .zip(leaves)
            .map(|(index, leaf)| leaf.unwrap_or_else(|| secret.dummy(index)))
            .collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let parents = level.chunks(2).map(|pair| merkle::node_hash(&pair[0], &pair[1]));
            let parents = parents.collect();
            levels.push(std::mem::replace(&mut level, parents));
        }
        levels.push(level);
        Ok(Self { number, levels })
    }

    /// Returns the root of the batch, which is a node of the log's tree.
    pub fn root(&self) -> Hash {
        *self.levels.last().and_then(|level| level.first()).expect("the last level has one hash")
    }

    /// Returns the inclusion proof of a leaf of this batch in a log of `batches` batches. `lookup`
    /// returns nodes of the tree over the roots of batches, those of [`upper_proof_nodes`].
    ///
    /// # Errors
    /// [`ProofError::OutsideTree`] if the leaf is not in this batch, or the batch not in the log,
    /// [`ProofError::MissingNode`] if `lookup` does not know a node.
    pub fn prove_inclusion(
        &self,
        index: u64,
        batches: u32,
        lookup: impl Fn(NodeId) -> Option<Hash>,
    ) -> Result<Vec<Hash>, ProofError> {
        let in_batch = self.prove_in_batch(index)?;
        Ok([in_batch, prove_batch(self.number, batches, lookup)?].concat())
    }

    /// Returns the inclusion proof of a leaf of this batch in the batch: the beginning of its proof
    /// in every tree.
    ///
    /// # Errors
    /// [`ProofError::OutsideTree`] if the leaf is not in this batch.
    pub fn prove_in_batch(&self, index: u64) -> Result<Vec<Hash>, ProofError> {
        if batch_of(index) != Some(self.number) {
            let size = log_size(self.number.saturating_add(1));
            return Err(OutsideTree { requested: index, size }.into());
        }
        let in_batch = TreePlan::inclusion(index % BATCH_SIZE, BATCH_SIZE)?.hashes(|node| {
            self.levels
                .get(usize::from(node.level))?
                .get(usize::try_from(node.index).ok()?)
                .copied()
        })?;
        Ok(in_batch)
    }
}

/// Returns the inclusion proof of the root of a batch in a log of `batches` batches: the end of the
/// proof of each of its leaves. `lookup` returns the nodes of [`upper_proof_nodes`].
///
/// # Errors
/// [`ProofError::OutsideTree`] if the batch is not in the log, [`ProofError::MissingNode`] if
/// `lookup` does not know a node.
pub fn prove_batch(
    batch: u32,
    batches: u32,
    lookup: impl Fn(NodeId) -> Option<Hash>,
) -> Result<Vec<Hash>, ProofError> {
    Ok(upper_proof_plan(batch, batches)?.hashes(lookup)?)
}

/// Why no inclusion proof can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The log has no such leaf.
    #[error(transparent)]
    OutsideTree(#[from] OutsideTree),
    /// The store lacks a node.
    #[error(transparent)]
    MissingNode(#[from] MissingNode),
}

fn upper_proof_plan(batch: u32, batches: u32) -> Result<TreePlan, OutsideTree> {
    TreePlan::inclusion(batch.into(), batches.into())
}

/// Returns the nodes over the roots of batches that [`prove_batch`] looks up. Level 0 is
/// the root of a batch.
///
/// # Errors
/// If the log has no such batch.
pub fn upper_proof_nodes(batch: u32, batches: u32) -> Result<Vec<NodeId>, OutsideTree> {
    upper_proof_plan(batch, batches).map(|plan| plan.nodes())
}

/// Plans the consistency proof between two numbers of batches. Its nodes are those over the roots
/// of batches. It is also the proof between the numbers of leaves, because no batch is split.
///
/// # Errors
/// If `old` is larger than `new`.
pub fn consistency_plan(old: u32, new: u32) -> Result<TreePlan, OutsideTree> {
    TreePlan::consistency(old.into(), new.into())
}
