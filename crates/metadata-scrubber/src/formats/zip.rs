//! ZIP packages: read part by part as they stream through, and rewritten. `office` decides what
//! happens to each part.
//!
//! Nothing is lost: a part that cannot be decompressed is copied unchanged. If a record is
//! malformed, everything up to the directory is copied unchanged, and the directory is written with
//! the new offsets of the parts.

mod copy;
mod data;
mod directory;
mod record;

use flate2::{Compression, bufread::DeflateDecoder, write::DeflateEncoder};

use crate::{
    formats::office::{OfficeScrubber, PartTreatment},
    stream::{ParseError, ParseResult, StreamRewriter},
    summary::Findings,
};
use data::{ChecksumWriter, EntryReader, MeteredReader, classify_error};
use directory::EntryIndex;
use record::{
    DEFLATED, DESCRIPTOR_FOLLOWS, LocalFileHeader, STORED, WrittenEntry, data_descriptor,
    descriptor_len, local_file_header,
};

/// A part is held in memory if its compressed length is at most this many bytes.
const MAX_BUFFERED_PART: usize = 512 * 1024;
/// Maximum compressed length in bytes of a rewritten part that is held in memory.
const MAX_REWRITTEN_PART: usize = 2 * 1024 * 1024;
/// Bytes that all parts of a file together may decompress to,
const MIN_UNPACK_BUDGET: u64 = 64 * 1024 * 1024;
/// and the further bytes for each byte read: more than documents are compressed by.
const UNPACKED_PER_INPUT_BYTE: u64 = 24;
/// Maximum length of a file in bytes. A part may announce more, which then allows nothing.
const MAX_FILE_LEN: u64 = 64 * 1024 * 1024;
/// Maximum number of parts: more than a document has.
const MAX_PARTS: usize = 16 * 1024;

/// Copies a package without its metadata.
pub(crate) fn rewrite(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    let mut package = ArchiveRewriter {
        scrubber: OfficeScrubber::new(found),
        unpacked: 0,
        index: EntryIndex::default(),
    };
    let outcome = package.process_parts(stream);
    let ArchiveRewriter { mut index, .. } = package;
    match outcome {
        Ok(()) => {
            let is_sound = directory::rewrite_directory(stream, found, &index)?;
            return if is_sound { Ok(()) } else { Err(ParseError::Malformed) };
        }
        Err(ParseError::Malformed) => {}
        Err(stop) => return Err(stop),
    }
    index.verbatim_start = Some((stream.position(), stream.written()));
    if directory::copy_until_directory(stream)? {
        directory::rewrite_directory(stream, found, &index)?;
    }
    Err(ParseError::Malformed)
}

struct ArchiveRewriter<'f> {
    scrubber: OfficeScrubber<'f>,
    /// Number of bytes that have been decompressed.
    unpacked: u64,
    index: EntryIndex,
}

/// How far the data of a part extends.
enum EntryExtent {
    /// All of it is in the look-ahead buffer.
    Buffered { crc: u32, packed: usize, plain: u64, descriptor_len: u64 },
    /// The header states the length.
    KnownLength,
    /// It ends where its compressed stream ends.
    Streamed,
    /// It is stored, and ends where a matching descriptor follows.
    StoredStream,
}

