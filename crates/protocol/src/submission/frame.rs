//! A frame: one signed message between reporter and investigators, the plaintext inside a seal.

use std::io::{Cursor, Read};

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    encoding::{
        canonical::{self, CanonicalError, is_iso_week, is_lang},
        framing::{self, FramingError},
        hash::Hash,
        size_classes,
    },
    keys::{PublicKey, sign},
    submission::{related_report::RelatedReport, treatment::AttachmentTreatment},
};

const MAGIC: &str = "BKF1";
const LABEL: &[u8] = b"burkindi/frame/v1\0";
const SIGNATURE_LEN: usize = 64;
/// Takes the names of [`MAX_ATTACHMENTS`] files.
const MAX_HEADER_LEN: usize = 64 * 1024;
/// The largest number of a frame within its direction. One more than it always fits `u32`.
pub const MAX_SEQ: u32 = 1_000_000;
/// The newest generation of a case secret that a case can have. The keys of all of them fit the
/// capsule.
pub const MAX_GENERATION: u32 = 100;
/// The most files of one message.
pub const MAX_ATTACHMENTS: usize = 32;

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameDirection {
    /// From the reporter, signed with `K_r`.
    In,
    /// To the reporter, signed with `K_c`.
    Out,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameKind {
    /// The report itself: frame 0 of direction in.
    Report,
    /// A message in either direction; the body is its text.
    Message,
    /// A status that the investigators put in words.
    Status,
    /// The case secret has changed; the body is a [`Rotation`].
    Rotation,
}

/// A frame's place in its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRef {
    /// 0 for the first.
    pub seq: u32,
    /// SHA-256 of the frame's bytes.
    pub hash: Hash,
}

/// One file in a frame's manifest. Lengths and hashes are of the plaintext.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// As the reporter's device named it, or a neutral name.
    pub name: String,
    /// Such as `image/jpeg`; never trusted by a reader.
    pub media_type: String,
    /// In bytes.
    pub len: u64,
    /// Of the content.
    pub sha256: Hash,
    /// What the sender did with the file before sealing it. Absent: nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<AttachmentTreatment>,
}

/// Everything about a frame but its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameHeader {
    /// 1.
    pub v: u8,
    /// The case (UUID version 4).
    pub case: Uuid,
    /// The generation of the case secret, 0 at first.
    pub generation: u32,
    /// Which way.
    pub direction: FrameDirection,
    /// Counts from 0 within a direction.
    pub seq: u32,
    /// Hash of the previous frame of this direction that the sender knew.
    pub prev: Option<Hash>,
    /// The newest frame that the sender had seen from the other side.
    pub ack: Option<FrameRef>,
    /// Hash of the public key that the frame is sealed to, so that it cannot be sealed on to
    /// another.
    pub recipient: Hash,
    /// What it is.
    pub kind: FrameKind,
    /// Language of the text (`fr`, `en`, …).
    pub lang: String,
    /// ISO week of writing, such as `2026-W48`.
    pub week: String,
    /// The files that belong to it, in their order in the envelope.
    pub attachments: Vec<Attachment>,
    /// `K_r`, in frame 0 of direction in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter_key: Option<PublicKey>,
    /// Another report of the same person, where one is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<RelatedReport>,
}

/// The body of a rotation frame: the keys of the next generation, signed by the last one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationBody {
    /// The next generation.
    pub generation: u32,
    /// Hash of the next `C`.
    pub case_recipient: Hash,
    /// The next `K_c`.
    pub replies_key: PublicKey,
}

impl RotationBody {
    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a rotation holds strings and numbers only")
    }

    /// Reads the body of a rotation frame.
    ///
    /// # Errors
    /// For bytes that are not a rotation in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CanonicalError> {
        canonical::parse_canonical(bytes)
    }
}

/// What a reader knows before reading, and a frame must agree with.
#[derive(Debug, Clone, Copy)]
pub struct FrameContext<'a> {
    /// The case that it was filed under.
    pub case: Uuid,
    /// The generation whose key opened it.
    pub generation: u32,
    /// Which way it came.
    pub direction: FrameDirection,
    /// Hash of the public key whose identity opened it.
    pub recipient: Hash,
    /// Who must have signed it.
    pub signer: &'a PublicKey,
}

