//! A frame: one signed message between a reporter and the investigators. It is the plaintext inside
//! a seal.

use std::io::{Cursor, Read};

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    encoding::{
        canonical::{is_iso_week, is_lang},
        framing::{self, FramingError},
        hash::Hash,
        size_classes,
    },
    keys::{PublicKey, derive, sign},
    priority::Priority,
    submission::{related_report::RelatedReport, treatment::AttachmentTreatment},
};

const MAGIC: &str = "BKF2";
const LABEL: &[u8] = b"burkindi/frame/v2\0";
const VERSION: u8 = 2;
const MESSAGE_SALT: &str = "burkindi/message/v2";
const SIGNATURE_LEN: usize = 64;
/// Enough for the names of [`MAX_ATTACHMENTS`] files.
const MAX_HEADER_LEN: usize = 64 * 1024;
/// The largest sequence number of a frame within its direction. One more always fits into `u32`.
pub const MAX_SEQ: u32 = 1_000_000;
/// The largest generation of a case secret. The statements of all rotations fit into one mailbox
/// together with the longest reply.
pub const MAX_GENERATION: u32 = 20;
/// The maximum number of files of one message.
pub const MAX_ATTACHMENTS: usize = 32;

/// The direction of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameDirection {
    /// From the reporter, signed with `K_r`.
    In,
    /// To the reporter, signed with `K_c`.
    Out,
}

impl FrameDirection {
    /// Returns the other direction.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::In => Self::Out,
            Self::Out => Self::In,
        }
    }
}

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameKind {
    /// The report: frame 0 of direction `in`.
    Report,
    /// A message in either direction. The body is its text.
    Message,
    /// A status text by the investigators.
    Status,
    /// Facts that a reporter adds to the report, only of direction `in`. The body is a
    /// [`FactsBody`](crate::submission::facts_body::FactsBody).
    Facts,
}

/// The position of a frame within its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRef {
    /// The sequence number, 0 for the first.
    pub seq: u32,
    /// SHA-256 of the bytes of the frame.
    pub hash: Hash,
}

/// One file in the manifest of a frame. Lengths and hashes are of the plaintext.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file name on the reporter's device, or a neutral name.
    pub name: String,
    /// The media type, such as `image/jpeg`. Readers never rely on it.
    pub media_type: String,
    /// The length in bytes.
    pub len: u64,
    /// The hash of the content.
    pub sha256: Hash,
    /// What the sender did to the file before sealing it. Absent if nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<AttachmentTreatment>,
}

/// The routing of a submission: what its envelope states in clear to the case handler. The reporter
/// signs it inside the frame, so that the readers notice when the envelope was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// The desk that the reporter's side chose. Empty in follow-ups.
    pub desk: String,
    /// The priority by the rules of the taxonomy. P4 in follow-ups.
    pub priority: Priority,
    /// Whether the reporter asks to release the case to the oversight body.
    pub release_to_oversight: bool,
    /// The hash of the directory that determined the readers.
    pub directory: Hash,
}

/// Everything about a frame except its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameHeader {
    /// Format version: 2.
    pub v: u8,
    /// The case (UUID version 4).
    pub case: Uuid,
    /// The generation of the case secret. It begins with 0.
    pub generation: u32,
    /// The direction.
    pub direction: FrameDirection,
    /// The sequence number. It begins with 0 in each direction.
    pub seq: u32,
    /// The hash of the previous frame of this direction that the sender knew.
    pub prev: Option<Hash>,
    /// The newest frame of the other direction that the sender had seen.
    pub ack: Option<FrameRef>,
    /// The hash of the public key that the frame is sealed to, so that a recipient cannot seal it
    /// to someone else.
    pub recipient: Hash,
    /// The kind.
    pub kind: FrameKind,
    /// The language of the text (`fr`, `en`, …).
    pub lang: String,
    /// The ISO week of writing, such as `2026-W48`.
    pub week: String,
    /// 32 bytes that no reader of the hash of the frame knows, so that the hash confirms no guess
    /// of its content. See [`CaseSecret::frame_salt`](crate::keys::CaseSecret::frame_salt) and
    /// [`follow_up_salt`].
    pub salt: Hash,
    /// The routing. Present in every frame of direction `in`, and in no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
    /// The hash of the manifest of the program that sealed the frame (see
    /// [`program`](crate::program)), as that program states it. Only in direction `in`. Absent if
    /// the sender could not know it, such as a server that seals for a browser without scripts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Hash>,
    /// The files of the message, in the order of the envelope.
    pub attachments: Vec<Attachment>,
    /// `K_r`. Only in frame 0 of direction `in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter_key: Option<PublicKey>,
    /// A related report of the same person, if the message names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<RelatedReport>,
}

/// What a reader knows before reading a frame. The frame must match it.
#[derive(Debug, Clone, Copy)]
pub struct FrameContext<'a> {
    /// The case that the frame arrived for.
    pub case: Uuid,
    /// The generation of the key that opened it.
    pub generation: u32,
    /// The direction that it arrived in.
    pub direction: FrameDirection,
    /// The hash of the public key whose identity opened it.
    pub recipient: Hash,
    /// The key that must have signed it.
    pub signer: &'a PublicKey,
}

