//! A reporter's statement that another report is by the same person about the same matter.
//!
//! A member who may read only one of two reports must not learn of the other one, not even from a
//! row or a gap in a list. So the message does not name the other case. It contains a hash of the
//! random id of that case, which only members who have the case recognise. Other members learn only
//! that there is another report. The signature with `K_r` of the other report can be verified by
//! the same members only.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    encoding::hash::Hash,
    keys::{PublicKey, sign},
};

const LABEL: &[u8] = b"burkindi/related-report/v1\0";

/// A part of the header of a message. In JSON `{"token": "…", "proof": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedReport {
    /// `hash("burkindi/related-report/v1\0" ‖ id of the other case ‖ id of this case)`, with
    /// ids of 16 bytes.
    pub token: Hash,
    /// Ed25519 signature with `K_r` of the other report over
    /// `"burkindi/related-report/v1\0" ‖ id of the other case ‖ id of this case`, 64 bytes.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub proof: Vec<u8>,
}

impl RelatedReport {
    /// Returns the statement that a message of `this` makes about `other`. `key` is the reporter's
    /// key of `other`.
    pub fn sign(other: Uuid, this: Uuid, key: &SigningKey) -> Self {
        let ids = id_pair(other, this);
        Self { token: link_token(&ids), proof: sign(key, LABEL, &ids).to_vec() }
    }

    /// Returns whether a message of `this` with this statement refers to `other`.
    pub fn refers_to(&self, other: Uuid, this: Uuid) -> bool {
        link_token(&id_pair(other, this)) == self.token
    }

    /// Returns whether the reporter of the other report signed the statement. `reporter_key` is
    /// `K_r` of the other case, which its grants bind.
    pub fn verify_author(&self, other: Uuid, this: Uuid, reporter_key: &PublicKey) -> bool {
        let Ok(proof) = <[u8; 64]>::try_from(&self.proof[..]) else { return false };
        self.refers_to(other, this)
            && reporter_key.verify(LABEL, &id_pair(other, this), &proof).is_ok()
    }
}

fn id_pair(other: Uuid, this: Uuid) -> [u8; 32] {
    let mut ids = [0; 32];
    ids[..16].copy_from_slice(other.as_bytes());
    ids[16..].copy_from_slice(this.as_bytes());
    ids
}

fn link_token(ids: &[u8; 32]) -> Hash {
    Hash::of(&[LABEL, ids])
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: Uuid = Uuid::from_u128(0x1111_2222_3333_4444_8555_6666_7777_8888);
    const THIS: Uuid = Uuid::from_u128(0x9999_aaaa_bbbb_4ccc_8ddd_eeee_ffff_0000);

    #[test]
    fn only_readers_of_the_other_case_recognise_and_verify_it() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let named = RelatedReport::sign(OTHER, THIS, &key);
        assert!(named.refers_to(OTHER, THIS) && named.verify_author(OTHER, THIS, &(&key).into()));
        // Swapped, about a third case, in a third case, by another reporter, damaged.
        assert!(
            !named.refers_to(THIS, OTHER)
                && !named.refers_to(Uuid::nil(), THIS)
                && !named.refers_to(OTHER, OTHER)
        );
        assert!(!named.verify_author(OTHER, THIS, &(&SigningKey::from_bytes(&[4; 32])).into()));
        let cut = RelatedReport { proof: named.proof[..63].to_vec(), ..named };
        assert!(!cut.verify_author(OTHER, THIS, &(&key).into()));
    }
}
