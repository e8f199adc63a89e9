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
    /// The words of a recording, written down.
    Transcript,
    /// The reason of an action, such as that of declining a proposal. Earlier versions wrote
    /// `objection`.
    #[serde(alias = "objection")]
    Reason,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_objections_of_earlier_versions_are_reasons() {
        let note = Note { kind: NoteKind::Reason, text: "x".to_owned() };
        assert_eq!(*note.to_bytes(), br#"{"kind":"reason","text":"x"}"#);
        assert_eq!(Note::from_bytes(br#"{"kind":"objection","text":"x"}"#), Some(note));
    }
}
