//! The perfect subtrees of a tree from left to right (a "compact range"): all that is needed to
//! append leaves and to compute the root. Their number is the logarithm of the number of leaves.

use protocol::Hash;

use crate::merkle::{empty_root, node_hash};

/// A tree to which leaves can be appended. The leaves can be roots of batches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    len: u64,
    /// The largest subtree is the first.
    subtrees: Vec<Hash>,
}

impl CompactRange {
    /// Returns the tree with this number of leaves and these perfect subtrees. Returns `None` if a
    /// tree of this size has another number of them.
    pub fn from_subtrees(len: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (subtrees.len() == len.count_ones() as usize).then_some(Self { len, subtrees })
    }

    /// Returns the number of leaves.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Returns whether the tree has no leaf.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the hashes of the perfect subtrees, the largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut subtree = leaf;
        // Each trailing one of the length is a subtree that the new leaf completes.
        for _ in 0..self.len.trailing_ones() {
            let left = self.subtrees.pop().expect("the length has as many ones as subtrees");
            subtree = node_hash(&left, &subtree);
        }
        self.subtrees.push(subtree);
        self.len += 1;
    }

    /// Returns the root.
    pub fn root(&self) -> Hash {
        let right_to_left = self.subtrees.iter().rev().copied();
        right_to_left.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::merkle::{TreePlan, completed_nodes};

    #[test]
    fn the_root_is_that_of_the_planned_tree_at_every_size() {
        let (mut range, mut nodes) = (CompactRange::default(), HashMap::new());
        assert_eq!(range.root(), empty_root());
        for size in 0..70_u64 {
            let leaf = Hash::of(&[&size.to_be_bytes()]);
            nodes.extend(completed_nodes(size, leaf, |node| nodes.get(&node).copied()).unwrap());
            range.push(leaf);
            let root = TreePlan::root(size + 1).hashes(|node| nodes.get(&node).copied()).unwrap();
            assert_eq!((range.len(), range.root()), (size + 1, root[0]));
            let stored = CompactRange::from_subtrees(range.len(), range.subtrees().to_vec());
            assert_eq!(stored.as_ref(), Some(&range));
            assert_eq!(CompactRange::from_subtrees(range.len() + 1, vec![leaf; 9]), None);
        }
    }
}
