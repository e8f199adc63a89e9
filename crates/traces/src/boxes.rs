//! Boxes (ISO/IEC 14496-12): films and sounds of phones, and HEIC and AVIF pictures. They point into themselves by distance from the
//! beginning, so nothing changes its place: boxes that tell something become free space.

use std::ops::Range;

use crate::{
    exif,
    found::{Found, Trace, Traces},
    pipe::{Pipe, Step, Stop, be},
    rules::{self, is_among},
};

/// Of a box that is looked into.
const LOOKED_AT: u64 = 64 * 1024;
/// The table of a picture's parts is held whole.
const LARGEST_TABLE: u64 = 512 * 1024;
/// More parts than any picture has.
const MOST_PARTS: usize = 16 * 1024;
/// More notes than any picture has.
const MOST_NOTES: usize = 256;

/// A box as it begins.
#[derive(Clone, Copy)]
struct Head {
    kind: [u8; 4],
    /// Bytes before the payload.
    before: u64,
    /// `None`: up to the end of the file.
    payload: Option<u64>,
}

pub(crate) fn blank(pipe: &mut Pipe<'_>, found: &mut Found, is_picture: bool) -> Step<()> {
    let rules = &rules::get().boxes;
    // Where the box with everything about the film ends.
    let mut film = 0;
    let mut parts: Vec<Range<u64>> = Vec::new();
    while !pipe.is_at_end()? {
        let found_box = head(pipe)?;
        let inside = pipe.at() < film;
        let Some(payload) = found_box.payload else {
            return rest(pipe, found, found_box, &parts);
        };
        let kind = &found_box.kind;
        if kind == b"moov" {
            film = pipe.at() + found_box.before + payload;
        }
        if is_among(&rules.enter, kind) {
            pipe.pass(found_box.before)?;
        } else if is_among(&rules.stamped, kind) {
            stamps(pipe, found, found_box.before, payload)?;
        } else if kind == b"hdlr" && inside {
            handler(pipe, found, found_box.before, payload)?;
        } else if kind == b"meta" && is_picture && !inside {
            parts = table(pipe, found, found_box.before, payload)?;
        } else if is_among(&rules.erase, kind) || !inside && !is_among(&rules.keep, kind) {
            erase(pipe, found, found_box.before, payload)?;
        } else {
            pass_but(pipe, found, found_box.before + payload, &parts)?;
        }
    }
    Ok(())
}

fn head(pipe: &mut Pipe<'_>) -> Step<Head> {
    let short: [u8; 8] = pipe.need()?;
    let kind = [short[4], short[5], short[6], short[7]];
    let (head, size) = match be(&short, 0, 4).unwrap_or_default() {
        0 => return Ok(Head { kind, before: 8, payload: None }),
        1 => (16, be(&pipe.need::<16>()?, 8, 8).unwrap_or_default()),
        size => (8, size),
    };
    // A number beyond any file would overflow where it is added to.
    let payload = size.checked_sub(head).filter(|payload| *payload <= u64::from(u32::MAX) << 8);
    Ok(Head { kind, before: head, payload: Some(payload.ok_or(Stop::Broken)?) })
}

/// The last box, which has no length.
fn rest(pipe: &mut Pipe<'_>, found: &mut Found, last: Head, parts: &[Range<u64>]) -> Step<()> {
    if last.kind != *b"mdat" {
        return Err(Stop::Broken);
    }
    let here = pipe.at();
    for part in parts.iter().filter(|part| part.start >= here) {
        pipe.pass(part.start.saturating_sub(pipe.at()))?;
        erase_part(pipe, found, part.end.saturating_sub(pipe.at()))?;
    }
    Ok(pipe.pass_rest()?)
}

fn erase(pipe: &mut Pipe<'_>, found: &mut Found, head: u64, payload: u64) -> Step<()> {
    let ahead = pipe.peek(head + payload.min(LOOKED_AT))?;
    let said = Traces::told_by(ahead.get(usize::try_from(head).unwrap_or(16)..).unwrap_or_default());
    found.removed |= said;
    pipe.pass(4)?;
    pipe.write(b"free")?;
    pipe.skip(4)?;
    pipe.pass(head - 8)?;
    pipe.blank(payload)
}

/// When it was made and changed.
fn stamps(pipe: &mut Pipe<'_>, found: &mut Found, head: u64, payload: u64) -> Step<()> {
    pipe.pass(head)?;
    let [version] = pipe.need()?;
    let len = if version == 1 { 16 } else { 8 };
    if payload < 4 + len {
        return Err(Stop::Broken);
    }
    pipe.pass(4)?;
    if pipe.peek(len)?.iter().any(|byte| *byte != 0) {
        found.removed |= Trace::Date;
    }
    pipe.blank(len)?;
    pipe.pass(payload - 4 - len)
}

/// What a track holds, and the name that a program gave it.
fn handler(pipe: &mut Pipe<'_>, found: &mut Found, head: u64, payload: u64) -> Step<()> {
    const NAMELESS: u64 = 12;
    if payload < NAMELESS {
        return pipe.pass(head + payload);
    }
    let ahead = pipe.peek(head + NAMELESS)?;
    let kind = ahead.get(usize::try_from(head).unwrap_or(16) + 8..).unwrap_or_default();
    if matches!(kind, b"meta" | b"camm" | b"gpmd") {
        // Beside picture and sound, something that runs along: places, often.
        found.left |= Trace::Place;
        found.left |= Trace::Other;
    }
    pipe.pass(head + NAMELESS)?;
    pipe.blank(payload - NAMELESS)
}

