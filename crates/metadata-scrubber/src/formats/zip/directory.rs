//! The directory at the end of a package, rewritten with the places of the parts as they were
//! written.

use std::collections::BTreeMap;

use super::record::{CentralDirectoryEntry, WrittenEntry, end_of_central_directory};
use crate::{
    stream::{MAX_LOOKAHEAD, ParseError, ParseResult, StreamRewriter, read_le},
    summary::{Findings, MetadataKind},
};

/// Records that may be looked at in search of the directory of a damaged file.
const MAX_SCANNED_RECORDS: u32 = 1_000_000;

/// What is known of the parts when the directory comes.
#[derive(Default)]
pub(super) struct EntryIndex {
    /// By the place in the file as it came.
    pub(super) by_offset: BTreeMap<u64, WrittenEntry>,
    /// From this place of the input on, bytes went on as they came, to this place of the output.
    pub(super) verbatim_start: Option<(u64, u64)>,
}

impl EntryIndex {
    /// The part of an entry as it was written; `None` if the entry points at no part.
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
        let as_told = |at| WrittenEntry {
            offset: at,
            flags,
            method,
            crc,
            compressed_len: packed,
            uncompressed_len: plain,
            is_verbatim: true,
        };
        match (self.by_offset.get(&at), self.verbatim_start) {
            (Some(written), _) if written.is_verbatim => Some(as_told(written.offset)),
            (Some(written), _) => Some(*written),
            (None, Some((from, to))) if at >= from => Some(as_told(to + (at - from))),
            (None, _) => None,
        }
    }
}

/// Reads the directory to the end of the file and rewrites it. Returns whether every entry was
/// understood.
pub(super) fn rewrite_directory(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    places: &EntryIndex,
) -> ParseResult<bool> {
    let at = pipe.written();
    let (mut count, mut is_sound) = (0, true);
    loop {
        // A record is not longer than three fields of 65,535 bytes.
        let ahead = pipe.peek(46 + 3 * 65_535)?;
        if let Some(entry) = CentralDirectoryEntry::read(ahead) {
            match places.written_entry(&entry) {
                Some(written) => {
                    pipe.write(&entry.write(&written))?;
                    count += 1;
                }
                None => is_sound = false,
            }
            if entry.has_comment {
                found.removed |= MetadataKind::Words;
            }
            pipe.skip(entry.len)?;
            continue;
        }
        let len = match ahead {
            [b'P', b'K', 5, 6, ..] => break,
            // The end in 64 bits, and where it is.
            [b'P', b'K', 6, 6, ..] => {
                read_le(ahead, 4, 8).ok_or(ParseError::Malformed)?.saturating_add(12)
            }
            [b'P', b'K', 6, 7, ..] => 20,
            // A signature of the directory.
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
        pipe.skip(len)?;
    }
    let len = pipe.written() - at;
    pipe.write(&end_of_central_directory(count, at, len))?;
    let end = pipe.peek(22)?;
    let comment = read_le(end, 20, 2).unwrap_or_default();
    let end = end.len() as u64;
    pipe.skip(end)?;
    let any = pipe.skip_rest()?;
    if is_sound && comment > 0 {
        found.removed |= MetadataKind::Words;
    } else if is_sound && any {
        found.removed |= MetadataKind::Other;
    }
    Ok(is_sound)
}

/// Gives a damaged package on as it comes, up to its directory. Returns whether a directory was
/// found.
pub(super) fn copy_until_directory(pipe: &mut StreamRewriter<'_>) -> ParseResult<bool> {
    let mut effort = MAX_SCANNED_RECORDS;
    loop {
        let at = pipe.position();
        let ahead = pipe.fill_to(MAX_LOOKAHEAD)?;
        let is_last = ahead.len() < MAX_LOOKAHEAD;
        // The second half is looked at again when it is the first: a directory within 512 KiB is
        // seen whole.
        let until = if is_last { ahead.len() } else { MAX_LOOKAHEAD / 2 };
        let directory = memchr::memmem::find_iter(ahead, b"PK\x01\x02")
            .take_while(|start| *start < until)
            .find(|start| is_directory(&ahead[*start..], at + *start as u64, &mut effort));
        match directory {
            Some(start) => {
                pipe.copy(start as u64)?;
                return Ok(true);
            }
            None => pipe.copy(until as u64)?,
        }
        if is_last {
            return Ok(false);
        }
    }
}

/// Whether entries follow one another from here to an end record that names this place.
fn is_directory(ahead: &[u8], at: u64, effort: &mut u32) -> bool {
    let mut next = 0;
    while let Some(entry) = CentralDirectoryEntry::read(&ahead[next..]) {
        if *effort == 0 {
            return false;
        }
        *effort -= 1;
        next += usize::try_from(entry.len).unwrap_or(ahead.len());
    }
    let end = &ahead[next..];
    match end {
        [b'P', b'K', 5, 6, ..] => read_le(end, 16, 4) == Some(at),
        [b'P', b'K', 6, 6, ..] => read_le(end, 48, 8) == Some(at),
        _ => false,
    }
}
