//! The handler's own keys and what it trusts, read once at the start.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use configuration::without_mark;
use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    directory::{Directory, Trust},
    keys::{PublicKey, TransportIdentity, TransportRecipient},
};
use zeroize::Zeroizing;

use crate::Config;

/// The keys that the configuration names.
#[derive(Debug)]
pub struct Keys {
    /// Root keys that directories are checked against.
    pub trust: Trust,
    /// Open the outer seal; the newest first.
    pub transport: Vec<TransportIdentity>,
    /// Signs the handler's events.
    pub log: SigningKey,
}

impl Keys {
    /// Reads them. Errors name the key of the configuration.
    pub fn load(config: &Config) -> Result<Self> {
        let trust = serde_json::from_slice(without_mark(&read(&config.trust, "trust")?)).context("trust")?;
        let transport =
            config.keys.transport.iter().map(|path| transport_key(path)).collect::<Result<_>>()?;
        Ok(Self { trust, transport, log: log_key(&config.keys.log)? })
    }
}

/// What a directory says of the handler that is not true of this one. Either way reporters and readers are served badly: what
/// is sealed to a key that is not here can only be set aside, and events by an unknown key look forged.
pub fn differences(
    directory: &Directory,
    transport: &[TransportIdentity],
    log: &SigningKey,
) -> Vec<&'static str> {
    let ours: Vec<TransportRecipient> = transport.iter().map(TransportIdentity::recipient).collect();
    let mut differences = Vec::new();
    if !directory.transport.iter().all(|named| ours.contains(named)) {
        differences.push("the directory names a transport key that keys.transport does not have");
    }
    if directory.handler_key != PublicKey::from(log) {
        differences.push("the directory names another log key than keys.log");
    }
    differences
}

fn read(path: &Path, key: &str) -> Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(fs::read(path).with_context(|| format!("{key}: {}", path.display()))?))
}

fn text(path: &Path, key: &str) -> Result<Zeroizing<String>> {
    let text = String::from_utf8(without_mark(&read(path, key)?).to_vec())
        .with_context(|| format!("{key}: not text"))?;
    Ok(Zeroizing::new(text))
}

fn log_key(path: &Path) -> Result<SigningKey> {
    let text = text(path, "keys.log")?;
    let seed = Hash::parse(text.trim()).context("keys.log: 43 characters of base64url are expected")?;
    Ok(SigningKey::from_bytes(seed.as_bytes()))
}

fn transport_key(path: &Path) -> Result<TransportIdentity> {
    let text = text(path, "keys.transport")?;
    TransportIdentity::parse(text.trim()).context("keys.transport: AGE-SECRET-KEY-PQ-1… is expected")
}
