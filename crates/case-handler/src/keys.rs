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
    /// Key that signs the case handler's events.
    pub log: SigningKey,
}

impl HandlerKeys {
    /// Reads all configured keys.
    ///
    /// # Errors
    /// Fails for the first file that cannot be read or parsed. The error names its configuration
    /// key.
    pub fn load(config: &Config) -> Result<Self> {
        let trust = serde_json::from_slice(strip_bom(&read_secret(
            &config.directory.trust,
            "directory.trust",
        )?))
        .context("directory.trust")?;
        let transport = config
            .keys
            .transport
            .iter()
            .map(|path| load_transport_key(path))
            .collect::<Result<_>>()?;
        Ok(Self { trust, transport, log: load_log_key(&config.keys.log)? })
    }
}

/// Returns the differences between the keys that a directory names and the keys of this case
/// handler, one message each. A submission sealed to a key that is missing here ends in the
/// quarantine, and events signed by an unknown log key look forged.
pub fn mismatches(
    directory: &Directory,
    transport: &[TransportIdentity],
    log: &SigningKey,
) -> Vec<&'static str> {
    let own_recipients: Vec<TransportRecipient> =
        transport.iter().map(TransportIdentity::recipient).collect();
    let mut differences = Vec::new();
    if !directory.transport.iter().all(|named| own_recipients.contains(named)) {
        differences.push("the directory names a transport key that is not in keys.transport");
    }
    if directory.handler_key != PublicKey::from(log) {
        differences.push("the directory names a log key other than keys.log");
    }
    differences
}

fn read_secret(path: &Path, key: &str) -> Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(fs::read(path).with_context(|| format!("{key}: {}", path.display()))?))
}

fn read_secret_text(path: &Path, key: &str) -> Result<Zeroizing<String>> {
    let text = String::from_utf8(strip_bom(&read_secret(path, key)?).to_vec())
        .with_context(|| format!("{key}: not valid UTF-8"))?;
    Ok(Zeroizing::new(text))
}

fn load_log_key(path: &Path) -> Result<SigningKey> {
    let text = read_secret_text(path, "keys.log")?;
    let seed = Hash::parse(text.trim()).context("keys.log: expected 43 characters of base64url")?;
    Ok(SigningKey::from_bytes(seed.as_bytes()))
}

fn load_transport_key(path: &Path) -> Result<TransportIdentity> {
    let text = read_secret_text(path, "keys.transport")?;
    TransportIdentity::parse(text.trim()).context("keys.transport: expected AGE-SECRET-KEY-PQ-1…")
}
