//! Checkpoints (C2SP tlog-checkpoint): size and root of a log, signed by the log, and cosigned by
//! others who have verified that the log only grows (C2SP tlog-cosignature, Ed25519).

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    directory::LogWitness,
    keys::{PublicKey, sign},
};
use uuid::Uuid;

use crate::{
    decimal::parse_decimal,
    note::{KeyName, NoteError, NoteSignature, SignatureType, SignedNote, VerifierKey},
};

/// Maximum length of an origin in bytes.
const MAX_ORIGIN_LEN: usize = 1_024;
/// Length of the bytes of a cosignature: the time, then an Ed25519 signature.
const COSIGNATURE_LEN: usize = 8 + 64;
/// Maximum time of a cosignature, in seconds since 1970.
const MAX_TIME: u64 = u64::MAX >> 1;

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around the checkpoint is malformed, or a signature of a known key is invalid.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size and root.
    #[error("malformed checkpoint: {0}")]
    Malformed(&'static str),
}

/// Returns the origin of the log of an installation with this epoch, which is also the name of its
/// key.
pub fn log_origin(instance: Uuid, epoch: u32) -> KeyName {
    let origin = format!("burkindi/log/{instance}/{epoch}");
    origin.parse().expect("a UUID and a number contain no forbidden character")
}

/// Returns the key of the log of an installation with this epoch, as a witness is configured with
/// it.
pub fn log_key(instance: Uuid, epoch: u32, handler_key: PublicKey) -> VerifierKey {
    VerifierKey {
        name: log_origin(instance, epoch),
        signature_type: SignatureType::Ed25519,
        key: handler_key,
    }
}

/// Returns the key of a member of the oversight body, who cosigns with the device key.
///
/// # Errors
/// If the handle cannot be part of a key name.
pub fn member_key(
    instance: Uuid,
    handle: &str,
    device: PublicKey,
) -> Result<VerifierKey, NoteError> {
    Ok(VerifierKey {
        name: format!("burkindi/member/{instance}/{handle}").parse()?,
        signature_type: SignatureType::CosignatureV1,
        key: device,
    })
}

/// Returns the key of an outside witness of the directory.
///
/// # Errors
/// If the name cannot be the name of a key.
pub fn witness_key(witness: &LogWitness) -> Result<VerifierKey, NoteError> {
    Ok(VerifierKey {
        name: witness.name.parse()?,
        signature_type: SignatureType::CosignatureV1,
        key: witness.key,
    })
}

/// The head of a log: how many leaves it has, and their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The unique name of the log.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree of these leaves.
    pub root: Hash,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = BASE64_STANDARD.encode(self.root.as_bytes());
        write!(f, "{}\n{}\n{root}\n", self.origin, self.size)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Parses the text of a note. Extension lines, which no monitor can audit, are refused.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let mut lines =
            text.strip_suffix('\n').ok_or(malformed("no final line break"))?.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(malformed("it does not have exactly three lines"));
        };
        if origin.is_empty() || origin.len() > MAX_ORIGIN_LEN {
            return Err(malformed("the origin is empty or too long"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: parse_decimal(size).ok_or(malformed("the size is not a decimal number"))?,
            root: parse_hash(root).ok_or(malformed("the root is not 32 bytes in base64"))?,
        })
    }
}

/// A checkpoint with its signatures, as read. [`Self::is_signed_by`] and [`Self::cosigned_at`]
/// verify them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the log's key, whose name is the origin.
    ///
    /// # Errors
    /// If the origin cannot be the name of a key.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<Self, CheckpointError> {
        let name = checkpoint.origin.parse()?;
        let note = SignedNote::sign(checkpoint.to_string(), name, key)?;
        Ok(Self { checkpoint, note })
    }

    /// Parses a checkpoint. Verifies no signature.
    ///
    /// # Errors
    /// If it is not a checkpoint with signatures.
    pub fn parse(note: &str) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        Ok(Self { checkpoint: note.text().parse()?, note })
    }

    /// Returns what the checkpoint states, whether a signature is valid or not.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns whether a key of the log has signed the checkpoint.
    ///
    /// # Errors
    /// If a line has the name and id of this key, and its signature is invalid.
    pub fn is_signed_by(&self, log_key: &VerifierKey) -> Result<bool, NoteError> {
        match log_key.signature_type {
            SignatureType::Ed25519 => self.note.verify(log_key),
            SignatureType::CosignatureV1 => self.cosigned_at(log_key).map(|time| time.is_some()),
        }
    }

    /// Makes a cosignature: the statement that at this time, in seconds since 1970, this was the
    /// largest consistent tree of the log that the cosigner had seen.
    pub fn cosign(&self, name: KeyName, key: &SigningKey, time: u64) -> NoteSignature {
        let time = time.min(MAX_TIME);
        let cosigner =
            VerifierKey { name, signature_type: SignatureType::CosignatureV1, key: key.into() };
        let signature = sign(key, &[], &self.cosigned_message(time));
        NoteSignature::new(&cosigner, [time.to_be_bytes().as_slice(), &signature].concat())
    }

    /// Adds a signature line, such as a cosignature.
    ///
    /// # Errors
    /// If the checkpoint has the maximum number of signatures already.
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.note.add_signature(signature)
    }

    /// Returns the checkpoint with the signatures of these keys only.
    pub(crate) fn with_signatures_of(&self, keys: &[&VerifierKey]) -> Self {
        Self { checkpoint: self.checkpoint.clone(), note: self.note.with_signatures_of(keys) }
    }

    /// Returns when a key has cosigned the checkpoint, in seconds since 1970: the earliest time if
    /// it did so more than once. Returns `None` if it did not.
    ///
    /// # Errors
    /// If a line has the name and id of this key, and its signature is invalid.
    pub fn cosigned_at(&self, cosigner: &VerifierKey) -> Result<Option<u64>, NoteError> {
        let bad = || NoteError::BadSignature(cosigner.name.clone());
        let mut earliest = None;
        for bytes in self.note.signatures_of(cosigner) {
            let bytes: &[u8; COSIGNATURE_LEN] = bytes.try_into().map_err(|_| bad())?;
            let (time, signature) = bytes.split_first_chunk().expect("72 bytes hold 8");
            let signature = signature.try_into().expect("72 bytes are 8 and 64");
            let time = u64::from_be_bytes(*time);
            if time > MAX_TIME {
                return Err(bad());
            }
            cosigner.key.verify(&[], &self.cosigned_message(time), signature).map_err(|_| bad())?;
            earliest = Some(earliest.map_or(time, |earlier: u64| earlier.min(time)));
        }
        Ok(earliest)
    }

    fn cosigned_message(&self, time: u64) -> Vec<u8> {
        format!("cosignature/v1\ntime {time}\n{}", self.note.text()).into_bytes()
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// Parses a hash in standard base64, as C2SP formats write it.
pub(crate) fn parse_hash(text: &str) -> Option<Hash> {
    Some(Hash(BASE64_STANDARD.decode(text).ok()?.try_into().ok()?))
}
