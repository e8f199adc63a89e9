//! Notes for the team, sealed to the case.

use serde::{Deserialize, Serialize};

/// The kind of a note. It separates facts from hypotheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// An established fact.
    Fact,
    /// A hypothesis.
    Hypothesis,
    /// A task.
    Task,
    /// The objection to a proposal.
    Objection,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The kind.
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
