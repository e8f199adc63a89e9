//! Administration: root keys, certificates, members, desks, and the signing of the directory.
//!
//! It all happens in one folder, best on a machine that is offline but for the moment of
//! publishing.

pub mod directory_changes;
pub mod directory_warnings;
pub mod draft;
pub mod external_check;
pub mod init;
pub mod root_keys;
pub mod route_explanation;
pub mod service_keys;
pub mod signing;
pub mod tls;

use std::path::{Path, PathBuf};

use protocol::directory::{DirectoryError, SignedDirectory, TrustRoots};

use crate::{
    keys::{key_file::KeyError, passphrase_encryption::PassphraseDecryptError},
    private_files::{self, FileError},
};
pub use draft::DirectoryDraft;

/// Why an act of administration failed. Nothing has been changed then.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder is in use already.
    #[error("{} is not empty; an installation is never overwritten", .0.display())]
    NotEmpty(PathBuf),
    /// The threshold cannot be met, or one person alone could meet it.
    #[error(
        "the threshold must be between 1 and the number of root keys ({0}), and there are at most 16 of these"
    )]
    InvalidThreshold(usize),
    /// A certificate could not be made.
    #[error("the certificates could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The names of the certificates to be replaced are not known, so new ones could lack some.
    #[error("{}: no certificate there tells its names. Give each name with --host", .0.display())]
    NoCertificateNames(PathBuf),
    /// A name to leave out that is in no certificate.
    #[error("no certificate is valid for {0}, so it cannot be left out")]
    UnknownCertificateName(String),
    /// A member's request.
    #[error(transparent)]
    Request(#[from] KeyError),
    /// A root key file.
    #[error("{}: {source}", path.display())]
    RootKey {
        /// Which.
        path: PathBuf,
        /// Why.
        source: PassphraseDecryptError,
    },
    /// Opens, but is none of the pinned root keys.
    #[error("{} holds no root key of this installation", .0.display())]
    NotARootKey(PathBuf),
    /// There is one already.
    #[error("there is a {0} already")]
    AlreadyExists(String),
    /// There is none.
    #[error("there is no {0}")]
    UnknownId(String),
    /// Nothing to sign, or something that may not be.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// The administrator's folder.
#[derive(Debug, Clone)]
pub struct AdminDir(PathBuf);

impl AdminDir {
    /// The folder at this place.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// A file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// The pinned root keys.
    pub fn trust(&self) -> Result<TrustRoots, AdminError> {
        Ok(private_files::read_json(&self.path("trust.json"))?)
    }

    /// The directory in the making.
    pub fn draft(&self) -> Result<DirectoryDraft, AdminError> {
        Ok(private_files::read_json(&self.path("draft.json"))?)
    }

    /// Keeps the directory in the making.
    pub fn save_draft(&self, draft: &DirectoryDraft) -> Result<(), AdminError> {
        Ok(private_files::replace_private(
            &self.path("draft.json"),
            &private_files::to_pretty_json(draft),
        )?)
    }

    /// The newest signed directory; `None` before the first.
    pub fn signed_directory(&self) -> Result<Option<SignedDirectory>, AdminError> {
        Ok(private_files::read_json_if_exists(&self.path("directory.signed.json"))?)
    }

    /// Where a directory waits that has too few signatures.
    pub fn pending_path(&self) -> PathBuf {
        self.path("directory.pending.json")
    }
}
