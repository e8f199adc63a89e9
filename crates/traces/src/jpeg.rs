//! JPEG pictures (ITU T.81): everything but what the picture is drawn from goes.

use memchr::memchr;

use crate::{
    exif,
    found::{Found, Trace, Traces},
    pipe::{Pipe, Step, Stop, be},
};

const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const COM: u8 = 0xFE;
/// Longest segment, with its marker.
const SEGMENT: usize = 65_537;

/// The whole picture. What stands behind its end is a second picture, a film or a hiding place, and goes as well.
pub(crate) fn strip(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    if pipe.need()? != [0xFF, 0xD8] {
        return Err(Stop::Broken);
    }
    pipe.pass(2)?;
    let mut is_drawn = false;
    loop {
        let [ff, marker] = pipe.need()?;
        if ff != 0xFF {
            // Readers take bytes between segments for nothing.
            between(pipe, found)?;
            continue;
        }
        match marker {
            // Bytes that only fill.
            0xFF => pipe.skip(1)?,
            EOI if is_drawn => {
                pipe.pass(2)?;
                return trailer(pipe, found);
            }
            0x01 | 0xD0..=0xD7 => pipe.pass(2)?,
            0xC0..=0xFE if marker != EOI => {
                segment(pipe, found, marker)?;
                is_drawn |= marker == SOS;
            }
            _ => return Err(Stop::Broken),
        }
    }
}

/// Leaves out what stands between two segments.
fn between(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let ahead = pipe.look(SEGMENT)?;
    // Up to the marker of a segment; a second beginning is another picture.
    let is_marker = |at: &usize| matches!(ahead.get(at + 1), Some(0xC0..=0xD7 | 0xDA..=0xFE));
    let next = memchr::memchr_iter(0xFF, ahead).find(is_marker).ok_or(Stop::Broken)?;
    found.removed |= Traces::told_by(&ahead[..next]);
    pipe.skip(next as u64)
}

fn segment(pipe: &mut Pipe<'_>, found: &mut Found, marker: u8) -> Step<()> {
    let len = 2 + be(&pipe.need::<4>()?, 2, 2).unwrap_or_default();
    if len < 4 {
        return Err(Stop::Broken);
    }
    if marker != COM && !(0xE0..=0xEF).contains(&marker) {
        pipe.pass(len)?;
        return if marker == SOS { drawn(pipe) } else { Ok(()) };
    }
    let segment = pipe.peek(SEGMENT.min(usize::try_from(len).unwrap_or(SEGMENT)) as u64)?;
    if segment.len() as u64 != len {
        return Err(Stop::Broken);
    }
    let (said, instead) = judge(marker, &segment[4..]);
    match instead {
        Instead::Itself => return pipe.pass(len),
        Instead::Nothing => {}
        Instead::These(bytes) => pipe.write(&bytes)?,
    }
    found.removed |= said;
    pipe.skip(len)
}

enum Instead {
    Itself,
    Nothing,
    These(Vec<u8>),
}

/// What a segment tells, and what comes in its place.
fn judge(marker: u8, payload: &[u8]) -> (Traces, Instead) {
    match (marker, payload) {
        // The size of the thumbnail that comes behind.
        (0xE0, [b'J', b'F', b'I', b'F', 0, major, minor, unit, density @ ..]) if density.len() >= 6 => {
            if density.len() == 6 && density[4..6] == [0, 0] {
                return (Traces::NONE, Instead::Itself);
            }
            let mut plain = vec![0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, *major, *minor, *unit];
            plain.extend_from_slice(&density[..4]);
            plain.extend_from_slice(&[0, 0]);
            (Trace::Preview.into(), Instead::These(plain))
        }
        // Says how colours are to be read.
        (0xEE, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if rest.len() == 7 => {
            (Traces::NONE, Instead::Itself)
        }
        (0xEE, [b'A', b'd', b'o', b'b', b'e', rest @ ..]) if rest.len() > 7 => {
            let plain = [&[0xFF, 0xEE, 0, 14][..], b"Adobe", &rest[..7]].concat();
            (Traces::told_by(&rest[7..]), Instead::These(plain))
        }
        (0xE1, [b'E', b'x', b'i', b'f', 0, _, tiff @ ..]) => {
            let notes = exif::read(tiff);
            let instead = match notes.turned {
                None => Instead::Nothing,
                turned => {
                    let mut plain = vec![0xFF, 0xE1, 0, 34, b'E', b'x', b'i', b'f', 0, 0];
                    plain.extend_from_slice(&exif::only_turned(turned));
                    Instead::These(plain)
                }
            };
            (notes.traces, instead)
        }
        (0xE2, [b'M', b'P', b'F', 0, ..]) => (Trace::Preview.into(), Instead::Nothing),
        (0xE2, [b'I', b'C', b'C', b'_', ..]) => (Traces::NONE, Instead::Nothing),
        (COM, _) => (Trace::Words.into(), Instead::Nothing),
        _ => (Traces::told_by(payload), Instead::Nothing),
    }
}

/// The picture itself, up to the next marker.
fn drawn(pipe: &mut Pipe<'_>) -> Step<()> {
    loop {
        let ahead = pipe.look(2)?;
        let (pass, ends) = match memchr(0xFF, ahead) {
            _ if ahead.len() < 2 => return Err(Stop::Broken),
            None => (ahead.len(), false),
            Some(at) => match ahead.get(at + 1) {
                None => (at, false),
                Some(0 | 0xD0..=0xD7) => (at + 2, false),
                Some(0xFF) => (at + 1, false),
                Some(_) => (at, true),
            },
        };
        pipe.pass(pass as u64)?;
        if ends {
            return Ok(());
        }
    }
}

fn trailer(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    if pipe.is_at_end()? {
        return Ok(());
    }
    let said = Traces::told_by(pipe.peek(64 * 1024)?);
    found.removed |= said;
    pipe.skip_rest()?;
    Ok(())
}

/// Overwrites what the beginning of a picture tells, where nothing may change its place.
pub(crate) fn blank(picture: &mut [u8], found: &mut Found) {
    let mut at = 2;
    while let Some([0xFF, marker @ (0xC0..=0xD7 | 0xDB..=0xFE)]) = picture.get(at..at + 2) {
        let marker = *marker;
        let Some(len) = be(picture, at + 2, 2).and_then(|len| usize::try_from(len).ok()) else { return };
        let Some(payload) = picture.get_mut(at + 4..at + 2 + len) else { return };
        let tells = marker == COM || (0xE0..=0xEF).contains(&marker);
        if tells && payload.iter().any(|byte| *byte != 0) {
            let (said, instead) = judge(marker, payload);
            // How colours are to be read stays where it stands.
            let kept =
                if marker == 0xEE && payload.starts_with(b"Adobe") { payload.len().min(12) } else { 0 };
            if !matches!(instead, Instead::Itself) && payload[kept..].iter().any(|byte| *byte != 0) {
                found.removed |= said;
                payload[kept..].fill(0);
            }
        }
        at += 2 + len;
    }
}
