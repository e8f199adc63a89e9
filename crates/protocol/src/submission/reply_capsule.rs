//! The reply capsule: the state that a reporter who keeps only the receipt needs to continue.

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

/// The state is signed with `K_r` and sealed to `M`. The reporter sends it with each submission,
/// and every mailbox returns it. Anyone who knows `M` can seal to it. Only the signature proves
/// that the reporter made the capsule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyCapsule {
    /// The case.
    pub case: Uuid,
    /// The generation of the case secret that the reporter knew.
    pub generation: u32,
    /// The hash of `C`. Together with the signature, it prevents the case handler from offering
    /// another key.
    pub case_recipient: Hash,
    /// `K_c` of each generation from 0 to the one that the reporter knew. Answers are signed with
    /// these keys.
    pub replies_keys: Vec<PublicKey>,
    /// The submission digest of the report
    /// ([`submission_digest`](crate::submission::commitment::submission_digest)).
    pub report: Hash,
    /// The newest frame of the reporter.
    pub sent: FrameRef,
    /// The submission digest of the newest frame of the reporter.
    pub sent_digest: Hash,
    /// The newest frame of the investigators that the reporter has seen.
    pub seen: Option<FrameRef>,
}

/// Why a reply capsule cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CapsuleError {
    /// It is sealed to another key, or damaged.
    #[error("failed to decrypt reply capsule: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// It opens, but the reporter did not sign it.
    #[error("invalid reply capsule signature: the reporter did not sign it")]
    Forged,
    /// It is signed, but not a capsule.
    #[error("malformed reply capsule")]
    Malformed,
}

impl ReplyCapsule {
    /// Signs the capsule with `K_r` and seals it to the reporter's mailbox key.
    pub fn seal(&self, to: &MailboxRecipient, key: &SigningKey) -> Vec<u8> {
        let mut plain = serde_json::to_vec(self).expect("a capsule holds strings and numbers only");
        let signature = sign(key, LABEL, &plain);
        plain.extend_from_slice(&signature);
        to.seal(&plain)
    }

    /// Opens a capsule and verifies its signature by `signer`, which the reader derives from the
    /// receipt.
    ///
    /// # Errors
    /// If it does not open, is not signed by `signer`, or is malformed.
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
            && heads.into_iter().flatten().all(|head| head.seq <= MAX_SEQ)
            // The report is frame 0.
            && (capsule.sent.seq > 0 || capsule.report == capsule.sent_digest);
        if sound { Ok(capsule) } else { Err(CapsuleError::Malformed) }
    }
}
