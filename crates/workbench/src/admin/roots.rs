//! Root keys: each one a file sealed under its keeper's own passphrase.

use std::path::Path;

use ed25519_dalek::SigningKey;
use envelope::{directory::Trust, keys::PublicKey};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::AdminError;
use crate::{
    files,
    sealed::{self, OpenError, Work},
};

/// Stands before the 32-byte seed, so that no other sealed file is taken for a root key.
const MAGIC: &[u8; 4] = b"BKR1";

/// The sealed file of a root key.
pub fn seal(key: &SigningKey, passphrase: &SecretString, work: Work) -> Vec<u8> {
    let plain = Zeroizing::new([&MAGIC[..], key.as_bytes()].concat());
    sealed::seal(&plain, passphrase, work)
}

/// Opens a root key file and makes sure that it is one of the pinned keys.
pub fn open(path: &Path, passphrase: &SecretString, trust: &Trust) -> Result<SigningKey, AdminError> {
    let root = |source| AdminError::Root { path: path.to_owned(), source };
    let plain = sealed::open(&files::read(path)?, passphrase).map_err(root)?;
    let seed: Option<&[u8; 32]> = plain.strip_prefix(MAGIC).and_then(|seed| seed.try_into().ok());
    let key =
        SigningKey::from_bytes(seed.ok_or_else(|| root(OpenError::Damaged("no root key in it".into())))?);
    if trust.roots.contains(&PublicKey::from(&key)) {
        Ok(key)
    } else {
        Err(AdminError::NotARoot(path.to_owned()))
    }
}
