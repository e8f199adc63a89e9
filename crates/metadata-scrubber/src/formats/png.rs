//! PNG pictures (third edition): the chunks that draw stay.

use crate::{
    formats::exif,
    rules,
    stream::{ParseError, ParseResult, StreamRewriter, read_be},
    summary::{Findings, MetadataKind, MetadataKinds},
};

const SIGNATURE_LEN: u64 = 8;
/// Of a chunk that is looked into.
const INSPECT_LIMIT: u64 = 64 * 1024;

pub(crate) fn strip(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    pipe.copy(SIGNATURE_LEN)?;
    let mut is_drawn = false;
    loop {
        let head: [u8; 8] = pipe.peek_array()?;
        let (len, kind) =
            (read_be(&head, 0, 4).unwrap_or_default(), [head[4], head[5], head[6], head[7]]);
        if len > i32::MAX as u64 || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(ParseError::Malformed);
        }
        let whole = len + 12;
        if rules::builtin().png_keeps(&kind) {
            pipe.copy(whole)?;
        } else if kind[0].is_ascii_uppercase() {
            // Without it the picture cannot be drawn, says the format; we do not know it.
            found.left |= MetadataKind::Other;
            pipe.copy(whole)?;
        } else {
            remove_chunk(pipe, found, kind, whole)?;
        }
        is_drawn |= kind == *b"IDAT";
        if kind == *b"IEND" {
            if !is_drawn {
                return Err(ParseError::Malformed);
            }
            let said = MetadataKinds::classify(pipe.peek(INSPECT_LIMIT)?);
            found.removed |= said;
            pipe.skip_rest()?;
            return Ok(());
        }
    }
}

fn remove_chunk(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    kind: [u8; 4],
    whole: u64,
) -> ParseResult<()> {
    let chunk = pipe.peek(whole.min(INSPECT_LIMIT))?;
    let payload = &chunk[8..chunk.len().saturating_sub(4).max(8)];
    let mut turned = None;
    found.removed |= match &kind {
        b"eXIf" => {
            let notes = exif::parse(payload);
            turned = notes.orientation;
            notes.kinds
        }
        b"tIME" => MetadataKind::Date.into(),
        // Compressed: the keyword alone can be read.
        b"tEXt" | b"zTXt" | b"iTXt" => MetadataKinds::classify(payload),
        b"iCCP" => MetadataKinds::NONE,
        _ => MetadataKind::Other.into(),
    };
    pipe.skip(whole)?;
    if turned.is_some() {
        pipe.write(&encode_chunk(*b"eXIf", &exif::orientation_only(turned)))?;
    }
    Ok(())
}

fn encode_chunk(kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap_or_default();
    let checked = [&kind[..], payload].concat();
    [&len.to_be_bytes(), &checked[..], &crc32fast::hash(&checked).to_be_bytes()].concat()
}
