//! Keys typed by the role that they play, so that a function which opens reports can only be called
//! by one who may.

use std::{fmt, str::FromStr};

use age_hybrid::{Identity, KeyParseError, Recipient};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::encoding::hash::Hash;

/// `HKDF-SHA256(ikm, salt, info)`, 32 bytes.
pub(crate) fn derive(ikm: &[u8], salt: &str, info: &str) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt.as_bytes()), ikm)
        .expand(info.as_bytes(), &mut *out)
        .expect("32 bytes are within HKDF's limit");
    out
}

macro_rules! hybrid_role {
    ($(#[$identity_doc:meta])* $identity:ident, $(#[$recipient_doc:meta])* $recipient:ident) => {
        $(#[$identity_doc])*
        pub struct $identity(Identity);

        impl $identity {
            /// A new random key.
            pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
                Self(Identity::generate(rng))
            }

            /// The key that grows from a 32-byte seed.
            pub fn from_seed(seed: &[u8; 32]) -> Self {
                Self(Identity::from_seed(*seed))
            }

            /// Reads `AGE-SECRET-KEY-PQ-1…`.
            pub fn parse(text: &str) -> Result<Self, KeyParseError> {
                text.parse().map(Self)
            }

            /// The 32-byte seed, for storing the key sealed.
            pub fn seed(&self) -> &[u8; 32] {
                self.0.seed()
            }

            /// The public half.
            pub fn recipient(&self) -> $recipient {
                $recipient(self.0.to_recipient())
            }

            /// Opens an age file that was sealed to exactly this key; all or nothing.
            pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, age_hybrid::OpenError> {
                age_hybrid::open(&self.0, sealed)
            }

            /// The key for streaming use.
            pub fn as_identity(&self) -> &Identity {
                &self.0
            }
        }

        impl fmt::Debug for $identity {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($identity), "(secret)"))
            }
        }

        $(#[$recipient_doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $recipient(Recipient);

        impl $recipient {
            /// Reads the raw 1,216 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyParseError> {
                Recipient::from_bytes(bytes).map(Self)
            }

            /// Bytes that [`Self::from_bytes`] has accepted before, and that have been kept since.
            pub fn from_checked(bytes: &[u8]) -> Result<Self, KeyParseError> {
                Recipient::from_bytes_unvalidated(bytes).map(Self)
            }

            /// The raw public key: 1,216 bytes.
            pub fn as_bytes(&self) -> &[u8; age_hybrid::PUBLIC_KEY_LEN] {
                self.0.as_bytes()
            }

            /// SHA-256 of the raw public key.
            pub fn hash(&self) -> Hash {
                Hash::of(&[self.as_bytes()])
            }

            /// Seals bytes to this key: one whole age file.
            pub fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
                age_hybrid::seal(&self.0, plaintext)
            }

            /// The key for streaming use.
            pub fn as_recipient(&self) -> &Recipient {
                &self.0
            }
        }

        impl FromStr for $recipient {
            type Err = KeyParseError;

            fn from_str(text: &str) -> Result<Self, KeyParseError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $recipient {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $recipient {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $recipient {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

hybrid_role!(
    /// Opens the outer seal, nothing else. Lives at the case handler.
    TransportIdentity,
    /// Takes the outer seal of every submission.
    TransportRecipient
);
hybrid_role!(
    /// Opens an investigator's grants. Lives in the workbench.
    InvestigatorIdentity,
    /// Takes the grants of one investigator.
    InvestigatorRecipient
);
hybrid_role!(
    /// Opens one reporter's mailbox; grows from the receipt.
    MailboxIdentity,
    /// `M`: takes mailboxes, capsules and replies of one reporter.
    MailboxRecipient
);
hybrid_role!(
    /// Opens everything in one case; grows from the case secret.
    CaseIdentity,
    /// `C`: takes bodies, attachments and notes of one case and generation.
    CaseRecipient
);

/// 32 random bytes from which every key of one case and generation grows. Travels only inside
/// grants.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct CaseSecret([u8; 32]);

const CASE_SALT: &str = "burkindi/case/v1";

impl CaseSecret {
    /// A new random secret.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// A secret that was carried in a grant, or that a form's seed fixes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw secret, for sealing it into a grant.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The identity whose recipient is `C`.
    pub fn identity(&self) -> CaseIdentity {
        CaseIdentity::from_seed(&derive(&self.0, CASE_SALT, "identity"))
    }

    /// Signs frames to the reporter; its public half is `K_c`.
    pub fn replies_key(&self) -> SigningKey {
        SigningKey::from_bytes(&derive(&self.0, CASE_SALT, "replies"))
    }
}

impl fmt::Debug for CaseSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseSecret(secret)")
    }
}

/// An Ed25519 public key, in JSON 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A signature does not belong to the message and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not belong to this message and key")]
pub struct BadSignature;

impl PublicKey {
    /// Reads the raw 32 bytes; `None` for one that is no point of the curve, a weak one, or a
    /// second encoding of a point.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        (is_canonical(bytes) && !key.is_weak()).then_some(Self(key))
    }

    /// The raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Checks a signature over `label ‖ message`: canonical encodings, no point of small order, and
    /// the equation without the cofactor. Other implementations of the protocol check exactly the
    /// same.
    ///
    /// # Errors
    /// When the signature does not hold.
    pub fn verify(
        &self,
        label: &[u8],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), BadSignature> {
        let (commitment, _) = signature.split_first_chunk::<32>().expect("64 bytes hold 32");
        if !is_canonical(commitment) {
            return Err(BadSignature);
        }
        self.0
            .verify_strict(&[label, message].concat(), &Signature::from_bytes(signature))
            .map_err(|_| BadSignature)
    }
}

/// Is this the only encoding of its point: is `y` below the prime 2²⁵⁵ − 19? The two points with `x
/// = 0`, which have a second encoding as well, are of small order.
fn is_canonical(point: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = point;
    let above = last & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *first >= 0xed;
    !above
}

impl From<&SigningKey> for PublicKey {
    fn from(key: &SigningKey) -> Self {
        Self(key.verifying_key())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", Hash(*self.as_bytes()))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Hash(*self.as_bytes()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = Hash::deserialize(deserializer)?;
        Self::from_bytes(bytes.as_bytes())
            .ok_or_else(|| D::Error::custom("not a usable Ed25519 public key"))
    }
}

/// Signs `label ‖ message`.
pub fn sign(key: &SigningKey, label: &[u8], message: &[u8]) -> [u8; 64] {
    key.sign(&[label, message].concat()).to_bytes()
}
