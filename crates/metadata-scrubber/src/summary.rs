//! The findings of one scrubbing.

use crate::{
    FileFormat, ParseCoverage, ScrubReport, SignatureStatus,
    metadata_kind::{MetadataKind, MetadataKinds},
};

/// The kinds of metadata found while a file streams through.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Findings {
    pub(crate) removed: MetadataKinds,
    pub(crate) left: MetadataKinds,
    pub(crate) is_signed: bool,
}

impl Findings {
    /// Returns the report for a file of this format.
    pub(crate) fn into_report(self, format: FileFormat, reading: ParseCoverage) -> ScrubReport {
        let signature = match (self.is_signed, self.removed.is_empty()) {
            (false, _) => SignatureStatus::Absent,
            (true, true) => SignatureStatus::Kept,
            (true, false) => SignatureStatus::Broken,
        };
        ScrubReport { format, removed: self.removed, left: self.left, reading, signature }
    }

    /// Records that the file carries a signature. It names the signer, and any change to the file
    /// invalidates it.
    pub(crate) fn record_signature(&mut self) {
        self.is_signed = true;
        self.left |= MetadataKind::Author;
    }
}
