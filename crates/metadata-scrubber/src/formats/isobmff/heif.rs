//! HEIC and AVIF pictures: the table of a picture's parts says where the notes of the camera are.

use std::ops::Range;

use memchr::memmem;

use crate::{
    formats::exif,
    stream::{MAX_LOOKAHEAD, ParseError, ParseResult, StreamRewriter, read_be},
    summary::{Findings, MetadataKind, MetadataKinds},
};

/// The table is held whole.
const MAX_TABLE_LEN: u64 = 512 * 1024;
/// More parts than any picture has.
const MAX_ITEMS: usize = 16 * 1024;
/// More notes than any picture has.
const MAX_METADATA_ITEMS: usize = 256;
/// Bytes that are looked at for the beginning of notes.
const SCAN_WINDOW: usize = 64 * 1024;
/// Longer than how notes begin, with what stands in front of them.
const MAX_PREFIX_LEN: usize = 16;
/// Padding behind notes in XML.
const XMP_PADDING: u64 = 8 * 1024;

/// Notes that come before the table: they are known by how they begin, and are overwritten as they
/// pass.
#[derive(Default)]
pub(super) struct EarlyMetadata {
    /// What was overwritten, and how much may follow that tells nothing.
    zeroed: Vec<(Range<u64>, u64)>,
    /// How often notes seemed to begin: a file made to be slow is not looked into any further.
    attempts: usize,
}

impl EarlyMetadata {
    /// Gives a box on, with notes in it overwritten.
    pub(super) fn scrub_box(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        found: &mut Findings,
        len: u64,
    ) -> ParseResult<()> {
        let end = pipe.position() + len;
        while pipe.position() < end {
            let left = usize::try_from(end - pipe.position()).unwrap_or(usize::MAX);
            let ahead = pipe.fill_to(SCAN_WINDOW.min(left))?;
            let ahead = &ahead[..ahead.len().min(left)];
            if ahead.is_empty() {
                return Err(ParseError::Malformed);
            }
            let is_last = ahead.len() == left || ahead.len() < SCAN_WINDOW;
            let until = if is_last { ahead.len() } else { ahead.len() - MAX_PREFIX_LEN };
            let Some(start) =
                find_metadata_start(ahead).filter(|_| self.attempts < MAX_METADATA_ITEMS)
            else {
                pipe.copy(until as u64)?;
                continue;
            };
            self.attempts += 1;
            pipe.copy(start as u64)?;
            self.scrub_metadata(pipe, found, left - start)?;
        }
        Ok(())
    }

    /// Overwrites the notes at the front, of which no more than so many bytes belong to the box.
    fn scrub_metadata(
        &mut self,
        pipe: &mut StreamRewriter<'_>,
        found: &mut Findings,
        left: usize,
    ) -> ParseResult<()> {
        let at = pipe.position();
        let ahead = pipe.fill_to(left.min(MAX_LOOKAHEAD))?;
        let ahead = &ahead[..ahead.len().min(left)];
        if !ahead.starts_with(b"<") {
            let notes = exif::parse(ahead);
            let plain = exif::orientation_only(None);
            let Some(len) = exif::extent(ahead).filter(|len| *len >= plain.len()) else {
                return pipe.copy(1);
            };
            if ahead[..len] != [&plain[..], &vec![0; len - plain.len()]].concat() {
                found.removed |= notes.kinds;
            }
            pipe.write(&plain)?;
            pipe.skip(plain.len() as u64)?;
            pipe.zero((len - plain.len()) as u64)?;
            self.zeroed.push((at..at + len as u64, 0));
            return Ok(());
        }
        let end = memmem::find(ahead, b"</x:xmpmeta>").map(|end| end + b"</x:xmpmeta>".len());
        let Some(end) = end else { return pipe.copy(1) };
        found.removed |= MetadataKinds::classify(&ahead[..end]);
        pipe.zero(end as u64)?;
        self.zeroed.push((at..at + end as u64, XMP_PADDING));
        Ok(())
    }

    /// Whether a part was overwritten before the table said that it is one of notes.
    fn covers(&self, part: &Range<u64>) -> bool {
        self.zeroed.iter().any(|(blanked, padding)| {
            blanked.start >= part.start
                && blanked.start <= part.start + XMP_PADDING.min(*padding + MAX_PREFIX_LEN as u64)
                && blanked.end + padding >= part.end
        })
    }
}

/// Where notes begin: with a byte order behind `Exif`, or behind a distance of nothing.
fn find_metadata_start(ahead: &[u8]) -> Option<usize> {
    let orders = [&b"MM\0*\0\0\0\x08"[..], b"II*\0\x08\0\0\0"];
    let exif =
        orders.into_iter().flat_map(|order| memmem::find_iter(ahead, order)).filter(|start| {
            let before = &ahead[..*start];
            before.ends_with(b"Exif\0\0") || before.ends_with(&[0; 4])
        });
    exif.chain(memmem::find(ahead, b"<x:xmpmeta")).min()
}

