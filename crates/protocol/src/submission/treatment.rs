//! What the sender did to a file before sealing it, in fixed terms. It is a claim by the sender
//! that no reader can check.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How a file was treated before it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum AttachmentTreatment {
    /// Its known metadata was removed. Its content is unchanged byte for byte.
    Cleaned(CleaningReport),
    /// It is a picture that was decoded and encoded again. Only its pixels remain.
    Redrawn,
    /// It is unchanged, because the reporter decided so.
    Kept,
    /// Cleaning failed. The file ends where the failure appeared.
    CutOff,
    /// It is a recording of speech whose voice was altered. Words, accent and background remain.
    VoiceAltered,
}

/// The result of cleaning a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleaningReport {
    /// The kinds of metadata that were removed.
    pub removed: BTreeSet<MetadataCategory>,
    /// The kinds that were seen and may still be in the file.
    pub left: BTreeSet<MetadataCategory>,
    /// How far the file was understood.
    pub reading: CleaningExtent,
    /// The state of its electronic signature.
    pub signature: SignatureState,
}

/// A kind of metadata. Lists contain the kinds in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataCategory {
    /// A name of a person or an organization.
    Author,
    /// A location.
    Place,
    /// A date or a time.
    Date,
    /// A device or a program.
    Device,
    /// Titles, comments and keywords.
    Words,
    /// A second picture, which may show a part that was cropped.
    Preview,
    /// Records of changes and their authors.
    History,
    /// Any other data beside the content.
    Other,
}

impl MetadataCategory {
    /// All kinds in their order.
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

/// How far cleaning understood a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CleaningExtent {
    /// All of it.
    Whole,
    /// A part of it. The rest is unchanged.
    Broken,
    /// Nothing of it. It is unchanged.
    Unknown,
    /// It has no content.
    Empty,
}

/// The electronic signature of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// No signature was found.
    Absent,
    /// Cleaning did not affect it.
    Kept,
    /// Cleaning invalidated it.
    Broken,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::canonical;

    #[test]
    fn each_treatment_has_one_canonical_form() {
        let cleaned = AttachmentTreatment::Cleaned(CleaningReport {
            removed: MetadataCategory::ALL.into(),
            left: BTreeSet::new(),
            reading: CleaningExtent::Broken,
            signature: SignatureState::Absent,
        });
        let json = r#"{"how":"cleaned","removed":["author","place","date","device","words","preview","history","other"],"left":[],"reading":"broken","signature":"absent"}"#;
        assert_eq!(serde_json::to_string(&cleaned).unwrap(), json);
        assert_eq!(
            canonical::parse_canonical::<AttachmentTreatment>(json.as_bytes()).unwrap(),
            cleaned
        );
        for (treatment, json) in [
            (AttachmentTreatment::Redrawn, r#"{"how":"redrawn"}"#),
            (AttachmentTreatment::Kept, r#"{"how":"kept"}"#),
            (AttachmentTreatment::CutOff, r#"{"how":"cut-off"}"#),
            (AttachmentTreatment::VoiceAltered, r#"{"how":"voice-altered"}"#),
        ] {
            assert_eq!(serde_json::to_string(&treatment).unwrap(), json);
            assert_eq!(
                canonical::parse_canonical::<AttachmentTreatment>(json.as_bytes()).unwrap(),
                treatment
            );
        }
    }
}
