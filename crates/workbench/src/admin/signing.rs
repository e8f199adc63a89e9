//! Signs a directory, with all keys at once or with one key after the other in different places.

use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::{
    directory::{Directory, DirectoryError, SignedDirectory, TrustRoots},
    keys::PublicKey,
};
use time::Date;

use super::{AdminDir, AdminError};
use crate::private_files;

/// A directory and its signatures so far.
#[derive(Debug)]
pub struct SigningProgress {
    /// The directory.
    pub directory: Directory,
    /// The directory with its signatures.
    pub signed_directory: SignedDirectory,
    /// Number of different root keys that have signed.
    pub signatures: usize,
    /// Number of root keys that must sign.
    pub threshold: usize,
}

impl SigningProgress {
    /// Returns whether there are enough signatures to publish the directory.
    pub fn is_complete(&self) -> bool {
        self.signatures >= self.threshold
    }
}

/// Creates the next directory from the draft and signs it with these keys. With enough signatures
/// it becomes the newest directory; with fewer it is saved in `directory.pending.json` for
/// [`cosign`].
///
/// # Errors
/// If the draft violates a rule, or a file cannot be read or written.
pub fn sign(
    dir: &AdminDir,
    keys: &[SigningKey],
    today: Date,
) -> Result<SigningProgress, AdminError> {
    let trust = dir.trust()?;
    let (epoch, previous) = match dir.signed_directory()? {
        None => (1, None),
        Some(last) => (last.verify_ignoring_dates(&trust)?.epoch + 1, Some(last.hash())),
    };
    let directory = dir.draft()?.to_directory(epoch, previous, today)?;
    let signed = SignedDirectory::sign(&directory, keys)?;
    let signed = SigningProgress {
        signatures: count_signatures(&signed, &trust),
        threshold: trust.threshold,
        directory,
        signed_directory: signed,
    };
    write_directory(&signed, &dir.pending_path(), &dir.path("directory.signed.json"), &trust)?;
    Ok(signed)
}

/// Returns a directory that needs more signatures, so that the keeper of a root key can check it
/// before signing.
///
/// # Errors
/// If the file is malformed, or the directory violates a rule, belongs to another installation, or
/// has expired.
pub fn load_pending(
    path: &Path,
    trust: &TrustRoots,
    today: Date,
) -> Result<SigningProgress, AdminError> {
    let signed: SignedDirectory = private_files::read_json(path)?;
    let directory: Directory = serde_json::from_slice(&signed.bytes)
        .map_err(|error| AdminError::Directory(DirectoryError::Malformed(error.to_string())))?;
    directory.check_rules()?;
    if directory.instance != trust.instance {
        return Err(DirectoryError::OtherInstance.into());
    }
    if directory.expires < today {
        return Err(DirectoryError::Expired(directory.expires).into());
    }
    Ok(SigningProgress {
        signatures: count_signatures(&signed, trust),
        threshold: trust.threshold,
        directory,
        signed_directory: signed,
    })
}

/// Adds one signature to a pending directory. The last required one saves the directory as
/// `directory.signed.json` in the same folder.
///
/// # Errors
/// [`AdminError::AlreadyExists`] if this key has signed, or if a file cannot be written.
pub fn cosign(
    path: &Path,
    mut pending: SigningProgress,
    key: &SigningKey,
    trust: &TrustRoots,
) -> Result<SigningProgress, AdminError> {
    let public = PublicKey::from(key);
    if pending.signed_directory.signatures.iter().any(|signature| signature.key == public) {
        return Err(AdminError::AlreadyExists("signature by this root key".into()));
    }
    pending.signed_directory.add_signature(key);
    pending.signatures = count_signatures(&pending.signed_directory, trust);
    write_directory(&pending, path, &path.with_file_name("directory.signed.json"), trust)?;
    Ok(pending)
}

fn write_directory(
    signed: &SigningProgress,
    pending: &Path,
    complete: &Path,
    trust: &TrustRoots,
) -> Result<(), AdminError> {
    let json = private_files::to_pretty_json(&signed.signed_directory);
    if !signed.is_complete() {
        return Ok(private_files::replace_private(pending, &json)?);
    }
    // Verify the directory as every reader will.
    signed.signed_directory.verify_ignoring_dates(trust)?;
    private_files::replace_private(complete, &json)?;
    match std::fs::remove_file(pending) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(private_files::FileError::Io {
                verb: "remove",
                path: pending.to_owned(),
                source: error,
            }
            .into())
        }
        _ => Ok(()),
    }
}

/// Returns the number of valid signatures by different pinned keys: the highest threshold that they
/// meet.
fn count_signatures(signed: &SignedDirectory, trust: &TrustRoots) -> usize {
    (1..=trust.roots.len())
        .take_while(|threshold| {
            let trust = TrustRoots { threshold: *threshold, ..trust.clone() };
            !matches!(
                signed.verify_ignoring_dates(&trust),
                Err(DirectoryError::ThresholdNotMet { .. })
            )
        })
        .count()
}
