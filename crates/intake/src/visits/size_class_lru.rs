//! What is forgotten when all visits together take too many bytes.

use std::collections::BTreeMap;

/// A bounded number of bytes, by size classes (powers of two).
///
/// When there are too many, the class that holds the most bytes loses its least recently used
/// entry. So a flood of entries of one size forgets its own, whichever size it chooses.
pub(super) struct SizeClassLru<T> {
    capacity: usize,
    bytes: usize,
    classes: BTreeMap<u32, SizeClass<T>>,
}

struct SizeClass<T> {
    bytes: usize,
    /// By use: size and entry.
    entries: BTreeMap<u64, (usize, T)>,
}

impl<T> SizeClassLru<T> {
    /// For so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { capacity: most, bytes: 0, classes: BTreeMap::new() }
    }

    /// Adds an entry of this size, which is not zero, with the number of its last use. Returns what
    /// was forgotten for it.
    pub(super) fn insert(&mut self, size: usize, used: u64, entry: T) -> Vec<T> {
        let class = self.classes.entry(size.ilog2()).or_insert_with(SizeClass::new);
        class.bytes += size;
        class.entries.insert(used, (size, entry));
        self.bytes += size;
        let mut forgotten = Vec::new();
        while self.bytes > self.capacity
            && let Some(largest) = self.classes.values_mut().max_by_key(|class| class.bytes)
            && let Some((_, (size, entry))) = largest.entries.pop_first()
        {
            largest.bytes -= size;
            self.bytes -= size;
            forgotten.push(entry);
        }
        forgotten
    }

    /// Removes the entry of this size and use.
    pub(super) fn remove(&mut self, size: usize, used: u64) {
        let Some(class) = self.classes.get_mut(&size.ilog2()) else { return };
        if class.entries.remove(&used).is_some() {
            class.bytes -= size;
            self.bytes -= size;
        }
    }

    /// How many bytes are taken.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl<T> SizeClass<T> {
    fn new() -> Self {
        Self { bytes: 0, entries: BTreeMap::new() }
    }
}
