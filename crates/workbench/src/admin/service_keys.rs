//! The case handler's own keys: the first ones, and those that follow them.

use std::path::PathBuf;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use ed25519_dalek::SigningKey;
use envelope::keys::{TransportIdentity, TransportRecipient};
use rand::{CryptoRng, RngCore};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::{AdminDir, AdminError};
use crate::files;

/// Makes a transport key in a new file.
pub(super) fn new_transport(
    dir: &AdminDir,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(PathBuf, TransportRecipient), AdminError> {
    let key = TransportIdentity::generate(rng);
    let line = Zeroizing::new(format!("{}\n", key.as_identity().to_string().expose_secret()));
    Ok((keep(dir, "transport", &line)?, key.recipient()))
}

/// Makes a log key in a new file.
pub(super) fn new_log(
    dir: &AdminDir,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(PathBuf, SigningKey), AdminError> {
    let key = SigningKey::generate(rng);
    let line = Zeroizing::new(format!("{}\n", BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes())));
    Ok((keep(dir, "log", &line)?, key))
}

/// `transport.key`, then `transport-2.key`, and so on: an earlier key is never overwritten.
fn keep(dir: &AdminDir, stem: &str, line: &str) -> Result<PathBuf, AdminError> {
    let later = (2..).map(|number| dir.path(format!("{stem}-{number}.key")));
    let path = std::iter::once(dir.path(format!("{stem}.key")))
        .chain(later)
        .find(|path| !path.exists())
        .expect("there are more numbers than files");
    files::create_private(&path, line.as_bytes())?;
    Ok(path)
}

/// A new transport key, to which reports are sealed from the next directory on. Earlier ones stay in the directory behind it until
/// [`retire_transport`], for what is under way.
pub fn renew_transport(dir: &AdminDir, rng: &mut (impl RngCore + CryptoRng)) -> Result<PathBuf, AdminError> {
    let mut draft = dir.draft()?;
    let (path, recipient) = new_transport(dir, rng)?;
    draft.transport.insert(0, recipient);
    dir.save_draft(&draft)?;
    Ok(path)
}

/// Takes all transport keys but the newest out of the next directory. Gives how many.
pub fn retire_transport(dir: &AdminDir) -> Result<usize, AdminError> {
    let mut draft = dir.draft()?;
    let retired = draft.transport.len().saturating_sub(1);
    draft.transport.truncate(1);
    dir.save_draft(&draft)?;
    Ok(retired)
}

/// A new log key, in force with the next directory. Earlier events stay verifiable by earlier directories.
pub fn renew_log(dir: &AdminDir, rng: &mut (impl RngCore + CryptoRng)) -> Result<PathBuf, AdminError> {
    let mut draft = dir.draft()?;
    let (path, key) = new_log(dir, rng)?;
    draft.handler_key = (&key).into();
    dir.save_draft(&draft)?;
    Ok(path)
}
