//! The data of a part: finds its end, counts it, and computes its checksum.

use std::io::{self, BufRead, Read, Write};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

use super::record::descriptor_len;
use crate::stream::{BufferedSource, ParseError, ParseResult, StreamRewriter};

/// Length in bytes of the longest descriptor with the signature of the next record.
const DESCRIPTOR_LOOKAHEAD: usize = 28;

/// The end of data whose length is not stated.
pub(super) enum DataEnd {
    /// The data has this checksum and these lengths in bytes.
    At { crc: u32, packed: usize, plain: u64 },
    /// The end is not within these bytes.
    NeedsMore,
    /// The data is not compressed as announced, or decompresses to more than is allowed.
    Invalid,
}

/// Decompresses deflated data to find its end.
pub(super) fn find_deflate_end(data: &[u8], limit: u64) -> DataEnd {
    // Some writers announce deflate for an empty part and write nothing.
    if descriptor_len(data, 0, 0, 0).is_some() {
        return DataEnd::At { crc: 0, packed: 0, plain: 0 };
    }
    let (mut inflate, mut crc) = (Decompress::new(false), Hasher::new());
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let (read, plain) = (inflate.total_in(), inflate.total_out());
        let rest = usize::try_from(read).ok().and_then(|read| data.get(read..)).unwrap_or_default();
        let Ok(status) = inflate.decompress(rest, &mut buffer, FlushDecompress::None) else {
            return DataEnd::Invalid;
        };
        let produced = usize::try_from(inflate.total_out() - plain).unwrap_or_default();
        crc.update(&buffer[..produced]);
        if inflate.total_out() > limit {
            return DataEnd::Invalid;
        }
        if status == Status::StreamEnd {
            let packed = usize::try_from(inflate.total_in()).unwrap_or(data.len());
            return DataEnd::At { crc: crc.finalize(), packed, plain: inflate.total_out() };
        }
        if inflate.total_in() == read && produced == 0 {
            return if rest.is_empty() { DataEnd::NeedsMore } else { DataEnd::Invalid };
        }
    }
}

/// Searches stored data for the descriptor that matches it.
pub(super) fn find_stored_end(data: &[u8]) -> DataEnd {
    let (mut crc, mut start) = (Hasher::new(), 0);
    for at in memchr::memmem::find_iter(data, b"PK\x07\x08") {
        crc.update(&data[start..at]);
        start = at;
        let so_far = crc.clone().finalize();
        if descriptor_len(&data[at..], so_far, at as u64, at as u64).is_some() {
            return DataEnd::At { crc: so_far, packed: at, plain: at as u64 };
        }
    }
    DataEnd::NeedsMore
}

/// Copies stored data up to its descriptor. Returns its checksum and length.
pub(super) fn copy_stored(stream: &mut StreamRewriter<'_>) -> ParseResult<(u32, u64)> {
    let (mut crc, mut len) = (Hasher::new(), 0);
    loop {
        let ahead = stream.fill_to(64 * 1024)?;
        let is_last = ahead.len() < 64 * 1024;
        let until = if is_last { ahead.len() } else { ahead.len() - DESCRIPTOR_LOOKAHEAD };
        // From one signature to the next. The one at the beginning has been checked.
        let next = memchr::memmem::find(&ahead[usize::from(len > 0)..until], b"PK\x07\x08");
        let next = next.map(|at| at + usize::from(len > 0));
        let len_to_copy = next.unwrap_or(until);
        crc.update(&ahead[..len_to_copy]);
        stream.copy(len_to_copy as u64)?;
        len += len_to_copy as u64;
        let so_far = crc.clone().finalize();
        if next.is_some()
            && descriptor_len(stream.peek(DESCRIPTOR_LOOKAHEAD as u64)?, so_far, len, len).is_some()
        {
            return Ok((so_far, len));
        }
        if is_last && next.is_none() {
            return Err(ParseError::Malformed);
        }
    }
}

