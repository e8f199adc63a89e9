//! Boxes (ISO/IEC 14496-12): films and sounds of phones, and HEIC and AVIF pictures. They point
//! into themselves by distance from the beginning, so nothing changes its place: boxes that tell
//! something become free space.

mod heif;

use std::ops::Range;

use crate::{
    formats::exif,
    rules::{self, contains_name},
    stream::{ParseError, ParseResult, StreamRewriter, read_be},
    summary::{Findings, MetadataKind, MetadataKinds},
};
use heif::EarlyMetadata;

/// Of a box that is looked into.
const INSPECT_LIMIT: u64 = 64 * 1024;

/// A box as it begins.
#[derive(Clone, Copy)]
struct BoxHeader {
    kind: [u8; 4],
    /// Bytes before the payload.
    header_len: u64,
    /// `None`: up to the end of the file.
    payload_len: Option<u64>,
}

pub(crate) fn zero_metadata(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    is_picture: bool,
) -> ParseResult<()> {
    let rules = &rules::builtin().boxes;
    // Where the box with everything about the film ends.
    let mut film = 0;
    let mut parts: Vec<Range<u64>> = Vec::new();
    let mut early = EarlyMetadata::default();
    while !pipe.is_at_end()? {
        let found_box = read_box_header(pipe)?;
        let inside = pipe.position() < film;
        let Some(payload) = found_box.payload_len else {
            return scrub_last_box(pipe, found, found_box, &parts);
        };
        let kind = &found_box.kind;
        if kind == b"moov" {
            film = pipe.position() + found_box.header_len + payload;
        }
        let is_needed = if inside {
            contains_name(&rules.film, kind)
        } else {
            contains_name(&rules.keep, kind)
        };
        if contains_name(&rules.containers, kind) && (inside || kind == b"moov") {
            pipe.copy(found_box.header_len)?;
        } else if contains_name(&rules.stamped, kind) {
            zero_timestamps(pipe, found, found_box.header_len, payload)?;
        } else if kind == b"hdlr" && inside {
            scrub_handler(pipe, found, found_box.header_len, payload)?;
        } else if kind == b"meta" && is_picture && !inside {
            parts = heif::process_meta_box(pipe, found, found_box.header_len + payload, &early)?;
        } else if contains_name(&rules.erase, kind) || !is_needed {
            erase_box(pipe, found, found_box.header_len, payload)?;
        } else if kind == b"mdat" && is_picture && parts.is_empty() {
            early.scrub_box(pipe, found, found_box.header_len + payload)?;
        } else {
            copy_except(pipe, found, found_box.header_len + payload, &parts)?;
        }
    }
    Ok(())
}

fn read_box_header(pipe: &mut StreamRewriter<'_>) -> ParseResult<BoxHeader> {
    let short: [u8; 8] = pipe.peek_array()?;
    let kind = [short[4], short[5], short[6], short[7]];
    let (head, size) = match read_be(&short, 0, 4).unwrap_or_default() {
        0 => return Ok(BoxHeader { kind, header_len: 8, payload_len: None }),
        1 => (16, read_be(&pipe.peek_array::<16>()?, 8, 8).unwrap_or_default()),
        size => (8, size),
    };
    // A number beyond any file would overflow where it is added to.
    let payload = size.checked_sub(head).filter(|payload| *payload <= u64::from(u32::MAX) << 8);
    Ok(BoxHeader {
        kind,
        header_len: head,
        payload_len: Some(payload.ok_or(ParseError::Malformed)?),
    })
}

/// The last box, which has no length.
fn scrub_last_box(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    last: BoxHeader,
    parts: &[Range<u64>],
) -> ParseResult<()> {
    if last.kind != *b"mdat" {
        return Err(ParseError::Malformed);
    }
    let here = pipe.position();
    for part in parts.iter().filter(|part| part.start >= here) {
        pipe.copy(part.start.saturating_sub(pipe.position()))?;
        erase_item(pipe, found, part.end.saturating_sub(pipe.position()))?;
    }
    Ok(pipe.copy_rest()?)
}

fn erase_box(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    head: u64,
    payload: u64,
) -> ParseResult<()> {
    let ahead = pipe.peek(head + payload.min(INSPECT_LIMIT))?;
    let said = MetadataKinds::classify(
        ahead.get(usize::try_from(head).unwrap_or(16)..).unwrap_or_default(),
    );
    found.removed |= said;
    pipe.copy(4)?;
    pipe.write(b"free")?;
    pipe.skip(4)?;
    pipe.copy(head - 8)?;
    pipe.zero(payload)
}

/// When it was made and changed.
fn zero_timestamps(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    head: u64,
    payload: u64,
) -> ParseResult<()> {
    pipe.copy(head)?;
    let [version] = pipe.peek_array()?;
    let len = if version == 1 { 16 } else { 8 };
    if payload < 4 + len {
        return Err(ParseError::Malformed);
    }
    pipe.copy(4)?;
    if pipe.peek(len)?.iter().any(|byte| *byte != 0) {
        found.removed |= MetadataKind::Date;
    }
    pipe.zero(len)?;
    pipe.copy(payload - 4 - len)
}

/// What a track holds, and the name that a program gave it.
fn scrub_handler(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    head: u64,
    payload: u64,
) -> ParseResult<()> {
    const HANDLER_NAME_OFFSET: u64 = 12;
    if payload < HANDLER_NAME_OFFSET {
        return pipe.copy(head + payload);
    }
    let ahead = pipe.peek(head + HANDLER_NAME_OFFSET)?;
    let kind = ahead.get(usize::try_from(head).unwrap_or(16) + 8..).unwrap_or_default();
    // Beside picture and sound, something that runs along: places or times, often.
    match kind {
        b"tmcd" => found.left |= MetadataKind::Date,
        shown if contains_name(&rules::builtin().boxes.shown, shown) => {}
        _ => {
            found.left |= MetadataKind::Place;
            found.left |= MetadataKind::Other;
        }
    }
    pipe.copy(head + HANDLER_NAME_OFFSET)?;
    pipe.zero(payload - HANDLER_NAME_OFFSET)
}

fn copy_except(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    whole: u64,
    parts: &[Range<u64>],
) -> ParseResult<()> {
    let end = pipe.position() + whole;
    for part in parts.iter().filter(|part| part.start < end && part.end > part.start) {
        if part.start < pipe.position() {
            continue;
        }
        pipe.copy(part.start - pipe.position())?;
        erase_item(pipe, found, part.end.min(end) - pipe.position())?;
    }
    pipe.copy(end - pipe.position())
}

/// Notes of a camera within a picture: a distance, then the notes.
fn erase_item(pipe: &mut StreamRewriter<'_>, found: &mut Findings, len: u64) -> ParseResult<()> {
    let ahead = pipe.peek(len.min(INSPECT_LIMIT))?;
    let notes = ahead
        .windows(4)
        .take(64)
        .position(|four| four == b"II*\0" || four == b"MM\0*")
        .map_or_else(|| MetadataKinds::classify(ahead), |start| exif::parse(&ahead[start..]).kinds);
    found.removed |= notes;
    let plain = [&[0; 4], &b"MM\0*\0\0\0\x08\0\0\0\0\0\0"[..]].concat();
    if len < plain.len() as u64 {
        return pipe.zero(len);
    }
    pipe.write(&plain)?;
    pipe.skip(plain.len() as u64)?;
    pipe.zero(len - plain.len() as u64)
}
