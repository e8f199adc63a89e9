//! The case handler's keys and trusted root keys, read once at the start.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    directory::{Directory, TrustRoots},
    keys::{PublicKey, TransportIdentity, TransportRecipient},
};
use service_kit::strip_bom;
use zeroize::Zeroizing;

use crate::Config;

/// The configured keys.
#[derive(Debug)]
pub struct HandlerKeys {
    /// Root keys that sign directories.
    pub trust: TrustRoots,
    /// Identities that open the outer seal, newest first.
    pub transport: Vec<TransportIdentity>,
    /// Keys that sign the case handler's events and checkpoints.
    pub log: LogKeys,
}

/// The log key and, during its renewal, the one before it. Readers verify events and checkpoints
/// with the key that the newest directory names, so the case handler signs with the former key
/// until it has the directory that names the new one.
#[derive(Debug, Clone)]
pub struct LogKeys {
    /// The key in `keys.log`.
    pub newest: SigningKey,
    /// The key in `keys.former_log`.
    pub former: Option<SigningKey>,
}

impl LogKeys {
    /// Returns the key that a directory names. `None` if this case handler does not have it.
    pub fn named_by(&self, directory: &Directory) -> Option<&SigningKey> {
        let is_named = |key: &&SigningKey| PublicKey::from(*key) == directory.handler_key;
        std::iter::once(&self.newest).chain(&self.former).find(is_named)
    }

    /// Returns the key that signs under a directory: the one that it names, or else the newest one,
    /// which a later directory can name.
    pub fn signing_under(&self, directory: &Directory) -> &SigningKey {
        self.named_by(directory).unwrap_or(&self.newest)
    }
}

impl From<SigningKey> for LogKeys {
    fn from(newest: SigningKey) -> Self {
        Self { newest, former: None }
    }
}

impl HandlerKeys {
    /// Reads all configured keys.
    ///
    /// # Errors
    /// Fails for the first file that cannot be read or parsed. The error names its configuration
    /// key.
    pub fn load(config: &Config) -> Result<Self> {
        let trust = load_trust(config)?;
        let (transport, log) = load_service_keys(config)?;
        Ok(Self { trust, transport, log })
    }
}

/// Returns the differences between the keys that a directory names and the keys of this case
/// handler, one message each. A submission sealed to a key that is missing here ends in the
/// quarantine, and events signed by an unknown log key look forged.
pub fn mismatches(
    directory: &Directory,
    transport: &[TransportIdentity],
    log: &LogKeys,
) -> Vec<&'static str> {
    let own_recipients: Vec<TransportRecipient> =
        transport.iter().map(TransportIdentity::recipient).collect();
    let mut differences = Vec::new();
    if !directory.transport.iter().all(|named| own_recipients.contains(named)) {
        differences.push("the directory names a transport key that is not in keys.transport");
    }
    if log.named_by(directory).is_none() {
        differences.push(
            "the directory names a log key that is neither keys.log nor keys.former_log, so no \
             submission is collected and no checkpoint is signed",
        );
    }
    differences
}

fn read_secret(path: &Path, key: &str) -> Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(fs::read(path).with_context(|| format!("{key}: {}", path.display()))?))
}

/// Reads the trusted root keys.
///
/// # Errors
/// Fails if the file cannot be read or parsed.
pub fn load_trust(config: &Config) -> Result<TrustRoots> {
    const KEY: &str = "directory.trust";
    let path = &config.directory.trust;
    serde_json::from_slice(strip_bom(&read_secret(path, KEY)?))
        .with_context(|| format!("{KEY}: {}", path.display()))
}

/// Reads the transport keys and the log keys.
///
/// # Errors
/// Fails for the first file that cannot be read or parsed.
pub fn load_service_keys(config: &Config) -> Result<(Vec<TransportIdentity>, LogKeys)> {
    let transport = config.keys.transport.iter().map(|path| load_transport_key(path));
    let former = config.keys.former_log.as_ref();
    let log = LogKeys {
        newest: load_log_key(&config.keys.log, "keys.log")?,
        former: former.map(|path| load_log_key(path, "keys.former_log")).transpose()?,
    };
    Ok((transport.collect::<Result<_>>()?, log))
}

/// Reads a file that contains one key, and parses it. `expected` describes its form.
fn read_key<T>(
    path: &Path,
    key: &str,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T> {
    let bytes = read_secret(path, key)?;
    let text = std::str::from_utf8(strip_bom(&bytes)).ok();
    text.and_then(|text| parse(text.trim()))
        .with_context(|| format!("{key}: {}: expected {expected}", path.display()))
}

fn load_log_key(path: &Path, key: &str) -> Result<SigningKey> {
    let seed = read_key(path, key, "43 characters of base64url", Hash::parse)?;
    Ok(SigningKey::from_bytes(seed.as_bytes()))
}

fn load_transport_key(path: &Path) -> Result<TransportIdentity> {
    read_key(path, "keys.transport", "AGE-SECRET-KEY-PQ-1…", |text| {
        TransportIdentity::parse(text).ok()
    })
}
