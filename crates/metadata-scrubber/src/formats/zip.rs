//! Packages (ZIP): walked from part to part as they stream by, and rewritten. `package` says what
//! becomes of each part.
//!
//! Nothing is lost: a part that cannot be unpacked goes on as it came. Where the walk itself fails,
//! everything up to the directory goes on as it came, and the directory is written with the places
//! that the parts have now.

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

/// A part is held whole if it is packed in no more than this.
const MAX_BUFFERED_PART: usize = 512 * 1024;
/// What a rewritten part that is held may be packed in.
const MAX_REWRITTEN_PART: usize = 2 * 1024 * 1024;
/// All parts of a file may unpack to so much together,
const MIN_UNPACK_BUDGET: u64 = 64 * 1024 * 1024;
/// and to so many further bytes for each byte that has come: more than any document is packed by.
const UNPACKED_PER_INPUT_BYTE: u64 = 24;
/// No file is longer, in bytes. A part may announce more, which then allows nothing.
const MAX_FILE_LEN: u64 = 64 * 1024 * 1024;
/// More parts than any document has.
const MAX_PARTS: usize = 16 * 1024;

/// Gives a package on without its traces.
pub(crate) fn rewrite(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    let mut package = ArchiveRewriter {
        scrubber: OfficeScrubber::new(found),
        unpacked: 0,
        index: EntryIndex::default(),
    };
    let walked = package.process_parts(pipe);
    let ArchiveRewriter { index: mut known, .. } = package;
    match walked {
        Ok(()) => {
            let is_sound = directory::rewrite_directory(pipe, found, &known)?;
            return if is_sound { Ok(()) } else { Err(ParseError::Malformed) };
        }
        Err(ParseError::Malformed) => {}
        Err(stop) => return Err(stop),
    }
    known.verbatim_start = Some((pipe.position(), pipe.written()));
    if directory::copy_until_directory(pipe)? {
        directory::rewrite_directory(pipe, found, &known)?;
    }
    Err(ParseError::Malformed)
}

struct ArchiveRewriter<'f> {
    scrubber: OfficeScrubber<'f>,
    /// So many bytes have been unpacked already.
    unpacked: u64,
    index: EntryIndex,
}

/// How far a part reaches.
enum EntryExtent {
    /// It is all in what lies ahead.
    Buffered { crc: u32, packed: usize, plain: u64, behind: u64 },
    /// Its head says how long it is.
    KnownLength,
    /// It ends where its compression ends.
    Streamed,
    /// It is stored, and ends where a descriptor fits.
    StoredStream,
}

