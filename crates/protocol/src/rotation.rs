//! Key rotations: the statement that announces the keys of the next generation to the reporter, and
//! the confirmations of two members.
//!
//! The key `K_c` of the previous generation signs a statement, so that the reporter follows it from
//! the keys in the reply capsule. A former member has that key too. Therefore two members of the
//! current directory confirm the statement with their device keys.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    encoding::{base64_bytes, canonical, hash::Hash},
    keys::{PublicKey, sign},
    submission::frame::{FrameRef, MAX_GENERATION, MAX_SEQ},
};

const STATEMENT_LABEL: &[u8] = b"burkindi/rotation/v2\0";
const CONFIRMATION_LABEL: &[u8] = b"burkindi/rotation-confirmation/v2\0";
/// The format version of statements.
pub const STATEMENT_VERSION: u8 = 2;
/// The number of members who confirm the newest statement of a case. The reporter's side requires
/// that many valid confirmations by different device keys of the current directory.
pub const REQUIRED_CONFIRMATIONS: usize = 2;
/// The maximum number of confirmations that are stored for one statement.
pub const MAX_CONFIRMATIONS: usize = 8;

/// Announces the keys of the next generation of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationStatement {
    /// Format version: [`STATEMENT_VERSION`].
    pub v: u8,
    /// The case.
    pub case: Uuid,
    /// The next generation.
    pub generation: u32,
    /// The hash of `C` of the next generation.
    pub case_recipient: Hash,
    /// `K_c` of the next generation.
    pub replies_key: PublicKey,
    /// The newest frame to the reporter before the rotation. The reporter's side refuses a later
    /// frame that is signed with an older key.
    pub newest_reply: Option<FrameRef>,
    /// The hash of the statement of the previous generation. `None` in the first.
    pub previous: Option<Hash>,
}

/// Why a statement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A version that this build does not support, or a number that no frame can have.
    #[error("unsupported rotation statement")]
    UnsupportedVersion,
    /// It is for another case.
    #[error("the rotation statement is for another case")]
    WrongCase,
    /// It does not announce the next generation, or more than
    /// [`MAX_GENERATION`](crate::submission::frame::MAX_GENERATION).
    #[error("the rotation statement is not for the next generation")]
    WrongGeneration,
    /// It does not name the statement before it.
    #[error("the rotation statement does not follow the previous one")]
    WrongPrevious,
    /// The key of the previous generation did not sign it.
    #[error("the rotation statement is not signed with the replies key of the previous generation")]
    Forged,
}

impl RotationStatement {
    /// Returns the bytes that are signed: the statement in canonical form.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a statement holds strings and numbers only")
    }

    /// Returns the hash by which the next statement and the confirmations refer to this one:
    /// `SHA-256("burkindi/rotation/v2\0" ‖ bytes)`.
    pub fn hash(&self) -> Hash {
        Hash::of(&[STATEMENT_LABEL, &self.to_bytes()])
    }

    /// Returns the statement with the signature of `K_c` of the previous generation.
    pub fn sign(self, previous_key: &SigningKey) -> SignedStatement {
        let signature = sign(previous_key, STATEMENT_LABEL, &self.to_bytes()).to_vec();
        SignedStatement { statement: self, signature }
    }

    /// Returns the confirmation of a member.
    pub fn confirm(&self, device: &SigningKey) -> RotationConfirmation {
        let signature = sign(device, CONFIRMATION_LABEL, self.hash().as_bytes()).to_vec();
        RotationConfirmation { device: device.into(), signature }
    }

    /// Returns whether this build can read the statement: its version, and a number that a frame
    /// can have.
    fn is_well_formed(&self) -> bool {
        self.v == STATEMENT_VERSION && self.newest_reply.is_none_or(|reply| reply.seq <= MAX_SEQ)
    }

    /// Checks everything about the statement except its signature.
    ///
    /// # Errors
    /// If it is of another version or case, not for the generation after `generation`, or does not
    /// follow `previous`.
    pub fn check_follows(
        &self,
        case: Uuid,
        generation: u32,
        previous: Option<Hash>,
    ) -> Result<(), StatementError> {
        if !self.is_well_formed() {
            return Err(StatementError::UnsupportedVersion);
        }
        if self.case != case {
            return Err(StatementError::WrongCase);
        }
        if self.generation != generation + 1 || self.generation > MAX_GENERATION {
            return Err(StatementError::WrongGeneration);
        }
        if self.previous != previous {
            return Err(StatementError::WrongPrevious);
        }
        Ok(())
    }
}

/// A statement and its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStatement {
    /// The statement.
    pub statement: RotationStatement,
    /// The Ed25519 signature by `K_c` of the previous generation over
    /// `"burkindi/rotation/v2\0" ‖ statement`, 64 bytes.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

impl SignedStatement {
    /// Checks the signature.
    ///
    /// # Errors
    /// [`StatementError::Forged`] if `previous_key` did not sign the statement.
    pub fn verify(&self, previous_key: &PublicKey) -> Result<(), StatementError> {
        let signature = self.signature.as_slice().try_into();
        let signature = signature.map_err(|_| StatementError::Forged)?;
        previous_key
            .verify(STATEMENT_LABEL, &self.statement.to_bytes(), signature)
            .map_err(|_| StatementError::Forged)
    }
}

/// The signature of a member's device key over a statement. It has no handle and no time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationConfirmation {
    /// The device key of the member.
    pub device: PublicKey,
    /// The Ed25519 signature over `"burkindi/rotation-confirmation/v2\0" ‖ hash of the statement`,
    /// 64 bytes.
    #[serde(with = "base64_bytes")]
    pub signature: Vec<u8>,
}

impl RotationConfirmation {
    /// Returns whether the device key signed this statement.
    pub fn confirms(&self, statement: &RotationStatement) -> bool {
        let signature = self.signature.as_slice().try_into();
        signature.is_ok_and(|signature| {
            let hash = statement.hash();
            self.device.verify(CONFIRMATION_LABEL, hash.as_bytes(), signature).is_ok()
        })
    }
}

/// A statement in effect, as the mailbox contains it. The case handler includes confirmations only
/// with the newest statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmedRotation {
    /// The statement and its signature.
    pub rotation: SignedStatement,
    /// The confirmations.
    pub confirmations: Vec<RotationConfirmation>,
}

impl ConfirmedRotation {
    /// Returns the bytes of the mailbox record.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a rotation holds strings and numbers only")
    }

    /// Parses a mailbox record. Returns `None` if the bytes are not a rotation of this version in
    /// canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let parsed: Self = canonical::parse_canonical(bytes).ok()?;
        parsed.rotation.statement.is_well_formed().then_some(parsed)
    }

    /// Returns whether [`REQUIRED_CONFIRMATIONS`] different device keys among `devices` confirmed
    /// the statement.
    pub fn is_confirmed_by<'a>(&self, devices: impl IntoIterator<Item = &'a PublicKey>) -> bool {
        self.confirming(devices).count() >= REQUIRED_CONFIRMATIONS
    }

    /// Returns one valid confirmation for each of the device keys that confirmed the statement.
    pub fn confirming<'a>(
        &self,
        devices: impl IntoIterator<Item = &'a PublicKey>,
    ) -> impl Iterator<Item = &RotationConfirmation> {
        devices.into_iter().filter_map(|device| {
            self.confirmations
                .iter()
                .find(|given| given.device == *device && given.confirms(&self.rotation.statement))
        })
    }
}
