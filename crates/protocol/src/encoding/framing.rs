//! Binary building blocks: a magic, a JSON header with its length, records of type and length.

use std::io::{self, Read};

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::canonical;

/// Why bytes do not have the shape that they should.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// Another magic, or none.
    #[error("does not begin with {0}")]
    BadMagic(&'static str),
    /// The bytes end too early.
    #[error("ends too early")]
    Truncated,
    /// The header is too long, no JSON of the expected shape, or not in canonical form.
    #[error("the header is not readable: {0}")]
    InvalidHeader(String),
    /// A record has an unknown type.
    #[error("unknown record type {0}")]
    UnknownRecordType(u8),
    /// A record is longer than [`RecordType::max_len`].
    #[error("a record of type {0:?} with {1} bytes is too long")]
    RecordTooLong(RecordType, usize),
    /// Something other than zeros after the last record.
    #[error("the padding is not all zeros")]
    NonZeroPadding,
    /// The source failed, or the seal around it did not authenticate.
    #[error("could not be read to its end: {0}")]
    ReadFailed(io::Error),
}

impl From<io::Error> for FramingError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::ReadFailed(error),
        }
    }
}

/// `magic ‖ u32 header length ‖ header JSON`.
pub(crate) fn encode_header(magic: &'static str, header: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(header).expect("headers hold strings and numbers only");
    let len = u32::try_from(json.len()).expect("headers are far under 4 GiB");
    [magic.as_bytes(), &len.to_be_bytes(), &json].concat()
}

/// Reads what [`encode_header`] wrote, leaving `input` behind it. A header of more than `max_len`
/// bytes is refused before it is read.
pub(crate) fn read_header<T: DeserializeOwned + Serialize>(
    magic: &'static str,
    max_len: usize,
    input: &mut impl Read,
) -> Result<T, FramingError> {
    let mut found = [0; 4];
    input.read_exact(&mut found)?;
    if found != magic.as_bytes() {
        return Err(FramingError::BadMagic(magic));
    }
    let len = read_u32(input)?;
    if len > max_len {
        return Err(FramingError::InvalidHeader(format!("{len} bytes long")));
    }
    let json = read_bytes(input, len)?;
    canonical::parse_canonical(&json)
        .map_err(|error| FramingError::InvalidHeader(error.to_string()))
}

/// What a record carries. The numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordType {
    /// Zero padding follows.
    End = 0,
    /// 32-byte tag ‖ a sealed grant.
    Grant = 1,
    /// `age(M, capsule)`.
    Capsule = 2,
    /// A piece of `age(C, attachment)`.
    AttachmentChunk = 3,
    /// The attachment is whole. Empty.
    AttachmentEnd = 4,
    /// `age(C, frame)`.
    Body = 5,
    /// The raw public key of `M`.
    MailboxRecipient = 6,
    /// The raw public key of `C`.
    CaseRecipient = 7,
    /// The 32-byte sending tag: equal for two sendings of one frame.
    DeduplicationTag = 8,
    /// In a mailbox: `age(M, frame)`.
    Reply = 9,
}

impl RecordType {
    /// The most bytes that a record of this type carries. Readers refuse a longer one before they
    /// read it.
    pub const fn max_len(self) -> usize {
        match self {
            Self::End | Self::AttachmentEnd => 0,
            // A sealed grant takes about 1,900 bytes.
            Self::Grant => 4 * 1024,
            // 101 keys of replies, the most that a case can have, fit.
            Self::Capsule => 8 * 1024,
            Self::AttachmentChunk => 64 * 1024,
            // The longest story takes about 50 KiB.
            Self::Body => 256 * 1024,
            Self::MailboxRecipient | Self::CaseRecipient => age_hybrid::PUBLIC_KEY_LEN,
            Self::DeduplicationTag => 32,
            // Two replies of this size fit a mailbox.
            Self::Reply => 12 * 1024,
        }
    }
}

impl TryFrom<u8> for RecordType {
    type Error = FramingError;

    fn try_from(value: u8) -> Result<Self, FramingError> {
        Ok(match value {
            0 => Self::End,
            1 => Self::Grant,
            2 => Self::Capsule,
            3 => Self::AttachmentChunk,
            4 => Self::AttachmentEnd,
            5 => Self::Body,
            6 => Self::MailboxRecipient,
            7 => Self::CaseRecipient,
            8 => Self::DeduplicationTag,
            9 => Self::Reply,
            other => return Err(FramingError::UnknownRecordType(other)),
        })
    }
}

/// Bytes that a record takes on top of what it carries.
pub(crate) const RECORD_OVERHEAD: usize = 5;

/// `u8 type ‖ u32 length`, what stands before a record's bytes.
pub(crate) fn encode_record_header(kind: RecordType, len: usize) -> [u8; RECORD_OVERHEAD] {
    debug_assert!(len <= kind.max_len(), "the writer keeps records within their bounds");
    let len = u32::try_from(len).expect("a record is at most 256 KiB").to_be_bytes();
    [kind as u8, len[0], len[1], len[2], len[3]]
}

/// The next record. At [`RecordType::End`] the rest has been read and found to be zeros.
pub(crate) fn read_record(input: &mut impl Read) -> Result<(RecordType, Vec<u8>), FramingError> {
    let mut kind = [0; 1];
    input.read_exact(&mut kind)?;
    let kind = RecordType::try_from(kind[0])?;
    let len = read_u32(input)?;
    if len > kind.max_len() {
        return Err(FramingError::RecordTooLong(kind, len));
    }
    let bytes = read_bytes(input, len)?;
    if kind == RecordType::End {
        expect_zeros(input)?;
    }
    Ok((kind, bytes))
}

fn expect_zeros(input: &mut impl Read) -> Result<(), FramingError> {
    let mut buffer = [0; 8192];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(()),
            n if buffer[..n].iter().any(|byte| *byte != 0) => {
                return Err(FramingError::NonZeroPadding);
            }
            _ => {}
        }
    }
}

fn read_u32(input: &mut impl Read) -> Result<usize, FramingError> {
    let mut len = [0; 4];
    input.read_exact(&mut len)?;
    Ok(u32::from_be_bytes(len) as usize)
}

fn read_bytes(input: &mut impl Read, len: usize) -> Result<Vec<u8>, FramingError> {
    let mut bytes = Vec::new();
    // `take` grows the buffer with what really comes, so that a claimed length alone costs nothing.
    input.take(len as u64).read_to_end(&mut bytes)?;
    if bytes.len() < len { Err(FramingError::Truncated) } else { Ok(bytes) }
}
