//! A directory as it is transmitted: its bytes and the signatures of root keys over them.

use std::{collections::BTreeSet, fmt};

use ed25519_dalek::SigningKey;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, SeqAccess, Visitor},
};
use time::Date;
use uuid::Uuid;

use super::{Directory, DirectoryError};
use crate::{
    encoding::{canonical, hash::Hash},
    keys::{PublicKey, sign},
};

const LABEL: &[u8] = b"burkindi/directory/v1\0";
/// The maximum number of signatures of one directory.
pub const MAX_SIGNATURES: usize = 16;
/// The maximum length of one directory in bytes. It is enough for about 170 members.
pub const MAX_DIRECTORY_LEN: usize = 384 * 1024;

/// The root keys that a reader trusts. Every reader pins them and never takes them from the
/// directory itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRoots {
    /// The id of the installation.
    pub instance: Uuid,
    /// The number of root keys that must have signed.
    pub threshold: usize,
    /// The root keys.
    pub roots: Vec<PublicKey>,
}

/// The bytes of a directory, with signatures over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedDirectory {
    /// The bytes of `directory.json`.
    #[serde(with = "crate::encoding::base64_bytes")]
    pub bytes: Vec<u8>,
    /// The signatures of `directory.sig`, at most [`MAX_SIGNATURES`].
    #[serde(deserialize_with = "deserialize_signatures")]
    pub signatures: Vec<RootSignature>,
}

/// The signature of one root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootSignature {
    /// The root key.
    pub key: PublicKey,
    /// The signature over `"burkindi/directory/v1\0" ‖ bytes` of a directory, or over the Sigsum
    /// leaf of a [program](crate::program).
    #[serde(with = "crate::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

/// The newest directory that a reader has accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeen {
    /// Its epoch.
    pub epoch: u64,
    /// Its hash.
    pub hash: Hash,
}

impl SignedDirectory {
    /// Serialises the directory and signs the bytes with each key.
    ///
    /// # Errors
    /// If the directory breaks a rule or is longer than [`MAX_DIRECTORY_LEN`].
    pub fn sign(directory: &Directory, roots: &[SigningKey]) -> Result<Self, DirectoryError> {
        directory.check_rules()?;
        let bytes =
            serde_json::to_vec(directory).expect("a directory holds strings and numbers only");
        if bytes.len() > MAX_DIRECTORY_LEN {
            return Err(DirectoryError::TooLong(bytes.len()));
        }
        let mut signed = Self { bytes, signatures: Vec::new() };
        for root in roots {
            signed.add_signature(root);
        }
        Ok(signed)
    }

    /// Adds or replaces the signature of one key. Ceremonies use it when the root keys are in
    /// different places.
    pub fn add_signature(&mut self, root: &SigningKey) {
        let key = PublicKey::from(root);
        let signature = sign(root, LABEL, &self.bytes).to_vec();
        self.signatures.retain(|there| there.key != key);
        self.signatures.push(RootSignature { key, signature });
    }

