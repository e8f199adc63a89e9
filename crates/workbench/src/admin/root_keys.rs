//! Root keys. Each is a file encrypted with the passphrase of its keeper.

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

/// Precedes the 32-byte seed, so that no other encrypted file is taken for a root key.
const MAGIC: &[u8; 4] = b"BKR1";

/// Returns the encrypted file of a root key.
pub fn seal_root_key(key: &SigningKey, passphrase: &SecretString, cost: ScryptCost) -> Vec<u8> {
    let plain = Zeroizing::new([&MAGIC[..], key.as_bytes()].concat());
    passphrase_encryption::encrypt(&plain, passphrase, cost)
}

/// Opens a root key file.
///
/// # Errors
/// [`AdminError::RootKey`] if it cannot be decrypted, [`AdminError::NotARootKey`] if it is not a
/// pinned key.
pub fn open_root_key(
    path: &Path,
    passphrase: &SecretString,
    trust: &TrustRoots,
) -> Result<SigningKey, AdminError> {
    let key_error = |source| AdminError::RootKey { path: path.to_owned(), source };
    let plain = passphrase_encryption::decrypt(&private_files::read(path)?, passphrase)
        .map_err(key_error)?;
    let seed: Option<&[u8; 32]> = plain.strip_prefix(MAGIC).and_then(|seed| seed.try_into().ok());
    let key = SigningKey::from_bytes(seed.ok_or_else(|| {
        key_error(PassphraseDecryptError::Damaged("it contains no root key".into()))
    })?);
    if trust.roots.contains(&PublicKey::from(&key)) {
        Ok(key)
    } else {
        Err(AdminError::NotARootKey(path.to_owned()))
    }
}
