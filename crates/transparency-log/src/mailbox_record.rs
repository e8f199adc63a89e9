//! The log record of a mailbox: the events of a reporter's submissions, and the proofs that they
//! are in the log. `reporter::log` verifies it.

use protocol::{
    Hash,
    case::event::SignedEvent,
    encoding::canonical::{CanonicalError, parse_canonical},
};
use serde::{Deserialize, Serialize};

/// The hashes of a path: 8 within the batch, 24 above it.
const ESTIMATED_PATH_LEN: usize = 32;
/// The bytes of a checkpoint that two members and two witnesses have cosigned.
const ESTIMATED_CHECKPOINT_LEN: usize = 1024;

/// The content of the record `log`, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxLogRecord {
    /// The event of the report, and then that of the newest message if there is one.
    pub events: Vec<RecordedEvent>,
    /// The checkpoint that the paths lead to, as text. `None` if no event has a leaf.
    pub checkpoint: Option<String>,
}

/// An event with its leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// The event.
    pub event: SignedEvent,
    /// Its leaf in the tree of the checkpoint. `None` if that tree does not contain it.
    pub leaf: Option<RecordedLeaf>,
}

/// The leaf of an event with its inclusion proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedLeaf {
    /// The salt.
    pub salt: Hash,
    /// The index.
    pub index: u64,
    /// The hashes from the leaf's sibling up to the root's child.
    pub path: Vec<Hash>,
}

impl MailboxLogRecord {
    /// Returns the bytes of the record.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record holds strings and numbers only")
    }

    /// Returns the length in bytes that a record of these events can have: with leaves in a log of
    /// 16 million batches, and a checkpoint with the cosignatures of a usual quorum.
    pub fn estimated_len(events: impl IntoIterator<Item = SignedEvent>) -> usize {
        let leaf = RecordedLeaf {
            salt: Hash::default(),
            index: u64::MAX,
            path: vec![Hash::default(); ESTIMATED_PATH_LEN],
        };
        let recorded = |event| RecordedEvent { event, leaf: Some(leaf.clone()) };
        let record = Self {
            events: events.into_iter().map(recorded).collect(),
            checkpoint: Some("x".repeat(ESTIMATED_CHECKPOINT_LEN)),
        };
        record.to_bytes().len()
    }

    /// Parses a record. Verifies nothing.
    ///
    /// # Errors
    /// If the bytes are not a record in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        parse_canonical(bytes)
    }
}
