//! MP3 with its labels before and behind (ID3, APE), and FLAC.

use crate::{
    stream::{ParseError, ParseResult, StreamRewriter, read_be, read_le},
    summary::{Findings, MetadataKinds},
};

/// Of a label that is looked into.
const INSPECT_LIMIT: u64 = 64 * 1024;
/// Labels behind the sound are looked for in so many last bytes.
const TAIL_LEN: usize = 64 * 1024;

/// MP3, or FLAC behind such labels: labels go.
pub(crate) fn strip(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    while pipe.peek(3)? == b"ID3" {
        let head: [u8; 10] = pipe.peek_array()?;
        // Seven bits of each byte.
        let size = head[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7F));
        let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
        let said = MetadataKinds::classify(pipe.peek(INSPECT_LIMIT.min(size))?);
        found.removed |= said;
        pipe.skip(10 + size + footer)?;
    }
    if pipe.peek(4)? == b"fLaC" {
        return zero_flac_metadata(pipe, found);
    }
    loop {
        let ahead = pipe.fill_to(TAIL_LEN + 1)?.len();
        if ahead <= TAIL_LEN {
            break;
        }
        pipe.copy((ahead - TAIL_LEN) as u64)?;
    }
    let tail = pipe.fill_to(TAIL_LEN)?;
    let kept = len_without_tags(tail);
    let said = MetadataKinds::classify(&tail[kept..]);
    found.removed |= said;
    pipe.copy(kept as u64)?;
    pipe.skip_rest()?;
    Ok(())
}

/// How much of the end is sound.
fn len_without_tags(tail: &[u8]) -> usize {
    let mut end = tail.len();
    while let Some(len) = trailing_tag_len(&tail[..end]) {
        end -= len;
    }
    end
}

/// The length of the label that these bytes end with.
fn trailing_tag_len(sound: &[u8]) -> Option<usize> {
    /// Lyrics3 without a length are no longer than this.
    const MAX_LYRICS_LEN: usize = 5100;
    let end = sound.len();
    let at =
        |before: usize| end.checked_sub(before).map(|start| &sound[start..]).unwrap_or_default();
    let is_within = |len: usize| (len > 0 && len <= end).then_some(len);
    if at(128).starts_with(b"TAG") {
        return Some(128);
    }
    if at(227).starts_with(b"TAG+") {
        return Some(227);
    }
    if at(32).starts_with(b"APETAGEX") {
        let size = read_le(at(20), 0, 4).and_then(|size| usize::try_from(size).ok())?;
        // With its header, where it has one.
        let header = if at(9)[0] & 0x80 == 0 { 0 } else { 32 };
        return is_within(size.checked_add(header)?);
    }
    if at(10).starts_with(b"3DI") {
        // Seven bits of each byte; head and foot are not counted.
        let size = at(4).iter().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7F));
        return is_within(size + 20);
    }
    if at(9) == b"LYRICS200" {
        let size = std::str::from_utf8(at(15).get(..6)?).ok()?;
        return is_within(size.parse::<usize>().ok()? + 15);
    }
    if at(9) == b"LYRICSEND" {
        let from = end.saturating_sub(MAX_LYRICS_LEN + 20);
        return memchr::memmem::rfind(&sound[from..], b"LYRICSBEGIN")
            .map(|start| end - from - start);
    }
    None
}

/// FLAC: blocks that tell something become padding.
fn zero_flac_metadata(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    const PADDING: u8 = 1;
    if pipe.peek_array()? != *b"fLaC" {
        return Err(ParseError::Malformed);
    }
    pipe.copy(4)?;
    loop {
        let head: [u8; 4] = pipe.peek_array()?;
        let (kind, is_last) = (head[0] & 0x7F, head[0] & 0x80);
        let len = read_be(&head, 1, 3).unwrap_or_default();
        // What the stream is, and where to jump to.
        if matches!(kind, 0 | 3) {
            pipe.copy(4 + len)?;
        } else {
            let ahead = pipe.peek(4 + len.min(INSPECT_LIMIT))?;
            let said = MetadataKinds::classify(&ahead[4..]);
            found.removed |= said;
            pipe.write(&[PADDING | is_last])?;
            pipe.skip(1)?;
            pipe.copy(3)?;
            pipe.zero(len)?;
        }
        if is_last != 0 {
            return Ok(pipe.copy_rest()?);
        }
    }
}
