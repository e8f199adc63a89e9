//! The eviction policy of visits when they exceed their memory limit.

use std::collections::BTreeMap;

/// An LRU list with a limit in bytes, by size classes (powers of two).
///
/// Above the limit, it evicts the least recently used entry of the class with the most bytes. So a
/// flood of entries of one size evicts only entries of its own class.
pub(super) struct SizeClassLru<T> {
    capacity: usize,
    bytes: usize,
    classes: BTreeMap<u32, SizeClass<T>>,
}

struct SizeClass<T> {
    bytes: usize,
    /// Size and entry, by last use.
    entries: BTreeMap<u64, (usize, T)>,
}

impl<T> SizeClassLru<T> {
    /// Creates a list with a limit of `capacity` bytes.
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, bytes: 0, classes: BTreeMap::new() }
    }

    /// Adds an entry of this size, which is not zero, with the number of its last use. Returns the
    /// evicted entries.
    pub(super) fn insert(&mut self, size: usize, used: u64, entry: T) -> Vec<T> {
        let class = self.classes.entry(size.ilog2()).or_insert_with(SizeClass::new);
        class.bytes += size;
        class.entries.insert(used, (size, entry));
        self.bytes += size;
        let mut evicted = Vec::new();
        while self.bytes > self.capacity
            && let Some(largest) = self.classes.values_mut().max_by_key(|class| class.bytes)
            && let Some((_, (size, entry))) = largest.entries.pop_first()
        {
            largest.bytes -= size;
            self.bytes -= size;
            evicted.push(entry);
        }
        evicted
    }

    /// Removes the entry of this size and last use.
    pub(super) fn remove(&mut self, size: usize, used: u64) {
        let Some(class) = self.classes.get_mut(&size.ilog2()) else { return };
        if class.entries.remove(&used).is_some() {
            class.bytes -= size;
            self.bytes -= size;
        }
    }

    /// Returns the bytes of all entries.
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
