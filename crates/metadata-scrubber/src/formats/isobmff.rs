//! ISO base media files (ISO/IEC 14496-12): video and audio of phones, and HEIC and AVIF pictures.
//! They contain absolute offsets, so no byte may move: boxes with metadata become `free` boxes.

mod heif;

use std::ops::Range;

use crate::{
    formats::exif,
    metadata_kind::{MetadataKind, MetadataKinds},
    rules::{self, contains_name},
    stream::{ParseError, ParseResult, StreamRewriter, read_be},
    summary::Findings,
};
use heif::EarlyMetadata;

/// Bytes of a box that are classified.
const INSPECT_LIMIT: u64 = 64 * 1024;

/// The header of a box.
#[derive(Clone, Copy)]
struct BoxHeader {
    kind: [u8; 4],
    /// Length of the header in bytes.
    header_len: u64,
    /// `None` if the box extends to the end of the file.
    payload_len: Option<u64>,
}

pub(crate) fn zero_metadata(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    is_picture: bool,
) -> ParseResult<()> {
    let rules = &rules::builtin().boxes;
    // The end of the `moov` box.
    let mut moov_end = 0;
    let mut items: Vec<Range<u64>> = Vec::new();
    let mut early = EarlyMetadata::default();
    while !stream.is_at_end()? {
        let header = read_box_header(stream)?;
        let in_moov = stream.position() < moov_end;
        let Some(payload) = header.payload_len else {
            return scrub_last_box(stream, found, header, &items);
        };
        let kind = &header.kind;
        if kind == b"moov" {
            moov_end = stream.position() + header.header_len + payload;
        }
        let is_needed = if in_moov {
            contains_name(&rules.movie, kind)
        } else {
            contains_name(&rules.keep, kind)
        };
        if contains_name(&rules.containers, kind) && (in_moov || kind == b"moov") {
            stream.copy(header.header_len)?;
        } else if contains_name(&rules.stamped, kind) {
            zero_timestamps(stream, found, header.header_len, payload)?;
        } else if kind == b"hdlr" && in_moov {
            scrub_handler(stream, found, header.header_len, payload)?;
        } else if kind == b"meta" && is_picture && !in_moov {
            items = heif::process_meta_box(stream, found, header.header_len + payload, &early)?;
        } else if contains_name(&rules.erase, kind) || !is_needed {
            erase_box(stream, found, header.header_len, payload)?;
        } else if kind == b"mdat" && is_picture && items.is_empty() {
            early.scrub_box(stream, found, header.header_len + payload)?;
        } else {
            copy_except(stream, found, header.header_len + payload, &items)?;
        }
    }
    Ok(())
}

fn read_box_header(stream: &mut StreamRewriter<'_>) -> ParseResult<BoxHeader> {
    let short: [u8; 8] = stream.peek_array()?;
    let kind = [short[4], short[5], short[6], short[7]];
    let (header_len, size) = match read_be(&short, 0, 4).unwrap_or_default() {
        0 => return Ok(BoxHeader { kind, header_len: 8, payload_len: None }),
        1 => (16, read_be(&stream.peek_array::<16>()?, 8, 8).unwrap_or_default()),
        size => (8, size),
    };
    // A length beyond any real file could overflow in additions.
    let payload =
        size.checked_sub(header_len).filter(|payload| *payload <= u64::from(u32::MAX) << 8);
    Ok(BoxHeader { kind, header_len, payload_len: Some(payload.ok_or(ParseError::Malformed)?) })
}

/// Copies the last box, which states no length.
fn scrub_last_box(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    last: BoxHeader,
    items: &[Range<u64>],
) -> ParseResult<()> {
    if last.kind != *b"mdat" {
        return Err(ParseError::Malformed);
    }
    let position = stream.position();
    for item in items.iter().filter(|item| item.start >= position) {
        stream.copy(item.start.saturating_sub(stream.position()))?;
        erase_item(stream, found, item.end.saturating_sub(stream.position()))?;
    }
    Ok(stream.copy_rest()?)
}

fn erase_box(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    header_len: u64,
    payload: u64,
) -> ParseResult<()> {
    let ahead = stream.peek(header_len + payload.min(INSPECT_LIMIT))?;
    let kinds = MetadataKinds::classify(
        ahead.get(usize::try_from(header_len).unwrap_or(16)..).unwrap_or_default(),
    );
    found.removed |= kinds;
    stream.copy(4)?;
    stream.write(b"free")?;
    stream.skip(4)?;
    stream.copy(header_len - 8)?;
    stream.zero(payload)
}

/// Overwrites the creation and modification times.
fn zero_timestamps(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    header_len: u64,
    payload: u64,
) -> ParseResult<()> {
    stream.copy(header_len)?;
    let [version] = stream.peek_array()?;
    let len = if version == 1 { 16 } else { 8 };
    if payload < 4 + len {
        return Err(ParseError::Malformed);
    }
    stream.copy(4)?;
    if stream.peek(len)?.iter().any(|byte| *byte != 0) {
        found.removed |= MetadataKind::Date;
    }
    stream.zero(len)?;
    stream.copy(payload - 4 - len)
}

/// Copies the handler of a track and overwrites its name, which a program chose.
fn scrub_handler(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    header_len: u64,
    payload: u64,
) -> ParseResult<()> {
    const HANDLER_NAME_OFFSET: u64 = 12;
    if payload < HANDLER_NAME_OFFSET {
        return stream.copy(header_len + payload);
    }
    let ahead = stream.peek(header_len + HANDLER_NAME_OFFSET)?;
    let kind = ahead.get(usize::try_from(header_len).unwrap_or(16) + 8..).unwrap_or_default();
    // Tracks other than picture and audio often contain places or times.
    match kind {
        b"tmcd" => found.left |= MetadataKind::Date,
        shown if contains_name(&rules::builtin().boxes.shown, shown) => {}
        _ => {
            found.left |= MetadataKind::Place;
            found.left |= MetadataKind::Other;
        }
    }
    stream.copy(header_len + HANDLER_NAME_OFFSET)?;
    stream.zero(payload - HANDLER_NAME_OFFSET)
}

fn copy_except(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    len: u64,
    items: &[Range<u64>],
) -> ParseResult<()> {
    let end = stream.position() + len;
    for item in items.iter().filter(|item| item.start < end && item.end > item.start) {
        if item.start < stream.position() {
            continue;
        }
        stream.copy(item.start - stream.position())?;
        erase_item(stream, found, item.end.min(end) - stream.position())?;
    }
    stream.copy(end - stream.position())
}

/// Overwrites Exif metadata within a picture. An offset precedes it.
fn erase_item(stream: &mut StreamRewriter<'_>, found: &mut Findings, len: u64) -> ParseResult<()> {
    let ahead = stream.peek(len.min(INSPECT_LIMIT))?;
    let kinds = ahead
        .windows(4)
        .take(64)
        .position(|four| four == b"II*\0" || four == b"MM\0*")
        .map_or_else(|| MetadataKinds::classify(ahead), |start| exif::parse(&ahead[start..]).kinds);
    found.removed |= kinds;
    let empty_exif = [&[0; 4], &b"MM\0*\0\0\0\x08\0\0\0\0\0\0"[..]].concat();
    if len < empty_exif.len() as u64 {
        return stream.zero(len);
    }
    stream.write(&empty_exif)?;
    stream.skip(empty_exif.len() as u64)?;
    stream.zero(len - empty_exif.len() as u64)
}