impl ArchiveRewriter<'_> {
    /// Processes the parts up to the directory.
    fn process_parts(&mut self, stream: &mut StreamRewriter<'_>) -> ParseResult<()> {
        loop {
            match &stream.peek_array()? {
                b"PK\x03\x04" => self.process_part(stream)?,
                b"PK\x01\x02" => return Ok(()),
                _ => return Err(ParseError::Malformed),
            }
        }
    }

    /// Fails as malformed before any byte of the part was consumed, or after all of it was copied.
    fn process_part(&mut self, stream: &mut StreamRewriter<'_>) -> ParseResult<()> {
        if self.index.by_offset.len() == MAX_PARTS {
            return Err(ParseError::Malformed);
        }
        let input_offset = stream.position();
        let header = LocalFileHeader::peek(stream)?;
        let name = String::from_utf8_lossy(&header.name).to_lowercase();
        let treatment = OfficeScrubber::treatment_for(&name);
        let written = match self.entry_extent(stream, &header)? {
            EntryExtent::Buffered { crc, packed, plain, descriptor_len } => {
                let header = LocalFileHeader {
                    crc,
                    compressed_len: packed as u64,
                    uncompressed_len: plain,
                    ..header
                };
                self.write_buffered(stream, &header, (&name, treatment), descriptor_len)?
            }
            EntryExtent::KnownLength if Self::should_rewrite(treatment, &header) => {
                if self.charge_budget(
                    stream.position() + header.compressed_len,
                    header.uncompressed_len,
                ) {
                    self.rewrite_streaming(stream, &header, (&name, treatment))?
                } else {
                    self.scrubber.record_unreadable(treatment);
                    copy::copy_verbatim(stream, &header)?
                }
            }
            EntryExtent::KnownLength => {
                self.scrubber.record_unchanged(treatment);
                copy::copy_verbatim(stream, &header)?
            }
            EntryExtent::Streamed if Self::should_rewrite(treatment, &header) => {
                self.rewrite_streaming(stream, &header, (&name, treatment))?
            }
            EntryExtent::Streamed => {
                self.scrubber.record_unchanged(treatment);
                self.copy_streamed(stream, &header)?
            }
            EntryExtent::StoredStream => {
                self.scrubber.record_unreadable(treatment);
                copy::copy_stored_stream(stream, &header)?
            }
        };
        self.index.by_offset.insert(input_offset, written);
        Ok(())
    }

    fn should_rewrite(treatment: PartTreatment, header: &LocalFileHeader) -> bool {
        matches!(
            treatment,
            PartTreatment::Xml | PartTreatment::Picture | PartTreatment::Replace(..)
        ) && header.is_readable()
    }

    fn entry_extent(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        header: &LocalFileHeader,
    ) -> ParseResult<EntryExtent> {
        let header_end = usize::try_from(header.len).map_err(|_| ParseError::Malformed)?;
        if !header.has_descriptor() {
            if header.compressed_len > MAX_BUFFERED_PART as u64 {
                return Ok(EntryExtent::KnownLength);
            }
            let packed =
                usize::try_from(header.compressed_len).map_err(|_| ParseError::Malformed)?;
            let ahead = stream.fill_to(header_end + packed + 4)?;
            let following = ahead.get(header_end + packed..).ok_or(ParseError::Malformed)?;
            // A record or the end of the file must follow. Otherwise the length is wrong.
            if !following.is_empty() && !following.starts_with(b"PK") {
                return Err(ParseError::Malformed);
            }
            return Ok(EntryExtent::Buffered {
                crc: header.crc,
                packed,
                plain: header.uncompressed_len,
                descriptor_len: 0,
            });
        }
        if !header.is_readable() {
            return Err(ParseError::Malformed);
        }
        let mut ahead_len = 64 * 1024;
        loop {
            let offset = stream.position();
            let limit = self.remaining_budget(offset);
            let ahead = stream.fill_to(header_end + ahead_len + 24)?;
            let is_complete = ahead.len() < header_end + ahead_len + 24;
            let data = ahead.get(header_end..).ok_or(ParseError::Malformed)?;
            let end = if header.method == STORED {
                data::find_stored_end(data)
            } else {
                data::find_deflate_end(data, limit)
            };
            match end {
                data::DataEnd::At { crc, packed, plain } => {
                    let descriptor_len = descriptor_len(&data[packed..], crc, packed as u64, plain);
                    let descriptor_len = descriptor_len.ok_or(ParseError::Malformed)?;
                    self.unpacked += plain;
                    return Ok(EntryExtent::Buffered { crc, packed, plain, descriptor_len });
                }
                data::DataEnd::Invalid => return Err(ParseError::Malformed),
                data::DataEnd::NeedsMore if is_complete => return Err(ParseError::Malformed),
                data::DataEnd::NeedsMore if ahead_len < MAX_BUFFERED_PART => ahead_len *= 2,
                data::DataEnd::NeedsMore if header.method == STORED => {
                    return Ok(EntryExtent::StoredStream);
                }
                data::DataEnd::NeedsMore => return Ok(EntryExtent::Streamed),
            }
        }
    }

    /// Writes a part that is completely in the look-ahead buffer.
    fn write_buffered(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        header: &LocalFileHeader,
        (name, treatment): (&str, PartTreatment),
        descriptor_len: u64,
    ) -> ParseResult<WrittenEntry> {
        if !Self::should_rewrite(treatment, header) {
            if header.uncompressed_len > 0 {
                self.scrubber.record_unchanged(treatment);
            }
        } else if !self
            .charge_budget(stream.position() + header.compressed_len, header.uncompressed_len)
        {
            self.scrubber.record_unreadable(treatment);
        } else if let Some(part) = self.rewrite_buffered(stream, header, (name, treatment))? {
            let offset = stream.written();
            let flags = header.plain_flags();
            let numbers = (part.crc, part.data.len() as u64, part.uncompressed_len);
            stream.write(&local_file_header(flags, DEFLATED, numbers, &header.name))?;
            stream.write(&part.data)?;
            stream.skip(header.len + header.compressed_len + descriptor_len)?;
            let (crc, packed, plain) = numbers;
            return Ok(WrittenEntry {
                offset,
                flags,
                method: DEFLATED,
                crc,
                compressed_len: packed,
                uncompressed_len: plain,
                is_verbatim: false,
            });
        }
        // The header states the lengths, because all of them are known.
        let header =
            LocalFileHeader { flags: header.flags & !DESCRIPTOR_FOLLOWS, ..header.clone() };
        let mut written = copy::copy_verbatim(stream, &header)?;
        stream.skip(descriptor_len)?;
        // Flags and lengths of the directory hold for parts whose header is copied unchanged.
        written.is_verbatim = descriptor_len == 0;
        Ok(written)
    }

    /// Returns the rewritten part. Returns `None` if nothing changes, or if the part cannot be
    /// read.
    fn rewrite_buffered(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        header: &LocalFileHeader,
        (name, treatment): (&str, PartTreatment),
    ) -> ParseResult<Option<CompressedEntry>> {
        let start = usize::try_from(header.len).map_err(|_| ParseError::Malformed)?;
        let end =
            start + usize::try_from(header.compressed_len).map_err(|_| ParseError::Malformed)?;
        let data = stream.fill_to(end)?.get(start..end).ok_or(ParseError::Malformed)?;
        let mut encoder = DeflateEncoder::new(
            data::BoundedBuffer::new(MAX_REWRITTEN_PART),
            Compression::default(),
        );
        let mut output = ChecksumWriter::new(&mut encoder);
        let mut rewrite = self.scrubber.begin_part();
        let rewritten = if header.method == STORED {
            let mut plain = MeteredReader::new(data, u64::MAX);
            let result = rewrite.rewrite(name, treatment, &mut plain, &mut output);
            result.map(|changed| changed && plain.crc() == header.crc)
        } else if data.is_empty() {
            Ok(false)
        } else {
            let mut plain = MeteredReader::new(DeflateDecoder::new(data), header.uncompressed_len);
            let result = rewrite.rewrite(name, treatment, &mut plain, &mut output);
            result.map(|changed| changed && plain.crc() == header.crc)
        };
        let (crc, plain) = (output.crc.finalize(), output.len);
        match (rewritten, encoder.finish()) {
            (Ok(true), Ok(bounded)) => {
                rewrite.commit();
                Ok(Some(CompressedEntry { crc, uncompressed_len: plain, data: bounded.bytes }))
            }
            (Ok(false), _) if rewrite.found.removed.is_empty() => {
                rewrite.commit();
                Ok(None)
            }
            // It does not decompress to what it announces.
            _ => {
                self.scrubber.record_unreadable(treatment);
                Ok(None)
            }
        }
    }

    /// Rewrites a long part while it streams through.
    fn rewrite_streaming(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        header: &LocalFileHeader,
        (name, treatment): (&str, PartTreatment),
    ) -> ParseResult<WrittenEntry> {
        let offset = stream.written();
        let flags = DESCRIPTOR_FOLLOWS | header.plain_flags();
        let is_known = !header.has_descriptor();
        stream.skip(header.len)?;
        stream.write(&local_file_header(flags, DEFLATED, (0, 0, 0), &header.name))?;
        let data_start = stream.written();
        let limit = if is_known {
            header.uncompressed_len
        } else {
            self.remaining_budget(stream.position()).max(MIN_UNPACK_BUDGET)
        };
        let mut entry = EntryReader::new(
            &mut stream.source,
            if is_known { header.compressed_len } else { u64::MAX },
        );
        let mut encoder = DeflateEncoder::new(&mut stream.sink, Compression::fast());
        let mut output = ChecksumWriter::new(&mut encoder);
        let mut rewriting = self.scrubber.begin_part();
        let (result, metered) = if header.method == STORED {
            let mut plain = MeteredReader::new(&mut entry, limit);
            (rewriting.rewrite(name, treatment, &mut plain, &mut output), plain.checksum_and_len())
        } else {
            let mut plain = MeteredReader::new(DeflateDecoder::new(&mut entry), limit);
            let result =
                rewriting.rewrite(name, treatment, &mut plain, &mut output).and_then(|changed| {
                    plain.drain()?;
                    Ok(changed)
                });
            (result, plain.checksum_and_len())
        };
        rewriting.commit();
        let (crc, plain) = (output.crc.finalize(), output.len);
        encoder.finish()?;
        let (left, has_failed) = (entry.remaining(), entry.has_failed());
        let packed = stream.sink.written() - data_start;
        if !is_known {
            self.unpacked += metered.1;
        }
        // The record is completed in any case, so that the other parts can be read.
        stream.write(&data_descriptor(crc, packed, plain))?;
        let written = WrittenEntry {
            offset,
            flags,
            method: DEFLATED,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            is_verbatim: false,
        };
        if let Err(error) = result {
            match classify_error(error, has_failed) {
                ParseError::Malformed if is_known => self.scrubber.record_unreadable(treatment),
                stop => {
                    self.index.by_offset.insert(stream.position(), written);
                    return Err(stop);
                }
            }
        }
        if is_known {
            stream.skip(left)?;
        } else {
            let packed = u64::MAX - left;
            let following = stream.peek(28)?;
            match descriptor_len(following, metered.0, packed, metered.1) {
                Some(len) => stream.skip(len)?,
                None => self.scrubber.record_unreadable(treatment),
            }
        }
        Ok(written)
    }

    /// Copies a long part unchanged. It is decompressed to find its end.
    fn copy_streamed(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        header: &LocalFileHeader,
    ) -> ParseResult<WrittenEntry> {
        let offset = stream.written();
        let flags = DESCRIPTOR_FOLLOWS | header.plain_flags();
        stream.skip(header.len)?;
        stream.write(&local_file_header(flags, header.method, (0, 0, 0), &header.name))?;
        let limit = self.remaining_budget(stream.position()).max(MIN_UNPACK_BUDGET);
        let (crc, packed, plain) = data::copy_deflated(stream, limit)?;
        self.unpacked += plain;
        let descriptor_len =
            descriptor_len(stream.peek(28)?, crc, packed, plain).ok_or(ParseError::Malformed)?;
        stream.skip(descriptor_len)?;
        stream.write(&data_descriptor(crc, packed, plain))?;
        Ok(WrittenEntry {
            offset,
            flags,
            method: header.method,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            is_verbatim: false,
        })
    }

    /// Returns how many bytes may still be decompressed after `input_len` bytes of the file.
    fn remaining_budget(&self, input_len: u64) -> u64 {
        (MIN_UNPACK_BUDGET + input_len.min(MAX_FILE_LEN) * UNPACKED_PER_INPUT_BYTE)
            .saturating_sub(self.unpacked)
    }

    /// Charges the budget with `plain` bytes. Returns false, and charges nothing, if it is
    /// exhausted.
    fn charge_budget(&mut self, input_len: u64, plain: u64) -> bool {
        let covered = plain <= self.remaining_budget(input_len);
        if covered {
            self.unpacked += plain;
        }
        covered
    }
}

/// A part ready to be written.
struct CompressedEntry {
    crc: u32,
    uncompressed_len: u64,
    data: Vec<u8>,
}
