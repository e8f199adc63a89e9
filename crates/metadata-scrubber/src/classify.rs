//! Classifies removed blocks by the words in them.

use crate::{
    metadata_kind::{MetadataKind, MetadataKinds},
    rules,
};

impl MetadataKinds {
    /// Returns the kinds that the words in a removed block indicate, or [`MetadataKind::Other`] if
    /// no word is known.
    pub(crate) fn classify(block: &[u8]) -> Self {
        if block.iter().all(|byte| *byte == 0) {
            return Self::NONE;
        }
        if block.len() < 4 {
            return MetadataKind::Other.into();
        }
        let mut found = Self::NONE;
        for (kind, finders) in &rules::builtin().markers {
            if finders.iter().any(|finder| finder.find(block).is_some()) {
                found |= *kind;
            }
        }
        if found.is_empty() { MetadataKind::Other.into() } else { found }
    }
}
