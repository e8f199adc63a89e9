//! A member's keys: one file, encrypted with a passphrase, on the member's own device.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    case::event::HANDLER_ACTOR,
    directory::Member,
    keys::{InvestigatorIdentity, InvestigatorRecipient, PublicKey, sign},
    receipt::Receipt,
};
use rand::{CryptoRng, RngCore};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::keys::{
    passphrase_encryption::{self, PassphraseDecryptError, ScryptCost},
    stack_wipe::with_wiped_stack,
};

const REQUEST_SIGNATURE_CONTEXT: &[u8] = b"burkindi/request/v1\0";

/// The private keys of one member. They open grants and sign events.
pub struct InvestigatorKey {
    handle: String,
    // Boxed, so that moving a key leaves no copies of the secrets in memory.
    secrets: Box<SecretKeys>,
}

struct SecretKeys {
    identity: InvestigatorIdentity,
    device: SigningKey,
}

/// The public keys of a member, with which the administrator adds the member to the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipRequest {
    /// Format version, 1.
    pub v: u8,
    /// Opaque name of the member.
    pub handle: String,
    /// Recipient of grants.
    pub recipient: InvestigatorRecipient,
    /// Verifies events and sessions.
    pub device: PublicKey,
    /// Signature of the device key over all other fields, which shows alterations in transit.
    #[serde(with = "protocol::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

/// Why a key file or a request cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Other handles could identify a person, or break a terminal or a path.
    #[error(
        "invalid handle (expected 1 to 32 characters of a-z, 0-9 and -, and not {HANDLER_ACTOR})"
    )]
    InvalidHandle,
    /// The key file could not be decrypted.
    #[error(transparent)]
    Decrypt(#[from] PassphraseDecryptError),
    /// The key file is decrypted, but has no key of this version.
    #[error("unsupported key file version")]
    Malformed,
    /// The request was altered in transit.
    #[error("invalid signature on the enrolment request")]
    BadSignature,
}

/// Decrypted content of the key file. Seeds are 32 bytes as base64url.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct KeyFileContent {
    v: u8,
    handle: String,
    identity: String,
    device: String,
}

impl InvestigatorKey {
    /// Generates random keys.
    ///
    /// # Errors
    /// [`KeyError::InvalidHandle`].
    pub fn generate(handle: &str, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, KeyError> {
        check_handle(handle)?;
        let secrets = with_wiped_stack(|| {
            let identity = InvestigatorIdentity::generate(rng);
            Box::new(SecretKeys { identity, device: SigningKey::generate(rng) })
        });
        Ok(Self { handle: handle.to_owned(), secrets })
    }

    /// Returns the encrypted key file.
    pub fn seal(&self, passphrase: &SecretString, cost: ScryptCost) -> Vec<u8> {
        with_wiped_stack(|| {
            let content = KeyFileContent {
                v: 1,
                handle: self.handle.clone(),
                identity: BASE64_URL_SAFE_NO_PAD.encode(self.secrets.identity.seed()),
                device: BASE64_URL_SAFE_NO_PAD.encode(self.secrets.device.as_bytes()),
            };
            let plain =
                Zeroizing::new(serde_json::to_vec(&content).expect("strings and numbers only"));
            passphrase_encryption::encrypt(&plain, passphrase, cost)
        })
    }

    /// Opens an encrypted key file.
    ///
    /// # Errors
    /// [`KeyError::Decrypt`] if it cannot be decrypted, [`KeyError::Malformed`] if it has no key of
    /// this version.
    pub fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Self, KeyError> {
        with_wiped_stack(|| {
            let plain = passphrase_encryption::decrypt(sealed, passphrase)?;
            let content: KeyFileContent =
                serde_json::from_slice(&plain).map_err(|_| KeyError::Malformed)?;
            if content.v != 1 {
                return Err(KeyError::Malformed);
            }
            let secrets = Box::new(SecretKeys {
                identity: InvestigatorIdentity::from_seed(&*parse_seed(&content.identity)?),
                device: SigningKey::from_bytes(&*parse_seed(&content.device)?),
            });
            Ok(Self { handle: content.handle.clone(), secrets })
        })
    }

    /// Returns the handle of the member.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Returns the key that opens grants.
    pub fn identity(&self) -> &InvestigatorIdentity {
        &self.secrets.identity
    }

    /// Returns the key that signs events and sessions.
    pub fn device(&self) -> &SigningKey {
        &self.secrets.device
    }

    /// Returns the public keys as a signed request.
    pub fn request(&self) -> MembershipRequest {
        let mut request = MembershipRequest {
            v: 1,
            handle: self.handle.clone(),
            recipient: self.identity().recipient(),
            device: self.device().into(),
            signature: Vec::new(),
        };
        request.signature =
            sign(self.device(), REQUEST_SIGNATURE_CONTEXT, &request.signed_bytes()).to_vec();
        request
    }
}

impl MembershipRequest {
    /// Checks the handle and the signature. The signature does not prove who made the request: the
    /// owner reads the fingerprint words aloud for that.
    ///
    /// # Errors
    /// [`KeyError::InvalidHandle`] or [`KeyError::BadSignature`].
    pub fn verify(&self) -> Result<(), KeyError> {
        check_handle(&self.handle)?;
        let signature = self.signature.as_slice().try_into().map_err(|_| KeyError::BadSignature)?;
        self.device
            .verify(REQUEST_SIGNATURE_CONTEXT, &self.signed_bytes(), signature)
            .map_err(|_| KeyError::BadSignature)
    }

