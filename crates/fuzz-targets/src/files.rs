//! Scrubbing of reporters' files: any input is copied, in limited memory and time.

use std::time::{Duration, Instant};

use metadata_scrubber::{MetadataKinds, ParseCoverage, scrub_bytes};

#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "the samples of another crate's tests: made here, and small"
)]
#[path = "../../metadata-scrubber/tests/samples/mod.rs"]
mod samples;

/// Maximum length of a seed in bytes. Longer ones take too long to mutate.
const MAX_SEED_BYTES: usize = 64 * 1024;
/// Maximum duration of scrubbing one file, with a margin for debug builds on busy machines.
const MAX_DURATION: Duration = Duration::from_secs(20);

/// A file of any format.
pub fn attachment(bytes: &[u8]) {
    let began = Instant::now();
    let (scrubbed, report) = scrub_bytes(bytes);
    assert!(began.elapsed() < MAX_DURATION, "{:?}", began.elapsed());
    // Rewritten parts may be compressed less densely than the original.
    assert!(scrubbed.len() <= 4 * bytes.len() + 65_536, "{} of {}", scrubbed.len(), bytes.len());
    if report.reading == ParseCoverage::Unknown {
        assert!(
            scrubbed == bytes && report.removed == MetadataKinds::NONE,
            "an unknown format was changed"
        );
    }
}

/// The XML of one part of a valid package.
pub fn office_part(bytes: &[u8]) {
    let types = b"<Types/>";
    for name in ["word/document.xml", "docProps/core.xml", "xl/comments1.xml", "word/media/a.svg"] {
        attachment(&samples::zip(&[
            ("[Content_Types].xml", types, samples::ZipEntryLayout::Stored),
            (name, bytes, samples::ZipEntryLayout::Deflated),
        ]));
    }
}

/// Returns the name and the bytes of each sample file of `metadata-scrubber`.
pub fn sample_files() -> Vec<(&'static str, Vec<u8>)> {
    samples::all().into_iter().chain(samples::corpus::all()).collect()
}

/// All samples that are short enough.
pub(crate) fn attachments() -> Vec<Vec<u8>> {
    let files = sample_files().into_iter().map(|(_, file)| file);
    files.filter(|file| file.len() <= MAX_SEED_BYTES).collect()
}

/// Parts that the rules change.
pub(crate) fn office_parts() -> Vec<Vec<u8>> {
    [
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:ins w:author='Awa' w:date = \"2026-03-12T10:15:00Z\"><w:t>a&amp;b</w:t></w:ins></w:document>",
        "<cp:coreProperties xmlns:cp=\"c\"><dc:creator>Awa</dc:creator></cp:coreProperties>",
        "<comments><authors><author>Awa<!-- x --> <![CDATA[T]]></author></authors></comments>",
        "<svg xmlns=\"s\" inkscape:a=\"b\"><metadata><rdf:RDF/></metadata><path d=\"M0 0\"/></svg>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><settings><docId val=\"{0A}\"/><rsid val=\"00AB\"/></settings>",
    ]
    .into_iter()
    .flat_map(|part| {
        let wide = part.encode_utf16().flat_map(u16::to_le_bytes);
        [part.as_bytes().to_vec(), [0xFF, 0xFE].into_iter().chain(wide).collect()]
    })
    .collect()
}
