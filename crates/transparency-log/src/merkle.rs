//! The Merkle tree of RFC 6962, section 2.1: tree hashes, inclusion proofs and consistency proofs.
//!
//! A proof is a list of hashes of spans of leaves. A span is hashed from the hashes of its perfect
//! subtrees. So a store keeps one hash for each perfect subtree, and a proof needs few of them:
//! [`TreePlan::nodes`] names them, the caller reads them, and [`TreePlan::hashes`] assembles the
//! proof. The same code serves the 256 leaves of a batch and the tree over the roots of batches.

use std::ops::Range;

use protocol::Hash;

/// Maximum number of hashes in a proof. It suffices for every tree size below 2⁶³.
pub const MAX_PROOF_HASHES: usize = 63;

const LEAF_PREFIX: &[u8] = &[0];
const NODE_PREFIX: &[u8] = &[1];

/// Returns the hash of a leaf with this data.
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash::of(&[LEAF_PREFIX, data])
}

/// Returns the hash of an inner node with these children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[NODE_PREFIX, left.as_bytes(), right.as_bytes()])
}

/// Returns the root of the tree without leaves.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// A perfect subtree: the `2^level` leaves from leaf `index × 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// The height of the subtree. A leaf has level 0.
    pub level: u8,
    /// The number of subtrees of the same level to the left.
    pub index: u64,
}

/// The hash of a perfect subtree is needed and was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("node {} of level {} of the log's tree is missing in the store", .0.index, .0.level)]
pub struct MissingNode(pub NodeId);

/// The requested leaf or size is outside of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("leaf or size {requested} is outside of a tree of {size} leaves")]
pub struct OutsideTree {
    /// The requested leaf or size.
    pub requested: u64,
    /// The number of leaves of the tree.
    pub size: u64,
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The requested leaf or size is outside of the tree.
    #[error(transparent)]
    OutsideTree(#[from] OutsideTree),
    /// A proof for these sizes has another number of hashes.
    #[error("the proof has {found} hashes, a proof for these sizes has {expected}")]
    WrongLength {
        /// The number of hashes in the proof.
        found: usize,
        /// The number of hashes that a proof for these sizes has.
        expected: usize,
    },
    /// The hashes of the proof do not lead to the root.
    #[error("the proof does not lead to the root")]
    OtherRoot,
}

type Span = Range<u64>;

/// The spans of leaves whose hashes form a root or a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreePlan(Vec<Span>);

impl TreePlan {
    /// Plans the root of a tree. [`Self::hashes`] then returns one hash, or none for the tree
    /// without leaves.
    pub fn root(size: u64) -> Self {
        Self((size != 0).then_some(0..size).into_iter().collect())
    }

    /// Plans the inclusion proof of the leaf `index`: `PATH(index, D[size])` of RFC 6962.
    ///
    /// # Errors
    /// If the tree has no such leaf.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, OutsideTree> {
        inclusion_spans(index, size).map(Self)
    }

    /// Plans the consistency proof between two sizes: `PROOF(old, D[new])` of RFC 6962. From size
    /// 0 the proof is empty.
    ///
    /// # Errors
    /// If `old` is larger than `new`.
    pub fn consistency(old: u64, new: u64) -> Result<Self, OutsideTree> {
        consistency_spans(old, new).map(Self)
    }

    /// Returns the perfect subtrees whose hashes [`Self::hashes`] needs.
    pub fn nodes(&self) -> Vec<NodeId> {
        self.0.iter().flat_map(perfect_subtrees).collect()
    }

    /// Returns the planned hashes in the order of RFC 6962, from the leaves to the root.
    ///
    /// # Errors
    /// If `lookup` does not know one of the nodes.
    pub fn hashes(
        &self,
        lookup: impl Fn(NodeId) -> Option<Hash>,
    ) -> Result<Vec<Hash>, MissingNode> {
        let known = |node| lookup(node).ok_or(MissingNode(node));
        let mut hashes = Vec::with_capacity(self.0.len());
        for span in &self.0 {
            let mut subtrees = perfect_subtrees(span).into_iter().rev();
            let last = known(subtrees.next().expect("a span of a plan is not empty"))?;
            hashes
                .push(subtrees.try_fold(last, |right, node| Ok(node_hash(&known(node)?, &right)))?);
        }
        Ok(hashes)
    }
}

