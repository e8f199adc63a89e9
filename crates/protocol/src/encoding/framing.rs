//! Binary framing: a magic number, a JSON header with its length, and records with type and length.

use std::io::{self, Read};

use serde::{Serialize, de::DeserializeOwned};

use crate::encoding::canonical;

/// Why bytes cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// The bytes do not begin with the magic number.
    #[error("bad magic (expected {0})")]
    BadMagic(&'static str),
    /// The bytes end too early.
    #[error("unexpected end of input")]
    Truncated,
    /// The header is too long, not JSON of the expected shape, or not in canonical form.
    #[error("invalid header: {0}")]
    InvalidHeader(String),
    /// A record has an unknown type.
    #[error("unknown record type {0}")]
    UnknownRecordType(u8),
    /// A record is longer than [`RecordType::max_len`].
    #[error("record too long: {0:?} of {1} bytes")]
    RecordTooLong(RecordType, usize),
    /// The padding after the last record contains other bytes than zeros.
    #[error("non-zero padding")]
    NonZeroPadding,
    /// The source failed, or the seal around it did not authenticate.
    #[error("read failed: {0}")]
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

/// Returns `magic ‖ u32 header length ‖ header JSON`.
pub(crate) fn encode_header(magic: &'static str, header: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(header).expect("headers hold strings and numbers only");
    let len = u32::try_from(json.len()).expect("headers are far under 4 GiB");
    [magic.as_bytes(), &len.to_be_bytes(), &json].concat()
}

/// Reads what [`encode_header`] wrote, and leaves `input` after it. Refuses a header of more than
/// `max_len` bytes before reading it.
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

/// What a record contains. The protocol fixes the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordType {
    /// Zero padding follows.
    End = 0,
    /// 32-byte tag ‖ a sealed grant.
    Grant = 1,
    /// `age(M, capsule)`.
    Capsule = 2,
    /// A chunk of `age(C, attachment)`.
    AttachmentChunk = 3,
    /// The attachment is complete. Empty.
    AttachmentEnd = 4,
    /// `age(C, frame)`.
    Body = 5,
    /// The raw public key of `M`.
    MailboxRecipient = 6,
    /// The raw public key of `C`.
    CaseRecipient = 7,
    /// The 32-byte sending tag. It is equal for repeated submissions of one frame.
    DeduplicationTag = 8,
    /// In a mailbox: `age(M, frame)`.
    Reply = 9,
    /// In a mailbox: the proofs that the log contains the reporter's submissions.
    Log = 10,
    /// In a mailbox: a rotation, as canonical JSON.
    Rotation = 11,
}

impl RecordType {
    /// Returns the maximum length in bytes of a record of this type. Readers refuse a longer one
    /// before they read it.
    pub const fn max_len(self) -> usize {
        match self {
            Self::End | Self::AttachmentEnd => 0,
            // A sealed grant takes about 1,900 bytes.
            Self::Grant => 4 * 1024,
            // Enough for the reply keys of all generations.
            Self::Capsule => 8 * 1024,
            Self::AttachmentChunk => 64 * 1024,
            // The longest story takes about 50 KiB.
            Self::Body => 256 * 1024,
            Self::MailboxRecipient | Self::CaseRecipient => age_hybrid::PUBLIC_KEY_LEN,
            Self::DeduplicationTag => 32,
            // The proofs of two messages with 32 files each. One reply of this length fits into a
            // mailbox beside the longest log record.
            Self::Reply | Self::Log => 12 * 1024,
            // A statement has about 470 bytes, with two confirmations about 820.
            Self::Rotation => 1024,
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
            10 => Self::Log,
            11 => Self::Rotation,
            other => return Err(FramingError::UnknownRecordType(other)),
        })
    }
}

/// The bytes of a record before its content.
pub(crate) const RECORD_OVERHEAD: usize = 5;

/// Returns `u8 type ‖ u32 length`, which precedes the content of a record.
pub(crate) fn encode_record_header(kind: RecordType, len: usize) -> [u8; RECORD_OVERHEAD] {
    debug_assert!(len <= kind.max_len(), "writers check the length of records");
    let len = u32::try_from(len).expect("a record is at most 256 KiB").to_be_bytes();
    [kind as u8, len[0], len[1], len[2], len[3]]
}

/// Reads the next record. At [`RecordType::End`] it also reads the rest and checks that it is
/// zeros.
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
    // `take` grows the buffer with the bytes that arrive, so that a claimed length alone costs no
    // memory.
    input.take(len as u64).read_to_end(&mut bytes)?;
    if bytes.len() < len { Err(FramingError::Truncated) } else { Ok(bytes) }
}
