//! Signing a directory, by all keys at one table or by one after the other in different places.

use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::{
    directory::{Directory, DirectoryError, SignedDirectory, TrustRoots},
    keys::PublicKey,
};
use time::Date;

use super::{AdminDir, AdminError};
use crate::private_files;

/// A directory on its way to enough signatures.
#[derive(Debug)]
pub struct SigningProgress {
    /// What was signed.
    pub directory: Directory,
    /// With the signatures so far.
    pub signed_directory: SignedDirectory,
    /// How many different root keys have signed.
    pub signatures: usize,
    /// How many must.
    pub threshold: usize,
}

impl SigningProgress {
    /// Has it enough signatures to be published?
    pub fn is_complete(&self) -> bool {
        self.signatures >= self.threshold
    }
}

/// Makes the next directory from the draft and signs it with these keys. With enough of them it
/// becomes the newest; with fewer it waits in `directory.pending.json` for [`cosign`].
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

/// What waits for signatures, for a keeper to look at before signing.
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

/// Adds one signature to what waits. The last one that is needed makes it `directory.signed.json`
/// beside it.
pub fn cosign(
    path: &Path,
    mut waiting: SigningProgress,
    key: &SigningKey,
    trust: &TrustRoots,
) -> Result<SigningProgress, AdminError> {
    let public = PublicKey::from(key);
    if waiting.signed_directory.signatures.iter().any(|signature| signature.key == public) {
        return Err(AdminError::AlreadyExists("signature by this root key".into()));
    }
    waiting.signed_directory.add_signature(key);
    waiting.signatures = count_signatures(&waiting.signed_directory, trust);
    write_directory(&waiting, path, &path.with_file_name("directory.signed.json"), trust)?;
    Ok(waiting)
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
    // Read back the way every reader will.
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

/// Signatures by different pinned keys that hold: as many as a threshold that is just met.
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
