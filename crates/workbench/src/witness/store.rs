//! The folder of a witness: its key, the logs that it trusts, and the newest tree of each that it
//! has cosigned.
//!
//! The tree is on the disk before the cosignature leaves the program. After a crash the witness
//! therefore knows at least what it has cosigned, and cosigns no other tree.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ed25519_dalek::SigningKey;
use protocol::Hash;
use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use transparency_log::{
    note::{KeyName, NoteError, NoteSignature, SignatureType, VerifierKey},
    witness::{AddCheckpoint, Refusal, WitnessedTree, authenticate, check_growth},
};
use zeroize::Zeroizing;

use crate::private_files::{self, FileError};

/// Maximum number of refused checkpoints that the folder keeps as evidence.
const MAX_EVIDENCE_FILES: usize = 100;

/// Why the folder of a witness cannot be created, changed or opened.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A name or key is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The witness trusts this log with this key already, or the key is its own.
    #[error("{0}: the witness trusts this log with this key already, or the key is its own")]
    KnownKey(KeyName),
    /// Another process uses the folder.
    #[error("another process uses {}; stop `burkindi witness serve` first", .0.display())]
    InUse(PathBuf),
    /// The file of a tree belongs to another log.
    #[error("{} belongs to the log {found}, not to {expected}; restore the file", path.display())]
    OtherLog {
        /// Path of the file.
        path: PathBuf,
        /// The origin in the file.
        found: String,
        /// The origin that belongs to the name of the file.
        expected: String,
    },
}

/// Why a witness does not answer with a cosignature.
#[derive(Debug, thiserror::Error)]
pub enum CosignError {
    /// The rules forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The new tree cannot be stored. The witness has not cosigned it.
    #[error("the tree cannot be stored, so that it is not cosigned: {0}")]
    NotStored(#[from] FileError),
}

/// The folder of a witness.
#[derive(Debug, Clone)]
pub struct WitnessDir(PathBuf);

/// Content of `witness.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessFile {
    name: String,
    /// The Ed25519 seed.
    #[serde(with = "protocol::encoding::base64_bytes")]
    seed: Vec<u8>,
    /// The verifier keys of the logs.
    logs: Vec<String>,
}

impl Drop for WitnessFile {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.seed);
    }
}

/// The keys in `witness.json`.
#[derive(Debug)]
struct WitnessKeys {
    own: SigningKey,
    verifier_key: VerifierKey,
    logs: Vec<VerifierKey>,
}

/// Content of the file of a log: the newest tree that the witness has cosigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TreeFile {
    origin: String,
    size: u64,
    root: Hash,
    /// The checkpoint, as evidence of what the log has signed. Absent before the first one.
    checkpoint: Option<String>,
}

/// A log that a witness trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedLog {
    /// The key of the log.
    pub key: VerifierKey,
    /// The number of leaves that the witness has cosigned.
    pub size: u64,
}

impl WitnessDir {
    /// Returns the folder of the witness in a profile folder.
    pub fn new(profile: &Path) -> Self {
        Self(profile.join("witness"))
    }

