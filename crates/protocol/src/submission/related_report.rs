//! A reporter's word that another report is by the same person and about the same.
//!
//! Who may read one of two reports must not learn of the other: a person excluded there sees no row
//! and no gap. So the other case is not named. Its random id goes into a hash, which only those
//! recognise who have that case; to everybody else it says that there is another report, and not
//! which. The signature with the other report's `K_r` can be checked by the same people alone.

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    encoding::hash::Hash,
    keys::{PublicKey, sign},
};

const LABEL: &[u8] = b"burkindi/earlier/v1\0";

/// Stands in the header of a message. In JSON `{"token": "…", "proof": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedReport {
    /// `hash("burkindi/earlier/v1\0" ‖ id of the other case ‖ id of this case)`, ids as 16 bytes.
    pub token: Hash,
    /// Ed25519 with the other report's `K_r` over `"burkindi/earlier/v1\0" ‖ id of the other case ‖
    /// id of this case`, 64 bytes.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub proof: Vec<u8>,
}

impl RelatedReport {
    /// Names `other`, whose reporter's key is at hand, in a message of `this`.
    pub fn sign(other: Uuid, this: Uuid, key: &SigningKey) -> Self {
        let ids = id_pair(other, this);
        Self { token: link_token(&ids), proof: sign(key, LABEL, &ids).to_vec() }
    }

    /// Is it this case that is named in a message of `this`?
    pub fn refers_to(&self, other: Uuid, this: Uuid) -> bool {
        link_token(&id_pair(other, this)) == self.token
    }

    /// Was it signed by who wrote the other report? `reporter_key` is `K_r` of the other case, as
    /// its grants bind it.
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
    fn only_who_knows_the_other_case_recognises_and_checks_it() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let named = RelatedReport::sign(OTHER, THIS, &key);
        assert!(named.refers_to(OTHER, THIS) && named.verify_author(OTHER, THIS, &(&key).into()));
        // Turned round, of a third case, in a third case, by somebody else, damaged.
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
