//! The rules of a witness (C2SP tlog-witness): which checkpoints it cosigns. The caller stores what
//! the witness has cosigned, and answers requests.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use protocol::Hash;

use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint},
    decimal::parse_decimal,
    merkle::{self, MerkleError, verify_consistency},
    note::{NoteError, VerifierKey},
    proof::parse_hash_lines,
};

/// Why a request is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The lines before the checkpoint are malformed.
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The request `add-checkpoint`, with which a log asks for a cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the tree that the log supposes the witness to have cosigned last.
    pub old_size: u64,
    /// The consistency proof from the old size.
    pub proof: Vec<Hash>,
    /// The new checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{}", BASE64_STANDARD.encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for AddCheckpoint {
    type Err = RequestError;

    /// Parses a request. Verifies nothing.
    fn from_str(text: &str) -> Result<Self, RequestError> {
        let malformed = RequestError::Malformed;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old_size = lines
            .next()
            .and_then(|line| line.strip_prefix("old "))
            .and_then(parse_decimal)
            .ok_or(malformed("the first line is not \"old SIZE\""))?;
        let proof = parse_hash_lines(lines).map_err(malformed)?;
        Ok(Self { old_size, proof, checkpoint: SignedCheckpoint::parse(checkpoint)? })
    }
}

/// The newest tree of a log that a witness has cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WitnessedTree {
    /// The number of leaves.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

impl WitnessedTree {
    /// Returns the state of a witness that has cosigned nothing of a log.
    pub fn empty() -> Self {
        Self { size: 0, root: merkle::empty_root() }
    }
}

/// Why a witness does not cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is malformed, or the old size is larger than the new one.
    #[error("{0}")]
    BadRequest(String),
    /// The witness does not know the log.
    #[error("this witness does not know the log {0}")]
    UnknownLog(String),
    /// No known key of the log has signed the checkpoint.
    #[error("no known key of the log {0} has signed the checkpoint")]
    NotSigned(String),
    /// The witness has cosigned a tree of another size last. The log asks again from this size.
    #[error("the old size is {requested}, this witness has cosigned size {} last", .cosigned.size)]
    OtherSize {
        /// The old size of the request.
        requested: u64,
        /// What the witness has cosigned last.
        cosigned: WitnessedTree,
    },
    /// The log has signed two trees of the same size.
    #[error("this witness has cosigned another tree of size {size} of this log")]
    OtherTree {
        /// The size of both trees.
        size: u64,
    },
    /// The proof does not show that the new tree contains the one that the witness has cosigned.
    #[error(
        "the tree of size {new_size} is not shown to contain the tree of size {old_size} that this witness has cosigned: {reason}"
    )]
    Inconsistent {
        /// The size of the tree that the witness has cosigned.
        old_size: u64,
        /// The size of the new tree.
        new_size: u64,
        /// Why the proof is refused.
        reason: MerkleError,
    },
}

/// Finds the log of a checkpoint among the keys that the witness trusts, and verifies that it has
/// signed the checkpoint.
///
/// # Errors
/// [`Refusal::UnknownLog`] or [`Refusal::NotSigned`].
pub fn authenticate(checkpoint: &SignedCheckpoint, trusted: &[VerifierKey]) -> Result<(), Refusal> {
    let origin = &checkpoint.checkpoint().origin;
    let mut keys = trusted.iter().filter(|key| key.name.as_str() == origin).peekable();
    if keys.peek().is_none() {
        return Err(Refusal::UnknownLog(origin.clone()));
    }
    let signed =
        keys.map(|key| checkpoint.is_signed_by(key)).collect::<Result<Vec<_>, NoteError>>();
    match signed {
        Ok(signed) if signed.contains(&true) => Ok(()),
        _ => Err(Refusal::NotSigned(origin.clone())),
    }
}

/// Decides whether a witness may cosign the checkpoint of an authenticated request. Returns the
/// tree that the witness stores before it answers.
///
/// # Errors
/// [`Refusal::BadRequest`], [`Refusal::OtherSize`], [`Refusal::OtherTree`] or
/// [`Refusal::Inconsistent`].
pub fn check_growth(
    request: &AddCheckpoint,
    cosigned: WitnessedTree,
) -> Result<WitnessedTree, Refusal> {
    let head = request.checkpoint.checkpoint();
    let tree = WitnessedTree { size: head.size, root: head.root };
    if request.old_size > tree.size {
        return Err(Refusal::BadRequest(format!(
            "the old size {} is larger than the size {} of the checkpoint",
            request.old_size, tree.size
        )));
    }
    if request.old_size != cosigned.size {
        return Err(Refusal::OtherSize { requested: request.old_size, cosigned });
    }
    if tree.size == cosigned.size && tree.root != cosigned.root {
        return Err(Refusal::OtherTree { size: tree.size });
    }
    verify_consistency((cosigned.size, &cosigned.root), (tree.size, &tree.root), &request.proof)
        .map_err(|reason| Refusal::Inconsistent {
            old_size: cosigned.size,
            new_size: tree.size,
            reason,
        })?;
    Ok(tree)
}
