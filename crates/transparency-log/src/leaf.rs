//! Leaves of the log. A leaf shows nothing of its event to a reader who does not have the salt, and
//! a dummy looks like the leaf of an event.

use std::fmt;

use hkdf::Hkdf;
use protocol::Hash;
use rand::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::merkle::leaf_hash;

/// Length of a salt in bytes.
pub const SALT_LEN: usize = 32;

const LEAF_LABEL: &[u8] = b"burkindi/leaf/v2\0";
const PRF_SALT: &[u8] = b"burkindi/leaf/v2";

/// The salt of the leaf of one event. Those who may know the event get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafSalt([u8; SALT_LEN]);

impl LeafSalt {
    /// Returns the salt with these bytes, which come from a proof.
    pub fn from_bytes(bytes: [u8; SALT_LEN]) -> Self {
        Self(bytes)
    }

    /// Returns the raw bytes, for a proof.
    pub fn as_bytes(&self) -> &[u8; SALT_LEN] {
        &self.0
    }

    /// Returns the leaf of an event with this salt, as the tree hashes it.
    pub fn leaf_of(&self, event: &Hash) -> Hash {
        leaf_hash(Hash::of(&[LEAF_LABEL, &self.0, event.as_bytes()]).as_bytes())
    }
}

/// 32 random bytes of the case handler from which the salts of events and the dummies follow. With
/// them a reader can tell events from dummies.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LeafSecret([u8; 32]);

impl LeafSecret {
    /// Generates a random secret.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// Returns the secret with these bytes, which come from the case handler's store.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the raw secret, for the case handler's store.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the salt of the event at this index of the log.
    pub fn salt(&self, index: u64) -> LeafSalt {
        LeafSalt(self.derive("salt", index))
    }

    /// Returns the leaf at this index if no event is there.
    pub fn dummy(&self, index: u64) -> Hash {
        leaf_hash(&self.derive("dummy", index))
    }

    fn derive(&self, purpose: &str, index: u64) -> [u8; 32] {
        let mut derived = [0; 32];
        Hkdf::<Sha256>::new(Some(PRF_SALT), &self.0)
            .expand_multi_info(&[purpose.as_bytes(), &index.to_be_bytes()], &mut derived)
            .expect("32 bytes are within HKDF's limit");
        derived
    }
}

impl fmt::Debug for LeafSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafSecret(secret)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn salts_and_dummies_differ_by_index_and_secret() {
        let secrets = [LeafSecret::from_bytes([1; 32]), LeafSecret::from_bytes([2; 32])];
        let mut seen = HashSet::new();
        for secret in &secrets {
            for index in 0..1_000 {
                assert!(seen.insert(*secret.salt(index).as_bytes()), "salt {index}");
                assert!(seen.insert(*secret.dummy(index).as_bytes()), "dummy {index}");
            }
        }
    }

    #[test]
    fn a_leaf_is_the_rfc_6962_hash_of_label_salt_and_event() {
        let (salt, event) = (LeafSalt::from_bytes([3; 32]), Hash([4; 32]));
        let data = Hash::of(&[&[b"burkindi/leaf/v2\0".as_slice(), &[3; 32], &[4; 32]].concat()]);
        assert_eq!(salt.leaf_of(&event), Hash::of(&[&[0], data.as_bytes()]));
        assert_ne!(salt.leaf_of(&event), salt.leaf_of(&Hash([5; 32])));
        assert_ne!(salt.leaf_of(&event), LeafSalt::from_bytes([5; 32]).leaf_of(&event));
    }

    #[test]
    fn debug_output_does_not_contain_the_secret() {
        assert_eq!(format!("{:?}", LeafSecret::from_bytes([7; 32])), "LeafSecret(secret)");
    }
}
