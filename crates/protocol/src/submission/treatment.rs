//! What the sender did with a file before sealing it, in fixed words. The sender says so: no reader
//! can check it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How a file was treated before it was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum AttachmentTreatment {
    /// Its metadata was removed as far as it was understood. Its content is as it was, byte for
    /// byte.
    Cleaned(CleaningReport),
    /// It is a picture that was decoded and encoded again: its pixels alone.
    Redrawn,
    /// It is exactly as it was, because the reporter decided so.
    Kept,
    /// Its cleaning failed. It ends where that showed.
    CutOff,
}

/// What cleaning found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleaningReport {
    /// What was removed.
    pub removed: BTreeSet<MetadataCategory>,
    /// What was seen and may still be in it.
    pub left: BTreeSet<MetadataCategory>,
    /// How far it was understood.
    pub reading: CleaningExtent,
    /// Its electronic signature.
    pub signature: SignatureState,
}

/// A kind of metadata. In lists the kinds stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataCategory {
    /// A name of a person or an organization.
    Author,
    /// A place.
    Place,
    /// A date or a time.
    Date,
    /// A device or a program.
    Device,
    /// Titles, comments, keywords.
    Words,
    /// A second picture, which may show what was cut away.
    Preview,
    /// Who changed what.
    History,
    /// Anything else beside the content.
    Other,
}

impl MetadataCategory {
    /// In their order.
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
    /// To its end.
    Whole,
    /// Not all of it. What was not understood is as it was.
    Broken,
    /// Not at all. It is as it was.
    Unknown,
    /// It has no content.
    Empty,
}

/// The electronic signature of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureState {
    /// None was seen.
    Absent,
    /// Cleaning left it as valid as it was.
    Kept,
    /// Cleaning made it invalid.
    Broken,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::canonical;

    #[test]
    fn a_treatment_has_one_form() {
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
        ] {
            assert_eq!(serde_json::to_string(&treatment).unwrap(), json);
            assert_eq!(
                canonical::parse_canonical::<AttachmentTreatment>(json.as_bytes()).unwrap(),
                treatment
            );
        }
    }
}