    /// Creates a witness with a new key, which trusts no log yet. Returns its verifier key.
    ///
    /// # Errors
    /// If the name is not the name of a key, the folder contains a witness already, or a file
    /// cannot be written.
    pub fn create(
        &self,
        name: &str,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<VerifierKey, WitnessError> {
        let name: KeyName = name.parse()?;
        private_files::create_private_dir(&self.0)?;
        let key = SigningKey::generate(rng);
        let file =
            WitnessFile { name: name.to_string(), seed: key.as_bytes().to_vec(), logs: Vec::new() };
        let json = Zeroizing::new(private_files::to_pretty_json(&file));
        private_files::create_private(&self.key_path(), &json)?;
        private_files::sync_folder(&self.0)?;
        Ok(cosigner_key(name, &key))
    }

    /// Adds a key of a log. A second key of the same log replaces none, so that the log can change
    /// its key. The witness begins with an empty tree if it did not know the log.
    ///
    /// # Errors
    /// If the key is malformed or known, another process uses the folder, or a file cannot be read
    /// or written.
    pub fn add_log(&self, key: &str) -> Result<TrustedLog, WitnessError> {
        let key: VerifierKey = key.parse()?;
        let lock = self.lock()?;
        let mut file: WitnessFile = private_files::read_json(&self.key_path())?;
        let keys = file.keys(&self.key_path())?;
        // A log that begins again has another name and may have the same key. The name is signed.
        if keys.logs.contains(&key) || keys.verifier_key.key == key.key {
            return Err(WitnessError::KnownKey(key.name));
        }
        let origin = key.name.as_str();
        if keys.logs.iter().all(|log| log.name != key.name) {
            let empty = private_files::to_pretty_json(&TreeFile::empty(origin));
            // A file that exists is the state of a log that was trusted before.
            match private_files::create_private(&self.tree_path(origin), &empty) {
                Ok(()) | Err(FileError::AlreadyExists(_)) => (),
                Err(error) => return Err(error.into()),
            }
        }
        let size = self.read_tree(origin)?.size;
        file.logs.push(key.to_string());
        let json = Zeroizing::new(private_files::to_pretty_json(&file));
        private_files::replace_durably(&self.key_path(), &json)?;
        drop(lock);
        Ok(TrustedLog { key, size })
    }

    /// Opens the witness for cosigning. No other process can open it until the store is dropped.
    ///
    /// # Errors
    /// If another process uses the folder, or a file is missing or malformed. A missing tree is an
    /// error, because the witness would cosign any tree without it.
    pub fn open(&self) -> Result<WitnessStore, WitnessError> {
        let lock = self.lock()?;
        let file: WitnessFile = private_files::read_json(&self.key_path())?;
        let keys = file.keys(&self.key_path())?;
        let trees = keys
            .logs
            .iter()
            .map(|log| Ok((log.name.to_string(), self.read_tree(log.name.as_str())?)))
            .collect::<Result<_, WitnessError>>()?;
        Ok(WitnessStore { dir: self.clone(), keys, trees: Mutex::new(trees), _lock: lock })
    }

    fn key_path(&self) -> PathBuf {
        self.0.join("witness.json")
    }

    fn tree_path(&self, origin: &str) -> PathBuf {
        self.0.join(format!("tree-{}.json", Hash::of(&[origin.as_bytes()])))
    }

    fn read_tree(&self, origin: &str) -> Result<TreeFile, WitnessError> {
        let path = self.tree_path(origin);
        let tree: TreeFile = private_files::read_json(&path)?;
        if tree.origin != origin {
            let expected = origin.to_owned();
            return Err(WitnessError::OtherLog { path, found: tree.origin, expected });
        }
        Ok(tree)
    }

    fn lock(&self) -> Result<File, WitnessError> {
        let path = self.0.join("lock");
        if !self.key_path().exists() {
            return Err(FileError::NotFound(self.key_path()).into());
        }
        let opened = File::options().create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(FileError::io("lock", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(WitnessError::InUse(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(FileError::io("lock", &path)(error).into()),
        }
    }
}

impl WitnessFile {
    fn keys(&self, path: &Path) -> Result<WitnessKeys, WitnessError> {
        let malformed = || FileError::Malformed {
            path: path.to_owned(),
            reason: "the seed does not have 32 bytes".to_owned(),
        };
        let seed: &[u8; 32] = self.seed.as_slice().try_into().map_err(|_| malformed())?;
        let own = SigningKey::from_bytes(seed);
        let verifier_key = cosigner_key(self.name.parse()?, &own);
        let logs = self.logs.iter().map(|log| log.parse()).collect::<Result<_, _>>()?;
        Ok(WitnessKeys { own, verifier_key, logs })
    }
}

impl TreeFile {
    fn empty(origin: &str) -> Self {
        let WitnessedTree { size, root } = WitnessedTree::empty();
        Self { origin: origin.to_owned(), size, root, checkpoint: None }
    }

    fn tree(&self) -> WitnessedTree {
        WitnessedTree { size: self.size, root: self.root }
    }
}

fn cosigner_key(name: KeyName, key: &SigningKey) -> VerifierKey {
    VerifierKey { name, signature_type: SignatureType::CosignatureV1, key: key.into() }
}

/// An open witness.
#[derive(Debug)]
pub struct WitnessStore {
    dir: WitnessDir,
    keys: WitnessKeys,
    /// The content of the files by origin.
    trees: Mutex<BTreeMap<String, TreeFile>>,
    _lock: File,
}

impl WitnessStore {
    /// Returns the witness's own key, as logs and readers are configured with it.
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.keys.verifier_key
    }

    /// Returns the logs that the witness trusts.
    pub fn logs(&self) -> Vec<TrustedLog> {
        let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |log: &VerifierKey| trees.get(log.name.as_str()).map_or(0, |tree| tree.size);
        let trusted = |log: &VerifierKey| TrustedLog { key: log.clone(), size: size(log) };
        self.keys.logs.iter().map(trusted).collect()
    }

    /// Verifies a checkpoint, stores its tree, and returns the cosignature. `time` is in seconds
    /// since 1970. It blocks until the tree is on the disk.
    ///
    /// # Errors
    /// If the rules forbid a cosignature, or the tree cannot be stored.
    pub fn cosign(&self, request: &AddCheckpoint, time: u64) -> Result<NoteSignature, CosignError> {
        authenticate(&request.checkpoint, &self.keys.logs)?;
        let head = request.checkpoint.checkpoint();
        // Checking and storing under one lock, so that a slower request cannot roll the tree back.
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let stored =
            trees.get_mut(&head.origin).ok_or_else(|| Refusal::UnknownLog(head.origin.clone()))?;
        let tree = check_growth(request, stored.tree()).inspect_err(|refusal| {
            if let Refusal::OtherTree { .. } | Refusal::Inconsistent { .. } = refusal {
                self.save_evidence(stored, request);
            }
        })?;
        if tree != stored.tree() {
            let new = TreeFile {
                origin: head.origin.clone(),
                size: tree.size,
                root: tree.root,
                checkpoint: Some(request.checkpoint.to_string()),
            };
            let path = self.dir.tree_path(&head.origin);
            private_files::replace_durably(&path, &private_files::to_pretty_json(&new))?;
            *stored = new;
        }
        let WitnessKeys { own, verifier_key, .. } = &self.keys;
        Ok(request.checkpoint.cosign(verifier_key.name.clone(), own, time))
    }

    /// Saves a checkpoint that contradicts the stored tree, beside the stored checkpoint. One file
    /// for each head, so that repeated requests do not fill the folder.
    fn save_evidence(&self, stored: &TreeFile, request: &AddCheckpoint) {
        let folder = self.dir.0.join("refused");
        let head = request.checkpoint.checkpoint().to_string();
        let path = folder.join(format!("{}.txt", Hash::of(&[head.as_bytes()])));
        let evidence = format!(
            "This witness has cosigned:\n\n{}\nThe log has also signed, and asked with this request:\n\n{request}",
            stored.checkpoint.as_deref().unwrap_or("nothing\n"),
        );
        let saved = private_files::create_private_dir(&folder).and_then(|()| {
            let files = fs::read_dir(&folder).map_or(0, Iterator::count);
            if files >= MAX_EVIDENCE_FILES {
                return Ok(());
            }
            match private_files::create_private(&path, evidence.as_bytes()) {
                Err(FileError::AlreadyExists(_)) => Ok(()),
                saved => saved,
            }
        });
        if let Err(error) = saved {
            tracing::error!(%error, "a checkpoint that contradicts the log cannot be saved");
        }
    }
}