impl ArchiveRewriter<'_> {
    /// Walks the parts up to the directory.
    fn process_parts(&mut self, pipe: &mut StreamRewriter<'_>) -> ParseResult<()> {
        loop {
            match &pipe.peek_array()? {
                b"PK\x03\x04" => self.process_part(pipe)?,
                b"PK\x01\x02" => return Ok(()),
                _ => return Err(ParseError::Malformed),
            }
        }
    }

    /// Fails as broken before anything of the part was taken, or once all of it was written as it
    /// came.
    fn process_part(&mut self, pipe: &mut StreamRewriter<'_>) -> ParseResult<()> {
        if self.index.by_offset.len() == MAX_PARTS {
            return Err(ParseError::Malformed);
        }
        let came_at = pipe.position();
        let head = LocalFileHeader::peek(pipe)?;
        let name = String::from_utf8_lossy(&head.name).to_lowercase();
        let kind = OfficeScrubber::treatment_for(&name);
        let written = match self.entry_extent(pipe, &head)? {
            EntryExtent::Buffered { crc, packed, plain, behind } => {
                let head = LocalFileHeader {
                    crc,
                    compressed_len: packed as u64,
                    uncompressed_len: plain,
                    ..head
                };
                self.write_buffered(pipe, &head, (&name, kind), behind)?
            }
            EntryExtent::KnownLength if Self::should_rewrite(kind, &head) => {
                if self.charge_budget(pipe.position() + head.compressed_len, head.uncompressed_len)
                {
                    self.rewrite_streaming(pipe, &head, (&name, kind))?
                } else {
                    self.scrubber.record_unreadable(kind);
                    copy_verbatim(pipe, &head)?
                }
            }
            EntryExtent::KnownLength => {
                self.scrubber.record_unchanged(kind);
                copy_verbatim(pipe, &head)?
            }
            EntryExtent::Streamed if Self::should_rewrite(kind, &head) => {
                self.rewrite_streaming(pipe, &head, (&name, kind))?
            }
            EntryExtent::Streamed => {
                self.scrubber.record_unchanged(kind);
                self.copy_streamed(pipe, &head)?
            }
            EntryExtent::StoredStream => {
                self.scrubber.record_unreadable(kind);
                copy_stored_stream(pipe, &head)?
            }
        };
        self.index.by_offset.insert(came_at, written);
        Ok(())
    }

    fn should_rewrite(kind: PartTreatment, head: &LocalFileHeader) -> bool {
        matches!(kind, PartTreatment::Xml | PartTreatment::Picture | PartTreatment::Replace(..))
            && head.is_readable()
    }

    fn entry_extent(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        head: &LocalFileHeader,
    ) -> ParseResult<EntryExtent> {
        let before = usize::try_from(head.len).map_err(|_| ParseError::Malformed)?;
        if !head.has_descriptor() {
            if head.compressed_len > MAX_BUFFERED_PART as u64 {
                return Ok(EntryExtent::KnownLength);
            }
            let packed = usize::try_from(head.compressed_len).map_err(|_| ParseError::Malformed)?;
            let ahead = pipe.fill_to(before + packed + 4)?;
            let behind = ahead.get(before + packed..).ok_or(ParseError::Malformed)?;
            // What follows is a record or nothing; or the length is not true.
            if !behind.is_empty() && !behind.starts_with(b"PK") {
                return Err(ParseError::Malformed);
            }
            return Ok(EntryExtent::Buffered {
                crc: head.crc,
                packed,
                plain: head.uncompressed_len,
                behind: 0,
            });
        }
        if !head.is_readable() {
            return Err(ParseError::Malformed);
        }
        let mut ahead_len = 64 * 1024;
        loop {
            let at = pipe.position();
            let allowed = self.remaining_budget(at);
            let ahead = pipe.fill_to(before + ahead_len + 24)?;
            let is_all = ahead.len() < before + ahead_len + 24;
            let data = ahead.get(before..).ok_or(ParseError::Malformed)?;
            let end = if head.method == STORED {
                data::find_stored_end(data)
            } else {
                data::find_deflate_end(data, allowed)
            };
            match end {
                data::DataEnd::At { crc, packed, plain } => {
                    let behind = descriptor_len(&data[packed..], crc, packed as u64, plain);
                    let behind = behind.ok_or(ParseError::Malformed)?;
                    self.unpacked += plain;
                    return Ok(EntryExtent::Buffered { crc, packed, plain, behind });
                }
                data::DataEnd::Invalid => return Err(ParseError::Malformed),
                data::DataEnd::NeedsMore if is_all => return Err(ParseError::Malformed),
                data::DataEnd::NeedsMore if ahead_len < MAX_BUFFERED_PART => ahead_len *= 2,
                data::DataEnd::NeedsMore if head.method == STORED => {
                    return Ok(EntryExtent::StoredStream);
                }
                data::DataEnd::NeedsMore => return Ok(EntryExtent::Streamed),
            }
        }
    }

    /// A part that lies ahead, whole.
    fn write_buffered(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        head: &LocalFileHeader,
        (name, kind): (&str, PartTreatment),
        behind: u64,
    ) -> ParseResult<WrittenEntry> {
        if !Self::should_rewrite(kind, head) {
            if head.uncompressed_len > 0 {
                self.scrubber.record_unchanged(kind);
            }
        } else if !self.charge_budget(pipe.position() + head.compressed_len, head.uncompressed_len)
        {
            self.scrubber.record_unreadable(kind);
        } else if let Some(part) = self.rewrite_buffered(pipe, head, (name, kind))? {
            let at = pipe.written();
            let flags = head.plain_flags();
            let numbers = (part.crc, part.data.len() as u64, part.uncompressed_len);
            pipe.write(&local_file_header(flags, DEFLATED, numbers, &head.name))?;
            pipe.write(&part.data)?;
            pipe.skip(head.len + head.compressed_len + behind)?;
            let (crc, packed, plain) = numbers;
            return Ok(WrittenEntry {
                offset: at,
                flags,
                method: DEFLATED,
                crc,
                compressed_len: packed,
                uncompressed_len: plain,
                is_verbatim: false,
            });
        }
        // With its lengths in front, for all are known.
        let known = LocalFileHeader { flags: head.flags & !DESCRIPTOR_FOLLOWS, ..head.clone() };
        let mut written = copy_verbatim(pipe, &known)?;
        pipe.skip(behind)?;
        // What the directory says of flags and lengths holds for parts whose head is left as it
        // came.
        written.is_verbatim = behind == 0;
        Ok(written)
    }

    /// The part as it is to be; `None` if nothing is to be changed, or it cannot be read.
    fn rewrite_buffered(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        head: &LocalFileHeader,
        (name, kind): (&str, PartTreatment),
    ) -> ParseResult<Option<CompressedEntry>> {
        let start = usize::try_from(head.len).map_err(|_| ParseError::Malformed)?;
        let end =
            start + usize::try_from(head.compressed_len).map_err(|_| ParseError::Malformed)?;
        let data = pipe.fill_to(end)?.get(start..end).ok_or(ParseError::Malformed)?;
        let mut encoder = DeflateEncoder::new(
            data::BoundedBuffer::new(MAX_REWRITTEN_PART),
            Compression::default(),
        );
        let mut tally = ChecksumWriter::new(&mut encoder);
        let mut before = self.scrubber.begin_part();
        let rewritten = if head.method == STORED {
            let mut plain = MeteredReader::new(data, u64::MAX);
            let done = before.rewrite(name, kind, &mut plain, &mut tally);
            done.map(|changed| changed && plain.crc() == head.crc)
        } else if data.is_empty() {
            Ok(false)
        } else {
            let mut plain = MeteredReader::new(DeflateDecoder::new(data), head.uncompressed_len);
            let done = before.rewrite(name, kind, &mut plain, &mut tally);
            done.map(|changed| changed && plain.crc() == head.crc)
        };
        let (crc, plain) = (tally.crc.finalize(), tally.len);
        match (rewritten, encoder.finish()) {
            (Ok(true), Ok(bounded)) => {
                before.commit();
                Ok(Some(CompressedEntry { crc, uncompressed_len: plain, data: bounded.bytes }))
            }
            (Ok(false), _) if before.found.removed.is_empty() => {
                before.commit();
                Ok(None)
            }
            // It does not unpack to what it announces.
            _ => {
                self.scrubber.record_unreadable(kind);
                Ok(None)
            }
        }
    }

    /// A long part, rewritten while it streams.
    fn rewrite_streaming(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        head: &LocalFileHeader,
        (name, kind): (&str, PartTreatment),
    ) -> ParseResult<WrittenEntry> {
        let at = pipe.written();
        let flags = DESCRIPTOR_FOLLOWS | head.plain_flags();
        let is_known = !head.has_descriptor();
        pipe.skip(head.len)?;
        pipe.write(&local_file_header(flags, DEFLATED, (0, 0, 0), &head.name))?;
        let before = pipe.written();
        let allowed = if is_known {
            head.uncompressed_len
        } else {
            self.remaining_budget(pipe.position()).max(MIN_UNPACK_BUDGET)
        };
        let mut raw = EntryReader::new(
            &mut pipe.source,
            if is_known { head.compressed_len } else { u64::MAX },
        );
        let mut encoder = DeflateEncoder::new(&mut pipe.sink, Compression::fast());
        let mut tally = ChecksumWriter::new(&mut encoder);
        let mut rewriting = self.scrubber.begin_part();
        let (done, counted) = if head.method == STORED {
            let mut plain = MeteredReader::new(&mut raw, allowed);
            (rewriting.rewrite(name, kind, &mut plain, &mut tally), plain.checksum_and_len())
        } else {
            let mut plain = MeteredReader::new(DeflateDecoder::new(&mut raw), allowed);
            let done = rewriting.rewrite(name, kind, &mut plain, &mut tally).and_then(|changed| {
                plain.drain()?;
                Ok(changed)
            });
            (done, plain.checksum_and_len())
        };
        rewriting.commit();
        let (crc, plain) = (tally.crc.finalize(), tally.len);
        encoder.finish()?;
        let (left, has_failed) = (raw.remaining(), raw.has_failed());
        let packed = pipe.sink.written() - before;
        if !is_known {
            self.unpacked += counted.1;
        }
        // The part ends soundly in any case, so that all others can be read.
        pipe.write(&data_descriptor(crc, packed, plain))?;
        let written = WrittenEntry {
            offset: at,
            flags,
            method: DEFLATED,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            is_verbatim: false,
        };
        if let Err(error) = done {
            match classify_error(error, has_failed) {
                ParseError::Malformed if is_known => self.scrubber.record_unreadable(kind),
                stop => {
                    self.index.by_offset.insert(pipe.position(), written);
                    return Err(stop);
                }
            }
        }
        if is_known {
            pipe.skip(left)?;
        } else {
            let packed = u64::MAX - left;
            let behind = pipe.peek(28)?;
            match descriptor_len(behind, counted.0, packed, counted.1) {
                Some(len) => pipe.skip(len)?,
                None => self.scrubber.record_unreadable(kind),
            }
        }
        Ok(written)
    }

    /// A long part that goes on as it came: it is unpacked to see where it ends.
    fn copy_streamed(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        head: &LocalFileHeader,
    ) -> ParseResult<WrittenEntry> {
        let at = pipe.written();
        let flags = DESCRIPTOR_FOLLOWS | head.plain_flags();
        pipe.skip(head.len)?;
        pipe.write(&local_file_header(flags, head.method, (0, 0, 0), &head.name))?;
        let allowed = self.remaining_budget(pipe.position()).max(MIN_UNPACK_BUDGET);
        let (crc, packed, plain) = data::copy_deflated(pipe, allowed)?;
        self.unpacked += plain;
        let behind =
            descriptor_len(pipe.peek(28)?, crc, packed, plain).ok_or(ParseError::Malformed)?;
        pipe.skip(behind)?;
        pipe.write(&data_descriptor(crc, packed, plain))?;
        Ok(WrittenEntry {
            offset: at,
            flags,
            method: head.method,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            is_verbatim: false,
        })
    }

    /// How much may still be unpacked when so much of the file has come.
    fn remaining_budget(&self, come: u64) -> u64 {
        (MIN_UNPACK_BUDGET + come.min(MAX_FILE_LEN) * UNPACKED_PER_INPUT_BYTE)
            .saturating_sub(self.unpacked)
    }

    /// Whether the budget covers so many further bytes; takes them from it if it does.
    fn charge_budget(&mut self, come: u64, plain: u64) -> bool {
        let covered = plain <= self.remaining_budget(come);
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

fn copy_verbatim(
    pipe: &mut StreamRewriter<'_>,
    head: &LocalFileHeader,
) -> ParseResult<WrittenEntry> {
    let at = pipe.written();
    let LocalFileHeader {
        flags, method, crc, compressed_len: packed, uncompressed_len: plain, ..
    } = *head;
    pipe.skip(head.len)?;
    pipe.write(&local_file_header(flags, method, (crc, packed, plain), &head.name))?;
    pipe.copy(packed)?;
    Ok(WrittenEntry {
        offset: at,
        flags,
        method,
        crc,
        compressed_len: packed,
        uncompressed_len: plain,
        is_verbatim: true,
    })
}

/// A long stored part that goes on as it came, up to the descriptor that fits what has gone.
fn copy_stored_stream(
    pipe: &mut StreamRewriter<'_>,
    head: &LocalFileHeader,
) -> ParseResult<WrittenEntry> {
    let at = pipe.written();
    pipe.skip(head.len)?;
    pipe.write(&local_file_header(head.flags, head.method, (0, 0, 0), &head.name))?;
    let (crc, len) = data::copy_stored(pipe)?;
    let behind = descriptor_len(pipe.peek(28)?, crc, len, len).ok_or(ParseError::Malformed)?;
    pipe.skip(behind)?;
    pipe.write(&data_descriptor(crc, len, len))?;
    Ok(WrittenEntry {
        offset: at,
        flags: head.flags,
        method: STORED,
        crc,
        compressed_len: len,
        uncompressed_len: len,
        is_verbatim: false,
    })
}
