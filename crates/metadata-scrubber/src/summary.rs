//! What was found, in words that a reporter can be told.

use serde::{Deserialize, Serialize};

use crate::{FileFormat, ParseCoverage, ScrubReport, SignatureStatus, rules};

/// A kind of thing that a file tells beside what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataKind {
    /// Who: a name, a company.
    Author,
    /// With what: make, model, serial number, program.
    Device,
    /// Where.
    Place,
    /// When.
    Date,
    /// Titles, comments, keywords.
    Words,
    /// A small or second picture, which may show what was cut away.
    Preview,
    /// Who changed what.
    History,
    /// Anything else beside the content.
    Other,
}

impl MetadataKind {
    /// In the order in which they are told.
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

/// A set of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MetadataKinds(u8);

impl MetadataKinds {
    /// None.
    pub const NONE: Self = Self(0);

    /// Is there none?
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Is this one among them?
    pub fn contains(self, trace: MetadataKind) -> bool {
        self.0 & Self::from(trace).0 != 0
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = MetadataKind> {
        MetadataKind::ALL.into_iter().filter(move |trace| self.contains(*trace))
    }

    /// What words in a block that is taken out tell; something else, if none is known.
    pub(crate) fn classify(block: &[u8]) -> Self {
        if block.iter().all(|byte| *byte == 0) {
            return Self::NONE;
        }
        if block.len() < 4 {
            return MetadataKind::Other.into();
        }
        let mut told = Self::NONE;
        for (trace, finders) in &rules::builtin().markers {
            if finders.iter().any(|finder| finder.find(block).is_some()) {
                told |= *trace;
            }
        }
        if told.is_empty() { MetadataKind::Other.into() } else { told }
    }
}

/// As a list, in the order in which they are told.
impl Serialize for MetadataKinds {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for MetadataKinds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<MetadataKind>::deserialize(deserializer).map(|traces| traces.into_iter().collect())
    }
}

impl From<MetadataKind> for MetadataKinds {
    fn from(trace: MetadataKind) -> Self {
        Self(1 << trace as u8)
    }
}

impl<T: Into<Self>> std::ops::BitOrAssign<T> for MetadataKinds {
    fn bitor_assign(&mut self, other: T) {
        self.0 |= other.into().0;
    }
}

impl FromIterator<MetadataKind> for MetadataKinds {
    fn from_iter<I: IntoIterator<Item = MetadataKind>>(traces: I) -> Self {
        traces.into_iter().fold(Self::NONE, |mut all, trace| {
            all |= trace;
            all
        })
    }
}

/// Filled in while a file passes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Findings {
    pub(crate) removed: MetadataKinds,
    pub(crate) left: MetadataKinds,
    pub(crate) is_signed: bool,
}

impl Findings {
    /// What became of a file of this format.
    pub(crate) fn into_report(self, format: FileFormat, reading: ParseCoverage) -> ScrubReport {
        let signature = match (self.is_signed, self.removed.is_empty()) {
            (false, _) => SignatureStatus::Absent,
            (true, true) => SignatureStatus::Kept,
            (true, false) => SignatureStatus::Broken,
        };
        ScrubReport { format, removed: self.removed, left: self.left, reading, signature }
    }

    /// The file carries a signature: it names who signed, and does not hold once anything is
    /// changed.
    pub(crate) fn record_signature(&mut self) {
        self.is_signed = true;
        self.left |= MetadataKind::Author;
    }
}
