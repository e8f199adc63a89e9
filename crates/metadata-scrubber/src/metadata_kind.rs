//! The kinds of metadata items, and sets of them.

use serde::{Deserialize, Serialize};

/// A kind of metadata item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataKind {
    /// A person or company name.
    Author,
    /// A device or program: make, model, serial number.
    Device,
    /// A location.
    Place,
    /// A date or time.
    Date,
    /// Titles, comments, keywords.
    Words,
    /// A small or second picture, which may show what was cropped away.
    Preview,
    /// The changes of a document and their authors.
    History,
    /// Any other metadata.
    Other,
}

impl MetadataKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Author,
        Self::Place,
        Self::Date,
        Self::Device,
        Self::Words,
        Self::Preview,
        Self::History,
        Self::Other,
    ];
}

/// A set of metadata kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MetadataKinds(u8);

impl MetadataKinds {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Returns whether the set is empty.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Returns whether the set contains this kind.
    pub fn contains(self, kind: MetadataKind) -> bool {
        self.0 & Self::from(kind).0 != 0
    }

    /// Returns the kinds in the set, in the order of [`MetadataKind::ALL`].
    pub fn iter(self) -> impl Iterator<Item = MetadataKind> {
        MetadataKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

/// Serializes as a list, in the order of [`MetadataKind::ALL`].
impl Serialize for MetadataKinds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for MetadataKinds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<MetadataKind>::deserialize(deserializer).map(|kinds| kinds.into_iter().collect())
    }
}

impl From<MetadataKind> for MetadataKinds {
    fn from(kind: MetadataKind) -> Self {
        Self(1 << kind as u8)
    }
}

impl<T: Into<Self>> std::ops::BitOrAssign<T> for MetadataKinds {
    fn bitor_assign(&mut self, other: T) {
        self.0 |= other.into().0;
    }
}

impl FromIterator<MetadataKind> for MetadataKinds {
    fn from_iter<I: IntoIterator<Item = MetadataKind>>(kinds: I) -> Self {
        kinds.into_iter().fold(Self::NONE, |mut all, kind| {
            all |= kind;
            all
        })
    }
}
