//! The capsule: what a reporter who keeps nothing but the receipt needs in order to go on.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    encoding::{canonical, hash::Hash},
    keys::{MailboxIdentity, MailboxRecipient, PublicKey, sign},
    submission::frame::{FrameRef, MAX_GENERATION, MAX_SEQ},
};

const LABEL: &[u8] = b"burkindi/capsule/v1\0";
const SIGNATURE_LEN: usize = 64;

/// Signed with `K_r` and sealed to `M`, given to the handler with each submission, and given back
/// inside every mailbox. Everybody who knows `M` can seal to it. Only the signature shows that the
/// reporter made the capsule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyCapsule {
    /// The case.
    pub case: Uuid,
    /// The generation of the case secret that the reporter knew.
    pub generation: u32,
    /// Hash of `C`: with the signature, it stops the handler from giving another key.
    pub case_recipient: Hash,
    /// `K_c` of each generation from 0 to the one that the reporter knew: what comes back is signed
    /// with these.
    pub replies_keys: Vec<PublicKey>,
    /// The reporter's own newest frame.
    pub sent: FrameRef,
    /// The newest frame seen from the investigators.
    pub seen: Option<FrameRef>,
}

/// Why a capsule cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CapsuleError {
    /// Sealed to another key, or damaged.
    #[error("the capsule cannot be opened: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// Opens, but the reporter did not sign it.
    #[error("the capsule is forged: the reporter did not sign it")]
    Forged,
    /// Signed, but it is not a capsule.
    #[error("the capsule is malformed")]
    Malformed,
}

impl ReplyCapsule {
    /// Signs it with `K_r` and seals it to the reporter's own mailbox key.
    pub fn seal(&self, to: &MailboxRecipient, key: &SigningKey) -> Vec<u8> {
        let mut plain = serde_json::to_vec(self).expect("a capsule holds strings and numbers only");
        let signature = sign(key, LABEL, &plain);
        plain.extend_from_slice(&signature);
        to.seal(&plain)
    }

    /// Opens it and checks that `signer`, which the reader derives from the receipt, signed it.
    ///
    /// # Errors
    /// When it does not open, is not signed by `signer`, or is malformed.
    pub fn open(
        sealed: &[u8],
        identity: &MailboxIdentity,
        signer: &PublicKey,
    ) -> Result<Self, CapsuleError> {
        let plain = identity.open(sealed)?;
        let (json, signature) =
            plain.split_last_chunk::<SIGNATURE_LEN>().ok_or(CapsuleError::Forged)?;
        signer.verify(LABEL, json, signature).map_err(|_| CapsuleError::Forged)?;
        let capsule: Self =
            canonical::parse_canonical(json).map_err(|_| CapsuleError::Malformed)?;
        let heads = [Some(capsule.sent), capsule.seen];
        let sound = capsule.generation <= MAX_GENERATION
            && capsule.replies_keys.len() == capsule.generation as usize + 1
            && heads.into_iter().flatten().all(|head| head.seq <= MAX_SEQ);
        if sound { Ok(capsule) } else { Err(CapsuleError::Malformed) }
    }
}
