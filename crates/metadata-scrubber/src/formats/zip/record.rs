//! The records of a ZIP package (APPNOTE 6.3.10). They are written without timestamps and without
//! the program that made them.

use crate::stream::{ParseError, ParseResult, StreamRewriter, read_le};

/// Method of a part that is not compressed.
pub(super) const STORED: u16 = 0;
/// Method of a part that is compressed with deflate.
pub(super) const DEFLATED: u16 = 8;
/// Flag: the lengths follow the data, in a descriptor.
pub(super) const DESCRIPTOR_FOLLOWS: u16 = 1 << 3;
const ENCRYPTED: u16 = 1;
/// Flag: the name is in UTF-8.
const UTF8_NAME: u16 = 1 << 11;
/// 1 January 1980 at midnight, the earliest date that the format can express.
const NO_DATE: [u8; 4] = [0, 0, 0x21, 0];
/// A length or offset that does not fit is in the zip64 extra field.
const ZIP64_PLACEHOLDER: u64 = u32::MAX as u64;
const ZIP64_EXTRA_ID: u64 = 1;
/// Maximum length or offset in bytes that is accepted: far beyond any submission, and small enough
/// for additions.
const MAX_PLAUSIBLE: u64 = 1 << 40;

/// The header of a part, as read.
#[derive(Debug, Clone)]
pub(super) struct LocalFileHeader {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed_len: u64,
    pub(super) uncompressed_len: u64,
    pub(super) name: Vec<u8>,
    /// Length of the whole record in bytes.
    pub(super) len: u64,
}

impl LocalFileHeader {
    /// Reads the header at the current position without consuming it.
    pub(super) fn peek(stream: &mut StreamRewriter<'_>) -> ParseResult<Self> {
        let fixed: [u8; 30] = stream.peek_array()?;
        let number = |offset, len| read_le(&fixed, offset, len).unwrap_or_default();
        let (name_len, extra_len) = (number(26, 2), number(28, 2));
        let len = 30 + name_len + extra_len;
        let whole = stream.peek(len)?;
        if whole.len() as u64 != len {
            return Err(ParseError::Malformed);
        }
        let (name, extra) =
            whole[30..].split_at(usize::try_from(name_len).map_err(|_| ParseError::Malformed)?);
        let [plain, packed, _] =
            resolve_zip64(extra, [number(22, 4), number(18, 4), 0]).ok_or(ParseError::Malformed)?;
        Ok(Self {
            flags: u16_or_zero(number(6, 2)),
            method: u16_or_zero(number(8, 2)),
            crc: u32::from_le_bytes([fixed[14], fixed[15], fixed[16], fixed[17]]),
            compressed_len: packed,
            uncompressed_len: plain,
            name: name.to_vec(),
            len,
        })
    }

    /// Returns whether the lengths in the header are to be ignored.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & DESCRIPTOR_FOLLOWS != 0
    }

    /// Returns whether the data can be decompressed.
    pub(super) fn is_readable(&self) -> bool {
        self.flags & ENCRYPTED == 0 && matches!(self.method, STORED | DEFLATED)
    }

    /// Returns the flags of a rewritten part. Only the encoding of the name is retained.
    pub(super) fn plain_flags(&self) -> u16 {
        self.flags & UTF8_NAME
    }
}

/// Returns lengths and offset of a record, resolved through its zip64 extra field. Returns `None`
/// if a number is missing there or larger than [`MAX_PLAUSIBLE`].
fn resolve_zip64(extra: &[u8], mut numbers: [u64; 3]) -> Option<[u64; 3]> {
    if !numbers.contains(&ZIP64_PLACEHOLDER) {
        return Some(numbers);
    }
    let mut rest = extra;
    while let (Some(id), Some(len)) = (read_le(rest, 0, 2), read_le(rest, 2, 2)) {
        let len = usize::try_from(len).ok()?;
        let field = rest.get(4..4 + len)?;
        if id == ZIP64_EXTRA_ID {
            let missing = numbers.iter_mut().filter(|number| **number == ZIP64_PLACEHOLDER);
            for (index, number) in missing.enumerate() {
                *number = read_le(field, 8 * index, 8).filter(|number| *number <= MAX_PLAUSIBLE)?;
            }
            return Some(numbers);
        }
        rest = &rest[4 + len..];
    }
    None
}

/// Returns the length in bytes of the data descriptor after a part. Returns `None` unless the
/// descriptor has these numbers, in either width, with or without signature.
pub(super) fn descriptor_len(following: &[u8], crc: u32, packed: u64, plain: u64) -> Option<u64> {
    [(4, 4), (4, 8), (0, 4), (0, 8)].into_iter().find_map(|(signature, width)| {
        let signed = signature == 0 || following.starts_with(b"PK\x07\x08");
        let fits = read_le(following, signature, 4) == Some(u64::from(crc))
            && read_le(following, signature + 4, width) == Some(packed)
            && read_le(following, signature + 4 + width, width) == Some(plain);
        let len = signature + 4 + 2 * width;
        // Another record or the end of the file must follow, so that the width is certain.
        let next = following.get(len..).unwrap_or_default();
        (signed && fits && (next.is_empty() || next.starts_with(b"PK"))).then_some(len as u64)
    })
}

