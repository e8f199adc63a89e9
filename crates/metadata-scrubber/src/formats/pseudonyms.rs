//! Pseudonyms for the authors of one file.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Maximum number of pseudonyms: more than a document has authors.
const MAX_NAMES: usize = 1024;

/// Pseudonyms, a different one for each author, so that authors can still be distinguished.
#[derive(Default)]
pub(crate) struct AuthorPseudonyms(HashMap<u64, usize>);

impl AuthorPseudonyms {
    /// Returns the pseudonym of an author. An author has the same one in all parts of a file.
    pub(crate) fn pseudonym_for(&mut self, author: &[u8]) -> String {
        let mut hasher = DefaultHasher::new();
        author.hash(&mut hasher);
        let next = self.0.len() + 1;
        let number = if next > MAX_NAMES {
            self.0.get(&hasher.finish()).copied().unwrap_or(MAX_NAMES)
        } else {
            *self.0.entry(hasher.finish()).or_insert(next)
        };
        format!("A{number}")
    }
}
