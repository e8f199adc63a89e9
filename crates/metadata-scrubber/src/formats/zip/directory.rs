//! The central directory of a package, rewritten with the offsets of the parts as they were
//! written.

use std::collections::BTreeMap;

use super::record::{CentralDirectoryEntry, WrittenEntry, end_of_central_directory};
use crate::{
    metadata_kind::MetadataKind,
    stream::{MAX_LOOKAHEAD, ParseError, ParseResult, StreamRewriter, read_le},
    summary::Findings,
};

/// Maximum number of records that are read in search of the directory of a damaged file.
const MAX_SCANNED_RECORDS: u32 = 1_000_000;

/// The parts written before the directory.
#[derive(Default)]
pub(super) struct EntryIndex {
    /// The written parts by their offset in the input.
    pub(super) by_offset: BTreeMap<u64, WrittenEntry>,
    /// Input and output offset from which on everything was copied unchanged.
    pub(super) verbatim_start: Option<(u64, u64)>,
}

impl EntryIndex {
    /// Returns the part of an entry as written. Returns `None` if the entry points to no part.
    fn written_entry(&self, entry: &CentralDirectoryEntry) -> Option<WrittenEntry> {
        let CentralDirectoryEntry {
            flags,
            method,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            offset: at,
            ..
        } = *entry;
        let verbatim_entry = |at| WrittenEntry {
            offset: at,
            flags,
            method,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            is_verbatim: true,
        };
        match (self.by_offset.get(&at), self.verbatim_start) {
            (Some(written), _) if written.is_verbatim => Some(verbatim_entry(written.offset)),
            (Some(written), _) => Some(*written),
            (None, Some((from, to))) if at >= from => Some(verbatim_entry(to + (at - from))),
            (None, _) => None,
        }
    }
}

/// Reads the directory to the end of the file and rewrites it. Returns whether every entry was
/// valid.
pub(super) fn rewrite_directory(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    index: &EntryIndex,
) -> ParseResult<bool> {
    let at = stream.written();
    let (mut count, mut is_sound) = (0, true);
    loop {
        // A record has at most three fields of 65,535 bytes.
        let ahead = stream.peek(46 + 3 * 65_535)?;
        if let Some(entry) = CentralDirectoryEntry::read(ahead) {
            match index.written_entry(&entry) {
                Some(written) => {
                    stream.write(&entry.write(&written))?;
                    count += 1;
                }
                None => is_sound = false,
            }
            if entry.has_comment {
                found.removed |= MetadataKind::Words;
            }
            stream.skip(entry.len)?;
            continue;
        }
        let len = match ahead {
            [b'P', b'K', 5, 6, ..] => break,
            // The zip64 end record and its locator.
            [b'P', b'K', 6, 6, ..] => {
                read_le(ahead, 4, 8).ok_or(ParseError::Malformed)?.saturating_add(12)
            }
            [b'P', b'K', 6, 7, ..] => 20,
            // A digital signature of the directory.
            [b'P', b'K', 5, 5, ..] => 6 + read_le(ahead, 4, 2).ok_or(ParseError::Malformed)?,
            _ => {
                is_sound = false;
                break;
            }
        };
        if ahead.len() as u64 <= len || len > MAX_LOOKAHEAD as u64 {
            is_sound = false;
            break;
        }
        stream.skip(len)?;
    }
    let len = stream.written() - at;
    stream.write(&end_of_central_directory(count, at, len))?;
    let end = stream.peek(22)?;
    let comment = read_le(end, 20, 2).unwrap_or_default();
    let end = end.len() as u64;
    stream.skip(end)?;
    let has_trailer = stream.skip_rest()?;
    if is_sound && comment > 0 {
        found.removed |= MetadataKind::Words;
    } else if is_sound && has_trailer {
        found.removed |= MetadataKind::Other;
    }
    Ok(is_sound)
}

/// Copies a damaged package unchanged, up to its directory. Returns whether a directory was found.
pub(super) fn copy_until_directory(stream: &mut StreamRewriter<'_>) -> ParseResult<bool> {
    let mut remaining_records = MAX_SCANNED_RECORDS;
    loop {
        let at = stream.position();
        let ahead = stream.fill_to(MAX_LOOKAHEAD)?;
        let is_last = ahead.len() < MAX_LOOKAHEAD;
        // The second half is searched again as the first half of the next buffer, so that a
        // directory within 512 KiB is seen as a whole.
        let until = if is_last { ahead.len() } else { MAX_LOOKAHEAD / 2 };
        let directory = memchr::memmem::find_iter(ahead, b"PK\x01\x02")
            .take_while(|start| *start < until)
            .find(|start| {
                is_directory(&ahead[*start..], at + *start as u64, &mut remaining_records)
            });
        match directory {
            Some(start) => {
                stream.copy(start as u64)?;
                return Ok(true);
            }
            None => stream.copy(until as u64)?,
        }
        if is_last {
            return Ok(false);
        }
    }
}

/// Returns whether directory entries follow one another from here to an end record that states this
/// offset.
fn is_directory(ahead: &[u8], at: u64, remaining_records: &mut u32) -> bool {
    let mut next = 0;
    while let Some(entry) = CentralDirectoryEntry::read(&ahead[next..]) {
        if *remaining_records == 0 {
            return false;
        }
        *remaining_records -= 1;
        next += usize::try_from(entry.len).unwrap_or(ahead.len());
    }
    let end = &ahead[next..];
    match end {
        [b'P', b'K', 5, 6, ..] => read_le(end, 16, 4) == Some(at),
        [b'P', b'K', 6, 6, ..] => read_le(end, 48, 8) == Some(at),
        _ => false,
    }
}
