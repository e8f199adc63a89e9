//! The capsule: what a reporter who keeps nothing but the receipt needs in order to go on.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    frame::Head,
    hash::Hash,
    keys::{MailboxIdentity, MailboxRecipient, PublicKey},
};

/// Sealed to `M`, given to the handler with each submission, and given back inside every mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capsule {
    /// The case.
    pub case: Uuid,
    /// The generation of the case secret that the reporter knew.
    pub generation: u32,
    /// Hash of `C`: stops the handler from giving another key.
    pub case_recipient: Hash,
    /// `K_c` of each generation from 0 to the one that the reporter knew: what comes back is signed with these.
    pub replies_keys: Vec<PublicKey>,
    /// The reporter's own newest frame.
    pub sent: Head,
    /// The newest frame seen from the investigators.
    pub seen: Option<Head>,
}

/// Why a capsule cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CapsuleError {
    /// Sealed to another key, or damaged.
    #[error("the capsule cannot be opened: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// Opens, but is not a capsule.
    #[error("the capsule is malformed")]
    Malformed,
}

impl Capsule {
    /// Seals it to the reporter's own mailbox key.
    pub fn seal(&self, to: &MailboxRecipient) -> Vec<u8> {
        to.seal(&serde_json::to_vec(self).expect("a capsule holds strings and numbers only"))
    }

    /// Opens it.
    pub fn open(sealed: &[u8], identity: &MailboxIdentity) -> Result<Self, CapsuleError> {
        let plain = identity.open(sealed)?;
        let capsule: Self = serde_json::from_slice(&plain).map_err(|_| CapsuleError::Malformed)?;
        if capsule.replies_keys.len() != capsule.generation as usize + 1 {
            return Err(CapsuleError::Malformed);
        }
        Ok(capsule)
    }
}
