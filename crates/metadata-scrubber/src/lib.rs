//! Removes metadata from files, such as author, device, place and date. [`scrub`] removes it
//! while the file streams through, in constant memory, and reports what it found.
//!
//! The scrubber decodes no picture and executes nothing. It walks pictures, audio and video from
//! part to part and copies the visible and audible content byte for byte. Where a file violates its
//! format, the scrubber copies the rest unchanged and reports it: a file is never lost, and the
//! sender learns that it is not clean. The crate does no I/O except through the reader and writer
//! of the caller.
//!
//! `rules.json` lists which parts of a file carry metadata. The browser's script reads the same
//! rules.

mod classify;
mod detect;
mod formats;
mod metadata_kind;
mod rules;
mod stream;
mod summary;

use formats::{audio, gif, isobmff, jpeg, pdf, png, riff, xml, zip};
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

pub use detect::{FileFormat, MediaClass, SNIFF_LEN};
pub use metadata_kind::{MetadataKind, MetadataKinds};

use stream::{ParseError, StreamRewriter};
use summary::Findings;

/// The result of scrubbing one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScrubReport {
    /// The format, detected from the first bytes.
    pub format: FileFormat,
    /// The kinds of metadata that were removed.
    pub removed: MetadataKinds,
    /// The kinds of metadata that were found or must be expected, and are still in the file.
    pub left: MetadataKinds,
    /// How much of the file was parsed.
    pub reading: ParseCoverage,
    /// The state of the file's electronic signature.
    pub signature: SignatureStatus,
}

/// The electronic signature of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureStatus {
    /// No signature was found.
    Absent,
    /// The file has a signature and was not changed.
    Kept,
    /// The file has a signature, which is no longer valid because metadata was removed.
    Broken,
}

/// How much of a file was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParseCoverage {
    /// The file was parsed to its end.
    Whole,
    /// The file violates its format somewhere. Everything from there on was copied unchanged.
    Broken,
    /// The format is not supported. The file was copied unchanged.
    Unknown,
    /// The file has no bytes.
    Empty,
}

/// Copies a file without its metadata and returns what was removed and what was left.
///
/// # Errors
///
/// Returns an error if the reader or the writer fails. The content of the file never causes one.
pub fn scrub(input: &mut dyn Read, output: &mut dyn Write) -> io::Result<ScrubReport> {
    let mut stream = StreamRewriter::new(input, output);
    let format = FileFormat::detect(stream.fill_to(SNIFF_LEN)?);
    let mut found = Findings::default();
    let outcome = match format {
        FileFormat::Jpeg => jpeg::strip(&mut stream, &mut found),
        FileFormat::Png => png::strip(&mut stream, &mut found),
        FileFormat::Gif => gif::strip(&mut stream, &mut found),
        FileFormat::WebP | FileFormat::Wav | FileFormat::Avi => {
            riff::zero_metadata(&mut stream, &mut found)
        }
        FileFormat::Heif => isobmff::zero_metadata(&mut stream, &mut found, true),
        FileFormat::Mp4 | FileFormat::M4a => isobmff::zero_metadata(&mut stream, &mut found, false),
        FileFormat::Mp3 | FileFormat::Flac => audio::strip(&mut stream, &mut found),
        FileFormat::Pdf => pdf::overwrite_metadata(&mut stream, &mut found),
        FileFormat::Office(_) | FileFormat::OpenDocument(_) => {
            zip::rewrite(&mut stream, &mut found)
        }
        FileFormat::Svg => xml::rewrite_svg(&mut stream, &mut found),
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
            let head = stream.fill_to(SNIFF_LEN)?;
            let reading =
                if head.is_empty() { ParseCoverage::Empty } else { ParseCoverage::Unknown };
            found.left |= format.known_metadata(head);
            stream.copy_rest()?;
            return Ok(found.into_report(format, reading));
        }
    };
    let reading = match outcome {
        Ok(()) => ParseCoverage::Whole,
        Err(ParseError::Malformed) => ParseCoverage::Broken,
        Err(ParseError::Io(error)) => return Err(error),
    };
    stream.copy_rest()?;
    Ok(found.into_report(format, reading))
}

/// Scrubs a picture inside a package. Only picture formats are parsed: a package disguised as a
/// picture is copied unchanged and reported, so that no package is opened inside a package.
pub(crate) fn scrub_embedded_picture(
    input: &mut dyn Read,
    output: &mut dyn Write,
    found: &mut Findings,
) -> io::Result<()> {
    let mut stream = StreamRewriter::new(input, output);
    let outcome = match FileFormat::detect(stream.fill_to(SNIFF_LEN)?) {
        FileFormat::Jpeg => jpeg::strip(&mut stream, found),
        FileFormat::Png => png::strip(&mut stream, found),
        FileFormat::Gif => gif::strip(&mut stream, found),
        FileFormat::WebP => riff::zero_metadata(&mut stream, found),
        _ => Err(ParseError::Malformed),
    };
    match outcome {
        Ok(()) => {}
        Err(ParseError::Malformed) => found.left |= MetadataKind::Other,
        Err(ParseError::Io(error)) => return Err(error),
    }
    stream.copy_rest()
}

/// Scrubs a file in memory, for tests and fuzzing. Returns the scrubbed bytes and the report.
pub fn scrub_bytes(bytes: &[u8]) -> (Vec<u8>, ScrubReport) {
    let mut out = Vec::with_capacity(bytes.len());
    let report = scrub(&mut &bytes[..], &mut out).expect("memory can be read and written");
    (out, report)
}
