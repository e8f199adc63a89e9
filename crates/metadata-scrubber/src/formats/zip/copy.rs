//! Copies parts unchanged, with headers that contain no timestamps.

use super::{
    data,
    record::{
        LocalFileHeader, STORED, WrittenEntry, data_descriptor, descriptor_len, local_file_header,
    },
};
use crate::stream::{ParseError, ParseResult, StreamRewriter};

/// Copies a part whose header states its length.
pub(super) fn copy_verbatim(
    stream: &mut StreamRewriter<'_>,
    header: &LocalFileHeader,
) -> ParseResult<WrittenEntry> {
    let offset = stream.written();
    let LocalFileHeader {
        flags, method, crc, compressed_len: packed, uncompressed_len: plain, ..
    } = *header;
    stream.skip(header.len)?;
    stream.write(&local_file_header(flags, method, (crc, packed, plain), &header.name))?;
    stream.copy(packed)?;
    Ok(WrittenEntry {
        offset,
        flags,
        method,
        crc,
        compressed_len: packed,
        uncompressed_len: plain,
        is_verbatim: true,
    })
}

/// Copies a long stored part unchanged, up to the descriptor that matches the copied bytes.
pub(super) fn copy_stored_stream(
    stream: &mut StreamRewriter<'_>,
    header: &LocalFileHeader,
) -> ParseResult<WrittenEntry> {
    let offset = stream.written();
    stream.skip(header.len)?;
    stream.write(&local_file_header(header.flags, header.method, (0, 0, 0), &header.name))?;
    let (crc, len) = data::copy_stored(stream)?;
    let descriptor_len =
        descriptor_len(stream.peek(28)?, crc, len, len).ok_or(ParseError::Malformed)?;
    stream.skip(descriptor_len)?;
    stream.write(&data_descriptor(crc, len, len))?;
    Ok(WrittenEntry {
        offset,
        flags: header.flags,
        method: STORED,
        crc,
        compressed_len: len,
        uncompressed_len: len,
        is_verbatim: false,
    })
}
