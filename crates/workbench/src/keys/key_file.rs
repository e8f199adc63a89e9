//! An investigator's keys: one file, sealed under a passphrase, on the investigator's own device.

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

use crate::keys::passphrase_encryption::{self, PassphraseDecryptError, ScryptCost};

const REQUEST_SIGNATURE_CONTEXT: &[u8] = b"burkindi/request/v1\0";

/// Opens grants and signs events for one person. Holding one is being that person.
pub struct InvestigatorKey {
    handle: String,
    identity: InvestigatorIdentity,
    device: SigningKey,
}

/// The public half, for the administrator to seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembershipRequest {
    /// 1.
    pub v: u8,
    /// Opaque; no name.
    pub handle: String,
    /// Takes grants.
    pub recipient: InvestigatorRecipient,
    /// Verifies events and sessions.
    pub device: PublicKey,
    /// By the device key over all of the above: the file arrived as it was made.
    #[serde(with = "protocol::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

/// Why keys or a request are not usable.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Names could identify a person or break a terminal or a path.
    #[error("a handle has 1 to 32 characters of a-z, 0-9 and -, and is not {HANDLER_ACTOR}")]
    InvalidHandle,
    /// The key file.
    #[error(transparent)]
    Decrypt(#[from] PassphraseDecryptError),
    /// Opens, but holds no key of this version.
    #[error("the key file opens but holds no key that this version knows")]
    Malformed,
    /// Altered on its way.
    #[error("the request was altered: its signature does not belong to it")]
    BadSignature,
}

/// What stands in the sealed file. Seeds are 32 bytes of base64url.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct KeyFileContent {
    v: u8,
    handle: String,
    identity: String,
    device: String,
}

impl InvestigatorKey {
    /// New random keys.
    pub fn generate(handle: &str, rng: &mut (impl RngCore + CryptoRng)) -> Result<Self, KeyError> {
        check_handle(handle)?;
        let identity = InvestigatorIdentity::generate(rng);
        Ok(Self { handle: handle.to_owned(), identity, device: SigningKey::generate(rng) })
    }

    /// The sealed file.
    pub fn seal(&self, passphrase: &SecretString, work: ScryptCost) -> Vec<u8> {
        let stored = KeyFileContent {
            v: 1,
            handle: self.handle.clone(),
            identity: BASE64_URL_SAFE_NO_PAD.encode(self.identity.seed()),
            device: BASE64_URL_SAFE_NO_PAD.encode(self.device.as_bytes()),
        };
        let plain = Zeroizing::new(serde_json::to_vec(&stored).expect("strings and numbers only"));
        passphrase_encryption::encrypt(&plain, passphrase, work)
    }

    /// Opens the sealed file.
    pub fn open(sealed: &[u8], passphrase: &SecretString) -> Result<Self, KeyError> {
        let plain = passphrase_encryption::decrypt(sealed, passphrase)?;
        let stored: KeyFileContent =
            serde_json::from_slice(&plain).map_err(|_| KeyError::Malformed)?;
        if stored.v != 1 {
            return Err(KeyError::Malformed);
        }
        Ok(Self {
            handle: stored.handle.clone(),
            identity: InvestigatorIdentity::from_seed(&*parse_seed(&stored.identity)?),
            device: SigningKey::from_bytes(&*parse_seed(&stored.device)?),
        })
    }

    /// Who this is.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Opens grants.
    pub fn identity(&self) -> &InvestigatorIdentity {
        &self.identity
    }

    /// Signs events and sessions.
    pub fn device(&self) -> &SigningKey {
        &self.device
    }

    /// The public half.
    pub fn request(&self) -> MembershipRequest {
        let mut request = MembershipRequest {
            v: 1,
            handle: self.handle.clone(),
            recipient: self.identity.recipient(),
            device: (&self.device).into(),
            signature: Vec::new(),
        };
        request.signature =
            sign(&self.device, REQUEST_SIGNATURE_CONTEXT, &request.signed_bytes()).to_vec();
        request
    }
}

impl MembershipRequest {
    /// Checks the handle and that nothing was altered. It does not say whose it is: the words do,
    /// read out by its owner.
    pub fn verify(&self) -> Result<(), KeyError> {
        check_handle(&self.handle)?;
        let signature = self.signature.as_slice().try_into().map_err(|_| KeyError::BadSignature)?;
        self.device
            .verify(REQUEST_SIGNATURE_CONTEXT, &self.signed_bytes(), signature)
            .map_err(|_| KeyError::BadSignature)
    }

    /// Twelve words that stand for handle and keys: the owner reads them out, the administrator
    /// compares.
    pub fn fingerprint_words(&self, lang: &str) -> String {
        let hash = Hash::of(&[REQUEST_SIGNATURE_CONTEXT, &self.signed_bytes()]);
        Receipt::from_bytes(*hash.0.first_chunk().expect("32 bytes hold 16")).words(lang)
    }

    fn signed_bytes(&self) -> Vec<u8> {
        // Both keys have a fixed length, so the handle is the one tail.
        [&[self.v][..], self.recipient.as_bytes(), self.device.as_bytes(), self.handle.as_bytes()]
            .concat()
    }
}

/// The same words for a member of a directory: those that the owner's request had.
pub fn member_fingerprint_words(member: &Member, lang: &str) -> String {
    let (handle, recipient) = (member.handle.clone(), member.recipient.clone());
    MembershipRequest { v: 1, handle, recipient, device: member.device, signature: Vec::new() }
        .fingerprint_words(lang)
}

fn check_handle(handle: &str) -> Result<(), KeyError> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good =
        (1..=32).contains(&handle.len()) && handle.chars().all(known) && handle != HANDLER_ACTOR;
    if good { Ok(()) } else { Err(KeyError::InvalidHandle) }
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
    fn a_key_file_opens_with_its_passphrase_alone_and_holds_the_same_keys() {
        let key = InvestigatorKey::generate("i-7", &mut OsRng).unwrap();
        let right = SecretString::from("correct horse");
        let file = key.seal(&right, ScryptCost::new(2).unwrap());
        let again = InvestigatorKey::open(&file, &right).unwrap();
        assert_eq!(again.request().recipient, key.request().recipient);
        assert_eq!(again.request().device, key.request().device);
        let wrong = InvestigatorKey::open(&file, &SecretString::from("correct house"));
        assert!(matches!(wrong, Err(KeyError::Decrypt(PassphraseDecryptError::WrongPassphrase))));
        let seeds = [key.identity.seed(), key.device.as_bytes()];
        assert!(seeds.iter().all(|seed| !file.windows(32).any(|window| window == &seed[..])));
    }

    #[test]
    fn a_request_shows_each_alteration() {
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
    fn handles_that_say_too_much_or_too_little_are_refused() {
        for bad in ["", "Awa Traoré", "../x", "case-handler", &"x".repeat(33)] {
            assert!(
                matches!(InvestigatorKey::generate(bad, &mut OsRng), Err(KeyError::InvalidHandle)),
                "{bad}"
            );
        }
    }
}
