//! The profile: the member's folder with settings, pinned state and the sealed key.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use protocol::{
    Hash,
    directory::{LastSeen, TrustRoots},
    keys::PublicKey,
};
use serde::{Deserialize, Serialize};
use transparency_log::{merkle::empty_root, policy::LogEvidence};
use uuid::Uuid;

use crate::private_files::{self, FileError};

/// A profile folder.
#[derive(Debug, Clone)]
pub struct ProfileDir {
    dir: PathBuf,
}

/// Content of `settings.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSettings {
    /// Address of the case handler: `https://…`.
    pub handler: String,
}

/// Content of `seen.json`: the newest state that this computer has seen. It detects a case handler
/// that presents an older state as the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustState {
    /// The newest directory.
    pub directory: Option<LastSeen>,
    /// The newest tree of the transparency log.
    pub tree: Option<PinnedTree>,
    /// The newest head of each of the member's cases.
    pub cases: BTreeMap<Uuid, PinnedCaseHead>,
    /// `K_r` of each of the member's cases.
    pub reporters: BTreeMap<Uuid, PublicKey>,
    /// Number of events of each case that the member has seen.
    pub read: BTreeMap<Uuid, u32>,
}

/// A tree of the transparency log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedTree {
    /// Epoch of the log.
    pub epoch: u32,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

impl PinnedTree {
    /// Returns the tree without leaves of a log with this epoch.
    pub fn empty(epoch: u32) -> Self {
        Self { epoch, size: 0, root: empty_root() }
    }

    /// Returns the tree of a verified checkpoint of a log with this epoch.
    pub fn of(evidence: &LogEvidence, epoch: u32) -> Self {
        Self { epoch, size: evidence.size, root: evidence.root }
    }
}

/// The head of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedCaseHead {
    /// Number of events.
    pub events: u32,
    /// Hash of the last event.
    pub head: Hash,
}

/// Content of `pages.json`: settings of the pages in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageSettings {
    /// Whether single keys trigger actions.
    pub shortcuts: bool,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self { shortcuts: true }
    }
}

/// Content of `backup.json`: the last backup sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// Date of the backup sheet.
    #[serde(with = "protocol::encoding::iso_date")]
    pub day: time::Date,
    /// Device key of the backed-up key.
    pub device: PublicKey,
}

/// An entry of `accepted.json`: an accepted restore of the case handler, with the member's
/// signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRestore {
    /// JSON of an accepted restore.
    #[serde(with = "protocol::encoding::base64_bytes")]
    pub bytes: Vec<u8>,
    /// Signature of the device key.
    #[serde(with = "protocol::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

impl ProfileDir {
    /// Returns the profile in this folder.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of the sealed key file.
    pub fn key_path(&self) -> PathBuf {
        self.dir.join("key.age")
    }

    /// Returns the path of the sealed search index.
    pub fn index_path(&self) -> PathBuf {
        self.dir.join("index.age")
    }

    /// Returns the path of the sealed state of the last audit.
    pub fn audited_path(&self) -> PathBuf {
        self.dir.join("audited.age")
    }

