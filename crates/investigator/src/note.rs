//! Notes for the team, sealed to the case.

use serde::{Deserialize, Serialize};

/// Facts and hypotheses are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// Something that was found out.
    Fact,
    /// Something that may be so.
    Hypothesis,
    /// How the work goes on.
    Task,
    /// Why a proposal was not approved.
    Objection,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What the text is.
    pub kind: NoteKind,
    /// The text.
    pub text: String,
}

impl Note {
    pub(crate) fn to_bytes(&self) -> zeroize::Zeroizing<Vec<u8>> {
        zeroize::Zeroizing::new(serde_json::to_vec(self).expect("a note holds strings only"))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