/// Why a frame is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The bytes have another shape.
    #[error("not a frame: {0}")]
    Wire(#[from] FramingError),
    /// A version of the protocol that this build does not know.
    #[error("frame version {0} is not known here")]
    UnsupportedVersion(u8),
    /// A field has a value that no sender writes: a number above its bound, a week or a language of
    /// another shape.
    #[error("the frame's {0} has a value that no sender writes")]
    InvalidField(&'static str),
    /// Changed, or signed by somebody else.
    #[error("the frame is forged: its signature does not belong to the expected key")]
    Forged,
    /// Belongs to another case.
    #[error("the frame belongs to another case")]
    WrongCase,
    /// Made with another generation of the case secret.
    #[error("the frame belongs to generation {0}")]
    WrongGeneration(u32),
    /// Went the other way.
    #[error("the frame went the other way")]
    WrongDirection,
    /// Was sealed to another key and sealed on to this one.
    #[error("the frame was sealed to another recipient")]
    WrongRecipient,
}

/// A frame whose signature and context hold.
pub struct Frame {
    /// What it says of itself.
    pub header: FrameHeader,
    /// The text, or JSON for a report and a rotation.
    pub body: Zeroizing<Vec<u8>>,
    /// SHA-256 of the frame's bytes.
    pub hash: Hash,
}

impl FrameHeader {
    /// Refuses values that readers could not show or go on from.
    fn validate(&self) -> Result<(), FrameError> {
        let files = &self.attachments;
        let sound = [
            ("seq", self.seq <= MAX_SEQ),
            ("ack", self.ack.is_none_or(|ack| ack.seq <= MAX_SEQ)),
            ("generation", self.generation <= MAX_GENERATION),
            ("lang", is_lang(&self.lang)),
            ("week", is_iso_week(&self.week)),
            (
                "attachments",
                files.len() <= MAX_ATTACHMENTS
                    && files.iter().all(|file| file.len <= size_classes::MAX_SUBMISSION_LEN),
            ),
            (
                "earlier",
                self.earlier.as_ref().is_none_or(|earlier| earlier.proof.len() == SIGNATURE_LEN),
            ),
        ];
        match sound.into_iter().find(|(_, sound)| !sound) {
            Some((field, _)) => Err(FrameError::InvalidField(field)),
            None => Ok(()),
        }
    }
}

impl Frame {
    /// The bytes of a signed frame, ready to be sealed.
    pub fn sign(header: &FrameHeader, body: &[u8], key: &SigningKey) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(framing::encode_header(MAGIC, header));
        bytes.reserve_exact(body.len() + SIGNATURE_LEN);
        bytes.extend_from_slice(body);
        let signature = sign(key, LABEL, &bytes);
        bytes.extend_from_slice(&signature);
        bytes
    }

    /// The hash by which later frames refer to this one.
    pub fn hash_of(bytes: &[u8]) -> Hash {
        Hash::of(&[bytes])
    }

    /// What a frame says of itself, unverified: for choosing the key to verify it with.
    pub fn decode_unverified(bytes: &[u8]) -> Result<FrameHeader, FrameError> {
        let (signed, _) =
            bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(FramingError::Truncated)?;
        Ok(split_signed(signed)?.0)
    }

    /// Reads a frame and checks its signature and context over the bytes as carried.
    ///
    /// # Errors
    /// When it is malformed, not signed by the expected key, of another context, or has values that
    /// no sender writes.
    pub fn verify(bytes: &[u8], expected: &FrameContext<'_>) -> Result<Self, FrameError> {
        let (signed, signature) =
            bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(FramingError::Truncated)?;
        let (header, body) = split_signed(signed)?;
        if header.v != 1 {
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

    /// Its place in its direction.
    pub fn reference(&self) -> FrameRef {
        FrameRef { seq: self.header.seq, hash: self.hash }
    }
}

fn split_signed(signed: &[u8]) -> Result<(FrameHeader, Zeroizing<Vec<u8>>), FramingError> {
    let mut input = Cursor::new(signed);
    let header = framing::read_header(MAGIC, MAX_HEADER_LEN, &mut input)?;
    let mut body = Zeroizing::new(Vec::with_capacity(signed.len()));
    input.read_to_end(&mut body)?;
    Ok((header, body))
}
