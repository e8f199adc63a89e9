//! HEIC and AVIF pictures: the item table states where the Exif and XMP metadata is.

use std::ops::Range;

use memchr::memmem;

use crate::{
    formats::exif,
    metadata_kind::{MetadataKind, MetadataKinds},
    stream::{MAX_LOOKAHEAD, ParseError, ParseResult, StreamRewriter, read_be},
    summary::Findings,
};

/// Maximum length of the item table in bytes. The table is read into memory.
const MAX_TABLE_LEN: u64 = 512 * 1024;
/// Maximum number of items: more than a picture has.
const MAX_ITEMS: usize = 16 * 1024;
/// Maximum number of metadata items: more than a picture has.
const MAX_METADATA_ITEMS: usize = 256;
/// Number of bytes that are searched at once for the beginning of metadata.
const SCAN_WINDOW: usize = 64 * 1024;
/// Upper bound of the bytes that mark the beginning of metadata, with the prefix before them.
const MAX_PREFIX_LEN: usize = 16;
/// Maximum padding in bytes after XMP metadata.
const XMP_PADDING: u64 = 8 * 1024;

/// Metadata that comes before the item table. It is recognised by its first bytes and overwritten
/// while it passes.
#[derive(Default)]
pub(super) struct EarlyMetadata {
    /// The overwritten ranges, each with the number of padding bytes that may follow.
    zeroed: Vec<(Range<u64>, u64)>,
    /// Number of possible beginnings so far. The search stops after [`MAX_METADATA_ITEMS`], so that
    /// a malicious file cannot make it slow.
    attempts: usize,
}

impl EarlyMetadata {
    /// Copies a box and overwrites the metadata in it.
    pub(super) fn scrub_box(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        found: &mut Findings,
        len: u64,
    ) -> ParseResult<()> {
        let end = stream.position() + len;
        while stream.position() < end {
            let left = usize::try_from(end - stream.position()).unwrap_or(usize::MAX);
            let ahead = stream.fill_to(SCAN_WINDOW.min(left))?;
            let ahead = &ahead[..ahead.len().min(left)];
            if ahead.is_empty() {
                return Err(ParseError::Malformed);
            }
            let is_last = ahead.len() == left || ahead.len() < SCAN_WINDOW;
            let until = if is_last { ahead.len() } else { ahead.len() - MAX_PREFIX_LEN };
            let Some(start) =
                find_metadata_start(ahead).filter(|_| self.attempts < MAX_METADATA_ITEMS)
            else {
                stream.copy(until as u64)?;
                continue;
            };
            self.attempts += 1;
            stream.copy(start as u64)?;
            self.scrub_metadata(stream, found, left - start)?;
        }
        Ok(())
    }

    /// Overwrites the metadata at the current position. At most `left` bytes belong to the box.
    fn scrub_metadata(
        &mut self,
        stream: &mut StreamRewriter<'_>,
        found: &mut Findings,
        left: usize,
    ) -> ParseResult<()> {
        let at = stream.position();
        let ahead = stream.fill_to(left.min(MAX_LOOKAHEAD))?;
        let ahead = &ahead[..ahead.len().min(left)];
        if !ahead.starts_with(b"<") {
            let exif = exif::parse(ahead);
            let plain = exif::orientation_only(None);
            let Some(len) = exif::extent(ahead).filter(|len| *len >= plain.len()) else {
                return stream.copy(1);
            };
            if ahead[..len] != [&plain[..], &vec![0; len - plain.len()]].concat() {
                found.removed |= exif.kinds;
            }
            stream.write(&plain)?;
            stream.skip(plain.len() as u64)?;
            stream.zero((len - plain.len()) as u64)?;
            self.zeroed.push((at..at + len as u64, 0));
            return Ok(());
        }
        let end = memmem::find(ahead, b"</x:xmpmeta>").map(|end| end + b"</x:xmpmeta>".len());
        let Some(end) = end else { return stream.copy(1) };
        found.removed |= MetadataKinds::classify(&ahead[..end]);
        stream.zero(end as u64)?;
        self.zeroed.push((at..at + end as u64, XMP_PADDING));
        Ok(())
    }

    /// Returns whether an item was overwritten before the table named it as metadata.
    fn covers(&self, part: &Range<u64>) -> bool {
        self.zeroed.iter().any(|(zeroed, padding)| {
            zeroed.start >= part.start
                && zeroed.start <= part.start + XMP_PADDING.min(*padding + MAX_PREFIX_LEN as u64)
                && zeroed.end + padding >= part.end
        })
    }
}