/// Copies deflated data to its end. Returns its checksum, and its compressed and decompressed
/// length.
pub(super) fn copy_deflated(
    stream: &mut StreamRewriter<'_>,
    limit: u64,
) -> ParseResult<(u32, u64, u64)> {
    let (mut inflate, mut crc) = (Decompress::new(false), Hasher::new());
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let (read, plain) = (inflate.total_in(), inflate.total_out());
        let ahead = stream.fill_to(1)?;
        let status = inflate
            .decompress(ahead, &mut buffer, FlushDecompress::None)
            .map_err(|_| ParseError::Malformed)?;
        let consumed = inflate.total_in() - read;
        let produced = usize::try_from(inflate.total_out() - plain).unwrap_or_default();
        crc.update(&buffer[..produced]);
        stream.copy(consumed)?;
        if status == Status::StreamEnd {
            return Ok((crc.finalize(), inflate.total_in(), inflate.total_out()));
        }
        if consumed == 0 && produced == 0 || inflate.total_out() > limit {
            return Err(ParseError::Malformed);
        }
    }
}

/// Reads the compressed data of one part from the file.
pub(super) struct EntryReader<'p, 's> {
    source: &'p mut BufferedSource<'s>,
    remaining: u64,
}

impl<'p, 's> EntryReader<'p, 's> {
    pub(super) fn new(source: &'p mut BufferedSource<'s>, remaining: u64) -> Self {
        Self { source, remaining }
    }

    /// Returns the number of bytes that have not been read.
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Returns whether the file itself could not be read.
    pub(super) fn has_failed(&self) -> bool {
        self.source.has_failed()
    }
}

impl BufRead for EntryReader<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ahead = self.source.fill_to(usize::from(self.remaining > 0))?;
        let len = ahead.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        Ok(&ahead[..len])
    }

    fn consume(&mut self, n: usize) {
        self.source.consume(n);
        self.remaining -= n as u64;
    }
}

impl Read for EntryReader<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_buf()?;
        let n = ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&ahead[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// Reads decompressed data, counts it, computes its checksum, and enforces a limit.
pub(super) struct MeteredReader<R> {
    inner: R,
    crc: Hasher,
    len: u64,
    limit: u64,
}

impl<R: Read> MeteredReader<R> {
    pub(super) fn new(inner: R, limit: u64) -> Self {
        Self { inner, crc: Hasher::new(), len: 0, limit }
    }

    pub(super) fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// Returns checksum and length of the bytes read so far.
    pub(super) fn checksum_and_len(&self) -> (u32, u64) {
        (self.crc(), self.len)
    }

    /// Reads to the end.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }
}

impl<R: Read> Read for MeteredReader<R> {
    /// Returns exactly `limit` bytes before it fails, however the input is divided into reads.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let remaining = usize::try_from(self.limit - self.len).unwrap_or(usize::MAX);
        if remaining == 0 && !buffer.is_empty() {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::from(io::ErrorKind::InvalidData)),
            };
        }
        let len = buffer.len().min(remaining);
        let n = self.inner.read(&mut buffer[..len])?;
        self.crc.update(&buffer[..n]);
        self.len += n as u64;
        Ok(n)
    }
}

/// A buffer for a compressed part that refuses more than `capacity` bytes.
pub(super) struct BoundedBuffer {
    pub(super) bytes: Vec<u8>,
    capacity: usize,
}

impl BoundedBuffer {
    pub(super) fn new(capacity: usize) -> Self {
        Self { bytes: Vec::new(), capacity }
    }
}

impl Write for BoundedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.capacity {
            return Err(io::Error::from(io::ErrorKind::InvalidData));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts the written bytes and computes their checksum.
pub(super) struct ChecksumWriter<W> {
    inner: W,
    pub(super) crc: Hasher,
    pub(super) len: u64,
}

impl<W> ChecksumWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, crc: Hasher::new(), len: 0 }
    }
}

impl<W: Write> Write for ChecksumWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.crc.update(&bytes[..n]);
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Distinguishes malformed data from a failure of the reader or writer.
pub(super) fn classify_error(error: io::Error, has_failed: bool) -> ParseError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let is_data_error = matches!(error.kind(), InvalidInput | InvalidData | UnexpectedEof);
    if is_data_error && !has_failed { ParseError::Malformed } else { ParseError::Io(error) }
}
