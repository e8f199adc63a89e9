//! Signing a directory, by all keys at one table or by one after the other in different places.

use std::path::Path;

use ed25519_dalek::SigningKey;
use envelope::{
    directory::{Directory, DirectoryError, SignedDirectory, Trust},
    keys::PublicKey,
};
use time::Date;

use super::{AdminDir, AdminError};
use crate::files;

/// A directory on its way to enough signatures.
#[derive(Debug)]
pub struct Signed {
    /// What was signed.
    pub directory: Directory,
    /// With the signatures so far.
    pub signed: SignedDirectory,
    /// How many different root keys have signed.
    pub signatures: usize,
    /// How many must.
    pub threshold: usize,
}

impl Signed {
    /// Has it enough signatures to be published?
    pub fn is_complete(&self) -> bool {
        self.signatures >= self.threshold
    }
}

/// Makes the next directory from the draft and signs it with these keys. With enough of them it becomes the newest; with
/// fewer it waits in `directory.pending.json` for [`cosign`].
pub fn sign(dir: &AdminDir, keys: &[SigningKey], today: Date) -> Result<Signed, AdminError> {
    let trust = dir.trust()?;
    let (epoch, previous) = match dir.signed()? {
        None => (1, None),
        Some(last) => (last.verify_past(&trust)?.epoch + 1, Some(last.hash())),
    };
    let directory = dir.draft()?.to_directory(epoch, previous, today)?;
    let signed = SignedDirectory::sign(&directory, keys)?;
    let signed = Signed { signatures: count(&signed, &trust), threshold: trust.threshold, directory, signed };
    keep(&signed, &dir.pending_path(), &dir.path("directory.signed.json"), &trust)?;
    Ok(signed)
}

/// What waits for signatures, for a keeper to look at before signing.
pub fn pending(path: &Path, trust: &Trust, today: Date) -> Result<Signed, AdminError> {
    let signed: SignedDirectory = files::read_json(path)?;
    let directory: Directory = serde_json::from_slice(&signed.bytes)
        .map_err(|error| AdminError::Directory(DirectoryError::Malformed(error.to_string())))?;
    directory.check_rules()?;
    if directory.instance != trust.instance {
        return Err(DirectoryError::OtherInstance.into());
    }
    if directory.expires < today {
        return Err(DirectoryError::Expired(directory.expires).into());
    }
    Ok(Signed { signatures: count(&signed, trust), threshold: trust.threshold, directory, signed })
}

/// Adds one signature to what waits. The last one that is needed makes it `directory.signed.json` beside it.
pub fn cosign(
    path: &Path,
    mut waiting: Signed,
    key: &SigningKey,
    trust: &Trust,
) -> Result<Signed, AdminError> {
    let public = PublicKey::from(key);
    if waiting.signed.signatures.iter().any(|signature| signature.key == public) {
        return Err(AdminError::Exists("signature by this root key".into()));
    }
    waiting.signed.add_signature(key);
    waiting.signatures = count(&waiting.signed, trust);
    keep(&waiting, path, &path.with_file_name("directory.signed.json"), trust)?;
    Ok(waiting)
}

fn keep(signed: &Signed, pending: &Path, complete: &Path, trust: &Trust) -> Result<(), AdminError> {
    let json = files::pretty(&signed.signed);
    if !signed.is_complete() {
        return Ok(files::replace_private(pending, &json)?);
    }
    // Read back the way every reader will.
    signed.signed.verify_past(trust)?;
    files::replace_private(complete, &json)?;
    match std::fs::remove_file(pending) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(files::FileError::Io { verb: "remove", path: pending.to_owned(), source: error }.into())
        }
        _ => Ok(()),
    }
}

/// Signatures by different pinned keys that hold: as many as a threshold that is just met.
fn count(signed: &SignedDirectory, trust: &Trust) -> usize {
    (1..=trust.roots.len())
        .take_while(|threshold| {
            let trust = Trust { threshold: *threshold, ..trust.clone() };
            !matches!(signed.verify_past(&trust), Err(DirectoryError::Unsigned { .. }))
        })
        .count()
}
