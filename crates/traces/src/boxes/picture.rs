//! HEIC and AVIF pictures: the table of a picture's parts says where the notes of the camera are.

use std::ops::Range;

use memchr::memmem;

use crate::{
    exif,
    found::{Found, Trace, Traces},
    pipe::{FURTHEST, Pipe, Step, Stop, be},
};

/// The table is held whole.
const LARGEST_TABLE: u64 = 512 * 1024;
/// More parts than any picture has.
const MOST_PARTS: usize = 16 * 1024;
/// More notes than any picture has.
const MOST_NOTES: usize = 256;
/// Bytes that are looked at for the beginning of notes.
const WINDOW: usize = 64 * 1024;
/// Longer than how notes begin, with what stands in front of them.
const BEGINNING: usize = 16;
/// Padding behind notes in XML.
const PADDING: u64 = 8 * 1024;

/// Notes that come before the table: they are known by how they begin, and are overwritten as they pass.
#[derive(Default)]
pub(super) struct Early {
    /// What was overwritten, and how much may follow that tells nothing.
    blanked: Vec<(Range<u64>, u64)>,
    /// How often notes seemed to begin: a file made to be slow is not looked into any further.
    tries: usize,
}

impl Early {
    /// Gives a box on, with notes in it overwritten.
    pub(super) fn blank(&mut self, pipe: &mut Pipe<'_>, found: &mut Found, len: u64) -> Step<()> {
        let end = pipe.at() + len;
        while pipe.at() < end {
            let left = usize::try_from(end - pipe.at()).unwrap_or(usize::MAX);
            let ahead = pipe.look(WINDOW.min(left))?;
            let ahead = &ahead[..ahead.len().min(left)];
            if ahead.is_empty() {
                return Err(Stop::Broken);
            }
            let is_last = ahead.len() == left || ahead.len() < WINDOW;
            let until = if is_last { ahead.len() } else { ahead.len() - BEGINNING };
            let Some(start) = beginning(ahead).filter(|_| self.tries < MOST_NOTES) else {
                pipe.pass(until as u64)?;
                continue;
            };
            self.tries += 1;
            pipe.pass(start as u64)?;
            self.note(pipe, found, left - start)?;
        }
        Ok(())
    }

    /// Overwrites the notes at the front, of which no more than so many bytes belong to the box.
    fn note(&mut self, pipe: &mut Pipe<'_>, found: &mut Found, left: usize) -> Step<()> {
        let at = pipe.at();
        let ahead = pipe.look(left.min(FURTHEST))?;
        let ahead = &ahead[..ahead.len().min(left)];
        if !ahead.starts_with(b"<") {
            let notes = exif::read(ahead);
            let plain = exif::only_turned(None);
            let Some(len) = exif::extent(ahead).filter(|len| *len >= plain.len()) else {
                return pipe.pass(1);
            };
            if ahead[..len] != [&plain[..], &vec![0; len - plain.len()]].concat() {
                found.removed |= notes.traces;
            }
            pipe.write(&plain)?;
            pipe.skip(plain.len() as u64)?;
            pipe.blank((len - plain.len()) as u64)?;
            self.blanked.push((at..at + len as u64, 0));
            return Ok(());
        }
        let end = memmem::find(ahead, b"</x:xmpmeta>").map(|end| end + b"</x:xmpmeta>".len());
        let Some(end) = end else { return pipe.pass(1) };
        found.removed |= Traces::told_by(&ahead[..end]);
        pipe.blank(end as u64)?;
        self.blanked.push((at..at + end as u64, PADDING));
        Ok(())
    }

    /// Whether a part was overwritten before the table said that it is one of notes.
    fn covers(&self, part: &Range<u64>) -> bool {
        self.blanked.iter().any(|(blanked, padding)| {
            blanked.start >= part.start
                && blanked.start <= part.start + PADDING.min(*padding + BEGINNING as u64)
                && blanked.end + padding >= part.end
        })
    }
}

/// Where notes begin: with a byte order behind `Exif`, or behind a distance of nothing.
fn beginning(ahead: &[u8]) -> Option<usize> {
    let orders = [&b"MM\0*\0\0\0\x08"[..], b"II*\0\x08\0\0\0"];
    let exif = orders.into_iter().flat_map(|order| memmem::find_iter(ahead, order)).filter(|start| {
        let before = &ahead[..*start];
        before.ends_with(b"Exif\0\0") || before.ends_with(&[0; 4])
    });
    exif.chain(memmem::find(ahead, b"<x:xmpmeta")).min()
}

/// The table of a picture's parts: passes it, and says where the parts stand that are notes.
pub(super) fn table(
    pipe: &mut Pipe<'_>,
    found: &mut Found,
    len: u64,
    early: &Early,
) -> Step<Vec<Range<u64>>> {
    if len > LARGEST_TABLE {
        return Err(Stop::Broken);
    }
    let start = pipe.at();
    let len = usize::try_from(len).map_err(|_| Stop::Broken)?;
    let ahead = pipe.look(len)?;
    let table = ahead.get_mut(..len).ok_or(Stop::Broken)?;
    // A long head says 1 where the length is.
    let head = if be(table, 0, 4) == Some(1) { 16 } else { 8 };
    let children = children(table, head + 4).ok_or(Stop::Broken)?;
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
            (false, _) if early.covers(&place.range) => {}
            // It has passed already.
            _ => {
                let traces = [Trace::Device, Trace::Date, Trace::Place, Trace::Other];
                found.left |= traces.into_iter().collect::<Traces>();
            }
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