    /// Creates the folder, accessible only to its owner.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn create(&self) -> Result<(), FileError> {
        private_files::create_private_dir(&self.dir)
    }

    /// Returns whether the profile has a key file.
    pub fn has_key(&self) -> bool {
        self.key_path().exists()
    }

    /// Stores a sealed key in a profile without one.
    ///
    /// # Errors
    /// [`FileError::AlreadyExists`] if there is a key file, or if writing fails.
    pub fn create_key(&self, sealed: &[u8]) -> Result<(), FileError> {
        self.create()?;
        private_files::create_private(&self.key_path(), sealed)
    }

    /// Replaces the key file with the same key, sealed again. The backup record is deleted, because
    /// an earlier backup sheet opens with the former passphrase.
    ///
    /// # Errors
    /// If a file cannot be written or deleted.
    pub fn replace_key(&self, sealed: &[u8]) -> Result<(), FileError> {
        private_files::replace_private(&self.key_path(), sealed)?;
        private_files::remove(&self.dir.join("backup.json"))
    }

    /// Returns whether a case handler is pinned.
    pub fn is_connected(&self) -> bool {
        self.dir.join("settings.toml").exists()
    }

    /// Saves the address of the case handler and its trust anchors.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn pin_handler(
        &self,
        settings: &ProfileSettings,
        ca_pem: &str,
        trust: &TrustRoots,
    ) -> Result<(), FileError> {
        self.create()?;
        let toml = toml::to_string(settings).expect("one string");
        private_files::replace_private(&self.dir.join("ca.pem"), ca_pem.as_bytes())?;
        private_files::replace_private(
            &self.dir.join("trust.json"),
            &private_files::to_pretty_json(trust),
        )?;
        private_files::replace_private(&self.dir.join("settings.toml"), toml.as_bytes())
    }

    /// Returns the settings.
    ///
    /// # Errors
    /// If the file is missing or malformed.
    pub fn settings(&self) -> Result<ProfileSettings, FileError> {
        let path = self.dir.join("settings.toml");
        toml::from_str(&private_files::read_text(&path)?)
            .map_err(|error| FileError::Malformed { path, reason: error.to_string() })
    }

    /// Returns the pinned certificate authority of the case handler.
    ///
    /// # Errors
    /// If the file is missing or malformed.
    pub fn ca_pem(&self) -> Result<String, FileError> {
        private_files::read_text(&self.dir.join("ca.pem"))
    }

    /// Returns the pinned root keys.
    ///
    /// # Errors
    /// If the file is missing or malformed.
    pub fn trust(&self) -> Result<TrustRoots, FileError> {
        private_files::read_json(&self.dir.join("trust.json"))
    }

    /// Returns the settings of the pages, or the defaults.
    ///
    /// # Errors
    /// If the file exists and is malformed.
    pub fn page_settings(&self) -> Result<PageSettings, FileError> {
        Ok(private_files::read_json_if_exists(&self.dir.join("pages.json"))?.unwrap_or_default())
    }

    /// Saves the settings of the pages.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_page_settings(&self, settings: PageSettings) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("pages.json"),
            &private_files::to_pretty_json(&settings),
        )
    }

    /// Returns the record of the last backup sheet, if any.
    ///
    /// # Errors
    /// If the file exists and is malformed.
    pub fn backup_record(&self) -> Result<Option<BackupRecord>, FileError> {
        private_files::read_json_if_exists(&self.dir.join("backup.json"))
    }

    /// Records that a backup sheet was made.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_backup_record(&self, record: BackupRecord) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("backup.json"),
            &private_files::to_pretty_json(&record),
        )
    }

    /// Returns the accepted restores of the case handler; an empty list if there are none.
    ///
    /// # Errors
    /// If the file exists and cannot be read.
    pub fn accepted_restores(&self) -> Result<Vec<SignedRestore>, FileError> {
        Ok(private_files::read_json_if_exists(&self.dir.join("accepted.json"))?.unwrap_or_default())
    }

    /// Saves the accepted restores.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_accepted_restores(&self, accepted: &[SignedRestore]) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("accepted.json"),
            &private_files::to_pretty_json(&accepted),
        )
    }

    /// Returns the trust state, or an empty one if the file does not exist.
    ///
    /// # Errors
    /// [`FileError::DamagedTrustState`] if the file is malformed.
    pub fn trust_state(&self) -> Result<TrustState, FileError> {
        match private_files::read_json_if_exists(&self.dir.join("seen.json")) {
            Err(FileError::Malformed { path, reason }) => {
                Err(FileError::DamagedTrustState { path, reason })
            }
            state => Ok(state?.unwrap_or_default()),
        }
    }

    /// Saves the trust state.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_trust_state(&self, state: &TrustState) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("seen.json"),
            &private_files::to_pretty_json(state),
        )
    }
}
