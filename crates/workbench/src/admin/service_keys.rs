//! The keys of the case handler: the first ones, and their successors.

use std::path::PathBuf;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ed25519_dalek::SigningKey;
use protocol::keys::{TransportIdentity, TransportRecipient};
use rand::{CryptoRng, RngCore};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::{AdminDir, AdminError};
use crate::private_files;

/// Generates a transport key in a new file.
pub(super) fn generate_transport_key(
    dir: &AdminDir,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(PathBuf, TransportRecipient), AdminError> {
    let key = TransportIdentity::generate(rng);
    let line = Zeroizing::new(format!("{}\n", key.as_identity().to_string().expose_secret()));
    Ok((write_key_file(dir, "transport", &line)?, key.recipient()))
}

/// Generates a log key in a new file.
pub(super) fn generate_log_key(
    dir: &AdminDir,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(PathBuf, SigningKey), AdminError> {
    let key = SigningKey::generate(rng);
    let line = Zeroizing::new(format!("{}\n", BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes())));
    Ok((write_key_file(dir, "log", &line)?, key))
}

/// Writes `transport.key`, then `transport-2.key`, and so on, so that no earlier key is
/// overwritten.
fn write_key_file(dir: &AdminDir, stem: &str, line: &str) -> Result<PathBuf, AdminError> {
    let later = (2..).map(|number| dir.path(format!("{stem}-{number}.key")));
    let path = std::iter::once(dir.path(format!("{stem}.key")))
        .chain(later)
        .find(|path| !path.exists())
        .expect("there are more numbers than files");
    private_files::create_private(&path, line.as_bytes())?;
    Ok(path)
}

/// Generates a transport key that reports are sealed to from the next directory on. Earlier keys
/// stay in the directory until [`retire_transport_keys`], for submissions in transit.
///
/// # Errors
/// If a file cannot be read or written.
pub fn rotate_transport_key(
    dir: &AdminDir,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<PathBuf, AdminError> {
    let mut draft = dir.draft()?;
    let (path, recipient) = generate_transport_key(dir, rng)?;
    draft.transport.insert(0, recipient);
    dir.save_draft(&draft)?;
    Ok(path)
}

/// Removes all transport keys except the newest from the draft. Returns the number of removed keys.
///
/// # Errors
/// If the draft cannot be read or written.
pub fn retire_transport_keys(dir: &AdminDir) -> Result<usize, AdminError> {
    let mut draft = dir.draft()?;
    let retired = draft.transport.len().saturating_sub(1);
    draft.transport.truncate(1);
    dir.save_draft(&draft)?;
    Ok(retired)
}

/// Generates a log key that is in force with the next directory. Earlier directories verify earlier
/// events.
///
/// # Errors
/// If a file cannot be read or written.
pub fn rotate_log_key(
    dir: &AdminDir,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<PathBuf, AdminError> {
    let mut draft = dir.draft()?;
    let (path, key) = generate_log_key(dir, rng)?;
    draft.handler_key = (&key).into();
    dir.save_draft(&draft)?;
    Ok(path)
}
