//! The signed manifest of an exported case (PROTOCOL.md, section "Export").

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    case::event::{Action, Event, SealedText, SignedEvent},
    directory::{SignedDirectory, TrustRoots},
    encoding::{base64_bytes, iso_date},
    keys::{BadSignature, PublicKey, sign},
};
use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use crate::alert::{AlertCode, IntegrityAlert};

const LABEL: &[u8] = b"burkindi/export/v2\0";
/// The format version of manifests.
pub(super) const MANIFEST_VERSION: u8 = 2;
/// File name of the manifest.
pub(super) const MANIFEST_NAME: &str = "manifest.json";
/// File name of the signature of the manifest: 64 bytes.
pub(super) const SIGNATURE_NAME: &str = "manifest.sig";
/// File name of the page.
pub(super) const PAGE_NAME: &str = "case.html";
/// File name of the list of hashes in the format of `sha256sum`.
pub(super) const SUMS_NAME: &str = "SHA256SUMS";

/// Everything that a recipient needs to verify an exported case, besides the files that it lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportManifest {
    /// Format version, 2.
    pub v: u8,
    /// The version of the program that made the export, for the page.
    pub program: String,
    /// The language of the page.
    pub lang: String,
    /// The installation.
    pub instance: Uuid,
    /// The case.
    pub case: Uuid,
    /// The date of the export.
    #[serde(with = "iso_date")]
    pub exported: Date,
    /// The handle of the member who made the export.
    pub by: String,
    /// The newest event that the transparency log contained, by the proof in the folder. Null if
    /// the log contained none.
    pub logged: Option<u32>,
    /// The root keys that the member has pinned.
    pub trust: TrustRoots,
    /// All directories, the oldest first.
    pub directories: Vec<SignedDirectory>,
    /// The events of the case, the oldest first.
    pub events: Vec<SignedEvent>,
    /// The alerts about the case at the time of the export.
    pub alarms: Vec<ManifestAlert>,
    /// The openings, in the order of the events.
    pub openings: Vec<Opening>,
    /// All files of the folder, except the manifest and its signature.
    pub files: Vec<ManifestFile>,
}

/// An alert as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestAlert {
    /// Kind of the alert.
    pub code: AlertCode,
    /// Explanation in one sentence.
    pub text: String,
}

/// The opening of one sealed part: the key with which the sealed bytes in the folder open. Their
/// hash is in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The sequence number of the event that commits to the part.
    pub event: u32,
    /// The position of the part among the sealed parts that the event names, from 0.
    pub part: u32,
    /// The age file key of the part, 16 bytes.
    #[serde(with = "base64_bytes")]
    pub file_key: Vec<u8>,
    /// The path of the content, if the part is an attached file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Path in the folder, with `/`.
    pub name: String,
    /// Length in bytes.
    pub len: u64,
    /// Hash of the content.
    pub sha256: Hash,
}

impl ExportManifest {
    /// Returns the bytes of the manifest in canonical form.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest holds strings and numbers only")
    }

    /// Signs the bytes of a manifest with the device key of the member.
    pub fn sign(bytes: &[u8], device: &SigningKey) -> [u8; 64] {
        sign(device, LABEL, bytes)
    }

    /// Verifies the signature of a manifest.
    ///
    /// # Errors
    /// If the device key did not sign these bytes.
    pub fn verify_signature(
        bytes: &[u8],
        signature: &[u8],
        device: &PublicKey,
    ) -> Result<(), BadSignature> {
        device.verify(LABEL, bytes, signature.try_into().map_err(|_| BadSignature)?)
    }
}

impl From<&IntegrityAlert> for ManifestAlert {
    fn from(alert: &IntegrityAlert) -> Self {
        Self { code: alert.code, text: alert.text.clone() }
    }
}

/// Returns the hashes of the sealed parts that an event commits to and that are sealed to the case.
pub(super) fn committed_parts(action: &Action) -> Vec<Hash> {
    match action {
        Action::Received { commitment, .. } => commitment.parts.clone(),
        Action::FollowedUp(commitment) => commitment.parts.clone(),
        action => match action.sealed_text() {
            SealedText::None => Vec::new(),
            SealedText::Note(note) => vec![note],
            SealedText::Message { copy, .. } => vec![copy],
        },
    }
}

/// A sealed part that an event commits to and that has no opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UnopenedPart {
    /// The sequence number of the event.
    pub event: u32,
    /// The position of the part among the sealed parts that the event names, from 0.
    pub part: u32,
    /// What the event says that it is: `report`, `message`, `file`, `reply` or `note`.
    pub kind: &'static str,
}

/// Returns the sealed parts that have no opening, in the order of the events.
pub(super) fn unopened_parts(events: &[Event], openings: &[Opening]) -> Vec<UnopenedPart> {
    let opened =
        |event, part| openings.iter().any(|opening| (opening.event, opening.part) == (event, part));
    let parts = events.iter().flat_map(|event| {
        (0..).zip(committed_parts(&event.action)).map(move |(part, _)| UnopenedPart {
            event: event.seq,
            part,
            kind: kind_of_part(&event.action, part),
        })
    });
    parts.filter(|part| !opened(part.event, part.part)).collect()
}

fn kind_of_part(action: &Action, part: u32) -> &'static str {
    match action {
        action if action.is_from_reporter() && part > 0 => "file",
        Action::Received { .. } => "report",
        Action::FollowedUp(_) => "message",
        action if matches!(action.sealed_text(), SealedText::Note(_)) => "note",
        _ => "reply",
    }
}

/// Returns the path of a sealed part in the folder.
pub(super) fn sealed_name(event: u32, part: u32) -> String {
    format!("sealed/{event:04}-{part:02}.age")
}

/// Returns whether a path is one of [`sealed_name`].
pub(super) fn is_sealed_name(name: &str) -> bool {
    name.starts_with("sealed/")
}
