//! What a file tells beside what it shows: who made it, with what, where and when. [`scrub`] takes
//! that out while the file streams through, in constant memory, and says what it found.
//!
//! Nothing is decoded and nothing is executed: pictures, sounds and films are walked from part to
//! part, and what draws or sounds goes on byte for byte. Where a file is not what it says it is,
//! the rest of it goes on as it came: a file is never lost, and the one who sends it is told. There
//! is no I/O here but the reader and the writer that the caller brings.
//!
//! `rules.json` says which parts tell something; the browser's script reads the same rules.

mod detect;
mod formats;
mod rules;
mod stream;
mod summary;

use formats::{audio, gif, isobmff, jpeg, pdf, png, riff, xml, zip};
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

pub use detect::{FileFormat, MediaClass, SNIFF_LEN};
pub use summary::{MetadataKind, MetadataKinds};

use stream::{ParseError, StreamRewriter};
use summary::Findings;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScrubReport {
    /// What it is, by its first bytes.
    pub format: FileFormat,
    /// What was taken out.
    pub removed: MetadataKinds,
    /// What was seen and stays in it.
    pub left: MetadataKinds,
    /// How far it was understood.
    pub reading: ParseCoverage,
    /// Whether it carries an electronic signature, and whether that still holds.
    pub signature: SignatureStatus,
}

/// The electronic signature of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureStatus {
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
pub enum ParseCoverage {
    /// To its end.
    Whole,
    /// From some place on it is not what it says it is; from there it went on as it came.
    Broken,
    /// Not at all: it went on as it came.
    Unknown,
    /// It holds nothing.
    Empty,
}

/// Gives a file on without its traces. An error comes from the reader or the writer, never from
/// what is in the file.
pub fn scrub(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<ScrubReport> {
    let mut pipe = StreamRewriter::new(input, output);
    let format = FileFormat::detect(pipe.fill_to(SNIFF_LEN)?);
    let mut found = Findings::default();
    let walked = match format {
        FileFormat::Jpeg => jpeg::strip(&mut pipe, &mut found),
        FileFormat::Png => png::strip(&mut pipe, &mut found),
        FileFormat::Gif => gif::strip(&mut pipe, &mut found),
        FileFormat::WebP | FileFormat::Wav | FileFormat::Avi => {
            riff::zero_metadata(&mut pipe, &mut found)
        }
        FileFormat::Heif => isobmff::zero_metadata(&mut pipe, &mut found, true),
        FileFormat::Film | FileFormat::M4a => isobmff::zero_metadata(&mut pipe, &mut found, false),
        FileFormat::Mp3 | FileFormat::Flac => audio::strip(&mut pipe, &mut found),
        FileFormat::Pdf => pdf::overwrite_metadata(&mut pipe, &mut found),
        FileFormat::Office(_) | FileFormat::OpenDocument(_) => zip::rewrite(&mut pipe, &mut found),
        FileFormat::Svg => xml::rewrite_svg(&mut pipe, &mut found),
        FileFormat::Text => Ok(()),
        FileFormat::Tiff
        | FileFormat::OldOffice
        | FileFormat::Rtf
        | FileFormat::Ogg
        | FileFormat::Archive
        | FileFormat::Markup
        | FileFormat::Mail
        | FileFormat::Card
        | FileFormat::PostScript
        | FileFormat::Unknown => {
            let head = pipe.fill_to(SNIFF_LEN)?;
            let reading =
                if head.is_empty() { ParseCoverage::Empty } else { ParseCoverage::Unknown };
            found.left |= format.known_metadata(head);
            pipe.copy_rest()?;
            return Ok(found.into_report(format, reading));
        }
    };
    let reading = match walked {
        Ok(()) => ParseCoverage::Whole,
        Err(ParseError::Malformed) => ParseCoverage::Broken,
        Err(ParseError::Io(error)) => return Err(error),
    };
    pipe.copy_rest()?;
    Ok(found.into_report(format, reading))
}

/// A picture inside a package, without its traces. Only picture formats are taken apart: a package
/// that poses as a picture goes on as it came and is told, so that no package is opened inside a
/// package.
pub(crate) fn scrub_embedded_picture(
    input: &mut dyn Read,
    output: &mut dyn Write,
    found: &mut Findings,
) -> io::Result<()> {
    let mut pipe = StreamRewriter::new(input, output);
    let walked = match FileFormat::detect(pipe.fill_to(SNIFF_LEN)?) {
        FileFormat::Jpeg => jpeg::strip(&mut pipe, found),
        FileFormat::Png => png::strip(&mut pipe, found),
        FileFormat::Gif => gif::strip(&mut pipe, found),
        FileFormat::WebP => riff::zero_metadata(&mut pipe, found),
        _ => Err(ParseError::Malformed),
    };
    match walked {
        Ok(()) => {}
        Err(ParseError::Malformed) => found.left |= MetadataKind::Other,
        Err(ParseError::Io(error)) => return Err(error),
    }
    pipe.copy_rest()
}

/// The same for a file in memory: what fuzzing and tests begin with.
pub fn scrub_bytes(bytes: &[u8]) -> (Vec<u8>, ScrubReport) {
    let mut out = Vec::with_capacity(bytes.len());
    let washed = scrub(&mut &bytes[..], &mut out).expect("memory can be read and written");
    (out, washed)
}
