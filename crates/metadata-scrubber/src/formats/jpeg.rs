//! JPEG pictures (ITU T.81): everything but what the picture is drawn from goes.

use memchr::memchr;

use crate::{
    formats::exif,
    stream::{ParseError, ParseResult, StreamRewriter, read_be},
    summary::{Findings, MetadataKind, MetadataKinds},
};

const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const COM: u8 = 0xFE;
/// Longest segment, with its marker.
const MAX_SEGMENT_LEN: usize = 65_537;

/// The whole picture. What stands behind its end is a second picture, a film or a hiding place, and
/// goes as well.
pub(crate) fn strip(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    if pipe.peek_array()? != [0xFF, 0xD8] {
        return Err(ParseError::Malformed);
    }
    pipe.copy(2)?;
    let mut is_drawn = false;
    loop {
        let [ff, marker] = pipe.peek_array()?;
        if ff != 0xFF {
            // Readers take bytes between segments for nothing.
            skip_between_segments(pipe, found)?;
            continue;
        }
        match marker {
            // Bytes that only fill.
            0xFF => pipe.skip(1)?,
            EOI if is_drawn => {
                pipe.copy(2)?;
                return remove_trailer(pipe, found);
            }
            0x01 | 0xD0..=0xD7 => pipe.copy(2)?,
            0xC0..=0xFE if marker != EOI => {
                process_segment(pipe, found, marker)?;
                is_drawn |= marker == SOS;
            }
            _ => return Err(ParseError::Malformed),
        }
    }
}

/// Leaves out what stands between two segments.
fn skip_between_segments(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    let ahead = pipe.fill_to(MAX_SEGMENT_LEN)?;
    // Up to the marker of a segment; a second beginning is another picture.
    let is_marker = |at: &usize| matches!(ahead.get(at + 1), Some(0xC0..=0xD7 | 0xDA..=0xFE));
    let next = memchr::memchr_iter(0xFF, ahead).find(is_marker).ok_or(ParseError::Malformed)?;
    found.removed |= MetadataKinds::classify(&ahead[..next]);
    pipe.skip(next as u64)
}

fn process_segment(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
    marker: u8,
) -> ParseResult<()> {
    let len = 2 + read_be(&pipe.peek_array::<4>()?, 2, 2).unwrap_or_default();
    if len < 4 {
        return Err(ParseError::Malformed);
    }
    if marker != COM && !(0xE0..=0xEF).contains(&marker) {
        pipe.copy(len)?;
        return if marker == SOS { copy_scan(pipe) } else { Ok(()) };
    }
    let segment =
        pipe.peek(MAX_SEGMENT_LEN.min(usize::try_from(len).unwrap_or(MAX_SEGMENT_LEN)) as u64)?;
    if segment.len() as u64 != len {
        return Err(ParseError::Malformed);
    }
    let (said, instead) = classify_segment(marker, &segment[4..]);
    match instead {
        SegmentReplacement::Unchanged => return pipe.copy(len),
        SegmentReplacement::Removed => {}
        SegmentReplacement::Bytes(bytes) => pipe.write(&bytes)?,
    }
    found.removed |= said;
    pipe.skip(len)
}

enum SegmentReplacement {
    Unchanged,
    Removed,
    Bytes(Vec<u8>),
}

/// What a segment tells, and what comes in its place.
fn classify_segment(marker: u8, payload: &[u8]) -> (MetadataKinds, SegmentReplacement) {
    match (marker, payload) {
        // The size of the thumbnail that comes behind.
        (0xE0, [b'J', b'F', b'I', b'F', 0, major, minor, unit, density @ ..])
            if density.len() >= 6 =>
        {
            if density.len() == 6 && density[4..6] == [0, 0] {
                return (MetadataKinds::NONE, SegmentReplacement::Unchanged);
            }
            let mut plain =
                vec![0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, *major, *minor, *unit];
            plain.extend_from_slice(&density[..4]);
            plain.extend_from_slice(&[0, 0]);
            (MetadataKind::Preview.into(), SegmentReplacement::Bytes(plain))
        }
        // Says how colours are to be read.
        (0xEE, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if rest.len() == 7 => {
            (MetadataKinds::NONE, SegmentReplacement::Unchanged)
        }
        (0xEE, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if rest.len() > 7 => {
            let plain = [&[0xFF, 0xEE, 0, 14][..], b"Adobe", &rest[..7]].concat();
            (MetadataKinds::classify(&rest[7..]), SegmentReplacement::Bytes(plain))
        }
        (0xE1, [b'E', b'x', b'i', b'f', 0, _, tiff @ ..]) => {
            let notes = exif::parse(tiff);
            let instead = match notes.orientation {
                None => SegmentReplacement::Removed,
                turned => {
                    let mut plain = vec![0xFF, 0xE1, 0, 34, b'E', b'x', b'i', b'f', 0, 0];
                    plain.extend_from_slice(&exif::orientation_only(turned));
                    SegmentReplacement::Bytes(plain)
                }
            };
            (notes.kinds, instead)
        }
        (0xE2, [b'M', b'P', b'F', 0, ..]) => {
            (MetadataKind::Preview.into(), SegmentReplacement::Removed)
        }
        (0xE2, [b'I', b'C', b'C', b'_', ..]) => (MetadataKinds::NONE, SegmentReplacement::Removed),
        (COM, _) => (MetadataKind::Words.into(), SegmentReplacement::Removed),
        _ => (MetadataKinds::classify(payload), SegmentReplacement::Removed),
    }
}

/// The picture itself, up to the next marker.
fn copy_scan(pipe: &mut StreamRewriter<'_>) -> ParseResult<()> {
    loop {
        let ahead = pipe.fill_to(2)?;
        let (pass, ends) = match memchr(0xFF, ahead) {
            _ if ahead.len() < 2 => return Err(ParseError::Malformed),
            None => (ahead.len(), false),
            Some(at) => match ahead.get(at + 1) {
                None => (at, false),
                Some(0 | 0xD0..=0xD7) => (at + 2, false),
                Some(0xFF) => (at + 1, false),
                Some(_) => (at, true),
            },
        };
        pipe.copy(pass as u64)?;
        if ends {
            return Ok(());
        }
    }
}

fn remove_trailer(pipe: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    if pipe.is_at_end()? {
        return Ok(());
    }
    let said = MetadataKinds::classify(pipe.peek(64 * 1024)?);
    found.removed |= said;
    pipe.skip_rest()?;
    Ok(())
}

/// Overwrites what the beginning of a picture tells, where nothing may change its place.
pub(crate) fn zero_segments(picture: &mut [u8], found: &mut Findings) {
    let mut at = 2;
    while let Some([0xFF, marker @ (0xC0..=0xD7 | 0xDB..=0xFE)]) = picture.get(at..at + 2) {
        let marker = *marker;
        let Some(len) = read_be(picture, at + 2, 2).and_then(|len| usize::try_from(len).ok())
        else {
            return;
        };
        let Some(payload) = picture.get_mut(at + 4..at + 2 + len) else { return };
        let tells = marker == COM || (0xE0..=0xEF).contains(&marker);
        if tells && payload.iter().any(|byte| *byte != 0) {
            let (said, instead) = classify_segment(marker, payload);
            // How colours are to be read stays where it stands.
            let kept = if marker == 0xEE && payload.starts_with(b"Adobe") {
                payload.len().min(12)
            } else {
                0
            };
            if !matches!(instead, SegmentReplacement::Unchanged)
                && payload[kept..].iter().any(|byte| *byte != 0)
            {
                found.removed |= said;
                payload[kept..].fill(0);
            }
        }
        at += 2 + len;
    }
}