    /// Returns the hash by which envelopes and the next directory refer to this one.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&self.bytes])
    }

    /// Verifies signatures, rules, dates and epoch, and returns the directory. `today` is the
    /// reader's current date, and `last` the newest directory that the reader has accepted.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(
        &self,
        trust: &TrustRoots,
        today: Date,
        last: Option<LastSeen>,
    ) -> Result<Directory, DirectoryError> {
        let directory = self.verify_ignoring_dates(trust)?;
        if directory.expires < today {
            return Err(DirectoryError::Expired(directory.expires));
        }
        // One day of tolerance, because clocks of phones are wrong and days begin at different
        // times.
        if directory.issued.previous_day().is_some_and(|day| day > today) {
            return Err(DirectoryError::NotYetValid(directory.issued));
        }
        if let Some(seen) = last {
            seen.check_not_rolled_back(&LastSeen { epoch: directory.epoch, hash: self.hash() })?;
        }
        Ok(directory)
    }

    /// Verifies signatures, installation and rules, but no dates. Readers use it for old log
    /// entries, never for sealing.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify_ignoring_dates(&self, trust: &TrustRoots) -> Result<Directory, DirectoryError> {
        self.verify_signatures(trust)?;
        let directory: Directory = canonical::parse_canonical(&self.bytes)
            .map_err(|error| DirectoryError::Malformed(error.to_string()))?;
        if directory.v != 1 {
            return Err(DirectoryError::UnsupportedVersion(directory.v));
        }
        if directory.instance != trust.instance {
            return Err(DirectoryError::OtherInstance);
        }
        directory.check_rules()?;
        Ok(directory)
    }

    fn verify_signatures(&self, trust: &TrustRoots) -> Result<(), DirectoryError> {
        if self.bytes.len() > MAX_DIRECTORY_LEN {
            return Err(DirectoryError::TooLong(self.bytes.len()));
        }
        let valid = trust
            .count_signatures(&self.signatures, LABEL, &self.bytes)
            .ok_or(DirectoryError::DuplicateOrTooManySignatures)?;
        if trust.threshold == 0 || valid < trust.threshold {
            return Err(DirectoryError::ThresholdNotMet { valid, needed: trust.threshold.max(1) });
        }
        Ok(())
    }
}

impl LastSeen {
    /// Refuses a directory that is older than this one, or a different one with the same epoch.
    ///
    /// # Errors
    /// [`DirectoryError::RolledBack`].
    pub fn check_not_rolled_back(&self, found: &Self) -> Result<(), DirectoryError> {
        if found.epoch < self.epoch || found.epoch == self.epoch && found.hash != self.hash {
            return Err(DirectoryError::RolledBack { found: found.epoch, seen: self.epoch });
        }
        Ok(())
    }
}

/// Stops at the 17th signature, because reading a key takes time and anyone can send signatures.
fn deserialize_signatures<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<RootSignature>, D::Error> {
    struct SignaturesVisitor;
    impl<'de> Visitor<'de> for SignaturesVisitor {
        type Value = Vec<RootSignature>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MAX_SIGNATURES} signatures")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut signatures = Vec::new();
            while let Some(signature) = items.next_element()? {
                if signatures.len() == MAX_SIGNATURES {
                    return Err(A::Error::custom(format!("more than {MAX_SIGNATURES} signatures")));
                }
                signatures.push(signature);
            }
            Ok(signatures)
        }
    }
    deserializer.deserialize_seq(SignaturesVisitor)
}

impl TrustRoots {
    /// Returns the number of root keys with a valid signature over `label ‖ message`. Returns
    /// `None` if there are more than [`MAX_SIGNATURES`] signatures, or two by one key.
    pub(crate) fn count_signatures(
        &self,
        signatures: &[RootSignature],
        label: &[u8],
        message: &[u8],
    ) -> Option<usize> {
        let keys: BTreeSet<_> = signatures.iter().map(|by| *by.key.as_bytes()).collect();
        // Each key signs at most once, so that verifying costs at most one signature check for each
        // root key.
        if signatures.len() > MAX_SIGNATURES || keys.len() < signatures.len() {
            return None;
        }
        let holds = |by: &&RootSignature| {
            let signature = by.signature.as_slice().try_into();
            self.roots.contains(&by.key)
                && signature.is_ok_and(|signature| by.key.verify(label, message, signature).is_ok())
        };
        Some(signatures.iter().filter(holds).count())
    }

    /// Returns a 16-byte fingerprint of the installation, the threshold and the root keys. It stays
    /// the same when directories change. [`crate::receipt::Receipt::words`] spells it for posters.
    pub fn fingerprint(&self) -> [u8; 16] {
        let mut keys: Vec<_> = self.roots.iter().map(|root| *root.as_bytes()).collect();
        keys.sort_unstable();
        let threshold = u8::try_from(self.threshold).unwrap_or(u8::MAX);
        let hash = Hash::of(&[
            b"burkindi/trust/v1",
            self.instance.as_bytes(),
            &[threshold],
            keys.as_flattened(),
        ]);
        *hash.0.first_chunk().expect("32 bytes hold 16")
    }
}
