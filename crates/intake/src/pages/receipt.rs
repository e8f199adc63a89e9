//! The receipt, once a report is durable. Nothing of the report is on it, nor where it leads.

use std::fmt::Write as _;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::receipt::Receipt;
use qrcode::{Color, EcLevel, QrCode};
use time::Date;
use web::Locale;
use zeroize::Zeroizing;

use super::{
    Pages, SentFile,
    layout::{LanguageSwitch, PageLayout, render_uncompressed},
    scrub_summary::{self, FileSummary},
};
use crate::i18n;

/// The receipt in its two spellings, as `protocol::receipt::Receipt` writes them.
pub struct ReceiptView {
    /// Seven groups of four.
    pub code: Zeroizing<String>,
    /// Twelve words, in the reporter's language.
    pub words: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptTemplate<'a> {
    frame: PageLayout<'a>,
    groups: Vec<&'a str>,
    words: Vec<&'a str>,
    /// The last day for the first answer, in words.
    answer_date: Option<String>,
    downloads: Option<ReceiptDownloads>,
    files: Vec<FileSummary>,
    /// Until the reporter confirms that the receipt is noted, this visit shows it.
    visit: &'a str,
}

/// What the page shows beside the receipt.
#[derive(Default)]
pub(super) struct ReceiptContext<'a> {
    /// What became of each file: its name, and what is said of it.
    pub(super) files: Vec<(String, Vec<String>)>,
    /// The last day for the first answer.
    pub(super) answer_date: Option<Date>,
    /// The token of the visit that shows the receipt; empty for none.
    pub(super) visit: &'a str,
}

/// The receipt to take along. Both stand in the page itself: no second request, and no script, is
/// needed for them.
struct ReceiptDownloads {
    /// Modules along a side, with the quiet zone.
    side: usize,
    /// The dark modules, as the data of an SVG path in lines one module high.
    dark: Zeroizing<String>,
    /// A text file as a `data:` address.
    text_file_url: Zeroizing<String>,
}

/// Light modules that a reader needs around the code (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

impl ReceiptDownloads {
    /// `None` for a receipt that is none: the script's page is made before there is one.
    fn from_receipt(receipt: &ReceiptView) -> Option<Self> {
        Receipt::parse(&receipt.code).ok()?;
        let qr = QrCode::with_error_correction_level(receipt.code.as_bytes(), EcLevel::M).ok()?;
        let text = Zeroizing::new(format!("{}\r\n\r\n{}\r\n", *receipt.code, *receipt.words));
        let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        Some(Self {
            side: qr.width() + 2 * QUIET_ZONE,
            dark: Zeroizing::new(dark_modules(&qr)),
            text_file_url: Zeroizing::new(format!("data:text/plain;charset=utf-8,{encoded}")),
        })
    }
}

fn dark_modules(qr: &QrCode) -> String {
    let mut path = String::new();
    for (y, row) in qr.to_colors().chunks(qr.width()).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{} {}.5h{}", x + QUIET_ZONE, y + QUIET_ZONE, run.len());
            }
            x += run.len();
        }
    }
    path
}

/// The page after sending, with what became of the files.
pub fn receipt_page(
    pages: &Pages,
    locale: Locale,
    receipt: &ReceiptView,
    files: &[SentFile],
) -> Response {
    let files = scrub_summary::file_summaries_in(pages, locale, files);
    render_receipt(
        pages,
        locale,
        receipt,
        ReceiptContext { files, answer_date: pages.first_answer_date(), visit: "" },
    )
}

/// The same, as a visit keeps it; the words are those of the page's language.
pub(super) fn visit_receipt_page(
    pages: &Pages,
    locale: Locale,
    code: &str,
    beside: ReceiptContext<'_>,
) -> Response {
    let Ok(receipt) = Receipt::parse(code) else {
        return super::error_page(pages, locale, super::ErrorKind::Internal);
    };
    let view = ReceiptView {
        code: Zeroizing::new(receipt.code()),
        words: Zeroizing::new(receipt.words(locale.code)),
    };
    render_receipt(pages, locale, &view, beside)
}

/// The page with what it shows beside the receipt.
pub(super) fn render_receipt(
    pages: &Pages,
    locale: Locale,
    receipt: &ReceiptView,
    beside: ReceiptContext<'_>,
) -> Response {
    let ReceiptContext { files, answer_date: answer, visit } = beside;
    let frame =
        PageLayout::new(pages, locale, "receipt-title", LanguageSwitch::None).with_visit(visit);
    let page = ReceiptTemplate {
        groups: receipt.code.split('-').collect(),
        words: receipt.words.split_whitespace().collect(),
        downloads: ReceiptDownloads::from_receipt(receipt),
        answer_date: answer.map(|day| i18n::format_date(frame.messages(), day)),
        files: files.into_iter().map(|(name, lines)| FileSummary { name, lines }).collect(),
        visit,
        frame,
    };
    render_uncompressed(pages, StatusCode::OK, &page)
}
