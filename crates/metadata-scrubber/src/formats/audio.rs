//! MP3 with its tags before and after the audio (ID3, APE), and FLAC.

use crate::{
    metadata_kind::MetadataKinds,
    stream::{ParseError, ParseResult, StreamRewriter, read_be, read_le},
    summary::Findings,
};

/// Bytes of a tag that are classified.
const INSPECT_LIMIT: u64 = 64 * 1024;
/// Number of last bytes in which trailing tags are searched.
const TAIL_LEN: usize = 64 * 1024;

/// Removes the tags of an MP3 file, or of FLAC audio that follows an ID3 tag.
pub(crate) fn strip(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    while stream.peek(3)? == b"ID3" {
        let header: [u8; 10] = stream.peek_array()?;
        // The length has seven bits in each byte.
        let size = header[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7F));
        let footer = if header[5] & 0x10 == 0 { 0 } else { 10 };
        let kinds = MetadataKinds::classify(stream.peek(INSPECT_LIMIT.min(size))?);
        found.removed |= kinds;
        stream.skip(10 + size + footer)?;
    }
    if stream.peek(4)? == b"fLaC" {
        return zero_flac_metadata(stream, found);
    }
    loop {
        let ahead = stream.fill_to(TAIL_LEN + 1)?.len();
        if ahead <= TAIL_LEN {
            break;
        }
        stream.copy((ahead - TAIL_LEN) as u64)?;
    }
    let tail = stream.fill_to(TAIL_LEN)?;
    let audio_len = len_without_tags(tail);
    let kinds = MetadataKinds::classify(&tail[audio_len..]);
    found.removed |= kinds;
    stream.copy(audio_len as u64)?;
    stream.skip_rest()?;
    Ok(())
}

/// Returns the length of `tail` without its trailing tags.
fn len_without_tags(tail: &[u8]) -> usize {
    let mut end = tail.len();
    while let Some(len) = trailing_tag_len(&tail[..end]) {
        end -= len;
    }
    end
}

/// Returns the length of the tag that ends these bytes.
fn trailing_tag_len(audio: &[u8]) -> Option<usize> {
    /// Maximum length of a Lyrics3 tag that states no length.
    const MAX_LYRICS_LEN: usize = 5100;
    let end = audio.len();
    let at =
        |before: usize| end.checked_sub(before).map(|start| &audio[start..]).unwrap_or_default();
    let is_within = |len: usize| (len > 0 && len <= end).then_some(len);
    if at(128).starts_with(b"TAG") {
        return Some(128);
    }
    if at(227).starts_with(b"TAG+") {
        return Some(227);
    }
    if at(32).starts_with(b"APETAGEX") {
        let size = read_le(at(20), 0, 4).and_then(|size| usize::try_from(size).ok())?;
        // The length does not include the header, which is optional.
        let header = if at(9)[0] & 0x80 == 0 { 0 } else { 32 };
        return is_within(size.checked_add(header)?);
    }
    if at(10).starts_with(b"3DI") {
        // Seven bits in each byte. Header and footer are not counted.
        let size = at(4).iter().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7F));
        return is_within(size + 20);
    }
    if at(9) == b"LYRICS200" {
        let size = std::str::from_utf8(at(15).get(..6)?).ok()?;
        return is_within(size.parse::<usize>().ok()? + 15);
    }
    if at(9) == b"LYRICSEND" {
        let from = end.saturating_sub(MAX_LYRICS_LEN + 20);
        return memchr::memmem::rfind(&audio[from..], b"LYRICSBEGIN")
            .map(|start| end - from - start);
    }
    None
}

/// Turns FLAC metadata blocks into padding.
fn zero_flac_metadata(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    const PADDING: u8 = 1;
    if stream.peek_array()? != *b"fLaC" {
        return Err(ParseError::Malformed);
    }
    stream.copy(4)?;
    loop {
        let header: [u8; 4] = stream.peek_array()?;
        let (kind, is_last) = (header[0] & 0x7F, header[0] & 0x80);
        let len = read_be(&header, 1, 3).unwrap_or_default();
        // The stream info and the seek table are needed for playback.
        if matches!(kind, 0 | 3) {
            stream.copy(4 + len)?;
        } else {
            let ahead = stream.peek(4 + len.min(INSPECT_LIMIT))?;
            let kinds = MetadataKinds::classify(&ahead[4..]);
            found.removed |= kinds;
            stream.write(&[PADDING | is_last])?;
            stream.skip(1)?;
            stream.copy(3)?;
            stream.zero(len)?;
        }
        if is_last != 0 {
            return Ok(stream.copy_rest()?);
        }
    }
}
