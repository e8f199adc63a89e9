//! What a file tells beside what it shows: who made it, with what, where and when. [`wash`] takes that out while the file streams
//! through, in constant memory, and says what it found.
//!
//! Nothing is decoded and nothing is executed: pictures, sounds and films are walked from part to part, and what draws or sounds goes
//! on byte for byte. Where a file is not what it says it is, the rest of it goes on as it came: a file is never lost, and the one
//! who sends it is told. There is no I/O here but the reader and the writer that the caller brings.
//!
//! `rules.json` says which parts tell something; the browser's script reads the same rules.

mod boxes;
mod exif;
mod format;
mod found;
mod gif;
mod jpeg;
mod names;
mod package;
mod pdf;
mod pipe;
mod png;
mod riff;
mod rules;
mod sound;
mod xml;
mod zip;

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

pub use format::{Format, HEAD, Sort};
pub use found::{Trace, Traces};

use found::Found;
use pipe::{Pipe, Stop};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Washed {
    /// What it is, by its first bytes.
    pub format: Format,
    /// What was taken out.
    pub removed: Traces,
    /// What was seen and stays in it.
    pub left: Traces,
    /// How far it was understood.
    pub reading: Reading,
    /// Whether it carries an electronic signature, and whether that still holds.
    pub signature: Signature,
}

/// The electronic signature of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    /// None was seen.
    Absent,
    /// It is there, and nothing of the file was changed.
    Kept,
    /// It is there, and does not hold any more, because something was taken out of the file.
    Broken,
}

/// How far a file was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// To its end.
    Whole,
    /// From some place on it is not what it says it is; from there it went on as it came.
    Broken,
    /// Not at all: it went on as it came.
    Unknown,
    /// It holds nothing.
    Empty,
}

/// Gives a file on without its traces. An error comes from the reader or the writer, never from what is in the file.
pub fn wash(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<Washed> {
    let mut pipe = Pipe::new(input, output);
    let format = Format::of(pipe.look(HEAD)?);
    let mut found = Found::default();
    let walked = match format {
        Format::Jpeg => jpeg::strip(&mut pipe, &mut found),
        Format::Png => png::strip(&mut pipe, &mut found),
        Format::Gif => gif::strip(&mut pipe, &mut found),
        Format::WebP | Format::Wav | Format::Avi => riff::blank(&mut pipe, &mut found),
        Format::Heif => boxes::blank(&mut pipe, &mut found, true),
        Format::Film | Format::M4a => boxes::blank(&mut pipe, &mut found, false),
        Format::Mp3 | Format::Flac => sound::strip(&mut pipe, &mut found),
        Format::Pdf => pdf::blank(&mut pipe, &mut found),
        Format::Office(_) | Format::OpenDocument(_) => zip::rewrite(&mut pipe, &mut found),
        Format::Svg => xml::drawing(&mut pipe, &mut found),
        Format::Text => Ok(()),
        Format::Tiff
        | Format::OldOffice
        | Format::Rtf
        | Format::Ogg
        | Format::Archive
        | Format::Markup
        | Format::Mail
        | Format::Card
        | Format::PostScript
        | Format::Unknown => {
            let head = pipe.look(HEAD)?;
            let reading = if head.is_empty() { Reading::Empty } else { Reading::Unknown };
            found.left |= format.said_by(head);
            pipe.pass_rest()?;
            return Ok(found.washed(format, reading));
        }
    };
    let reading = match walked {
        Ok(()) => Reading::Whole,
        Err(Stop::Broken) => Reading::Broken,
        Err(Stop::Io(error)) => return Err(error),
    };
    pipe.pass_rest()?;
    Ok(found.washed(format, reading))
}

/// A picture inside a package, without its traces. Only picture formats are taken apart: a package that poses as a picture goes on
/// as it came and is told, so that no package is opened inside a package.
pub(crate) fn wash_picture(
    input: &mut dyn Read,
    output: &mut dyn Write,
    found: &mut Found,
) -> io::Result<()> {
    let mut pipe = Pipe::new(input, output);
    let walked = match Format::of(pipe.look(HEAD)?) {
        Format::Jpeg => jpeg::strip(&mut pipe, found),
        Format::Png => png::strip(&mut pipe, found),
        Format::Gif => gif::strip(&mut pipe, found),
        Format::WebP => riff::blank(&mut pipe, found),
        _ => Err(Stop::Broken),
    };
    match walked {
        Ok(()) => {}
        Err(Stop::Broken) => found.left |= Trace::Other,
        Err(Stop::Io(error)) => return Err(error),
    }
    pipe.pass_rest()
}

/// The same for a file in memory: what fuzzing and tests begin with.
pub fn wash_all(bytes: &[u8]) -> (Vec<u8>, Washed) {
    let mut out = Vec::with_capacity(bytes.len());
    let washed = wash(&mut &bytes[..], &mut out).expect("memory can be read and written");
    (out, washed)
}
