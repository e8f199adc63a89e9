//! Boxes (ISO/IEC 14496-12): films and sounds of phones, and HEIC and AVIF pictures. They point into themselves by distance from the
//! beginning, so nothing changes its place: boxes that tell something become free space.

mod picture;

use std::ops::Range;

use crate::{
    exif,
    found::{Found, Trace, Traces},
    pipe::{Pipe, Step, Stop, be},
    rules::{self, is_among},
};
use picture::Early;

/// Of a box that is looked into.
const LOOKED_AT: u64 = 64 * 1024;

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
    let mut early = Early::default();
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
        let is_needed = if inside { is_among(&rules.film, kind) } else { is_among(&rules.keep, kind) };
        if is_among(&rules.containers, kind) && (inside || kind == b"moov") {
            pipe.pass(found_box.before)?;
        } else if is_among(&rules.stamped, kind) {
            stamps(pipe, found, found_box.before, payload)?;
        } else if kind == b"hdlr" && inside {
            handler(pipe, found, found_box.before, payload)?;
        } else if kind == b"meta" && is_picture && !inside {
            parts = picture::table(pipe, found, found_box.before + payload, &early)?;
        } else if is_among(&rules.erase, kind) || !is_needed {
            erase(pipe, found, found_box.before, payload)?;
        } else if kind == b"mdat" && is_picture && parts.is_empty() {
            early.blank(pipe, found, found_box.before + payload)?;
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
    // Beside picture and sound, something that runs along: places or times, often.
    match kind {
        b"tmcd" => found.left |= Trace::Date,
        shown if is_among(&rules::get().boxes.shown, shown) => {}
        _ => {
            found.left |= Trace::Place;
            found.left |= Trace::Other;
        }
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
