//! What became of the files of a report or a message, in words. Files are told by their place:
//! their names may tell something.

use metadata_scrubber::{
    FileFormat, MediaClass, MetadataKind, MetadataKinds, ParseCoverage, ScrubReport,
    SignatureStatus,
};

use web::Locale;

use super::{
    Pages,
    layout::{LanguageSwitch, PageLayout},
};

/// A file that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentFile {
    /// By its first bytes.
    pub format: FileFormat,
    /// What was done with it.
    pub treatment: FileOutcome,
}

/// What was done with a file before it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOutcome {
    /// It was kept exactly as it was, as the reporter asked.
    Unchanged,
    /// Metadata was taken out.
    Cleaned(ScrubReport),
    /// It could not be cleaned. Nothing behind the place where that showed was sent.
    Failed,
}

/// A file as the page tells of it.
#[derive(Debug, Clone)]
pub(super) struct FileSummary {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

/// What is said of each file: its name and the lines about it.
pub(super) fn file_summaries_in(
    pages: &Pages,
    locale: Locale,
    files: &[SentFile],
) -> Vec<(String, Vec<String>)> {
    let frame = PageLayout::new(pages, locale, "receipt-title", LanguageSwitch::None);
    file_summaries(&frame, files).into_iter().map(|file| (file.name, file.lines)).collect()
}

/// What is said of each file.
pub(super) fn file_summaries(frame: &PageLayout<'_>, files: &[SentFile]) -> Vec<FileSummary> {
    let told = files.iter().enumerate().map(|(at, file)| {
        let name = frame.with(
            format_family_text_key(file.format.media_class()),
            "number",
            &(at + 1).to_string(),
        );
        FileSummary {
            name,
            lines: match file.treatment {
                FileOutcome::Unchanged => vec![frame.t("washed-kept")],
                FileOutcome::Cleaned(washed) => summary_lines(frame, washed),
                FileOutcome::Failed => vec![frame.t("washed-failed")],
            },
        }
    });
    told.collect()
}

fn summary_lines(frame: &PageLayout<'_>, washed: ScrubReport) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |key, traces: MetadataKinds| {
        if !traces.is_empty() {
            lines.push(frame.with(key, "what", &join_metadata_kinds(frame, traces)));
        }
    };
    say("washed-removed", washed.removed);
    say("washed-left", washed.left);
    match washed.signature {
        SignatureStatus::Absent => {}
        SignatureStatus::Kept => lines.push(frame.t("washed-signed")),
        SignatureStatus::Broken => lines.push(frame.t("washed-signature-broken")),
    }
    match washed.reading {
        ParseCoverage::Broken => lines.push(frame.t("washed-broken")),
        ParseCoverage::Unknown => lines.push(frame.t("washed-unknown")),
        ParseCoverage::Empty => lines.push(frame.t("washed-empty")),
        ParseCoverage::Whole if lines.is_empty() => lines.push(frame.t("washed-nothing")),
        ParseCoverage::Whole => {}
    }
    lines
}

fn join_metadata_kinds(frame: &PageLayout<'_>, traces: MetadataKinds) -> String {
    let words: Vec<String> = traces.iter().map(|trace| frame.t(metadata_text_key(trace))).collect();
    words.join(if frame.code() == "ar" { "، " } else { ", " })
}

fn format_family_text_key(sort: MediaClass) -> &'static str {
    match sort {
        MediaClass::Image => "washed-image",
        MediaClass::Document => "washed-document",
        MediaClass::Audio => "washed-audio",
        MediaClass::Video => "washed-video",
        MediaClass::Other => "washed-file",
    }
}

fn metadata_text_key(trace: MetadataKind) -> &'static str {
    match trace {
        MetadataKind::Author => "trace-author",
        MetadataKind::Place => "trace-place",
        MetadataKind::Date => "trace-date",
        MetadataKind::Device => "trace-device",
        MetadataKind::Words => "trace-words",
        MetadataKind::Preview => "trace-preview",
        MetadataKind::History => "trace-history",
        MetadataKind::Other => "trace-other",
    }
}
