//! RIFF: WebP pictures, WAV audio, AVI video. The header contains the total length, so no offset
//! may change: chunks with metadata become chunks of zeros.

use crate::{
    formats::exif,
    metadata_kind::{MetadataKind, MetadataKinds},
    rules,
    stream::{ParseError, ParseResult, StreamRewriter, read_le},
    summary::Findings,
};

/// Bytes of a chunk that are classified.
const INSPECT_LIMIT: u64 = 64 * 1024;
/// Flags of `VP8X` that are cleared: colour profile and XMP. The Exif flag is retained because the
/// chunk may still contain the orientation.
const PROFILE_AND_XMP: u8 = 0x20 | 0x04;

pub(crate) fn zero_metadata(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
) -> ParseResult<()> {
    let head: [u8; 12] = stream.peek_array()?;
    let end = 8 + read_le(&head, 4, 4).unwrap_or_default();
    let form = [head[8], head[9], head[10], head[11]];
    if end < 12 {
        return Err(ParseError::Malformed);
    }
    stream.copy(12)?;
    let mut is_drawn = false;
    while stream.position() < end {
        if end - stream.position() < 8 {
            return Err(ParseError::Malformed);
        }
        let head: [u8; 8] = stream.peek_array()?;
        let len = read_le(&head, 4, 4).unwrap_or_default();
        let padded = len + len % 2;
        let kind = [head[0], head[1], head[2], head[3]];
        if padded > end - stream.position() - 8 {
            return Err(ParseError::Malformed);
        }
        is_drawn |= matches!(&kind, b"VP8 " | b"VP8L" | b"ANMF");
        match &kind {
            b"LIST" if is_header_list(stream.peek(12)?.get(8..12)) => stream.copy(12)?,
            b"LIST" if stream.peek(12)?.get(8..12) == Some(b"movi") => stream.copy(8 + padded)?,
            b"VP8X" if len == 10 => {
                let mut picture: [u8; 18] = stream.peek_array()?;
                picture[8] &= !PROFILE_AND_XMP;
                stream.write(&picture)?;
                stream.skip(18)?;
            }
            b"EXIF" => scrub_exif(stream, found, padded)?,
            _ if rules::builtin().riff_keeps(&form, &kind) => stream.copy(8 + padded)?,
            _ => {
                let ahead = stream.peek(8 + len.min(INSPECT_LIMIT))?;
                let kinds = if kind == *b"ICCP" {
                    MetadataKinds::NONE
                } else {
                    MetadataKinds::classify(&ahead[8..])
                };
                found.removed |= kinds;
                erase_chunk(stream, padded)?;
            }
        }
    }
    if stream.is_at_end()? {
        return Ok(());
    }
    // Long AVI files continue after the stated end, and some recorders stop before they write the
    // length.
    if !is_drawn {
        return Err(ParseError::Malformed);
    }
    found.removed |= MetadataKind::Other;
    stream.skip_rest()?;
    Ok(())
}

/// Returns whether a list contains header chunks, which are processed one by one.
fn is_header_list(list: Option<&[u8]>) -> bool {
    matches!(list, Some(b"hdrl" | b"strl" | b"odml"))
}

fn erase_chunk(stream: &mut StreamRewriter<'_>, padded: u64) -> ParseResult<()> {
    stream.write(b"JUNK")?;
    stream.skip(4)?;
    stream.copy(4)?;
    stream.zero(padded)
}

fn scrub_exif(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    padded: u64,
) -> ParseResult<()> {
    let ahead = stream.peek(8 + padded.min(INSPECT_LIMIT))?;
    let payload = &ahead[8..];
    let metadata = exif::parse(payload.strip_prefix(b"Exif\0\0").unwrap_or(payload));
    found.removed |= metadata.kinds;
    let plain = exif::orientation_only(metadata.orientation);
    if padded < plain.len() as u64 {
        return erase_chunk(stream, padded);
    }
    stream.copy(8)?;
    stream.write(&plain)?;
    stream.skip(plain.len() as u64)?;
    stream.zero(padded - plain.len() as u64)
}
