//! What a child writes: records of a length (4 bytes, little endian) and so many bytes of the cleaned file, and at the end
//! a record of length 0, then a length and JSON that says what was found.

use std::io::{self, Write};

use axum::body::Bytes;
use bytes::{Buf as _, BytesMut};
use serde::{Deserialize, Serialize};
use traces::{Format, Reading, Signature, Traces, Washed};

/// Longest record, in bytes.
pub(super) const LONGEST: usize = 64 * 1024;
const LENGTH: usize = 4;
/// Bytes that are read at once.
const READ: usize = 32 * 1024;

/// What was found, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    removed: Traces,
    left: Traces,
    reading: Reading,
    signature: Signature,
}

/// Writes records.
pub(super) struct Writer<W>(pub(super) W);

impl<W: Write> Writer<W> {
    fn record(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(bytes)
    }

    /// Says how it ended.
    pub(super) fn end(mut self, washed: &Washed) -> io::Result<()> {
        let Washed { format: _, removed, left, reading, signature } = *washed;
        let found = Found { removed, left, reading, signature };
        self.record(&[])?;
        self.record(&serde_json::to_vec(&found)?)?;
        self.0.flush()
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        if !bytes.is_empty() {
            self.record(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The next bytes of the file.
    Bytes(Bytes),
    /// The end of the file.
    End(Washed),
}

/// A record is not one that [`Writer`] writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a malformed record")]
pub(super) struct Malformed;

/// Reads records as their bytes come.
pub(super) struct Records {
    format: Format,
    buffer: BytesMut,
    ending: bool,
}

impl Records {
    /// Of a file of this format.
    pub(super) fn new(format: Format) -> Self {
        Self { format, buffer: BytesMut::new(), ending: false }
    }

    /// Where what comes is appended to.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        self.buffer.reserve(READ);
        &mut self.buffer
    }

    /// The next record, if all of it has come.
    pub(super) fn next(&mut self) -> Option<Result<Record, Malformed>> {
        loop {
            let length = u32::from_le_bytes(*self.buffer.first_chunk::<LENGTH>()?) as usize;
            if length > LONGEST {
                return Some(Err(Malformed));
            }
            if self.buffer.len() < LENGTH + length {
                return None;
            }
            self.buffer.advance(LENGTH);
            let record = self.buffer.split_to(length).freeze();
            match (self.ending, length) {
                (false, 0) => self.ending = true,
                (false, _) => return Some(Ok(Record::Bytes(record))),
                (true, _) => return Some(self.end(&record)),
            }
        }
    }

    fn end(&self, json: &[u8]) -> Result<Record, Malformed> {
        let found: Found = serde_json::from_slice(json).map_err(|_| Malformed)?;
        let Found { removed, left, reading, signature } = found;
        Ok(Record::End(Washed { format: self.format, removed, left, reading, signature }))
    }
}

#[cfg(test)]
mod tests {
    use traces::Trace;

    use super::*;

    #[test]
    fn records_are_read_as_they_were_written_however_they_are_cut() {
        let washed = Washed {
            format: Format::Jpeg,
            removed: [Trace::Place, Trace::Date].into_iter().collect(),
            left: Traces::NONE,
            reading: Reading::Broken,
            signature: Signature::Kept,
        };
        let mut written = Vec::new();
        let mut writer = Writer(&mut written);
        writer.write_all(&[7; 3]).unwrap();
        writer.write_all(&vec![8; LONGEST + 1]).unwrap();
        writer.end(&washed).unwrap();
        for size in [1, 5, 4096, written.len()] {
            let mut records = Records::new(Format::Jpeg);
            let (mut bytes, mut end) = (Vec::new(), None);
            for piece in written.chunks(size) {
                records.buffer().extend_from_slice(piece);
                while let Some(record) = records.next() {
                    match record.unwrap() {
                        Record::Bytes(more) => bytes.extend_from_slice(&more),
                        Record::End(washed) => end = Some(washed),
                    }
                }
            }
            assert_eq!(bytes, [&[7; 3][..], &vec![8; LONGEST + 1]].concat());
            assert_eq!(end, Some(washed));
        }
    }

    #[test]
    fn what_no_child_of_ours_writes_is_refused() {
        for wrong in [&[0xFF; 8][..], b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\x02\0\0\0{}"] {
            let mut records = Records::new(Format::Text);
            records.buffer().extend_from_slice(wrong);
            assert_eq!(records.next(), Some(Err(Malformed)));
        }
    }
}
