//! The secret key.

use std::{fmt, str::FromStr};

use age::{DecryptError, secrecy::SecretString};
use age_core::{
    format::{FileKey, Stanza},
    primitives::{bech32_decode, bech32_encode},
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    FILE_KEY_LEN, KeyParseError, Recipient,
    hpke::{self, SEALED_FILE_KEY_LEN},
    recipient::{HPKE_INFO, STANZA_TAG},
    xwing::{ENCAPSULATED_LEN, SEED_LEN, SecretKey},
};

const IDENTITY_HRP: bech32::Hrp = bech32::Hrp::parse_unchecked("age-secret-key-pq-");

/// A post-quantum hybrid identity, `AGE-SECRET-KEY-PQ-1…`. It is zeroized on drop, and its `Debug`
/// output does not contain the secret.
///
/// Expanding the keys from the seed is most of the cost of opening a file. An `Identity` expands
/// them once.
pub struct Identity {
    seed: Zeroizing<[u8; SEED_LEN]>,
    // Boxed, so that moving an identity leaves no copies of the key in memory.
    secret: Box<SecretKey>,
}

impl Identity {
    /// Generates a new random identity.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut seed = Zeroizing::new([0; SEED_LEN]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(*seed)
    }

    /// Returns the identity of a 32-byte seed.
    pub fn from_seed(seed: [u8; SEED_LEN]) -> Self {
        let seed = Zeroizing::new(seed);
        let secret = Box::new(SecretKey::expand(&seed));
        Self { seed, secret }
    }

    /// Returns the seed, from which [`Self::from_seed`] restores the identity. It is as secret as
    /// the identity.
    pub fn seed(&self) -> &[u8; SEED_LEN] {
        &self.seed
    }

    /// Returns the public key.
    pub fn to_recipient(&self) -> Recipient {
        Recipient::from_generated(self.secret.public())
    }

    /// Returns the identity as `AGE-SECRET-KEY-PQ-1…`. The text is zeroized on drop.
    pub fn to_string(&self) -> SecretString {
        let mut lower = bech32_encode(IDENTITY_HRP, &*self.seed);
        let upper = SecretString::from(lower.to_uppercase());
        lower.zeroize();
        upper
    }

    fn unwrap(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if stanza.tag != STANZA_TAG {
            return None;
        }
        let [argument] = &stanza.args[..] else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        let encapsulated = BASE64_STANDARD_NO_PAD.decode(argument).ok();
        let Some(encapsulated) =
            encapsulated.and_then(|b| <[u8; ENCAPSULATED_LEN]>::try_from(b).ok())
        else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        if stanza.body.len() != SEALED_FILE_KEY_LEN {
            return Some(Err(DecryptError::InvalidHeader));
        }
        let Some(shared) = self.secret.decapsulate(&encapsulated) else {
            return Some(Err(DecryptError::InvalidHeader));
        };
        // A stanza of another recipient cannot be distinguished from a damaged one, so this is not
        // an error.
        let plain = hpke::open(&shared, HPKE_INFO, &stanza.body)?;
        Some(Ok(FileKey::init_with_mut(|key| {
            key.copy_from_slice(&plain[..FILE_KEY_LEN]);
        })))
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap(stanza)
    }
}

impl FromStr for Identity {
    type Err = KeyParseError;

    fn from_str(text: &str) -> Result<Self, KeyParseError> {
        bech32_decode(
            text,
            |_| KeyParseError::InvalidEncoding,
            |hrp| {
                if hrp == IDENTITY_HRP { Ok(()) } else { Err(KeyParseError::WrongKeyType) }
            },
            |_, bytes| {
                let bytes = Zeroizing::new(bytes.collect::<Vec<_>>());
                let seed: [u8; SEED_LEN] =
                    bytes[..].try_into().map_err(|_| KeyParseError::WrongLength)?;
                Ok(Self::from_seed(seed))
            },
        )
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(secret)")
    }
}
