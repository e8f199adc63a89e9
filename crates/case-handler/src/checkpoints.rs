//! Extends the transparency log by batches, signs its checkpoints, and proves that it contains an
//! event.

use std::collections::{BTreeSet, HashMap};

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    api::workbench::{CaseLog, EventProof},
    directory::FIRST_LOG_EPOCH,
};
use rand::{CryptoRng, RngCore};
use transparency_log::{
    batch::{
        BATCH_LEAVES, Batch, BatchError, ProofError, batch_of, consistency_plan, log_size,
        place_events, prove_batch, upper_proof_nodes,
    },
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint, log_origin},
    leaf::LeafSecret,
    merkle::{MissingNode, NodeId, TreePlan, completed_nodes},
    note::{NoteError, NoteSignature, VerifierKey},
    proof::LogProof,
    witness::AddCheckpoint,
};
use uuid::Uuid;

use crate::{
    directory_cache::DirectoryCache,
    store::{CaseStore, EventLeaf, StoreError},
};

/// The minimum number of batches with which a log that begins again begins.
const RESTARTED_LOG_BATCHES: u32 = 256;

/// Why the log was not extended, or an event was not proved.
#[derive(Debug, thiserror::Error)]
pub enum LogTreeError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored leaves contradict each other.
    #[error("transparency log: {0}; restore a backup")]
    Batch(#[from] BatchError),
    /// A stored node is missing.
    #[error("transparency log: {0}; restore a backup")]
    Node(#[from] MissingNode),
    /// The stored tree does not contain the leaf.
    #[error("transparency log: {0}; restore a backup")]
    Proof(#[from] ProofError),
    /// The stored checkpoint is malformed.
    #[error("transparency log: {0}; restore a backup")]
    Checkpoint(#[from] CheckpointError),
    /// The log has the maximum number of batches.
    #[error("the transparency log is full")]
    Full,
    /// The old size of a consistency proof is not one of the log.
    #[error("{0} is not a number of whole batches in the transparency log")]
    OldSize(u64),
}

/// Why a cosignature is rejected.
#[derive(Debug, thiserror::Error)]
pub enum CosignatureError {
    /// There is no checkpoint of this size.
    #[error("there is no checkpoint of size {0}")]
    UnknownCheckpoint(u64),
    /// The signature is invalid.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The line has the name or the id of another key.
    #[error("the cosignature is not by the caller")]
    OtherSigner,
    /// The store failed, or contradicts itself.
    #[error(transparent)]
    Log(#[from] LogTreeError),
}

impl From<StoreError> for CosignatureError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

/// Returns the number of batches with which a log that begins again begins: the smallest of 256,
/// 1,024, 4,096 and so on that has a leaf for each event. So every event has a leaf in the first
/// checkpoint, and its size shows only this class.
pub fn first_batches(events: u64) -> u32 {
    let mut batches = RESTARTED_LOG_BATCHES;
    while log_size(batches) < events {
        batches = batches.saturating_mul(4);
    }
    batches
}

/// Adds a batch with the events that have no leaf yet, at most 256, to the log of the newest
/// directory, and signs the checkpoint. A log that begins again gets as many batches as all events
/// need, see [`first_batches`]. All of it is written in one transaction. Without a directory there
/// is neither an event nor a reader, and no batch is added. Returns false, and adds nothing, while
/// the log is paused after a restore.
///
/// # Errors
/// If the store fails or contradicts itself. Nothing is written then.
pub async fn add_batch(
    store: &CaseStore,
    directories: &DirectoryCache,
    log_key: &SigningKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<bool, LogTreeError> {
    let transaction = store.begin_write().await?;
    // Within the transaction, because a directory with another epoch of the log clears the tree
    // and ends the pause.
    if transaction.log_paused_since().await?.is_some() {
        return Ok(false);
    }
    let Some(newest) = directories.latest() else { return Ok(true) };
    let directory = &newest.directory;
    let before = transaction.log_batches().await?;
    let begins_again = before == 0 && directory.log.epoch > FIRST_LOG_EPOCH;
    let added = if begins_again { first_batches(transaction.count_events().await?) } else { 1 };
    let batches = before.checked_add(added).ok_or(LogTreeError::Full)?;
    let secret = if let Some(secret) = transaction.leaf_secret().await? {
        secret
    } else {
        let secret = LeafSecret::generate(rng);
        transaction.add_leaf_secret(&secret).await?;
        secret
    };
    // The perfect subtrees of the old tree contain the left sibling of each node that a batch
    // completes.
    let mut nodes = transaction.log_nodes(&TreePlan::root(before.into()).nodes()).await?;
    for number in before..batches {
        let waiting = transaction.events_without_leaf(BATCH_LEAVES).await?;
        let hashes: Vec<Hash> = waiting.iter().map(|event| event.hash).collect();
        let placed = place_events(number, &hashes, rng);
        let batch = Batch::build(number, &placed, &secret)?;
        let completed =
            completed_nodes(number.into(), batch.root(), |node| nodes.get(&node).copied())?;
        nodes.extend(completed.iter().copied());
        let leaves: Vec<EventLeaf> = placed
            .iter()
            .zip(&waiting)
            .map(|(logged, event)| {
                let path = batch.prove_in_batch(logged.index)?;
                Ok(EventLeaf { position: event.position, index: logged.index, path })
            })
            .collect::<Result<_, ProofError>>()?;
        transaction.add_log_batch(&leaves, &completed).await?;
    }
    let root = TreePlan::root(batches.into()).hashes(|node| nodes.get(&node).copied())?;
    let head = Checkpoint {
        origin: log_origin(directory.instance, directory.log.epoch).to_string(),
        size: log_size(batches),
        root: *root.first().expect("a tree with a batch has a root"),
    };
    let checkpoint = SignedCheckpoint::sign(head, log_key)?;
    transaction.add_checkpoint(log_size(batches), checkpoint.to_string()).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Returns the newest checkpoint with the consistency proof from an old size, which consists of
/// whole batches. Returns `None` before the first batch.
///
/// # Errors
/// [`LogTreeError::OldSize`] if the log has no such size, or the store fails.
pub async fn newest_with_proof(
    store: &CaseStore,
    old_size: u64,
) -> Result<Option<AddCheckpoint>, LogTreeError> {
    let Some(note) = store.newest_checkpoint().await? else { return Ok(None) };
    let checkpoint = SignedCheckpoint::parse(&note)?;
    let not_a_size = || LogTreeError::OldSize(old_size);
    let batches_of = |size| batch_of(size).filter(|batches| log_size(*batches) == size);
    let old = batches_of(old_size).ok_or_else(not_a_size)?;
    let new = batches_of(checkpoint.checkpoint().size)
        .ok_or(StoreError::CorruptRow("log_checkpoints.note"))?;
    let plan = consistency_plan(old, new).map_err(|_| not_a_size())?;
    let nodes = store.log_nodes(&plan.nodes()).await?;
    let proof = plan.hashes(|node| nodes.get(&node).copied())?;
    Ok(Some(AddCheckpoint { old_size, proof, checkpoint }))
}

/// Verifies a cosignature of a stored checkpoint by this key, and stores it. A second one of the
/// same key changes nothing.
///
/// # Errors
/// If there is no such checkpoint, the cosignature is not by this key or invalid, or the store
/// fails.
pub async fn add_cosignature(
    store: &CaseStore,
    size: u64,
    key: &VerifierKey,
    signature: NoteSignature,
) -> Result<(), CosignatureError> {
    let transaction = store.begin_write().await?;
    let note = transaction.checkpoint_of(size).await?;
    let note = note.ok_or(CosignatureError::UnknownCheckpoint(size))?;
    let mut checkpoint = SignedCheckpoint::parse(&note).map_err(LogTreeError::from)?;
    if checkpoint.cosigned_at(key)?.is_some() {
        return Ok(());
    }
    checkpoint.add_signature(signature)?;
    if checkpoint.cosigned_at(key)?.is_none() {
        return Err(CosignatureError::OtherSigner);
    }
    transaction.replace_checkpoint(size, checkpoint.to_string()).await?;
    transaction.outdate_uncosigned_mailbox_logs().await?;
    Ok(transaction.commit().await?)
}

/// Returns the events of a case, with the proof of the newest one that has a leaf.
///
/// # Errors
/// If the store fails or contradicts itself.
pub async fn case_log(store: &CaseStore, case: Uuid) -> Result<CaseLog, LogTreeError> {
    let proof = match store.newest_logged_seq(case).await? {
        None => None,
        Some(seq) => prove_event(store, case, seq)
            .await?
            .map(|proof| EventProof { seq, proof: proof.to_string() }),
    };
    Ok(CaseLog { events: store.case_events(case).await?, proof })
}

/// Returns the proof that the log contains an event, with the newest checkpoint. Returns `None` if
/// the event does not exist or waits for its batch.
///
/// # Errors
/// If the store fails or contradicts itself.
pub async fn prove_event(
    store: &CaseStore,
    case: Uuid,
    seq: u32,
) -> Result<Option<LogProof>, LogTreeError> {
    let Some(logged) = store.leaf_of(case, seq).await? else { return Ok(None) };
    let Some(note) = store.newest_checkpoint().await? else { return Ok(None) };
    let Some(secret) = store.leaf_secret().await? else { return Ok(None) };
    let checkpoint = SignedCheckpoint::parse(&note)?;
    let corrupt = StoreError::CorruptRow("log_checkpoints.note");
    let batches = batch_of(checkpoint.checkpoint().size).ok_or(corrupt)?;
    let path = prove_leaf(store, LeafInTree { index: logged.index, batches }).await?;
    Ok(Some(LogProof { salt: secret.salt(logged.index), index: logged.index, path, checkpoint }))
}

/// A leaf, and a tree that contains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafInTree {
    /// The index of the leaf.
    pub index: u64,
    /// The number of batches of the tree.
    pub batches: u32,
}

impl LeafInTree {
    fn batch(self) -> Result<u32, StoreError> {
        batch_of(self.index).ok_or(StoreError::CorruptRow("log_leaves.leaf"))
    }
}

async fn prove_leaf(store: &CaseStore, leaf: LeafInTree) -> Result<Vec<Hash>, LogTreeError> {
    LeafProver::load(store, &[leaf]).await?.prove(leaf)
}

/// The hashes that prove the inclusion of some leaves.
#[derive(Debug)]
pub struct LeafProver {
    in_batches: HashMap<u64, Vec<Hash>>,
    nodes: HashMap<NodeId, Hash>,
}

impl LeafProver {
    /// Reads the hashes for these leaves. Makes two queries for any number.
    ///
    /// # Errors
    /// If a tree does not contain its leaf, or the store fails or contradicts itself.
    pub async fn load(store: &CaseStore, leaves: &[LeafInTree]) -> Result<Self, LogTreeError> {
        let mut needed = BTreeSet::new();
        for leaf in leaves {
            let nodes = upper_proof_nodes(leaf.batch()?, leaf.batches).map_err(ProofError::from)?;
            needed.extend(nodes);
        }
        let needed: Vec<NodeId> = needed.into_iter().collect();
        Ok(Self {
            in_batches: store.paths_in_batches(leaves.iter().map(|leaf| leaf.index)).await?,
            nodes: store.log_nodes(&needed).await?,
        })
    }

    /// Returns the inclusion proof of one of the leaves.
    ///
    /// # Errors
    /// If the store lacks one of its hashes.
    pub fn prove(&self, leaf: LeafInTree) -> Result<Vec<Hash>, LogTreeError> {
        let corrupt = StoreError::CorruptRow("log_leaves.leaf");
        let in_batch = self.in_batches.get(&leaf.index).ok_or(corrupt)?;
        let lookup = |node| self.nodes.get(&node).copied();
        let above = prove_batch(leaf.batch()?, leaf.batches, lookup)?;
        Ok([in_batch.as_slice(), &above].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::first_batches;

    #[test]
    fn a_log_that_begins_again_shows_only_a_class_of_its_number_of_events() {
        for (events, batches) in [
            (0, 256),
            (1, 256),
            (256 * 256, 256),
            (256 * 256 + 1, 1024),
            (1024 * 256, 1024),
            (1024 * 256 + 1, 4096),
        ] {
            assert_eq!(first_batches(events), batches, "{events} events");
        }
    }
}