/// The table of a picture's parts: passes it, and says where the parts stand that are notes.
pub(super) fn process_meta_box(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    len: u64,
    early: &EarlyMetadata,
) -> ParseResult<Vec<Range<u64>>> {
    if len > MAX_TABLE_LEN {
        return Err(ParseError::Malformed);
    }
    let start = pipe.position();
    let len = usize::try_from(len).map_err(|_| ParseError::Malformed)?;
    let ahead = pipe.fill_to(len)?;
    let table = ahead.get_mut(..len).ok_or(ParseError::Malformed)?;
    // A long head says 1 where the length is.
    let head = if read_be(table, 0, 4) == Some(1) { 16 } else { 8 };
    let children = child_boxes(table, head + 4).ok_or(ParseError::Malformed)?;
    let of = |kind: &[u8; 4]| {
        children.iter().find(|(found, _)| found == kind).map(|(_, range)| range.clone())
    };
    let notes = of(b"iinf").and_then(|range| metadata_item_ids(&table[range])).unwrap_or_default();
    let places = of(b"iloc")
        .and_then(|range| item_locations(&table[range], &notes))
        .ok_or(ParseError::Malformed)?;
    let inner = of(b"idat");
    let mut parts = Vec::new();
    for place in places {
        match (place.in_idat, &inner) {
            (false, _) if place.range.start >= start + len as u64 => parts.push(place.range),
            (true, Some(inner)) => {
                let bytes = table.get_mut(inner.clone()).and_then(|inner| {
                    inner.get_mut(
                        usize::try_from(place.range.start).ok()?
                            ..usize::try_from(place.range.end).ok()?,
                    )
                });
                if let Some(bytes) = bytes {
                    found.removed |= MetadataKinds::classify(bytes);
                    bytes.fill(0);
                }
            }
            (false, _) if early.covers(&place.range) => {}
            // It has passed already.
            _ => {
                let traces = [
                    MetadataKind::Device,
                    MetadataKind::Date,
                    MetadataKind::Place,
                    MetadataKind::Other,
                ];
                found.left |= traces.into_iter().collect::<MetadataKinds>();
            }
        }
    }
    parts.sort_by_key(|part| part.start);
    pipe.copy(len as u64)?;
    Ok(parts)
}

/// Kind and payload of the boxes from here on.
fn child_boxes(table: &[u8], mut at: usize) -> Option<Vec<([u8; 4], Range<usize>)>> {
    let mut children = Vec::new();
    while at < table.len() && children.len() < MAX_ITEMS {
        let size = usize::try_from(read_be(table, at, 4)?).ok()?;
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
fn metadata_item_ids(list: &[u8]) -> Option<Vec<u64>> {
    let first = if *list.first()? == 0 { 6 } else { 8 };
    let notes = child_boxes(list, first)?.into_iter().filter_map(|(kind, range)| {
        let entry = &list[range];
        let wide = match (&kind, entry.first()?) {
            (b"infe", 2) => 2,
            (b"infe", 3) => 4,
            _ => return None,
        };
        let number = read_be(entry, 4, wide)?;
        matches!(entry.get(4 + wide + 2..4 + wide + 6)?, b"Exif" | b"mime" | b"uri ")
            .then_some(number)
    });
    Some(notes.collect())
}

struct ItemLocation {
    /// Counted from the picture's inner store, not from the beginning of the file.
    in_idat: bool,
    range: Range<u64>,
}

fn item_locations(list: &[u8], notes: &[u64]) -> Option<Vec<ItemLocation>> {
    let version = *list.first()?;
    let sizes = read_be(list, 4, 2)?;
    let size = |shift: u64| usize::try_from(sizes >> shift & 15).unwrap_or_default();
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    let wide = if version == 2 { 4 } else { 2 };
    let mut at = 6;
    let mut next = |len: usize| {
        let number = read_be(list, at, len)?;
        at += len;
        (len <= 8).then_some(number)
    };
    let count = next(wide)?;
    let mut places = Vec::new();
    for _ in 0..count.min(MAX_ITEMS as u64) {
        let number = next(wide)?;
        let inside = version != 0 && next(2)? & 15 == 1;
        next(2)?;
        let base = next(base_size)?;
        for _ in 0..next(2)? {
            next(index_size)?;
            let (offset, length) = (next(offset_size)?, next(length_size)?);
            // Where no extent takes a byte, so many of them take none of the file either.
            if offset_size + length_size + index_size == 0 || places.len() >= MAX_METADATA_ITEMS {
                return None;
            }
            if notes.contains(&number) {
                let start = base.checked_add(offset)?;
                places.push(ItemLocation {
                    in_idat: inside,
                    range: start..start.checked_add(length)?,
                });
            }
        }
    }
    Some(places)
}
