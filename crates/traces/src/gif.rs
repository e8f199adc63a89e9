//! GIF pictures (89a): comments and what programs add go.

use crate::{
    found::{Found, Trace, Traces},
    pipe::{Pipe, Step, Stop},
};

pub(crate) fn strip(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let screen: [u8; 13] = pipe.need()?;
    pipe.pass(13 + colours(screen[10]))?;
    let mut is_drawn = false;
    loop {
        match pipe.need::<2>() {
            Ok([b'!', label]) => extension(pipe, found, label)?,
            Ok([b',', _]) => {
                let image: [u8; 10] = pipe.need()?;
                pipe.pass(10 + colours(image[9]) + 1)?;
                blocks(pipe, true)?;
                is_drawn = true;
            }
            _ => {
                if pipe.need()? != *b";" || !is_drawn {
                    return Err(Stop::Broken);
                }
                pipe.pass(1)?;
                let said = Traces::told_by(pipe.peek(64 * 1024)?);
                found.removed |= said;
                pipe.skip_rest()?;
                return Ok(());
            }
        }
    }
}

fn extension(pipe: &mut Pipe<'_>, found: &mut Found, label: u8) -> Step<()> {
    let ahead = pipe.peek(14)?;
    // How long each picture is shown, how often all are, and text that is drawn.
    let repeats = matches!(ahead.get(3..14), Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0"));
    let draws = matches!(label, 0xF9 | 0x01) || label == 0xFF && repeats;
    if draws {
        pipe.pass(2)?;
    } else {
        found.removed |= if label == 0xFE { Trace::Words } else { Trace::Other };
        pipe.skip(2)?;
    }
    blocks(pipe, draws)
}

/// Bytes of a colour table.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn blocks(pipe: &mut Pipe<'_>, pass: bool) -> Step<()> {
    loop {
        let [len] = pipe.need()?;
        let whole = u64::from(len) + 1;
        if pass {
            pipe.pass(whole)?;
        } else {
            pipe.skip(whole)?;
        }
        if len == 0 {
            return Ok(());
        }
    }
}
