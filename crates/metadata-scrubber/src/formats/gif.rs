//! GIF pictures (89a): comments and application data are removed.

use crate::{
    metadata_kind::{MetadataKind, MetadataKinds},
    stream::{ParseError, ParseResult, StreamRewriter},
    summary::Findings,
};

pub(crate) fn strip(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    let screen: [u8; 13] = stream.peek_array()?;
    stream.copy(13 + color_table_len(screen[10]))?;
    let mut is_drawn = false;
    loop {
        match stream.peek_array::<2>() {
            Ok([b'!', label]) => process_extension(stream, found, label)?,
            Ok([b',', _]) => {
                let image: [u8; 10] = stream.peek_array()?;
                stream.copy(10 + color_table_len(image[9]) + 1)?;
                process_blocks(stream, true)?;
                is_drawn = true;
            }
            _ => {
                if stream.peek_array()? != *b";" || !is_drawn {
                    return Err(ParseError::Malformed);
                }
                stream.copy(1)?;
                let kinds = MetadataKinds::classify(stream.peek(64 * 1024)?);
                found.removed |= kinds;
                stream.skip_rest()?;
                return Ok(());
            }
        }
    }
}

fn process_extension(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    label: u8,
) -> ParseResult<()> {
    let ahead = stream.peek(14)?;
    // Timing of the frames, number of repetitions, and drawn text are part of the picture.
    let repeats = matches!(ahead.get(3..14), Some(b"NETSCAPE2.0" | b"ANIMEXTS1.0"));
    let draws = matches!(label, 0xF9 | 0x01) || label == 0xFF && repeats;
    if draws {
        stream.copy(2)?;
    } else {
        found.removed |= if label == 0xFE { MetadataKind::Words } else { MetadataKind::Other };
        stream.skip(2)?;
    }
    process_blocks(stream, draws)
}

/// Returns the length of a colour table in bytes.
fn color_table_len(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn process_blocks(stream: &mut StreamRewriter<'_>, keep: bool) -> ParseResult<()> {
    loop {
        let [len] = stream.peek_array()?;
        let whole = u64::from(len) + 1;
        if keep {
            stream.copy(whole)?;
        } else {
            stream.skip(whole)?;
        }
        if len == 0 {
            return Ok(());
        }
    }
}
