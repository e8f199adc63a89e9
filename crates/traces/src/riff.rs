//! RIFF: WebP pictures, WAV sounds, AVI films. The length of the whole stands in front, so nothing changes its place: chunks that tell
//! something become chunks of zeros.

use crate::{
    exif,
    found::{Found, Trace, Traces},
    pipe::{Pipe, Step, Stop, le},
    rules,
};

/// Of a chunk that is looked into.
const LOOKED_AT: u64 = 64 * 1024;
/// Flags of `VP8X`: a colour profile, and XMP. Notes keep theirs, for they may say how the picture is turned.
const PROFILE_AND_XMP: u8 = 0x20 | 0x04;

pub(crate) fn blank(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let head: [u8; 12] = pipe.need()?;
    let end = 8 + le(&head, 4, 4).unwrap_or_default();
    let form = [head[8], head[9], head[10], head[11]];
    if end < 12 {
        return Err(Stop::Broken);
    }
    pipe.pass(12)?;
    let mut is_drawn = false;
    while pipe.at() < end {
        if end - pipe.at() < 8 {
            return Err(Stop::Broken);
        }
        let head: [u8; 8] = pipe.need()?;
        let len = le(&head, 4, 4).unwrap_or_default();
        let padded = len + len % 2;
        let kind = [head[0], head[1], head[2], head[3]];
        if padded > end - pipe.at() - 8 {
            return Err(Stop::Broken);
        }
        is_drawn |= matches!(&kind, b"VP8 " | b"VP8L" | b"ANMF");
        match &kind {
            b"LIST" if enters(pipe.peek(12)?.get(8..12)) => pipe.pass(12)?,
            b"LIST" if pipe.peek(12)?.get(8..12) == Some(b"movi") => pipe.pass(8 + padded)?,
            b"VP8X" if len == 10 => {
                let mut picture: [u8; 18] = pipe.need()?;
                picture[8] &= !PROFILE_AND_XMP;
                pipe.write(&picture)?;
                pipe.skip(18)?;
            }
            b"EXIF" => notes(pipe, found, padded)?,
            _ if rules::get().riff_keeps(&form, &kind) => pipe.pass(8 + padded)?,
            _ => {
                let ahead = pipe.peek(8 + len.min(LOOKED_AT))?;
                let said = if kind == *b"ICCP" { Traces::NONE } else { Traces::told_by(&ahead[8..]) };
                found.removed |= said;
                erased(pipe, padded)?;
            }
        }
    }
    if pipe.is_at_end()? {
        return Ok(());
    }
    // Long films go on behind their end, and recorders do not always come to write the length.
    if !is_drawn {
        return Err(Stop::Broken);
    }
    found.removed |= Trace::Other;
    pipe.skip_rest()?;
    Ok(())
}

/// Lists of headers, whose chunks follow one by one.
fn enters(list: Option<&[u8]>) -> bool {
    matches!(list, Some(b"hdrl" | b"strl" | b"odml"))
}

fn erased(pipe: &mut Pipe<'_>, padded: u64) -> Step<()> {
    pipe.write(b"JUNK")?;
    pipe.skip(4)?;
    pipe.pass(4)?;
    pipe.blank(padded)
}

fn notes(pipe: &mut Pipe<'_>, found: &mut Found, padded: u64) -> Step<()> {
    let ahead = pipe.peek(8 + padded.min(LOOKED_AT))?;
    let payload = &ahead[8..];
    let notes = exif::read(payload.strip_prefix(b"Exif\0\0").unwrap_or(payload));
    found.removed |= notes.traces;
    let plain = exif::only_turned(notes.turned);
    if padded < plain.len() as u64 {
        return erased(pipe, padded);
    }
    pipe.pass(8)?;
    pipe.write(&plain)?;
    pipe.skip(plain.len() as u64)?;
    pipe.blank(padded - plain.len() as u64)
}
