//! The data of a part: read up to its end, counted and checked.

use std::io::{self, BufRead, Read, Write};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

use super::record::descriptor_len;
use crate::stream::{BufferedSource, ParseError, ParseResult, StreamRewriter};

/// Bytes of a descriptor, and of the record behind it.
const DESCRIPTOR_LOOKAHEAD: usize = 28;

/// Where data of unknown length ends.
pub(super) enum DataEnd {
    /// After so many bytes.
    At { crc: u32, packed: usize, plain: u64 },
    /// Not within these bytes.
    NeedsMore,
    /// It is not what it is announced as, or unpacks to more than is allowed.
    Invalid,
}

/// Unpacks deflated data to see where it ends.
pub(super) fn find_deflate_end(data: &[u8], allowed: u64) -> DataEnd {
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
        let wrote = usize::try_from(inflate.total_out() - plain).unwrap_or_default();
        crc.update(&buffer[..wrote]);
        if inflate.total_out() > allowed {
            return DataEnd::Invalid;
        }
        if status == Status::StreamEnd {
            let packed = usize::try_from(inflate.total_in()).unwrap_or(data.len());
            return DataEnd::At { crc: crc.finalize(), packed, plain: inflate.total_out() };
        }
        if inflate.total_in() == read && wrote == 0 {
            return if rest.is_empty() { DataEnd::NeedsMore } else { DataEnd::Invalid };
        }
    }
}

/// Looks for the descriptor that fits what is before it.
pub(super) fn find_stored_end(data: &[u8]) -> DataEnd {
    let (mut crc, mut from) = (Hasher::new(), 0);
    for at in memchr::memmem::find_iter(data, b"PK\x07\x08") {
        crc.update(&data[from..at]);
        from = at;
        let so_far = crc.clone().finalize();
        if descriptor_len(&data[at..], so_far, at as u64, at as u64).is_some() {
            return DataEnd::At { crc: so_far, packed: at, plain: at as u64 };
        }
    }
    DataEnd::NeedsMore
}

/// Gives stored data on up to its descriptor. Returns its checksum and length.
pub(super) fn copy_stored(pipe: &mut StreamRewriter<'_>) -> ParseResult<(u32, u64)> {
    let (mut crc, mut len) = (Hasher::new(), 0);
    loop {
        let ahead = pipe.fill_to(64 * 1024)?;
        let is_last = ahead.len() < 64 * 1024;
        let until = if is_last { ahead.len() } else { ahead.len() - DESCRIPTOR_LOOKAHEAD };
        // From one signature to the next: what is at the front was looked at already.
        let next = memchr::memmem::find(&ahead[usize::from(len > 0)..until], b"PK\x07\x08");
        let next = next.map(|at| at + usize::from(len > 0));
        let pass = next.unwrap_or(until);
        crc.update(&ahead[..pass]);
        pipe.copy(pass as u64)?;
        len += pass as u64;
        let so_far = crc.clone().finalize();
        if next.is_some()
            && descriptor_len(pipe.peek(DESCRIPTOR_LOOKAHEAD as u64)?, so_far, len, len).is_some()
        {
            return Ok((so_far, len));
        }
        if is_last && next.is_none() {
            return Err(ParseError::Malformed);
        }
    }
}

/// Gives deflated data on to its end. Returns its checksum and its lengths, packed and plain.
pub(super) fn copy_deflated(
    pipe: &mut StreamRewriter<'_>,
    allowed: u64,
) -> ParseResult<(u32, u64, u64)> {
    let (mut inflate, mut crc) = (Decompress::new(false), Hasher::new());
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let (read, plain) = (inflate.total_in(), inflate.total_out());
        let ahead = pipe.fill_to(1)?;
        let status = inflate
            .decompress(ahead, &mut buffer, FlushDecompress::None)
            .map_err(|_| ParseError::Malformed)?;
        let took = inflate.total_in() - read;
        let wrote = usize::try_from(inflate.total_out() - plain).unwrap_or_default();
        crc.update(&buffer[..wrote]);
        pipe.copy(took)?;
        if status == Status::StreamEnd {
            return Ok((crc.finalize(), inflate.total_in(), inflate.total_out()));
        }
        if took == 0 && wrote == 0 || inflate.total_out() > allowed {
            return Err(ParseError::Malformed);
        }
    }
}

/// The packed data of one part, taken from the front of the file.
pub(super) struct EntryReader<'p, 's> {
    source: &'p mut BufferedSource<'s>,
    remaining: u64,
}

impl<'p, 's> EntryReader<'p, 's> {
    pub(super) fn new(from: &'p mut BufferedSource<'s>, left: u64) -> Self {
        Self { source: from, remaining: left }
    }

    /// How many bytes were not taken.
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    /// Whether the file itself could not be read any further.
    pub(super) fn has_failed(&self) -> bool {
        self.source.has_failed()
    }
}

impl BufRead for EntryReader<'_, '_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ahead = self.source.fill_to(usize::from(self.remaining > 0))?;
        let most = ahead.len().min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        Ok(&ahead[..most])
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

/// Plain data as it is read: counted and checked, and no more of it than is allowed.
pub(super) struct MeteredReader<R> {
    inner: R,
    crc: Hasher,
    len: u64,
    limit: u64,
}

impl<R: Read> MeteredReader<R> {
    pub(super) fn new(inner: R, allowed: u64) -> Self {
        Self { inner, crc: Hasher::new(), len: 0, limit: allowed }
    }

    pub(super) fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// Checksum and length of what was read.
    pub(super) fn checksum_and_len(&self) -> (u32, u64) {
        (self.crc(), self.len)
    }

    /// Reads what is left.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }
}

impl<R: Read> Read for MeteredReader<R> {
    /// Gives exactly what is allowed before it fails, however the file comes in pieces.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.limit - self.len).unwrap_or(usize::MAX);
        if left == 0 && !buffer.is_empty() {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::from(io::ErrorKind::InvalidData)),
            };
        }
        let most = buffer.len().min(left);
        let n = self.inner.read(&mut buffer[..most])?;
        self.crc.update(&buffer[..n]);
        self.len += n as u64;
        Ok(n)
    }
}

/// What a part is packed into: no more than so many bytes.
pub(super) struct BoundedBuffer {
    pub(super) bytes: Vec<u8>,
    capacity: usize,
}

impl BoundedBuffer {
    pub(super) fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), capacity: most }
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

/// Counts and checks what is written.
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

/// Whether the packing is wrong, or the reader or writer has failed.
pub(super) fn classify_error(error: io::Error, has_failed: bool) -> ParseError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let packing = matches!(error.kind(), InvalidInput | InvalidData | UnexpectedEof);
    if packing && !has_failed { ParseError::Malformed } else { ParseError::Io(error) }
}
