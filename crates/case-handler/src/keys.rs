//! The handler's own keys and what it trusts, read once at the start.

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

/// The keys that the configuration names.
#[derive(Debug)]
pub struct HandlerKeys {
    /// Root keys that directories are checked against.
    pub trust: TrustRoots,
    /// Open the outer seal; the newest first.
    pub transport: Vec<TransportIdentity>,
    /// Signs the handler's events.
    pub log: SigningKey,
}

impl HandlerKeys {
    /// Reads them. Errors name the key of the configuration.
    pub fn load(config: &Config) -> Result<Self> {
        let trust = serde_json::from_slice(strip_bom(&read_secret(&config.directory, "trust")?))
            .context("trust")?;
        let transport = config
            .keys
            .transport
            .iter()
            .map(|path| load_transport_key(path))
            .collect::<Result<_>>()?;
        Ok(Self { trust, transport, log: load_log_key(&config.keys.log)? })
    }
}

/// What a directory says of the handler that is not true of this one. Either way reporters and
/// readers are served badly: what is sealed to a key that is not here can only be set aside, and
/// events by an unknown key look forged.
pub fn mismatches(
    directory: &Directory,
    transport: &[TransportIdentity],
    log: &SigningKey,
) -> Vec<&'static str> {
    let ours: Vec<TransportRecipient> =
        transport.iter().map(TransportIdentity::recipient).collect();
    let mut differences = Vec::new();
    if !directory.transport.iter().all(|named| ours.contains(named)) {
        differences.push("the directory names a transport key that keys.transport does not have");
    }
    if directory.handler_key != PublicKey::from(log) {
        differences.push("the directory names another log key than keys.log");
    }
    differences
}

fn read_secret(path: &Path, key: &str) -> Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(fs::read(path).with_context(|| format!("{key}: {}", path.display()))?))
}

fn read_secret_text(path: &Path, key: &str) -> Result<Zeroizing<String>> {
    let text = String::from_utf8(strip_bom(&read_secret(path, key)?).to_vec())
        .with_context(|| format!("{key}: not text"))?;
    Ok(Zeroizing::new(text))
}

fn load_log_key(path: &Path) -> Result<SigningKey> {
    let text = read_secret_text(path, "keys.log")?;
    let seed =
        Hash::parse(text.trim()).context("keys.log: 43 characters of base64url are expected")?;
    Ok(SigningKey::from_bytes(seed.as_bytes()))
}

fn load_transport_key(path: &Path) -> Result<TransportIdentity> {
    let text = read_secret_text(path, "keys.transport")?;
    TransportIdentity::parse(text.trim())
        .context("keys.transport: AGE-SECRET-KEY-PQ-1… is expected")
}