    /// Returns twelve words that identify the handle and the keys. The owner reads them aloud and
    /// the administrator compares them.
    pub fn fingerprint_words(&self, lang: &str) -> String {
        let hash = Hash::of(&[REQUEST_SIGNATURE_CONTEXT, &self.signed_bytes()]);
        Receipt::from_bytes(*hash.0.first_chunk().expect("32 bytes hold 16")).words(lang)
    }

    fn signed_bytes(&self) -> Vec<u8> {
        // Both keys have a fixed length, so the concatenation is unambiguous.
        [&[self.v][..], self.recipient.as_bytes(), self.device.as_bytes(), self.handle.as_bytes()]
            .concat()
    }
}

/// Returns the fingerprint words of a member of a directory, equal to those of the member's
/// request.
pub fn member_fingerprint_words(member: &Member, lang: &str) -> String {
    let (handle, recipient) = (member.handle.clone(), member.recipient.clone());
    MembershipRequest { v: 1, handle, recipient, device: member.device, signature: Vec::new() }
        .fingerprint_words(lang)
}

fn check_handle(handle: &str) -> Result<(), KeyError> {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let valid = (1..=32).contains(&handle.len())
        && handle.chars().all(is_allowed)
        && handle != HANDLER_ACTOR;
    if valid { Ok(()) } else { Err(KeyError::InvalidHandle) }
}

fn parse_seed(text: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let bytes =
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyError::Malformed)?);
    Ok(Zeroizing::new(bytes[..].try_into().map_err(|_| KeyError::Malformed)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;

    #[test]
    fn a_key_file_opens_only_with_its_passphrase_and_contains_the_same_keys() {
        let key = InvestigatorKey::generate("i-7", &mut OsRng).unwrap();
        let right = SecretString::from("correct horse");
        let file = key.seal(&right, ScryptCost::new(2).unwrap());
        let reopened = InvestigatorKey::open(&file, &right).unwrap();
        assert_eq!(reopened.request().recipient, key.request().recipient);
        assert_eq!(reopened.request().device, key.request().device);
        let wrong = InvestigatorKey::open(&file, &SecretString::from("correct house"));
        assert!(matches!(wrong, Err(KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase))));
        let seeds = [key.identity().seed(), key.device().as_bytes()];
        assert!(seeds.iter().all(|seed| !file.windows(32).any(|window| window == &seed[..])));
    }

    #[test]
    fn every_alteration_of_a_request_is_detected() {
        let request = InvestigatorKey::generate("i-7", &mut OsRng).unwrap().request();
        let other = InvestigatorKey::generate("i-8", &mut OsRng).unwrap().request();
        request.verify().unwrap();
        let alterations = [
            MembershipRequest { handle: "i-8".into(), ..request.clone() },
            MembershipRequest { recipient: other.recipient.clone(), ..request.clone() },
            MembershipRequest { device: other.device, ..request.clone() },
            MembershipRequest { signature: other.signature.clone(), ..request.clone() },
        ];
        for altered in alterations {
            assert!(matches!(altered.verify(), Err(KeyError::BadSignature)));
        }
        assert_ne!(request.fingerprint_words("en"), other.fingerprint_words("en"));
    }

    #[test]
    fn invalid_handles_are_rejected() {
        for bad in ["", "Awa Traoré", "../x", "case-handler", &"x".repeat(33)] {
            assert!(
                matches!(InvestigatorKey::generate(bad, &mut OsRng), Err(KeyError::InvalidHandle)),
                "{bad}"
            );
        }
    }
}
