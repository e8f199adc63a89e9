//! The text form of a proof that an event is in the log (C2SP tlog-proof v1): for the record in a
//! mailbox, and for the export of a case.

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use protocol::Hash;

use crate::{
    checkpoint::{CheckpointError, SignedCheckpoint, parse_hash},
    decimal::parse_decimal,
    leaf::LeafSalt,
    merkle::MAX_PROOF_HASHES,
};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why a text is not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofTextError {
    /// The lines before the checkpoint are malformed.
    #[error("malformed proof: {0}")]
    Malformed(&'static str),
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// An inclusion proof with the checkpoint that it leads to. [`crate::policy::LogPolicy`] verifies
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// The salt of the leaf, in the line `extra`.
    pub salt: LeafSalt,
    /// The index of the leaf.
    pub index: u64,
    /// The hashes from the leaf's sibling up to the root's child.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let salt = BASE64_STANDARD.encode(self.salt.as_bytes());
        write!(f, "{FIRST_LINE}\nextra {salt}\nindex {}\n", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64_STANDARD.encode(hash.as_bytes()))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for LogProof {
    type Err = ProofTextError;

    /// Parses a proof. Verifies nothing.
    fn from_str(text: &str) -> Result<Self, ProofTextError> {
        let malformed = ProofTextError::Malformed;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or(malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("the first line is not c2sp.org/tlog-proof@v1"));
        }
        let salt = lines
            .next()
            .and_then(|line| line.strip_prefix("extra "))
            .and_then(parse_hash)
            .ok_or(malformed("the line \"extra\" is missing or not a salt of 32 bytes"))?;
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal)
            .ok_or(malformed("the line \"index\" is missing or not a decimal number"))?;
        Ok(Self {
            salt: LeafSalt::from_bytes(salt.0),
            index,
            path: parse_hash_lines(lines).map_err(malformed)?,
            checkpoint: SignedCheckpoint::parse(checkpoint)?,
        })
    }
}

/// Parses the lines of a proof's hashes.
///
/// # Errors
/// States what is wrong: more than [`MAX_PROOF_HASHES`] lines, or a line that is not a hash.
pub(crate) fn parse_hash_lines<'a>(
    lines: impl Iterator<Item = &'a str>,
) -> Result<Vec<Hash>, &'static str> {
    let mut hashes = Vec::new();
    for line in lines {
        if hashes.len() >= MAX_PROOF_HASHES {
            return Err("more than 63 hashes");
        }
        hashes.push(parse_hash(line).ok_or("a line is not a hash of 32 bytes in base64")?);
    }
    Ok(hashes)
}
