//! RIFF: WebP pictures, WAV sounds, AVI films. The length of the whole stands in front, so nothing
//! changes its place: chunks that tell something become chunks of zeros.

use crate::{
    formats::exif,
    rules,
    stream::{ParseError, ParseResult, StreamRewriter, read_le},
    summary::{Findings, MetadataKind, MetadataKinds},
};

/// Of a chunk that is looked into.
const INSPECT_LIMIT: u64 = 64 * 1024;
/// Flags of `VP8X`: a colour profile, and XMP. Notes keep theirs, for they may say how the picture
/// is turned.
const PROFILE_AND_XMP: u8 = 0x20 | 0x04;

pub(crate) fn zero_metadata(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
) -> ParseResult<()> {
    let head: [u8; 12] = pipe.peek_array()?;
    let end = 8 + read_le(&head, 4, 4).unwrap_or_default();
    let form = [head[8], head[9], head[10], head[11]];
    if end < 12 {
        return Err(ParseError::Malformed);
    }
    pipe.copy(12)?;
    let mut is_drawn = false;
    while pipe.position() < end {
        if end - pipe.position() < 8 {
            return Err(ParseError::Malformed);
        }
        let head: [u8; 8] = pipe.peek_array()?;
        let len = read_le(&head, 4, 4).unwrap_or_default();
        let padded = len + len % 2;
        let kind = [head[0], head[1], head[2], head[3]];
        if padded > end - pipe.position() - 8 {
            return Err(ParseError::Malformed);
        }
        is_drawn |= matches!(&kind, b"VP8 " | b"VP8L" | b"ANMF");
        match &kind {
            b"LIST" if is_header_list(pipe.peek(12)?.get(8..12)) => pipe.copy(12)?,
            b"LIST" if pipe.peek(12)?.get(8..12) == Some(b"movi") => pipe.copy(8 + padded)?,
            b"VP8X" if len == 10 => {
                let mut picture: [u8; 18] = pipe.peek_array()?;
                picture[8] &= !PROFILE_AND_XMP;
                pipe.write(&picture)?;
                pipe.skip(18)?;
            }
            b"EXIF" => scrub_exif(pipe, found, padded)?,
            _ if rules::builtin().riff_keeps(&form, &kind) => pipe.copy(8 + padded)?,
            _ => {
                let ahead = pipe.peek(8 + len.min(INSPECT_LIMIT))?;
                let said = if kind == *b"ICCP" {
                    MetadataKinds::NONE
                } else {
                    MetadataKinds::classify(&ahead[8..])
                };
                found.removed |= said;
                erase_chunk(pipe, padded)?;
            }
        }
    }
    if pipe.is_at_end()? {
        return Ok(());
    }
    // Long films go on behind their end, and recorders do not always come to write the length.
    if !is_drawn {
        return Err(ParseError::Malformed);
    }
    found.removed |= MetadataKind::Other;
    pipe.skip_rest()?;
    Ok(())
}

/// Lists of headers, whose chunks follow one by one.
fn is_header_list(list: Option<&[u8]>) -> bool {
    matches!(list, Some(b"hdrl" | b"strl" | b"odml"))
}

fn erase_chunk(pipe: &mut StreamRewriter<'_>, padded: u64) -> ParseResult<()> {
    pipe.write(b"JUNK")?;
    pipe.skip(4)?;
    pipe.copy(4)?;
    pipe.zero(padded)
}

fn scrub_exif(pipe: &mut StreamRewriter<'_>, found: &mut Findings, padded: u64) -> ParseResult<()> {
    let ahead = pipe.peek(8 + padded.min(INSPECT_LIMIT))?;
    let payload = &ahead[8..];
    let notes = exif::parse(payload.strip_prefix(b"Exif\0\0").unwrap_or(payload));
    found.removed |= notes.kinds;
    let plain = exif::orientation_only(notes.orientation);
    if padded < plain.len() as u64 {
        return erase_chunk(pipe, padded);
    }
    pipe.copy(8)?;
    pipe.write(&plain)?;
    pipe.skip(plain.len() as u64)?;
    pipe.zero(padded - plain.len() as u64)
}