/// Why a frame is refused.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The bytes are malformed.
    #[error("malformed frame: {0}")]
    Wire(#[from] FramingError),
    /// A version that this build does not support.
    #[error("unsupported frame version {0}")]
    UnsupportedVersion(u8),
    /// A field has a value that no correct sender writes: a number above its limit, or a week or
    /// language in another form.
    #[error("invalid frame field: {0}")]
    InvalidField(&'static str),
    /// The frame was changed, or another key signed it.
    #[error("invalid frame signature")]
    Forged,
    /// The frame is for another case.
    #[error("frame is for a different case")]
    WrongCase,
    /// The frame is for another generation of the case secret.
    #[error("frame is for key generation {0}")]
    WrongGeneration(u32),
    /// The frame has the other direction.
    #[error("frame has the wrong direction")]
    WrongDirection,
    /// The frame was sealed to another key first, and then sealed again to this one.
    #[error("frame is for a different recipient")]
    WrongRecipient,
}

/// A frame whose signature and context were verified.
pub struct Frame {
    /// The header.
    pub header: FrameHeader,
    /// The text, or the JSON of a report or of facts.
    pub body: Zeroizing<Vec<u8>>,
    /// SHA-256 of the frame's bytes.
    pub hash: Hash,
}

impl FrameHeader {
    /// Refuses values that readers could not display or continue from.
    fn validate(&self) -> Result<(), FrameError> {
        let files = &self.attachments;
        let sound = [
            ("seq", self.seq <= MAX_SEQ),
            ("ack", self.ack.is_none_or(|ack| ack.seq <= MAX_SEQ)),
            ("generation", self.generation <= MAX_GENERATION),
            ("kind", self.kind != FrameKind::Facts || self.direction == FrameDirection::In),
            ("lang", is_lang(&self.lang)),
            ("week", is_iso_week(&self.week)),
            ("routing", self.routing.is_some() == (self.direction == FrameDirection::In)),
            ("program", self.program.is_none() || self.direction == FrameDirection::In),
            (
                "attachments",
                files.len() <= MAX_ATTACHMENTS
                    && files.iter().all(|file| file.len <= size_classes::MAX_SUBMISSION_LEN),
            ),
            (
                "related",
                self.related.as_ref().is_none_or(|related| related.proof.len() == SIGNATURE_LEN),
            ),
        ];
        match sound.into_iter().find(|(_, sound)| !sound) {
            Some((field, _)) => Err(FrameError::InvalidField(field)),
            None => Ok(()),
        }
    }
}

impl Frame {
    /// Returns the bytes of a signed frame, ready for sealing.
    pub fn sign(header: &FrameHeader, body: &[u8], key: &SigningKey) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(framing::encode_header(MAGIC, header));
        bytes.reserve_exact(body.len() + SIGNATURE_LEN);
        bytes.extend_from_slice(body);
        let signature = sign(key, LABEL, &bytes);
        bytes.extend_from_slice(&signature);
        bytes
    }

    /// Returns the hash by which later frames refer to this one.
    pub fn hash_of(bytes: &[u8]) -> Hash {
        Hash::of(&[bytes])
    }

    /// Returns the header without verifying it, for choosing the key that verifies the frame.
    ///
    /// # Errors
    /// Fails if the frame is truncated or its header is malformed.
    pub fn decode_unverified(bytes: &[u8]) -> Result<FrameHeader, FrameError> {
        let (signed, _) =
            bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(FramingError::Truncated)?;
        Ok(split_signed(signed)?.0)
    }

    /// Parses a frame without verifying its signature or its context. The caller has compared the
    /// sealed frame with the hash in a signed event.
    ///
    /// # Errors
    /// If the frame is malformed, or has values that no correct sender writes.
    pub fn parse_unverified(bytes: &[u8]) -> Result<Self, FrameError> {
        let (signed, _) =
            bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(FramingError::Truncated)?;
        let (header, body) = split_signed(signed)?;
        if header.v != VERSION {
            return Err(FrameError::UnsupportedVersion(header.v));
        }
        header.validate()?;
        Ok(Self { header, body, hash: Self::hash_of(bytes) })
    }

    /// Parses a frame and verifies its signature and context over the bytes as received.
    ///
    /// # Errors
    /// If the frame is malformed, not signed by the expected key, from another context, or has
    /// values that no correct sender writes.
    pub fn verify(bytes: &[u8], expected: &FrameContext<'_>) -> Result<Self, FrameError> {
        let (signed, signature) =
            bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(FramingError::Truncated)?;
        let (header, body) = split_signed(signed)?;
        if header.v != VERSION {
            return Err(FrameError::UnsupportedVersion(header.v));
        }
        expected.signer.verify(LABEL, signed, signature).map_err(|_| FrameError::Forged)?;
        header.validate()?;
        if header.case != expected.case {
            return Err(FrameError::WrongCase);
        }
        if header.generation != expected.generation {
            return Err(FrameError::WrongGeneration(header.generation));
        }
        if header.direction != expected.direction {
            return Err(FrameError::WrongDirection);
        }
        if header.recipient != expected.recipient {
            return Err(FrameError::WrongRecipient);
        }
        Ok(Self { header, body, hash: Self::hash_of(bytes) })
    }

    /// Returns its position within its direction.
    pub fn reference(&self) -> FrameRef {
        FrameRef { seq: self.header.seq, hash: self.hash }
    }
}

/// Returns the salt of a follow-up, derived from the token of the message. The same message has the
/// same frame each time that it is sealed. The receipt does not reveal the token.
pub fn follow_up_salt(token: &[u8; 32]) -> Hash {
    Hash(*derive(token, MESSAGE_SALT, "frame-salt"))
}

fn split_signed(signed: &[u8]) -> Result<(FrameHeader, Zeroizing<Vec<u8>>), FramingError> {
    let mut input = Cursor::new(signed);
    let header = framing::read_header(MAGIC, MAX_HEADER_LEN, &mut input)?;
    let mut body = Zeroizing::new(Vec::with_capacity(signed.len()));
    input.read_to_end(&mut body)?;
    Ok((header, body))
}
