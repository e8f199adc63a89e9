//! The texts about the treatment of the files of a report or a message. The texts refer to files by
//! number, because file names may contain identifying details.

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
    /// The format, detected from the first bytes.
    pub format: FileFormat,
    /// The treatment.
    pub treatment: FileOutcome,
}

/// The treatment of a file before it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOutcome {
    /// The file is unchanged, as the reporter asked.
    Unchanged,
    /// Metadata was removed.
    Cleaned(ScrubReport),
    /// Cleaning failed. The file was cut off at that point.
    Failed,
}

/// Begins a line about what can still identify the reporter, so that a file that is not clean does
/// not look like a clean one. The script marks its lines alike (`.unclean` of the style sheet).
const UNCLEAN_MARK: &str = "! ";

/// The texts about a file.
#[derive(Debug, Clone)]
pub(super) struct FileSummary {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

/// Returns the name of each file and the lines about it, without a layout.
pub(super) fn file_summaries_in(
    pages: &Pages,
    locale: Locale,
    files: &[SentFile],
) -> Vec<(String, Vec<String>)> {
    let frame = PageLayout::new(pages, locale, "receipt-title", LanguageSwitch::None);
    file_summaries(&frame, files).into_iter().map(|file| (file.name, file.lines)).collect()
}

/// Returns the texts about each file.
pub(super) fn file_summaries(frame: &PageLayout<'_>, files: &[SentFile]) -> Vec<FileSummary> {
    let summaries = files.iter().enumerate().map(|(index, file)| {
        let name = frame.with(
            format_family_text_key(file.format.media_class()),
            "number",
            &(index + 1).to_string(),
        );
        FileSummary {
            name,
            lines: match file.treatment {
                FileOutcome::Unchanged => vec![unclean(&frame.t("scrubbed-kept"))],
                FileOutcome::Cleaned(report) => summary_lines(frame, file.format, report),
                FileOutcome::Failed => vec![unclean(&frame.t("scrubbed-failed"))],
            },
        }
    });
    summaries.collect()
}

fn unclean(line: &str) -> String {
    format!("{UNCLEAN_MARK}{line}")
}

fn summary_lines(frame: &PageLayout<'_>, format: FileFormat, report: ScrubReport) -> Vec<String> {
    let mut lines = Vec::new();
    let named = |key, kinds| frame.with(key, "what", &join_metadata_kinds(frame, kinds));
    if !report.removed.is_empty() {
        lines.push(named("scrubbed-removed", report.removed));
    }
    if !report.left.is_empty() {
        lines.push(unclean(&named("scrubbed-left", report.left)));
    }
    match report.signature {
        SignatureStatus::Absent => {}
        SignatureStatus::Kept => lines.push(unclean(&frame.t("scrubbed-signed"))),
        SignatureStatus::Broken => lines.push(unclean(&frame.t("scrubbed-signature-broken"))),
    }
    match report.reading {
        ParseCoverage::Broken => lines.push(unclean(&frame.t("scrubbed-broken"))),
        ParseCoverage::Unknown => lines.push(unclean(&frame.t("scrubbed-unknown"))),
        ParseCoverage::Empty => lines.push(frame.t("scrubbed-empty")),
        ParseCoverage::Whole if lines.is_empty() => lines.push(frame.t("scrubbed-nothing")),
        ParseCoverage::Whole => {}
    }
    // Audio and video have no page to take a photo of.
    let is_unclean = matches!(report.reading, ParseCoverage::Broken | ParseCoverage::Unknown);
    let is_document = format.media_class() == MediaClass::Document;
    if is_document && (is_unclean || !report.left.is_empty()) {
        lines.push(frame.t("scrubbed-advice"));
    }
    lines
}

fn join_metadata_kinds(frame: &PageLayout<'_>, kinds: MetadataKinds) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| frame.t(metadata_text_key(kind))).collect();
    names.join(&frame.t("list-separator"))
}

fn format_family_text_key(class: MediaClass) -> &'static str {
    match class {
        MediaClass::Image => "scrubbed-image",
        MediaClass::Document => "scrubbed-document",
        MediaClass::Audio => "scrubbed-audio",
        MediaClass::Video => "scrubbed-video",
        MediaClass::Other => "scrubbed-file",
    }
}

fn metadata_text_key(kind: MetadataKind) -> &'static str {
    match kind {
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
