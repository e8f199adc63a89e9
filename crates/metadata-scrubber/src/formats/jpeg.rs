//! JPEG pictures (ITU T.81): only segments that the drawing needs are retained.

use memchr::memchr;

use crate::{
    formats::exif,
    metadata_kind::{MetadataKind, MetadataKinds},
    stream::{ParseError, ParseResult, StreamRewriter, read_be},
    summary::Findings,
};

const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const COM: u8 = 0xFE;
/// Maximum length of a segment in bytes, with its marker.
const MAX_SEGMENT_LEN: usize = 65_537;

/// Removes the metadata of a picture. What follows its end is removed too: a second picture, a
/// video, or hidden data.
pub(crate) fn strip(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    if stream.peek_array()? != [0xFF, 0xD8] {
        return Err(ParseError::Malformed);
    }
    stream.copy(2)?;
    let mut is_drawn = false;
    loop {
        let [ff, marker] = stream.peek_array()?;
        if ff != 0xFF {
            // JPEG readers ignore bytes between segments.
            skip_between_segments(stream, found)?;
            continue;
        }
        match marker {
            // Fill bytes.
            0xFF => stream.skip(1)?,
            EOI if is_drawn => {
                stream.copy(2)?;
                return remove_trailer(stream, found);
            }
            0x01 | 0xD0..=0xD7 => stream.copy(2)?,
            0xC0..=0xFE if marker != EOI => {
                process_segment(stream, found, marker)?;
                is_drawn |= marker == SOS;
            }
            _ => return Err(ParseError::Malformed),
        }
    }
}

/// Removes bytes between two segments.
fn skip_between_segments(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    let ahead = stream.fill_to(MAX_SEGMENT_LEN)?;
    // Up to the marker of a segment. Another start of image would be a second picture.
    let is_marker = |at: &usize| matches!(ahead.get(at + 1), Some(0xC0..=0xD7 | 0xDA..=0xFE));
    let next = memchr::memchr_iter(0xFF, ahead).find(is_marker).ok_or(ParseError::Malformed)?;
    found.removed |= MetadataKinds::classify(&ahead[..next]);
    stream.skip(next as u64)
}

fn process_segment(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
    marker: u8,
) -> ParseResult<()> {
    let len = 2 + read_be(&stream.peek_array::<4>()?, 2, 2).unwrap_or_default();
    if len < 4 {
        return Err(ParseError::Malformed);
    }
    if marker != COM && !(0xE0..=0xEF).contains(&marker) {
        stream.copy(len)?;
        return if marker == SOS { copy_scan(stream) } else { Ok(()) };
    }
    let segment =
        stream.peek(MAX_SEGMENT_LEN.min(usize::try_from(len).unwrap_or(MAX_SEGMENT_LEN)) as u64)?;
    if segment.len() as u64 != len {
        return Err(ParseError::Malformed);
    }
    let (kinds, replacement) = classify_segment(marker, &segment[4..]);
    match replacement {
        SegmentReplacement::Unchanged => return stream.copy(len),
        SegmentReplacement::Removed => {}
        SegmentReplacement::Bytes(bytes) => stream.write(&bytes)?,
    }
    found.removed |= kinds;
    stream.skip(len)
}

enum SegmentReplacement {
    Unchanged,
    Removed,
    Bytes(Vec<u8>),
}

/// Returns the metadata kinds of a segment, and its replacement.
fn classify_segment(marker: u8, payload: &[u8]) -> (MetadataKinds, SegmentReplacement) {
    match (marker, payload) {
        // The thumbnail size, and the thumbnail after it.
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
        // The colour transform.
        (0xEE, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if rest.len() == 7 => {
            (MetadataKinds::NONE, SegmentReplacement::Unchanged)
        }
        (0xEE, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if rest.len() > 7 => {
            let plain = [&[0xFF, 0xEE, 0, 14][..], b"Adobe", &rest[..7]].concat();
            (MetadataKinds::classify(&rest[7..]), SegmentReplacement::Bytes(plain))
        }
        (0xE1, [b'E', b'x', b'i', b'f', 0, _, tiff @ ..]) => {
            let metadata = exif::parse(tiff);
            let replacement = match metadata.orientation {
                None => SegmentReplacement::Removed,
                orientation => {
                    let mut plain = vec![0xFF, 0xE1, 0, 34, b'E', b'x', b'i', b'f', 0, 0];
                    plain.extend_from_slice(&exif::orientation_only(orientation));
                    SegmentReplacement::Bytes(plain)
                }
            };
            (metadata.kinds, replacement)
        }
        (0xE2, [b'M', b'P', b'F', 0, ..]) => {
            (MetadataKind::Preview.into(), SegmentReplacement::Removed)
        }
        (0xE2, [b'I', b'C', b'C', b'_', ..]) => (MetadataKinds::NONE, SegmentReplacement::Removed),
        (COM, _) => (MetadataKind::Words.into(), SegmentReplacement::Removed),
        _ => (MetadataKinds::classify(payload), SegmentReplacement::Removed),
    }
}

/// Copies the scan up to the next marker.
fn copy_scan(stream: &mut StreamRewriter<'_>) -> ParseResult<()> {
    loop {
        let ahead = stream.fill_to(2)?;
        let (len, ends) = match memchr(0xFF, ahead) {
            _ if ahead.len() < 2 => return Err(ParseError::Malformed),
            None => (ahead.len(), false),
            Some(at) => match ahead.get(at + 1) {
                None => (at, false),
                Some(0 | 0xD0..=0xD7) => (at + 2, false),
                Some(0xFF) => (at + 1, false),
                Some(_) => (at, true),
            },
        };
        stream.copy(len as u64)?;
        if ends {
            return Ok(());
        }
    }
}

fn remove_trailer(stream: &mut StreamRewriter<'_>, found: &mut Findings) -> ParseResult<()> {
    if stream.is_at_end()? {
        return Ok(());
    }
    let kinds = MetadataKinds::classify(stream.peek(64 * 1024)?);
    found.removed |= kinds;
    stream.skip_rest()?;
    Ok(())
}

/// Overwrites the metadata at the beginning of a picture, where offsets must not change.
pub(crate) fn zero_segments(picture: &mut [u8], found: &mut Findings) {
    let mut at = 2;
    while let Some([0xFF, marker @ (0xC0..=0xD7 | 0xDB..=0xFE)]) = picture.get(at..at + 2) {
        let marker = *marker;
        let Some(len) = read_be(picture, at + 2, 2).and_then(|len| usize::try_from(len).ok())
        else {
            return;
        };
        let Some(payload) = picture.get_mut(at + 4..at + 2 + len) else { return };
        let is_metadata = marker == COM || (0xE0..=0xEF).contains(&marker);
        if is_metadata && payload.iter().any(|byte| *byte != 0) {
            let (kinds, replacement) = classify_segment(marker, payload);
            // The colour transform is retained.
            let retained = if marker == 0xEE && payload.starts_with(b"Adobe") {
                payload.len().min(12)
            } else {
                0
            };
            if !matches!(replacement, SegmentReplacement::Unchanged)
                && payload[retained..].iter().any(|byte| *byte != 0)
            {
                found.removed |= kinds;
                payload[retained..].fill(0);
            }
        }
        at += 2 + len;
    }
}
