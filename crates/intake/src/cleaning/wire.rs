//! The output format of the child process. Each record is a length (4 bytes, little endian) and
//! that number of bytes of the cleaned file. A record of length 0 ends the file; the trailer
//! follows, as a length and JSON with the scrub report.

use std::io::{self, Write};

use axum::body::Bytes;
use bytes::{Buf as _, BytesMut};
use metadata_scrubber::{FileFormat, MetadataKinds, ParseCoverage, ScrubReport, SignatureStatus};
use serde::{Deserialize, Serialize};

/// Maximum length of a record, in bytes.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024;
const LENGTH_PREFIX_BYTES: usize = 4;
/// Size of the read buffer, in bytes.
const READ_BUFFER_BYTES: usize = 32 * 1024;

/// The scrub report in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrailerJson {
    removed: MetadataKinds,
    left: MetadataKinds,
    reading: ParseCoverage,
    signature: SignatureStatus,
}

/// Writes records.
pub(super) struct RecordWriter<W>(pub(super) W);

impl<W: Write> RecordWriter<W> {
    fn write_record(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.0.write_all(&length.to_le_bytes())?;
        self.0.write_all(bytes)
    }

    /// Writes the end of the file and the trailer.
    pub(super) fn write_trailer(mut self, report: &ScrubReport) -> io::Result<()> {
        let ScrubReport { format: _, removed, left, reading, signature } = *report;
        let trailer = TrailerJson { removed, left, reading, signature };
        self.write_record(&[])?;
        self.write_record(&serde_json::to_vec(&trailer)?)?;
        self.0.flush()
    }
}

impl<W: Write> Write for RecordWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = &bytes[..bytes.len().min(MAX_RECORD_BYTES)];
        if !bytes.is_empty() {
            self.write_record(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A parsed record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OutputRecord {
    /// The next bytes of the file.
    Bytes(Bytes),
    /// The end of the file.
    Trailer(ScrubReport),
}

/// The record is not one that [`RecordWriter`] writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed record from the cleaning process")]
pub(super) struct MalformedRecord;

/// Parses records incrementally.
pub(super) struct RecordReader {
    format: FileFormat,
    buffer: BytesMut,
    in_trailer: bool,
}

impl RecordReader {
    /// Creates a reader for a file of this format.
    pub(super) fn new(format: FileFormat) -> Self {
        Self { format, buffer: BytesMut::new(), in_trailer: false }
    }

    /// Returns the buffer to which received bytes are appended.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        self.buffer.reserve(READ_BUFFER_BYTES);
        &mut self.buffer
    }

    /// Returns the next record, or `None` if it is incomplete.
    pub(super) fn next_record(&mut self) -> Option<Result<OutputRecord, MalformedRecord>> {
        loop {
            let length =
                u32::from_le_bytes(*self.buffer.first_chunk::<LENGTH_PREFIX_BYTES>()?) as usize;
            if length > MAX_RECORD_BYTES {
                return Some(Err(MalformedRecord));
            }
            if self.buffer.len() < LENGTH_PREFIX_BYTES + length {
                return None;
            }
            self.buffer.advance(LENGTH_PREFIX_BYTES);
            let record = self.buffer.split_to(length).freeze();
            match (self.in_trailer, length) {
                (false, 0) => self.in_trailer = true,
                (false, _) => return Some(Ok(OutputRecord::Bytes(record))),
                (true, _) => return Some(self.parse_trailer(&record)),
            }
        }
    }

    fn parse_trailer(&self, json: &[u8]) -> Result<OutputRecord, MalformedRecord> {
        let trailer: TrailerJson = serde_json::from_slice(json).map_err(|_| MalformedRecord)?;
        let TrailerJson { removed, left, reading, signature } = trailer;
        Ok(OutputRecord::Trailer(ScrubReport {
            format: self.format,
            removed,
            left,
            reading,
            signature,
        }))
    }
}

#[cfg(test)]
mod tests {
    use metadata_scrubber::MetadataKind;

    use super::*;

    #[test]
    fn records_are_parsed_in_chunks_of_any_size() {
        let report = ScrubReport {
            format: FileFormat::Jpeg,
            removed: [MetadataKind::Place, MetadataKind::Date].into_iter().collect(),
            left: MetadataKinds::NONE,
            reading: ParseCoverage::Broken,
            signature: SignatureStatus::Kept,
        };
        let mut written = Vec::new();
        let mut writer = RecordWriter(&mut written);
        writer.write_all(&[7; 3]).unwrap();
        writer.write_all(&vec![8; MAX_RECORD_BYTES + 1]).unwrap();
        writer.write_trailer(&report).unwrap();
        for size in [1, 5, 4096, written.len()] {
            let mut records = RecordReader::new(FileFormat::Jpeg);
            let (mut bytes, mut end) = (Vec::new(), None);
            for chunk in written.chunks(size) {
                records.buffer().extend_from_slice(chunk);
                while let Some(record) = records.next_record() {
                    match record.unwrap() {
                        OutputRecord::Bytes(more) => bytes.extend_from_slice(&more),
                        OutputRecord::Trailer(report) => end = Some(report),
                    }
                }
            }
            assert_eq!(bytes, [&[7; 3][..], &vec![8; MAX_RECORD_BYTES + 1]].concat());
            assert_eq!(end, Some(report));
        }
    }

    #[test]
    fn malformed_records_are_rejected() {
        for malformed in [&[0xFF; 8][..], b"\0\0\0\0\0\0\0\0", b"\0\0\0\0\x02\0\0\0{}"] {
            let mut records = RecordReader::new(FileFormat::Text);
            records.buffer().extend_from_slice(malformed);
            assert_eq!(records.next_record(), Some(Err(MalformedRecord)));
        }
    }
}
