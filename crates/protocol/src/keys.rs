//! Keys with one type for each role, so that a function that opens reports accepts only a key that
//! may open them.

use std::{fmt, str::FromStr};

use age_hybrid::{Identity, KeyParseError, PlaintextTooLongError, Recipient};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::encoding::hash::Hash;

/// Returns the 32 bytes of `HKDF-SHA256(ikm, salt, info)`.
pub(crate) fn derive(ikm: &[u8], salt: &str, info: &str) -> Zeroizing<[u8; 32]> {
    derive_from_parts(ikm, salt, &[info.as_bytes()])
}

/// As [`derive`], with an `info` of concatenated parts.
fn derive_from_parts(ikm: &[u8], salt: &str, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt.as_bytes()), ikm)
        .expand_multi_info(info, &mut *out)
        .expect("32 bytes are within HKDF's limit");
    out
}

macro_rules! hybrid_role {
    ($(#[$identity_doc:meta])* $identity:ident, $(#[$recipient_doc:meta])* $recipient:ident) => {
        $(#[$identity_doc])*
        pub struct $identity(Identity);

        impl $identity {
            /// Generates a random key.
            pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
                Self(Identity::generate(rng))
            }

            /// Returns the key of a 32-byte seed.
            pub fn from_seed(seed: &[u8; 32]) -> Self {
                Self(Identity::from_seed(*seed))
            }

            /// Parses `AGE-SECRET-KEY-PQ-1…`.
            ///
            /// # Errors
            /// If the text is not such a key.
            pub fn parse(text: &str) -> Result<Self, KeyParseError> {
                text.parse().map(Self)
            }

            /// Returns the 32-byte seed, from which a caller that seals and stores the key restores
            /// it.
            pub fn seed(&self) -> &[u8; 32] {
                self.0.seed()
            }

            /// Returns the public key.
            pub fn recipient(&self) -> $recipient {
                $recipient(self.0.to_recipient())
            }

            /// Decrypts an age file that was sealed to exactly this key.
            ///
            /// # Errors
            /// If the file is sealed to another key or damaged. No part of the plaintext is
            /// returned then.
            pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, age_hybrid::OpenError> {
                age_hybrid::open(&self.0, sealed)
            }

            /// Returns the key for streaming decryption.
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
            /// Returns the key with these raw 1,216 bytes.
            ///
            /// # Errors
            /// If the bytes are not a valid public key.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyParseError> {
                Recipient::from_bytes(bytes).map(Self)
            }

            /// Returns the key with these bytes without validating them. The caller has stored them
            /// since [`Self::from_bytes`] accepted them.
            ///
            /// # Errors
            /// If the length is wrong.
            pub fn from_checked(bytes: &[u8]) -> Result<Self, KeyParseError> {
                Recipient::from_bytes_unvalidated(bytes).map(Self)
            }

            /// Returns the raw public key, 1,216 bytes.
            pub fn as_bytes(&self) -> &[u8; age_hybrid::PUBLIC_KEY_LEN] {
                self.0.as_bytes()
            }

            /// Returns the SHA-256 of the raw public key.
            pub fn hash(&self) -> Hash {
                Hash::of(&[self.as_bytes()])
            }

            /// Seals bytes to this key. Returns one complete age file.
            pub fn seal(&self, plaintext: &[u8]) -> Vec<u8> {
                age_hybrid::seal(&self.0, plaintext)
            }

            /// Seals bytes to this key with a seed instead of random bytes
            /// ([`age_hybrid::seal_deterministic`]), so that each party with the seed can seal them
            /// again and compare. Returns one complete age file.
            ///
            /// # Errors
            /// If the plaintext is longer than one chunk of an age file, 64 KiB.
            pub fn seal_deterministic(
                &self,
                plaintext: &[u8],
                seed: &[u8; 32],
            ) -> Result<Vec<u8>, PlaintextTooLongError> {
                age_hybrid::seal_deterministic(&self.0, plaintext, seed)
            }

            /// Returns the key for streaming encryption.
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
    /// Opens the outer seal and nothing else. Only the case handler has it.
    TransportIdentity,
    /// The recipient of the outer seal of every submission.
    TransportRecipient
);
hybrid_role!(
    /// Opens the grants of one investigator. Only the investigator's workbench has it.
    InvestigatorIdentity,
    /// The recipient of the grants of one investigator.
    InvestigatorRecipient
);
hybrid_role!(
    /// Opens the mailbox of one reporter. It is derived from the receipt.
    MailboxIdentity,
    /// `M`: the recipient of mailboxes, reply capsules and replies of one reporter.
    MailboxRecipient
);
hybrid_role!(
    /// Opens everything in one case. It is derived from the case secret.
    CaseIdentity,
    /// `C`: the recipient of bodies, attachments and notes of one case and generation.
    CaseRecipient
);

/// 32 random bytes from which every key of one case and generation is derived. They are sent only
/// inside grants.
#[derive(Clone, Zeroize, ZeroizeOnDrop, PartialEq, Eq)]
pub struct CaseSecret([u8; 32]);

const CASE_SALT: &str = "burkindi/case/v2";

impl CaseSecret {
    /// Generates a random secret.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// Returns the secret with these bytes, which come from a grant or from the seed of a form.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the raw secret, for sealing it into a grant.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the identity whose recipient is `C`.
    pub fn identity(&self) -> CaseIdentity {
        CaseIdentity::from_seed(&derive(&self.0, CASE_SALT, "identity"))
    }

    /// Returns the salt of the report's frame. The receipt does not reveal it, so that the hash of
    /// the frame in the reply capsule confirms no guess of the report.
    pub fn frame_salt(&self) -> Hash {
        Hash(*derive(&self.0, CASE_SALT, "frame-salt"))
    }

    /// Returns the token of the report for
    /// [`Receipt::deduplication_tag`](crate::receipt::Receipt::deduplication_tag).
    pub fn sending_token(&self) -> [u8; 32] {
        *derive(&self.0, CASE_SALT, "sending")
    }

    /// Returns the key that signs frames to the reporter. Its public key is `K_c`.
    pub fn replies_key(&self) -> SigningKey {
        SigningKey::from_bytes(&derive(&self.0, CASE_SALT, "replies"))
    }

    /// Returns the seed with which the grant of this secret is sealed to a member. Each holder of
    /// the secret can seal the grant again.
    pub fn grant_seal_seed(&self, member: &InvestigatorRecipient) -> Zeroizing<[u8; 32]> {
        derive_from_parts(&self.0, CASE_SALT, &[b"grant-seal", member.as_bytes()])
    }

    /// Returns the seed with which a frame is sealed to the reporter. `frame` is the hash of the
    /// frame, `mailbox` is `M`.
    pub fn reply_seal_seed(&self, frame: &Hash, mailbox: &MailboxRecipient) -> Zeroizing<[u8; 32]> {
        let mailbox = mailbox.hash();
        let info: &[&[u8]] = &[b"reply-seal", frame.as_bytes(), mailbox.as_bytes()];
        derive_from_parts(&self.0, CASE_SALT, info)
    }

    /// Returns the seed with which the copy of a reply is sealed to the team. `frame` is the hash
    /// of the frame, `case` is `C`.
    pub fn copy_seal_seed(&self, frame: &Hash, case: &CaseRecipient) -> Zeroizing<[u8; 32]> {
        let case = case.hash();
        let info: &[&[u8]] = &[b"copy-seal", frame.as_bytes(), case.as_bytes()];
        derive_from_parts(&self.0, CASE_SALT, info)
    }
}

impl fmt::Debug for CaseSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseSecret(secret)")
    }
}

/// An Ed25519 public key. In JSON it is 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The signature was not made over this message with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid signature")]
pub struct BadSignature;

impl PublicKey {
    /// Returns the key with these raw 32 bytes. Returns `None` if they are not a point of the
    /// curve, a weak key, or a second encoding of a point.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        (is_canonical(bytes) && !key.is_weak()).then_some(Self(key))
    }

    /// Returns the raw 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Verifies a signature over `label ‖ message`. It requires canonical encodings, no point of
    /// small order, and the equation without the cofactor, exactly as other implementations of the
    /// protocol do.
    ///
    /// # Errors
    /// If the signature is invalid.
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

/// Returns whether this is the only encoding of its point, which it is if `y` is below the prime
/// 2²⁵⁵ − 19. The two points with `x = 0`, which have a second encoding as well, are of small
/// order.
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
            .ok_or_else(|| D::Error::custom("invalid Ed25519 public key"))
    }
}

/// Returns the signature over `label ‖ message`.
pub fn sign(key: &SigningKey, label: &[u8], message: &[u8]) -> [u8; 64] {
    key.sign(&[label, message].concat()).to_bytes()
}
