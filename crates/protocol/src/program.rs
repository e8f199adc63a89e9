//! The manifest of the browser program: the hash of every file that a reporter's browser executes
//! or inserts into a page, signed by root keys.
//!
//! The manifest has the form of the WEBCAT specification (`manifest.md` and `csp.md` of
//! freedomofpress/webcat-spec). Each root signature is the signature of a Sigsum tree leaf, so that
//! a machine without root keys can submit it to a Sigsum log. ADR 34 states what this leaves out.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::{
    directory::{RootSignature, TrustRoots},
    encoding::{canonical, hash::Hash},
    keys::{PublicKey, sign},
};

/// The address at which an intake serves the signed manifest.
pub const MANIFEST_PATH: &str = "/.well-known/webcat/manifest.json";
/// The maximum length of a signed manifest in bytes.
pub const MAX_MANIFEST_LEN: usize = 64 * 1024;
/// The label of the signature of a Sigsum tree leaf.
const LABEL: &[u8] = b"sigsum.org/v1/tree-leaf\0";

/// The manifest object of the WEBCAT specification. Its JSON has sorted keys and no space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramManifest {
    /// The address of the source code.
    pub app: String,
    /// The content policy of every page that `extra_csp` does not name.
    pub default_csp: String,
    /// The path of `files` for addresses that have no file.
    pub default_fallback: String,
    /// The path of `files` for `/`, without its first slash.
    pub default_index: String,
    /// The content policies by the beginning of the path.
    pub extra_csp: BTreeMap<String, String>,
    /// The SHA-256 of each file by its path.
    pub files: BTreeMap<String, Hash>,
    /// A Sigsum tree head. Absent until a manifest is submitted to a Sigsum log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The version of the intake.
    pub version: String,
    /// The hashes of WebAssembly modules.
    pub wasm: Vec<Hash>,
}

/// A manifest with its signatures: the content of [`MANIFEST_PATH`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedProgram {
    /// The manifest.
    pub manifest: ProgramManifest,
    /// The signatures of root keys over the manifest.
    pub root_signatures: Vec<RootSignature>,
    /// The Sigsum proofs by public key that WEBCAT verifies. Empty until the root signatures are
    /// submitted to a Sigsum log.
    pub signatures: BTreeMap<String, String>,
}

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// Longer than [`MAX_MANIFEST_LEN`].
    #[error("manifest too long: {0} bytes (at most {MAX_MANIFEST_LEN})")]
    TooLong(usize),
    /// Not the canonical JSON of a signed manifest.
    #[error("malformed manifest: {0}")]
    Malformed(String),
    /// It breaks a rule of the format.
    #[error("invalid manifest: {0}")]
    RuleViolated(String),
    /// Too many signatures, or two by one key.
    #[error("the manifest has too many signatures, or two by the same root key")]
    DuplicateOrTooManySignatures,
    /// Too few valid signatures by different pinned root keys.
    #[error("insufficient root signatures of the manifest: {valid} of {needed}")]
    ThresholdNotMet {
        /// The number of valid signatures.
        valid: usize,
        /// The required number.
        needed: usize,
    },
}

impl ProgramManifest {
    /// Returns the canonical bytes, which are hashed and signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest holds strings only")
    }

    /// Returns the hash by which directories and frames name this program.
    pub fn hash(&self) -> Hash {
        Hash::of(&[&self.to_bytes()])
    }

    /// Checks the rules of the WEBCAT specification for paths. Rejects control characters, which
    /// its canonical JSON writes in another way.
    ///
    /// # Errors
    /// [`ProgramError::RuleViolated`] with the first rule that is broken.
    pub fn check_rules(&self) -> Result<(), ProgramError> {
        let rule = |broken: bool, text: &str| {
            if broken { Err(ProgramError::RuleViolated(text.to_owned())) } else { Ok(()) }
        };
        let paths = || self.files.keys().chain(self.extra_csp.keys());
        let is_path = |path: &String| {
            path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
        };
        rule(!paths().all(is_path), "a path does not begin with a slash, or is not ASCII")?;
        let index = format!("/{}", self.default_index);
        rule(!self.files.contains_key(&index), "default_index is not a file")?;
        rule(!self.files.contains_key(&self.default_fallback), "default_fallback is not a file")?;
        let texts = [&self.app, &self.default_csp, &self.version];
        let mut texts = texts.into_iter().chain(self.extra_csp.values());
        rule(texts.any(|text| text.contains(char::is_control)), "a text has a control character")?;
        let mut policies = self.extra_csp.values().chain([&self.default_csp]);
        rule(policies.any(|policy| policy.contains(',')), "a content policy has a comma")
    }
}

impl SignedProgram {
    /// Returns a manifest without signatures.
    pub fn unsigned(manifest: ProgramManifest) -> Self {
        Self { manifest, root_signatures: Vec::new(), signatures: BTreeMap::new() }
    }

    /// Parses a manifest with its signatures, without verifying these.
    ///
    /// # Errors
    /// If the bytes are too long or not canonical, or a rule of the format is broken.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProgramError> {
        if bytes.len() > MAX_MANIFEST_LEN {
            return Err(ProgramError::TooLong(bytes.len()));
        }
        let signed: Self = canonical::parse_canonical(bytes)
            .map_err(|error| ProgramError::Malformed(error.to_string()))?;
        signed.manifest.check_rules()?;
        Ok(signed)
    }

    /// Returns the bytes that an intake serves.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest holds strings only")
    }

    /// Adds or replaces the signature of one root key.
    pub fn add_signature(&mut self, root: &SigningKey) {
        let key = PublicKey::from(root);
        let signature = sign(root, LABEL, self.leaf_checksum().as_bytes()).to_vec();
        self.root_signatures.retain(|there| there.key != key);
        self.root_signatures.push(RootSignature { key, signature });
    }

    /// Returns the number of pinned root keys with a valid signature.
    ///
    /// # Errors
    /// If there are too many signatures, or two by one key.
    pub fn count_signatures(&self, trust: &TrustRoots) -> Result<usize, ProgramError> {
        trust
            .count_signatures(&self.root_signatures, LABEL, self.leaf_checksum().as_bytes())
            .ok_or(ProgramError::DuplicateOrTooManySignatures)
    }

    /// Verifies the signatures, and returns the hash of the manifest.
    ///
    /// # Errors
    /// If a rule of the format is broken, or too few root keys have signed.
    pub fn verify(&self, trust: &TrustRoots) -> Result<Hash, ProgramError> {
        self.manifest.check_rules()?;
        let valid = self.count_signatures(trust)?;
        if trust.threshold == 0 || valid < trust.threshold {
            return Err(ProgramError::ThresholdNotMet { valid, needed: trust.threshold.max(1) });
        }
        Ok(self.manifest.hash())
    }

    /// Returns the checksum of the Sigsum leaf: the hash of the message, which is the hash of the
    /// manifest.
    fn leaf_checksum(&self) -> Hash {
        Hash::of(&[self.manifest.hash().as_bytes()])
    }
}
