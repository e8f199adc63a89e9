//! The public key.

use std::{collections::HashSet, fmt, hash, str::FromStr};

use age::EncryptError;
use age_core::{
    format::{FileKey, Stanza},
    primitives::{bech32_decode, bech32_encode},
    secrecy::ExposeSecret,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use rand::{RngCore, rngs::OsRng};
use zeroize::Zeroizing;

use crate::{
    KeyParseError, hpke,
    xwing::{self, ENCAPSULATION_RANDOMNESS_LEN, PUBLIC_KEY_LEN},
};

const RECIPIENT_HRP: bech32::Hrp = bech32::Hrp::parse_unchecked("age1pq");
/// The tag of the stanza.
pub(crate) const STANZA_TAG: &str = "mlkem768x25519";
/// The `info` parameter of HPKE.
pub(crate) const HPKE_INFO: &str = "age-encryption.org/mlkem768x25519";
/// age refuses to mix recipients with different labels in one file, so that a classic recipient
/// cannot weaken it.
const POSTQUANTUM_LABEL: &str = "postquantum";

/// A post-quantum hybrid recipient, `age1pq1…`: the 1,216 bytes of a valid public key.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(Box<[u8; PUBLIC_KEY_LEN]>);

impl Recipient {
    /// Parses the raw 1,216 bytes: an ML-KEM-768 encapsulation key and an X25519 public key.
    ///
    /// # Errors
    ///
    /// Returns an error if the length is wrong, or if the bytes are not a valid public key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyParseError> {
        let bytes: &[u8; PUBLIC_KEY_LEN] =
            bytes.try_into().map_err(|_| KeyParseError::WrongLength)?;
        if !xwing::is_public_key(bytes) {
            return Err(KeyParseError::InvalidKey);
        }
        Ok(Self(Box::new(*bytes)))
    }

    /// Returns the recipient of bytes that [`Self::from_bytes`] accepted before. Only their length
    /// is checked: validating a key takes two thirds of the time of sealing to it.
    ///
    /// # Errors
    ///
    /// Returns [`KeyParseError::WrongLength`] unless there are 1,216 bytes.
    pub fn from_bytes_unvalidated(bytes: &[u8]) -> Result<Self, KeyParseError> {
        Ok(Self(Box::new(bytes.try_into().map_err(|_| KeyParseError::WrongLength)?)))
    }

    pub(crate) fn from_generated(bytes: &[u8; PUBLIC_KEY_LEN]) -> Self {
        Self(Box::new(*bytes))
    }

    /// Returns the raw 1,216 bytes.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.0
    }

    /// Returns the stanza that wraps a file key, with the given randomness.
    pub(crate) fn stanza(
        &self,
        file_key: &[u8],
        randomness: &Zeroizing<[u8; ENCAPSULATION_RANDOMNESS_LEN]>,
    ) -> Stanza {
        let (encapsulated, shared) = xwing::encapsulate(&self.0, randomness);
        Stanza {
            tag: STANZA_TAG.to_owned(),
            args: vec![BASE64_STANDARD_NO_PAD.encode(encapsulated)],
            body: hpke::seal(&shared, HPKE_INFO, file_key),
        }
    }
}

impl age::Recipient for Recipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let mut randomness = Zeroizing::new([0; ENCAPSULATION_RANDOMNESS_LEN]);
        OsRng.fill_bytes(&mut *randomness);
        let stanza = self.stanza(file_key.expose_secret(), &randomness);
        Ok((vec![stanza], HashSet::from([POSTQUANTUM_LABEL.to_owned()])))
    }
}

impl FromStr for Recipient {
    type Err = KeyParseError;

    fn from_str(text: &str) -> Result<Self, KeyParseError> {
        bech32_decode(
            text,
            |_| KeyParseError::InvalidEncoding,
            |hrp| {
                if hrp == RECIPIENT_HRP { Ok(()) } else { Err(KeyParseError::WrongKeyType) }
            },
            |_, bytes| Self::from_bytes(&bytes.collect::<Vec<_>>()),
        )
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32_encode(RECIPIENT_HRP, &self.0[..]))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_string();
        write!(f, "{}…{}", &text[..16], &text[text.len() - 6..])
    }
}

impl hash::Hash for Recipient {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
