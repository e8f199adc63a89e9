//! GIF pictures (89a): comments and what programs add go.

use crate::{
    stream::{ParseError, ParseResult, StreamRewriter},
    summary::{Findings, MetadataKind, MetadataKinds},
};

pub(crate) fn strip(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    let screen: [u8; 13] = pipe.peek_array()?;
    pipe.copy(13 + color_table_len(screen[10]))?;
    let mut is_drawn = false;
    loop {
        match pipe.peek_array::<2>() {
            Ok([b'!', label]) => process_extension(pipe, found, label)?,
            Ok([b',', _]) => {
                let image: [u8; 10] = pipe.peek_array()?;
                pipe.copy(10 + color_table_len(image[9]) + 1)?;
                process_blocks(pipe, true)?;
                is_drawn = true;
            }
            _ => {
                if pipe.peek_array()? != *b";" || !is_drawn {
                    return Err(ParseError::Malformed);
                }
                pipe.copy(1)?;
                let said = MetadataKinds::classify(pipe.peek(64 * 1024)?);
                found.removed |= said;
                pipe.skip_rest()?;
                return Ok(());
            }
        }
    }
}

fn process_extension(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    label: u8,
) -> ParseResult<()> {
    let ahead = pipe.peek(14)?;
    // How long each picture is shown, how often all are, and text that is drawn.
    let repeats = matches!(ahead.get(3..14), Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0"));
    let draws = matches!(label, 0xF9 | 0x01) || label == 0xFF && repeats;
    if draws {
        pipe.copy(2)?;
    } else {
        found.removed |= if label == 0xFE { MetadataKind::Words } else { MetadataKind::Other };
        pipe.skip(2)?;
    }
    process_blocks(pipe, draws)
}

/// Bytes of a colour table.
fn color_table_len(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn process_blocks(pipe: &mut StreamRewriter<'_>, pass: bool) -> ParseResult<()> {
    loop {
        let [len] = pipe.peek_array()?;
        let whole = u64::from(len) + 1;
        if pass {
            pipe.copy(whole)?;
        } else {
            pipe.skip(whole)?;
        }
        if len == 0 {
            return Ok(());
        }
    }
}
