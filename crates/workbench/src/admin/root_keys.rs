//! Root keys: each one a file sealed under its keeper's own passphrase.

use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::{directory::TrustRoots, keys::PublicKey};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::AdminError;
use crate::{
    keys::passphrase_encryption::{self, PassphraseDecryptError, ScryptCost},
    private_files,
};

/// Stands before the 32-byte seed, so that no other sealed file is taken for a root key.
const MAGIC: &[u8; 4] = b"BKR1";

/// The sealed file of a root key.
pub fn seal_root_key(key: &SigningKey, passphrase: &SecretString, work: ScryptCost) -> Vec<u8> {
    let plain = Zeroizing::new([&MAGIC[..], key.as_bytes()].concat());
    passphrase_encryption::encrypt(&plain, passphrase, work)
}

/// Opens a root key file and makes sure that it is one of the pinned keys.
pub fn open_root_key(
    path: &Path,
    passphrase: &SecretString,
    trust: &TrustRoots,
) -> Result<SigningKey, AdminError> {
    let root = |source| AdminError::RootKey { path: path.to_owned(), source };
    let plain =
        passphrase_encryption::decrypt(&private_files::read(path)?, passphrase).map_err(root)?;
    let seed: Option<&[u8; 32]> = plain.strip_prefix(MAGIC).and_then(|seed| seed.try_into().ok());
    let key = SigningKey::from_bytes(
        seed.ok_or_else(|| root(PassphraseDecryptError::Damaged("no root key in it".into())))?,
    );
    if trust.roots.contains(&PublicKey::from(&key)) {
        Ok(key)
    } else {
        Err(AdminError::NotARootKey(path.to_owned()))
    }
}