/// Returns the perfect subtrees that a new last leaf completes in a tree of `size` leaves, with
/// their hashes: the leaf itself and then its ancestors. `lookup` returns older nodes.
///
/// # Errors
/// If `lookup` does not know the left sibling of one of them.
pub fn completed_nodes(
    size: u64,
    leaf: Hash,
    lookup: impl Fn(NodeId) -> Option<Hash>,
) -> Result<Vec<(NodeId, Hash)>, MissingNode> {
    let mut node = NodeId { level: 0, index: size };
    let mut hash = leaf;
    let mut completed = vec![(node, hash)];
    while node.index % 2 == 1 {
        let left = NodeId { index: node.index - 1, ..node };
        hash = node_hash(&lookup(left).ok_or(MissingNode(left))?, &hash);
        node = NodeId { level: node.level + 1, index: node.index / 2 };
        completed.push((node, hash));
    }
    Ok(completed)
}

/// Verifies that the leaf with this hash is the leaf `index` of the tree of `size` leaves.
///
/// # Errors
/// If the tree has no such leaf, or the proof has another length or leads to another root.
pub fn verify_inclusion(
    index: u64,
    leaf: Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> Result<(), MerkleError> {
    let spans = inclusion_spans(index, size)?;
    check_len(proof, &spans)?;
    let computed = proof.iter().zip(&spans).fold(leaf, |hash, (sibling, span)| {
        if span.start > index { node_hash(&hash, sibling) } else { node_hash(sibling, &hash) }
    });
    if computed == *root { Ok(()) } else { Err(MerkleError::OtherRoot) }
}

/// Verifies that the first `old_size` leaves of the new tree are exactly the leaves of the old one.
///
/// # Errors
/// If the old tree is larger than the new one, or the proof has another length or leads to another
/// root.
pub fn verify_consistency(
    (old_size, old_root): (u64, &Hash),
    (new_size, new_root): (u64, &Hash),
    proof: &[Hash],
) -> Result<(), MerkleError> {
    let spans = consistency_spans(old_size, new_size)?;
    check_len(proof, &spans)?;
    let equal = |computed: &Hash, root: &Hash| {
        if computed == root { Ok(()) } else { Err(MerkleError::OtherRoot) }
    };
    if old_size == 0 {
        return equal(&empty_root(), old_root);
    }
    let mut steps = proof.iter().zip(&spans);
    // The largest perfect subtree that both trees share and that ends at the last old leaf. If it
    // is the whole old tree, the proof leaves it out.
    let shared = if old_size == new_size || old_size.is_power_of_two() {
        *old_root
    } else {
        *steps.next().expect("a proof of this length is not empty").0
    };
    let (mut old, mut new) = (shared, shared);
    for (sibling, span) in steps {
        if span.start < old_size {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
        } else {
            new = node_hash(&new, sibling);
        }
    }
    equal(&old, old_root)?;
    equal(&new, new_root)
}

fn check_len(proof: &[Hash], spans: &[Span]) -> Result<(), MerkleError> {
    let (found, expected) = (proof.len(), spans.len());
    if found == expected { Ok(()) } else { Err(MerkleError::WrongLength { found, expected }) }
}

/// Returns the largest power of two below `len`, which is at least 2.
fn split_point(len: u64) -> u64 {
    1 << (len - 1).ilog2()
}

fn inclusion_spans(index: u64, size: u64) -> Result<Vec<Span>, OutsideTree> {
    if index >= size {
        return Err(OutsideTree { requested: index, size });
    }
    let (mut start, mut end) = (0, size);
    let mut spans = Vec::new();
    while end - start > 1 {
        let middle = start + split_point(end - start);
        if index < middle {
            spans.push(middle..end);
            end = middle;
        } else {
            spans.push(start..middle);
            start = middle;
        }
    }
    spans.reverse();
    Ok(spans)
}

fn consistency_spans(old: u64, new: u64) -> Result<Vec<Span>, OutsideTree> {
    if old > new {
        return Err(OutsideTree { requested: old, size: new });
    }
    let (mut start, mut end) = (0, new);
    let mut spans = Vec::new();
    while old != 0 && old != end {
        let middle = start + split_point(end - start);
        if old <= middle {
            spans.push(middle..end);
            end = middle;
        } else {
            spans.push(start..middle);
            start = middle;
        }
    }
    if start != 0 {
        spans.push(start..end);
    }
    spans.reverse();
    Ok(spans)
}

/// Returns the perfect subtrees of a span, from left to right.
fn perfect_subtrees(span: &Span) -> Vec<NodeId> {
    let mut subtrees = Vec::new();
    let mut start = span.start;
    while start < span.end {
        let level = (span.end - start).ilog2();
        let level_byte = u8::try_from(level).expect("a logarithm of 64 bits is below 64");
        subtrees.push(NodeId { level: level_byte, index: start >> level });
        start += 1 << level;
    }
    subtrees
}
