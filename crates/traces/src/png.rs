//! PNG pictures (third edition): the chunks that draw stay.

use crate::{
    exif,
    found::{Found, Trace, Traces},
    pipe::{Pipe, Step, Stop, be},
    rules,
};

const SIGNATURE: u64 = 8;
/// Of a chunk that is looked into.
const LOOKED_AT: u64 = 64 * 1024;

pub(crate) fn strip(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    pipe.pass(SIGNATURE)?;
    let mut is_drawn = false;
    loop {
        let head: [u8; 8] = pipe.need()?;
        let (len, kind) = (be(&head, 0, 4).unwrap_or_default(), [head[4], head[5], head[6], head[7]]);
        if len > i32::MAX as u64 || !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(Stop::Broken);
        }
        let whole = len + 12;
        if rules::get().png_keeps(&kind) {
            pipe.pass(whole)?;
        } else if kind[0].is_ascii_uppercase() {
            // Without it the picture cannot be drawn, says the format; we do not know it.
            found.left |= Trace::Other;
            pipe.pass(whole)?;
        } else {
            leave_out(pipe, found, kind, whole)?;
        }
        is_drawn |= kind == *b"IDAT";
        if kind == *b"IEND" {
            if !is_drawn {
                return Err(Stop::Broken);
            }
            let said = Traces::told_by(pipe.peek(LOOKED_AT)?);
            found.removed |= said;
            pipe.skip_rest()?;
            return Ok(());
        }
    }
}

fn leave_out(pipe: &mut Pipe<'_>, found: &mut Found, kind: [u8; 4], whole: u64) -> Step<()> {
    let chunk = pipe.peek(whole.min(LOOKED_AT))?;
    let payload = &chunk[8..chunk.len().saturating_sub(4).max(8)];
    let mut turned = None;
    found.removed |= match &kind {
        b"eXIf" => {
            let notes = exif::read(payload);
            turned = notes.turned;
            notes.traces
        }
        b"tIME" => Trace::Date.into(),
        // Compressed: the keyword alone can be read.
        b"tEXt" | b"zTXt" | b"iTXt" => Traces::told_by(payload),
        b"iCCP" => Traces::NONE,
        _ => Trace::Other.into(),
    };
    pipe.skip(whole)?;
    if turned.is_some() {
        pipe.write(&chunk_of(*b"eXIf", &exif::only_turned(turned)))?;
    }
    Ok(())
}

fn chunk_of(kind: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap_or_default();
    let checked = [&kind[..], payload].concat();
    [&len.to_be_bytes(), &checked[..], &crc32fast::hash(&checked).to_be_bytes()].concat()
}