/// Returns where metadata begins: a byte order mark after `Exif`, or after a prefix of zeros.
fn find_metadata_start(ahead: &[u8]) -> Option<usize> {
    let orders = [&b"MM\0*\0\0\0\x08"[..], b"II*\0\x08\0\0\0"];
    let exif =
        orders.into_iter().flat_map(|order| memmem::find_iter(ahead, order)).filter(|start| {
            let before = &ahead[..*start];
            before.ends_with(b"Exif\0\0") || before.ends_with(&[0; 4])
        });
    exif.chain(memmem::find(ahead, b"<x:xmpmeta")).min()
}

/// Copies the item table and returns the ranges of the items that are metadata.
pub(super) fn process_meta_box(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    len: u64,
    early: &EarlyMetadata,
) -> ParseResult<Vec<Range<u64>>> {
    if len > MAX_TABLE_LEN {
        return Err(ParseError::Malformed);
    }
    let start = stream.position();
    let len = usize::try_from(len).map_err(|_| ParseError::Malformed)?;
    let ahead = stream.fill_to(len)?;
    let table = ahead.get_mut(..len).ok_or(ParseError::Malformed)?;
    // A size of 1 means that a 64-bit size follows.
    let head = if read_be(table, 0, 4) == Some(1) { 16 } else { 8 };
    let children = child_boxes(table, head + 4).ok_or(ParseError::Malformed)?;
    let of = |kind: &[u8; 4]| {
        children.iter().find(|(found, _)| found == kind).map(|(_, range)| range.clone())
    };
    let metadata_ids =
        of(b"iinf").and_then(|range| metadata_item_ids(&table[range])).unwrap_or_default();
    let locations = of(b"iloc")
        .and_then(|range| item_locations(&table[range], &metadata_ids))
        .ok_or(ParseError::Malformed)?;
    let inner = of(b"idat");
    let mut parts = Vec::new();
    for location in locations {
        match (location.in_idat, &inner) {
            (false, _) if location.range.start >= start + len as u64 => parts.push(location.range),
            (true, Some(inner)) => {
                let bytes = table.get_mut(inner.clone()).and_then(|inner| {
                    inner.get_mut(
                        usize::try_from(location.range.start).ok()?
                            ..usize::try_from(location.range.end).ok()?,
                    )
                });
                if let Some(bytes) = bytes {
                    found.removed |= MetadataKinds::classify(bytes);
                    bytes.fill(0);
                }
            }
            (false, _) if early.covers(&location.range) => {}
            // The item has already been copied.
            _ => {
                let kinds = [
                    MetadataKind::Device,
                    MetadataKind::Date,
                    MetadataKind::Place,
                    MetadataKind::Other,
                ];
                found.left |= kinds.into_iter().collect::<MetadataKinds>();
            }
        }
    }
    parts.sort_by_key(|part| part.start);
    stream.copy(len as u64)?;
    Ok(parts)
}

/// Returns kind and payload of the boxes from `at` on.
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

/// Returns the ids of the items that are metadata: Exif or XMP.
fn metadata_item_ids(list: &[u8]) -> Option<Vec<u64>> {
    let first = if *list.first()? == 0 { 6 } else { 8 };
    let metadata_ids = child_boxes(list, first)?.into_iter().filter_map(|(kind, range)| {
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
    Some(metadata_ids.collect())
}

struct ItemLocation {
    /// The range is relative to `idat`, not to the beginning of the file.
    in_idat: bool,
    range: Range<u64>,
}

fn item_locations(list: &[u8], metadata_ids: &[u64]) -> Option<Vec<ItemLocation>> {
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
    let mut locations = Vec::new();
    for _ in 0..count.min(MAX_ITEMS as u64) {
        let number = next(wide)?;
        let inside = version != 0 && next(2)? & 15 == 1;
        next(2)?;
        let base = next(base_size)?;
        for _ in 0..next(2)? {
            next(index_size)?;
            let (offset, length) = (next(offset_size)?, next(length_size)?);
            // If an extent has no fields, any number of extents fits into no bytes, so the loop
            // would not end.
            if offset_size + length_size + index_size == 0 || locations.len() >= MAX_METADATA_ITEMS
            {
                return None;
            }
            if metadata_ids.contains(&number) {
                let start = base.checked_add(offset)?;
                locations.push(ItemLocation {
                    in_idat: inside,
                    range: start..start.checked_add(length)?,
                });
            }
        }
    }
    Some(locations)
}
