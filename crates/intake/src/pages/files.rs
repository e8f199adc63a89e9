//! What became of the files of a report or a message, in words. Files are told by their place: their names may tell something.

use traces::{Format, Reading, Signature, Sort, Trace, Traces, Washed};

use web::Locale;

use super::{
    Pages,
    layout::{Frame, Switch},
};

/// A file that was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentFile {
    /// By its first bytes.
    pub format: Format,
    /// What was done with it.
    pub treatment: Treatment,
}

/// What was done with a file before it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It was kept exactly as it was, as the reporter asked.
    Kept,
    /// Metadata was taken out.
    Cleaned(Washed),
    /// It could not be cleaned. Nothing behind the place where that showed was sent.
    Failed,
}

/// A file as the page tells of it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

/// What is said of each file: its name and the lines about it.
pub(super) fn told_in(pages: &Pages, locale: Locale, files: &[SentFile]) -> Vec<(String, Vec<String>)> {
    let frame = Frame::new(pages, locale, "receipt-title", Switch::None);
    told(&frame, files).into_iter().map(|file| (file.name, file.lines)).collect()
}

/// What is said of each file.
pub(super) fn told(frame: &Frame<'_>, files: &[SentFile]) -> Vec<Told> {
    let told = files.iter().enumerate().map(|(at, file)| {
        let name = frame.with(sort_text(file.format.sort()), "number", &(at + 1).to_string());
        Told {
            name,
            lines: match file.treatment {
                Treatment::Kept => vec![frame.t("washed-kept")],
                Treatment::Cleaned(washed) => lines(frame, washed),
                Treatment::Failed => vec![frame.t("washed-failed")],
            },
        }
    });
    told.collect()
}

fn lines(frame: &Frame<'_>, washed: Washed) -> Vec<String> {
    let mut lines = Vec::new();
    let mut say = |key, traces: Traces| {
        if !traces.is_empty() {
            lines.push(frame.with(key, "what", &list(frame, traces)));
        }
    };
    say("washed-removed", washed.removed);
    say("washed-left", washed.left);
    match washed.signature {
        Signature::Absent => {}
        Signature::Kept => lines.push(frame.t("washed-signed")),
        Signature::Broken => lines.push(frame.t("washed-signature-broken")),
    }
    match washed.reading {
        Reading::Broken => lines.push(frame.t("washed-broken")),
        Reading::Unknown => lines.push(frame.t("washed-unknown")),
        Reading::Empty => lines.push(frame.t("washed-empty")),
        Reading::Whole if lines.is_empty() => lines.push(frame.t("washed-nothing")),
        Reading::Whole => {}
    }
    lines
}

fn list(frame: &Frame<'_>, traces: Traces) -> String {
    let words: Vec<String> = traces.iter().map(|trace| frame.t(trace_text(trace))).collect();
    words.join(if frame.code() == "ar" { "، " } else { ", " })
}

fn sort_text(sort: Sort) -> &'static str {
    match sort {
        Sort::Image => "washed-image",
        Sort::Document => "washed-document",
        Sort::Audio => "washed-audio",
        Sort::Video => "washed-video",
        Sort::Other => "washed-file",
    }
}

fn trace_text(trace: Trace) -> &'static str {
    match trace {
        Trace::Author => "trace-author",
        Trace::Place => "trace-place",
        Trace::Date => "trace-date",
        Trace::Device => "trace-device",
        Trace::Words => "trace-words",
        Trace::Preview => "trace-preview",
        Trace::History => "trace-history",
        Trace::Other => "trace-other",
    }
}
