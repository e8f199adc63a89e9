//! The directory at the end of a package, rewritten with the places of the parts as they were written.

use std::collections::BTreeMap;

use super::record::{Entry, Written, end_record};
use crate::{
    found::{Found, Trace},
    pipe::{FURTHEST, Pipe, Step, Stop, le},
};

/// Records that may be looked at in search of the directory of a damaged file.
const MOST_LOOKED_AT: u32 = 1_000_000;

/// What is known of the parts when the directory comes.
#[derive(Default)]
pub(super) struct Places {
    /// By the place in the file as it came.
    pub(super) parts: BTreeMap<u64, Written>,
    /// From this place of the input on, bytes went on as they came, to this place of the output.
    pub(super) raw: Option<(u64, u64)>,
}

impl Places {
    /// The part of an entry as it was written; `None` if the entry points at no part.
    fn of(&self, entry: &Entry) -> Option<Written> {
        let Entry { flags, method, crc, packed, plain, at, .. } = *entry;
        let as_told = |at| Written { at, flags, method, crc, packed, plain, as_it_came: true };
        match (self.parts.get(&at), self.raw) {
            (Some(written), _) if written.as_it_came => Some(as_told(written.at)),
            (Some(written), _) => Some(*written),
            (None, Some((from, to))) if at >= from => Some(as_told(to + (at - from))),
            (None, _) => None,
        }
    }
}

/// Reads the directory to the end of the file and rewrites it. Returns whether every entry was understood.
pub(super) fn rewrite(pipe: &mut Pipe<'_>, found: &mut Found, places: &Places) -> Step<bool> {
    let at = pipe.written();
    let (mut count, mut is_sound) = (0, true);
    loop {
        // A record is not longer than three fields of 65,535 bytes.
        let ahead = pipe.peek(46 + 3 * 65_535)?;
        if let Some(entry) = Entry::read(ahead) {
            match places.of(&entry) {
                Some(written) => {
                    pipe.write(&entry.write(&written))?;
                    count += 1;
                }
                None => is_sound = false,
            }
            if entry.has_comment {
                found.removed |= Trace::Words;
            }
            pipe.skip(entry.len)?;
            continue;
        }
        let len = match ahead {
            [b'P', b'K', 5, 6, ..] => break,
            // The end in 64 bits, and where it is.
            [b'P', b'K', 6, 6, ..] => le(ahead, 4, 8).ok_or(Stop::Broken)?.saturating_add(12),
            [b'P', b'K', 6, 7, ..] => 20,
            // A signature of the directory.
            [b'P', b'K', 5, 5, ..] => 6 + le(ahead, 4, 2).ok_or(Stop::Broken)?,
            _ => {
                is_sound = false;
                break;
            }
        };
        if ahead.len() as u64 <= len || len > FURTHEST as u64 {
            is_sound = false;
            break;
        }
        pipe.skip(len)?;
    }
    let len = pipe.written() - at;
    pipe.write(&end_record(count, at, len))?;
    let end = pipe.peek(22)?;
    let comment = le(end, 20, 2).unwrap_or_default();
    let end = end.len() as u64;
    pipe.skip(end)?;
    let any = pipe.skip_rest()?;
    if is_sound && comment > 0 {
        found.removed |= Trace::Words;
    } else if is_sound && any {
        found.removed |= Trace::Other;
    }
    Ok(is_sound)
}

/// Gives a damaged package on as it comes, up to its directory. Returns whether a directory was found.
pub(super) fn pass_until_directory(pipe: &mut Pipe<'_>) -> Step<bool> {
    let mut effort = MOST_LOOKED_AT;
    loop {
        let at = pipe.at();
        let ahead = pipe.look(FURTHEST)?;
        let is_last = ahead.len() < FURTHEST;
        // The second half is looked at again when it is the first: a directory within 512 KiB is seen whole.
        let until = if is_last { ahead.len() } else { FURTHEST / 2 };
        let directory = memchr::memmem::find_iter(ahead, b"PK\x01\x02")
            .take_while(|start| *start < until)
            .find(|start| is_directory(&ahead[*start..], at + *start as u64, &mut effort));
        match directory {
            Some(start) => {
                pipe.pass(start as u64)?;
                return Ok(true);
            }
            None => pipe.pass(until as u64)?,
        }
        if is_last {
            return Ok(false);
        }
    }
}

/// Whether entries follow one another from here to an end record that names this place.
fn is_directory(ahead: &[u8], at: u64, effort: &mut u32) -> bool {
    let mut next = 0;
    while let Some(entry) = Entry::read(&ahead[next..]) {
        if *effort == 0 {
            return false;
        }
        *effort -= 1;
        next += usize::try_from(entry.len).unwrap_or(ahead.len());
    }
    let end = &ahead[next..];
    match end {
        [b'P', b'K', 5, 6, ..] => le(end, 16, 4) == Some(at),
        [b'P', b'K', 6, 6, ..] => le(end, 48, 8) == Some(at),
        _ => false,
    }
}
