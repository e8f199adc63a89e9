//! Signs the manifest of the browser program with root keys, all at once or one after the other in
//! different places.

use std::path::Path;

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    directory::TrustRoots,
    program::{ProgramError, SignedProgram},
};

use super::AdminError;
use crate::private_files;

/// A manifest and its signatures so far.
#[derive(Debug)]
pub struct ProgramSignatures {
    /// The manifest with its signatures.
    pub signed: SignedProgram,
    /// The hash by which directories and frames name the program.
    pub hash: Hash,
    /// Number of different root keys that have signed.
    pub signatures: usize,
    /// Number of root keys that must sign.
    pub threshold: usize,
}

impl ProgramSignatures {
    /// Returns whether there are enough signatures.
    pub fn is_complete(&self) -> bool {
        self.signatures >= self.threshold
    }

    fn new(signed: SignedProgram, trust: &TrustRoots) -> Result<Self, AdminError> {
        let signatures = signed.count_signatures(trust)?;
        let hash = signed.manifest.hash();
        Ok(Self { signed, hash, signatures, threshold: trust.threshold })
    }
}

/// Reads a manifest that `intake manifest` printed, with its signatures.
///
/// # Errors
/// If the file cannot be read, is no manifest, or has two signatures by one key.
pub fn load(file: &Path, trust: &TrustRoots) -> Result<ProgramSignatures, AdminError> {
    let bytes = private_files::read(file)?;
    ProgramSignatures::new(SignedProgram::from_bytes(bytes.trim_ascii())?, trust)
}

/// Adds signatures to a manifest and writes it to its file.
///
/// # Errors
/// If the file cannot be written.
pub fn sign(
    file: &Path,
    program: ProgramSignatures,
    keys: &[SigningKey],
    trust: &TrustRoots,
) -> Result<ProgramSignatures, AdminError> {
    let mut signed = program.signed;
    for key in keys {
        signed.add_signature(key);
    }
    private_files::replace_private(file, &signed.to_bytes())?;
    ProgramSignatures::new(signed, trust)
}

/// Returns the hash of a manifest that enough root keys have signed.
///
/// # Errors
/// If too few root keys have signed.
pub fn verified_hash(
    program: &ProgramSignatures,
    trust: &TrustRoots,
) -> Result<Hash, ProgramError> {
    program.signed.verify(trust)
}
