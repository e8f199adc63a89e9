//! Administration of an installation: root keys, certificates, members, desks, and the signing of
//! the directory.
//!
//! All files are in one folder, preferably on a machine that is online only for publishing.
//!
//! - [`init`] creates an installation; [`root_keys`], [`service_keys`] and [`tls`] create its keys
//!   and certificates.
//! - [`draft`] edits the next directory, [`log_settings`] its transparency log, and [`signing`]
//!   signs it.
//! - [`program`] signs the manifest of the browser program.
//! - [`directory_changes`] and [`directory_warnings`] show what a signer should check;
//!   [`route_explanation`] explains who would read a report.
//! - [`poster`] writes posters and cards, from which people learn the address and the root keys.
//! - [`external_check`] checks a running installation from the network, and [`served_program`] the
//!   files that it serves to browsers.

pub mod directory_changes;
pub mod directory_warnings;
pub mod draft;
pub mod external_check;
pub mod init;
pub mod log_settings;
pub mod poster;
pub mod program;
pub mod root_keys;
pub mod route_explanation;
pub mod served_program;
pub mod service_keys;
pub mod signing;
pub mod tls;

use std::path::{Path, PathBuf};

use protocol::{
    directory::{DirectoryError, SignedDirectory, TrustRoots},
    program::ProgramError,
};
use transparency_log::note::NoteError;

use crate::{
    keys::{key_file::KeyError, passphrase_encryption::PassphraseDecryptError},
    private_files::{self, FileError},
};
pub use draft::DirectoryDraft;

/// Why an administrative action failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder of a new installation contains files.
    #[error("{} is not empty; choose an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// The threshold cannot be met.
    #[error(
        "invalid threshold (expected 1 to {0}, the number of root keys, of which there can be at most 16)"
    )]
    InvalidThreshold(usize),
    /// A certificate could not be generated.
    #[error("failed to generate certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The names of the present certificates are unknown, so new certificates could lack some.
    #[error("{}: no readable certificate to take the names from. Give each name with --host", .0.display())]
    NoCertificateNames(PathBuf),
    /// A name to remove is in no certificate.
    #[error("no certificate is valid for {0}, so the name cannot be removed")]
    UnknownCertificateName(String),
    /// A membership request is invalid.
    #[error(transparent)]
    Request(#[from] KeyError),
    /// A root key file could not be opened.
    #[error("{}: {source}", path.display())]
    RootKey {
        /// Path of the file.
        path: PathBuf,
        /// Why it could not be opened.
        source: PassphraseDecryptError,
    },
    /// The file opens, but its key is not a pinned root key.
    #[error("{}: not a root key of this installation", .0.display())]
    NotARootKey(PathBuf),
    /// An object with this id exists.
    #[error("{0} already exists")]
    AlreadyExists(String),
    /// No object with this id exists.
    #[error("{0} not found")]
    UnknownId(String),
    /// The directory is invalid.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The public key of a witness is malformed.
    #[error(transparent)]
    WitnessKey(#[from] NoteError),
    /// The draft does not have as many cosigners as the quorum needs.
    #[error(
        "the quorum of the log would need {needed} {cosigners}, and the draft has {available}; set another quorum with burkindi admin log quorum"
    )]
    UnreachableQuorum {
        /// Which cosigners.
        cosigners: &'static str,
        /// The number that the quorum needs.
        needed: usize,
        /// The number in the draft.
        available: usize,
    },
    /// No directory has been signed, so there is no log to restart.
    #[error("no signed directory found, so there is no log to restart")]
    NothingToRestart,
    /// A poster cannot be made.
    #[error(transparent)]
    Poster(#[from] poster::PosterError),
    /// The manifest of the browser program is invalid.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

/// The administrator's folder.
#[derive(Debug, Clone)]
pub struct AdminDir(PathBuf);

impl AdminDir {
    /// Returns the administrator's folder at this path.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// Returns the path of a file in the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Returns the pinned root keys.
    ///
    /// # Errors
    /// If the file is missing or malformed.
    pub fn trust(&self) -> Result<TrustRoots, AdminError> {
        Ok(private_files::read_json(&self.path("trust.json"))?)
    }

    /// Returns the draft of the next directory.
    ///
    /// # Errors
    /// If the file is missing or malformed.
    pub fn draft(&self) -> Result<DirectoryDraft, AdminError> {
        Ok(private_files::read_json(&self.path("draft.json"))?)
    }

    /// Saves the draft of the next directory.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_draft(&self, draft: &DirectoryDraft) -> Result<(), AdminError> {
        Ok(private_files::replace_private(
            &self.path("draft.json"),
            &private_files::to_pretty_json(draft),
        )?)
    }

    /// Returns the newest signed directory, or `None` before the first.
    ///
    /// # Errors
    /// If the file exists and is malformed.
    pub fn signed_directory(&self) -> Result<Option<SignedDirectory>, AdminError> {
        Ok(private_files::read_json_if_exists(&self.path("directory.signed.json"))?)
    }

    /// Returns the path of a directory that still needs signatures.
    pub fn pending_path(&self) -> PathBuf {
        self.path("directory.pending.json")
    }
}
