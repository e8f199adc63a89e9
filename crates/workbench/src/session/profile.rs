//! The investigator's folder: settings, what is pinned, what was seen before, and the sealed key.

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
use uuid::Uuid;

use crate::private_files::{self, FileError};

/// One investigator's folder.
#[derive(Debug, Clone)]
pub struct ProfileDir {
    dir: PathBuf,
}

/// `settings.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileSettings {
    /// Where the case handler is: `https://…`.
    pub handler: String,
}

/// `seen.json`: the newest that was seen, so that nobody can show an older state for the newest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustState {
    /// The newest directory.
    pub directory: Option<LastSeen>,
    /// The newest end of the whole log; only the outside body has it.
    pub log: Option<PinnedLogHead>,
    /// The newest event of each of one's cases.
    pub cases: BTreeMap<Uuid, PinnedCaseHead>,
    /// How many events each case had when its owner last looked at it.
    pub read: BTreeMap<Uuid, u32>,
}

/// The end of the whole log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedLogHead {
    /// How many entries it had.
    pub entries: u64,
    /// The link of the last.
    pub link: Hash,
}

/// The end of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedCaseHead {
    /// How many events it had.
    pub events: u32,
    /// Hash of the last.
    pub head: Hash,
}

/// `pages.json`: how its owner likes the pages in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageSettings {
    /// Do single keys act?
    pub shortcuts: bool,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self { shortcuts: true }
    }
}

/// `backup.json`: when a sheet was last made, and of which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// The day.
    #[serde(with = "protocol::encoding::iso_date")]
    pub day: time::Date,
    /// Whose.
    pub device: PublicKey,
}

/// One of `accepted.json`: a restore of the case handler that was accepted, and the signature of
/// the one who did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedRestore {
    /// The JSON of what was accepted.
    #[serde(with = "protocol::encoding::base64_bytes")]
    pub bytes: Vec<u8>,
    /// By the device key.
    #[serde(with = "protocol::encoding::base64_bytes")]
    pub signature: Vec<u8>,
}

impl ProfileDir {
    /// The folder at this place.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The sealed key.
    pub fn key_path(&self) -> PathBuf {
        self.dir.join("key.age")
    }

    /// The sealed search index.
    pub fn index_path(&self) -> PathBuf {
        self.dir.join("index.age")
    }

    /// Makes the folder, for its owner only.
    pub fn create(&self) -> Result<(), FileError> {
        private_files::create_private_dir(&self.dir)
    }

    /// Is there a key?
    pub fn has_key(&self) -> bool {
        self.key_path().exists()
    }

    /// Puts a sealed key into a folder that has none.
    pub fn create_key(&self, sealed: &[u8]) -> Result<(), FileError> {
        self.create()?;
        private_files::create_private(&self.key_path(), sealed)
    }

    /// Puts the same key, sealed anew, in the place of the one that is there. A sheet that was made
    /// before opens with the old passphrase: it no longer counts.
    pub fn replace_key(&self, sealed: &[u8]) -> Result<(), FileError> {
        private_files::replace_private(&self.key_path(), sealed)?;
        private_files::remove(&self.dir.join("backup.json"))
    }

    /// Is a case handler pinned?
    pub fn is_connected(&self) -> bool {
        self.dir.join("settings.toml").exists()
    }

    /// Writes where the case handler is and what is pinned.
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

    /// Where the case handler is.
    pub fn settings(&self) -> Result<ProfileSettings, FileError> {
        let path = self.dir.join("settings.toml");
        toml::from_str(&private_files::read_text(&path)?)
            .map_err(|error| FileError::Malformed { path, reason: error.to_string() })
    }

    /// The certificate authority that the case handler's certificate must come from.
    pub fn ca_pem(&self) -> Result<String, FileError> {
        private_files::read_text(&self.dir.join("ca.pem"))
    }

    /// The pinned root keys.
    pub fn trust(&self) -> Result<TrustRoots, FileError> {
        private_files::read_json(&self.dir.join("trust.json"))
    }

    /// How its owner likes the pages.
    pub fn page_settings(&self) -> Result<PageSettings, FileError> {
        Ok(private_files::read_json_if_exists(&self.dir.join("pages.json"))?.unwrap_or_default())
    }

    /// Keeps how its owner likes the pages.
    pub fn save_page_settings(&self, settings: PageSettings) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("pages.json"),
            &private_files::to_pretty_json(&settings),
        )
    }

    /// When a sheet was last made, if ever.
    pub fn backup_record(&self) -> Result<Option<BackupRecord>, FileError> {
        private_files::read_json_if_exists(&self.dir.join("backup.json"))
    }

    /// Notes that a sheet was made.
    pub fn save_backup_record(&self, made: BackupRecord) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("backup.json"),
            &private_files::to_pretty_json(&made),
        )
    }

    /// Restores of the case handler that were accepted; none at first.
    ///
    /// # Errors
    /// If the file is there and cannot be read.
    pub fn accepted_restores(&self) -> Result<Vec<SignedRestore>, FileError> {
        Ok(private_files::read_json_if_exists(&self.dir.join("accepted.json"))?.unwrap_or_default())
    }

    /// Keeps them.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_accepted_restores(&self, accepted: &[SignedRestore]) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("accepted.json"),
            &private_files::to_pretty_json(&accepted),
        )
    }

    /// What was seen before; nothing at first.
    pub fn trust_state(&self) -> Result<TrustState, FileError> {
        match private_files::read_json_if_exists(&self.dir.join("seen.json")) {
            Err(FileError::Malformed { path, reason }) => {
                Err(FileError::DamagedTrustState { path, reason })
            }
            seen => Ok(seen?.unwrap_or_default()),
        }
    }

    /// Remembers.
    pub fn save_trust_state(&self, seen: &TrustState) -> Result<(), FileError> {
        private_files::replace_private(
            &self.dir.join("seen.json"),
            &private_files::to_pretty_json(seen),
        )
    }
}
