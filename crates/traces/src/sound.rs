//! MP3 with its labels before and behind (ID3, APE), and FLAC.

use crate::{
    found::{Found, Traces},
    pipe::{Pipe, Step, Stop, be, le},
};

/// Of a label that is looked into.
const LOOKED_AT: u64 = 64 * 1024;
/// Labels behind the sound are looked for in so many last bytes.
const TAIL: usize = 64 * 1024;

/// MP3: labels go.
pub(crate) fn strip_mp3(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    while pipe.peek(3)? == b"ID3" {
        let head: [u8; 10] = pipe.need()?;
        // Seven bits of each byte.
        let size = head[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7F));
        let footer = if head[5] & 0x10 == 0 { 0 } else { 10 };
        let said = Traces::told_by(pipe.peek(LOOKED_AT.min(size))?);
        found.removed |= said;
        pipe.skip(10 + size + footer)?;
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
    loop {
        let before = end;
        if end >= 128 && tail[end - 128..].starts_with(b"TAG") {
            end -= 128;
        }
        if end >= 32 && tail[end - 32..].starts_with(b"APETAGEX") {
            let size =
                le(tail, end - 20, 4).and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
            // With its header, where it has one.
            let header = if tail[end - 9] & 0x80 == 0 { 0 } else { 32 };
            end = end.checked_sub(size.saturating_add(header)).unwrap_or(end);
        }
        if end == before {
            return end;
        }
    }
}

/// FLAC: blocks that tell something become padding.
pub(crate) fn blank_flac(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
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