fn pass_but(pipe: &mut Pipe<'_>, found: &mut Found, whole: u64, parts: &[Range<u64>]) -> Step<()> {
    let end = pipe.at() + whole;
    for part in parts.iter().filter(|part| part.start < end && part.end > part.start) {
        if part.start < pipe.at() {
            continue;
        }
        pipe.pass(part.start - pipe.at())?;
        erase_part(pipe, found, part.end.min(end) - pipe.at())?;
    }
    pipe.pass(end - pipe.at())
}

/// Notes of a camera within a picture: a distance, then the notes.
fn erase_part(pipe: &mut Pipe<'_>, found: &mut Found, len: u64) -> Step<()> {
    let ahead = pipe.peek(len.min(LOOKED_AT))?;
    let notes = ahead
        .windows(4)
        .take(64)
        .position(|four| four == b"II*\0" || four == b"MM\0*")
        .map_or_else(|| Traces::told_by(ahead), |start| exif::read(&ahead[start..]).traces);
    found.removed |= notes;
    let plain = [&[0; 4], &b"MM\0*\0\0\0\x08\0\0\0\0\0\0"[..]].concat();
    if len < plain.len() as u64 {
        return pipe.blank(len);
    }
    pipe.write(&plain)?;
    pipe.skip(plain.len() as u64)?;
    pipe.blank(len - plain.len() as u64)
}

/// The table of a picture's parts: passes it, and says where the parts stand that are notes.
fn table(pipe: &mut Pipe<'_>, found: &mut Found, head: u64, payload: u64) -> Step<Vec<Range<u64>>> {
    if payload > LARGEST_TABLE {
        return Err(Stop::Broken);
    }
    let start = pipe.at();
    let len = usize::try_from(head + payload).map_err(|_| Stop::Broken)?;
    let ahead = pipe.look(len)?;
    let table = ahead.get_mut(..len).ok_or(Stop::Broken)?;
    let children =
        children(table, usize::try_from(head).map_err(|_| Stop::Broken)? + 4).ok_or(Stop::Broken)?;
    let of =
        |kind: &[u8; 4]| children.iter().find(|(found, _)| found == kind).map(|(_, range)| range.clone());
    let notes = of(b"iinf").and_then(|range| notes_in(&table[range])).unwrap_or_default();
    let places = of(b"iloc").and_then(|range| places_of(&table[range], &notes)).ok_or(Stop::Broken)?;
    let inner = of(b"idat");
    let mut parts = Vec::new();
    for place in places {
        match (place.inside, &inner) {
            (false, _) if place.range.start >= start + len as u64 => parts.push(place.range),
            (true, Some(inner)) => {
                let bytes = table.get_mut(inner.clone()).and_then(|inner| {
                    inner.get_mut(
                        usize::try_from(place.range.start).ok()?..usize::try_from(place.range.end).ok()?,
                    )
                });
                if let Some(bytes) = bytes {
                    found.removed |= Traces::told_by(bytes);
                    bytes.fill(0);
                }
            }
            // Has passed already.
            _ => found.left |= Trace::Other,
        }
    }
    parts.sort_by_key(|part| part.start);
    pipe.pass(len as u64)?;
    Ok(parts)
}

/// Kind and payload of the boxes from here on.
fn children(table: &[u8], mut at: usize) -> Option<Vec<([u8; 4], Range<usize>)>> {
    let mut children = Vec::new();
    while at < table.len() && children.len() < MOST_PARTS {
        let size = usize::try_from(be(table, at, 4)?).ok()?;
        let kind = table.get(at + 4..at + 8)?.first_chunk().copied()?;
        if size < 8 || size > table.len() - at {
            return None;
        }
        children.push((kind, at + 8..at + size));
        at += size;
    }
    Some(children)
}

/// The numbers of the parts that are notes: of cameras, or XMP.
fn notes_in(list: &[u8]) -> Option<Vec<u64>> {
    let first = if *list.first()? == 0 { 6 } else { 8 };
    let notes = children(list, first)?.into_iter().filter_map(|(kind, range)| {
        let entry = &list[range];
        let wide = match (&kind, entry.first()?) {
            (b"infe", 2) => 2,
            (b"infe", 3) => 4,
            _ => return None,
        };
        let number = be(entry, 4, wide)?;
        matches!(entry.get(4 + wide + 2..4 + wide + 6)?, b"Exif" | b"mime" | b"uri ").then_some(number)
    });
    Some(notes.collect())
}

struct Place {
    /// Counted from the picture's inner store, not from the beginning of the file.
    inside: bool,
    range: Range<u64>,
}

fn places_of(list: &[u8], notes: &[u64]) -> Option<Vec<Place>> {
    let version = *list.first()?;
    let sizes = be(list, 4, 2)?;
    let size = |shift: u64| usize::try_from(sizes >> shift & 15).unwrap_or_default();
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    let wide = if version == 2 { 4 } else { 2 };
    let mut at = 6;
    let mut next = |len: usize| {
        let number = be(list, at, len)?;
        at += len;
        (len <= 8).then_some(number)
    };
    let count = next(wide)?;
    let mut places = Vec::new();
    for _ in 0..count.min(MOST_PARTS as u64) {
        let number = next(wide)?;
        let inside = version != 0 && next(2)? & 15 == 1;
        next(2)?;
        let base = next(base_size)?;
        for _ in 0..next(2)? {
            next(index_size)?;
            let (offset, length) = (next(offset_size)?, next(length_size)?);
            // Where no extent takes a byte, so many of them take none of the file either.
            if offset_size + length_size + index_size == 0 || places.len() >= MOST_NOTES {
                return None;
            }
            if notes.contains(&number) {
                let start = base.checked_add(offset)?;
                places.push(Place { inside, range: start..start.checked_add(length)? });
            }
        }
    }
    Some(places)
}
