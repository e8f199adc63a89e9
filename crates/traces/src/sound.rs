//! MP3 with its labels before and behind (ID3, APE), and FLAC.

use crate::{
    found::{Found, Traces},
    pipe::{Pipe, Step, Stop, be, le},
};

/// Of a label that is looked into.
const LOOKED_AT: u64 = 64 * 1024;
/// Labels behind the sound are looked for in so many last bytes.
const TAIL: usize = 64 * 1024;

/// MP3, or FLAC behind such labels: labels go.
pub(crate) fn strip(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    while pipe.peek(3)? == b"ID3" {
        let head: [u8; 10] = pipe.need()?;
        // Seven bits of each byte.
        let size = head[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7F));
        let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
        let said = Traces::told_by(pipe.peek(LOOKED_AT.min(size))?);
        found.removed |= said;
        pipe.skip(10 + size + footer)?;
    }
    if pipe.peek(4)? == b"fLaC" {
        return blank_flac(pipe, found);
    }
    loop {
        let ahead = pipe.look(TAIL + 1)?.len();
        if ahead <= TAIL {
            break;
        }
        pipe.pass((ahead - TAIL) as u64)?;
    }
    let tail = pipe.look(TAIL)?;
    let kept = without_labels(tail);
    let said = Traces::told_by(&tail[kept..]);
    found.removed |= said;
    pipe.pass(kept as u64)?;
    pipe.skip_rest()?;
    Ok(())
}

/// How much of the end is sound.
fn without_labels(tail: &[u8]) -> usize {
    let mut end = tail.len();
    while let Some(len) = label_len(&tail[..end]) {
        end -= len;
    }
    end
}

/// The length of the label that these bytes end with.
fn label_len(sound: &[u8]) -> Option<usize> {
    /// Lyrics3 without a length are no longer than this.
    const LYRICS: usize = 5100;
    let end = sound.len();
    let at = |before: usize| end.checked_sub(before).map(|start| &sound[start..]).unwrap_or_default();
    let is_within = |len: usize| (len > 0 && len <= end).then_some(len);
    if at(128).starts_with(b"TAG") {
        return Some(128);
    }
    if at(227).starts_with(b"TAG+") {
        return Some(227);
    }
    if at(32).starts_with(b"APETAGEX") {
        let size = le(at(20), 0, 4).and_then(|size| usize::try_from(size).ok())?;
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
        let from = end.saturating_sub(LYRICS + 20);
        return memchr::memmem::rfind(&sound[from..], b"LYRICSBEGIN").map(|start| end - from - start);
    }
    None
}

/// FLAC: blocks that tell something become padding.
fn blank_flac(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    const PADDING: u8 = 1;
    if pipe.need()? != *b"fLaC" {
        return Err(Stop::Broken);
    }
    pipe.pass(4)?;
    loop {
        let head: [u8; 4] = pipe.need()?;
        let (kind, is_last) = (head[0] & 0x7F, head[0] & 0x80);
        let len = be(&head, 1, 3).unwrap_or_default();
        // What the stream is, and where to jump to.
        if matches!(kind, 0 | 3) {
            pipe.pass(4 + len)?;
        } else {
            let ahead = pipe.peek(4 + len.min(LOOKED_AT))?;
            let said = Traces::told_by(&ahead[4..]);
            found.removed |= said;
            pipe.write(&[PADDING | is_last])?;
            pipe.skip(1)?;
            pipe.pass(3)?;
            pipe.blank(len)?;
        }
        if is_last != 0 {
            return Ok(pipe.pass_rest()?);
        }
    }
}