/// A part as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenEntry {
    /// Offset of its header in the output.
    pub(super) offset: u64,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed_len: u64,
    pub(super) uncompressed_len: u64,
    /// Whether the data was copied unchanged. Then the directory's numbers are used, whatever the
    /// header states.
    pub(super) is_verbatim: bool,
}

pub(super) fn local_file_header(
    flags: u16,
    method: u16,
    numbers: (u32, u64, u64),
    name: &[u8],
) -> Vec<u8> {
    let (crc, packed, plain) = numbers;
    let header =
        [&b"PK\x03\x04\x14\0"[..], &flags.to_le_bytes(), &method.to_le_bytes(), &NO_DATE].concat();
    let lengths =
        [crc.to_le_bytes(), saturating_u32_bytes(packed), saturating_u32_bytes(plain)].concat();
    [&header, &lengths, &saturating_u32_bytes(name.len() as u64)[..2], &[0, 0], name].concat()
}

pub(super) fn data_descriptor(crc: u32, packed: u64, plain: u64) -> Vec<u8> {
    [
        &b"PK\x07\x08"[..],
        &crc.to_le_bytes(),
        &saturating_u32_bytes(packed),
        &saturating_u32_bytes(plain),
    ]
    .concat()
}

/// An entry of the directory, as read.
pub(super) struct CentralDirectoryEntry {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed_len: u64,
    pub(super) uncompressed_len: u64,
    pub(super) offset: u64,
    pub(super) name: Vec<u8>,
    pub(super) has_comment: bool,
    /// Length of the whole record in bytes.
    pub(super) len: u64,
}

impl CentralDirectoryEntry {
    /// Reads the entry at the beginning of these bytes. Returns `None` if it is incomplete.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(b"PK\x01\x02") {
            return None;
        }
        let number = |offset, len| read_le(bytes, offset, len);
        let usize_at = |offset| usize::try_from(number(offset, 2)?).ok();
        let (name, extra, comment) = (usize_at(28)?, usize_at(30)?, usize_at(32)?);
        let len = 46 + name + extra + comment;
        let whole = bytes.get(..len)?;
        let numbers = [number(24, 4)?, number(20, 4)?, number(42, 4)?];
        let [plain, packed, offset] = resolve_zip64(&whole[46 + name..46 + name + extra], numbers)?;
        Some(Self {
            flags: u16_or_zero(number(8, 2)?),
            method: u16_or_zero(number(10, 2)?),
            crc: u32::try_from(number(16, 4)?).ok()?,
            compressed_len: packed,
            uncompressed_len: plain,
            offset,
            name: whole[46..46 + name].to_vec(),
            has_comment: comment > 0,
            len: len as u64,
        })
    }

    /// Returns the record for a part that was written like this.
    pub(super) fn write(&self, written: &WrittenEntry) -> Vec<u8> {
        // Made by version 2.0 on an unspecified system.
        let header = [
            &b"PK\x01\x02\x14\0\x14\0"[..],
            &written.flags.to_le_bytes(),
            &written.method.to_le_bytes(),
            &NO_DATE,
        ];
        let lengths = [
            written.crc.to_le_bytes(),
            saturating_u32_bytes(written.compressed_len),
            saturating_u32_bytes(written.uncompressed_len),
        ]
        .concat();
        let rest = [
            &saturating_u32_bytes(self.name.len() as u64)[..2],
            &[0; 12],
            &saturating_u32_bytes(written.offset),
            &self.name,
        ]
        .concat();
        [&header.concat(), &lengths[..], &rest].concat()
    }
}

/// Returns the end record, with a zip64 end record before it if the numbers need one.
pub(super) fn end_of_central_directory(count: u64, offset: u64, len: u64) -> Vec<u8> {
    let mut end = Vec::new();
    if count >= u64::from(u16::MAX) || offset >= ZIP64_PLACEHOLDER {
        let numbers = [count, count, len, offset].map(u64::to_le_bytes).concat();
        end.extend(
            [&b"PK\x06\x06\x2C\0\0\0\0\0\0\0\x2D\0\x2D\0\0\0\0\0\0\0\0\0"[..], &numbers].concat(),
        );
        end.extend(
            [&b"PK\x06\x07\0\0\0\0"[..], &(offset + len).to_le_bytes(), &[1, 0, 0, 0]].concat(),
        );
    }
    let count = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    end.extend(
        [
            &b"PK\x05\x06\0\0\0\0"[..],
            &count,
            &count,
            &saturating_u32_bytes(len),
            &saturating_u32_bytes(offset),
            &[0, 0],
        ]
        .concat(),
    );
    end
}

/// Returns the number as 4 bytes, or the largest number if it does not fit.
fn saturating_u32_bytes(n: u64) -> [u8; 4] {
    u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes()
}

fn u16_or_zero(n: u64) -> u16 {
    u16::try_from(n).unwrap_or_default()
}
