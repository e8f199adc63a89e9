//! PNG pictures (third edition): only chunks that the drawing needs are retained.

use crate::{
    formats::exif,
    metadata_kind::{MetadataKind, MetadataKinds},
    rules,
    stream::{ParseError, ParseResult, StreamRewriter, read_be},
    summary::Findings,
};

const SIGNATURE_LEN: u64 = 8;
/// Bytes of a chunk that are classified.
const INSPECT_LIMIT: u64 = 64 * 1024;

pub(crate) fn strip(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    stream.copy(SIGNATURE_LEN)?;
    let mut is_drawn = false;
    loop {
        let head: [u8; 8] = stream.peek_array()?;
        let (len, kind) =
            (read_be(&head, 0, 4).unwrap_or_default(), [head[4], head[5], head[6], head[7]]);
        if len > i32::MAX as u64 || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(ParseError::Malformed);
        }
        let whole = len + 12;
        if rules::builtin().png_keeps(&kind) {
            stream.copy(whole)?;
        } else if kind[0].is_ascii_uppercase() {
            // The format says that the picture cannot be drawn without this chunk, which we do not
            // know.
            found.left |= MetadataKind::Other;
            stream.copy(whole)?;
        } else {
            remove_chunk(stream, found, kind, whole)?;
        }
        is_drawn |= kind == *b"IDAT";
        if kind == *b"IEND" {
            if !is_drawn {
                return Err(ParseError::Malformed);
            }
            let kinds = MetadataKinds::classify(stream.peek(INSPECT_LIMIT)?);
            found.removed |= kinds;
            stream.skip_rest()?;
            return Ok(());
        }
    }
}

fn remove_chunk(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    kind: [u8; 4],
    whole: u64,
) -> ParseResult<()> {
    let chunk = stream.peek(whole.min(INSPECT_LIMIT))?;
    let payload = &chunk[8..chunk.len().saturating_sub(4).max(8)];
    let mut orientation = None;
    found.removed |= match &kind {
        b"eXIf" => {
            let metadata = exif::parse(payload);
            orientation = metadata.orientation;
            metadata.kinds
        }
        b"tIME" => MetadataKind::Date.into(),
        // The text may be compressed. The keyword never is.
        b"tEXt" | b"zTXt" | b"iTXt" => MetadataKinds::classify(payload),
        b"iCCP" => MetadataKinds::NONE,
        _ => MetadataKind::Other.into(),
    };
    stream.skip(whole)?;
    if orientation.is_some() {
        stream.write(&encode_chunk(*b"eXIf", &exif::orientation_only(orientation)))?;
    }
    Ok(())
}

fn encode_chunk(kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap_or_default();
    let checked = [&kind[..], payload].concat();
    [&len.to_be_bytes(), &checked[..], &crc32fast::hash(&checked).to_be_bytes()].concat()
}
