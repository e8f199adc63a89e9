//! The receipt page, shown after a report is durable. It contains nothing of the report, and no
//! host name. Only the confirmation, which is not printed, names the path of the return page.

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
    own_messages,
    scrub_summary::{self, FileSummary},
};
use crate::i18n;

/// The receipt in both notations of [`protocol::receipt::Receipt`].
pub struct ReceiptView {
    /// The code: seven groups of four characters.
    pub code: Zeroizing<String>,
    /// The twelve words, in the language of the reporter.
    pub words: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptTemplate<'a> {
    frame: PageLayout<'a>,
    groups: Vec<&'a str>,
    words: Vec<&'a str>,
    /// The last date for the first answer, formatted.
    answer_date: Option<String>,
    downloads: Option<ReceiptDownloads>,
    /// The own copy as a `data:` URL.
    own_copy: Option<String>,
    files: Vec<FileSummary>,
    /// The token of the visit that shows the receipt until the reporter confirms it; empty for
    /// none.
    visit: &'a str,
}

/// The content of the page beside the receipt.
#[derive(Default)]
pub(super) struct ReceiptContext<'a> {
    /// Each file: its name, and the lines about its treatment.
    pub(super) files: Vec<(String, Vec<String>)>,
    /// The last date for the first answer.
    pub(super) answer_date: Option<Date>,
    /// The token of the visit that shows the receipt; empty for none.
    pub(super) visit: &'a str,
    /// The sealed own copy; empty for none.
    pub(super) own_copy: &'a [u8],
}

/// The downloads of the receipt: QR code and text file. Both are in the page itself, so that they
/// need no other request and no script.
struct ReceiptDownloads {
    /// Number of modules of a side, with the quiet zone.
    side: usize,
    /// The dark modules, as the data of an SVG path in lines one module high.
    dark: Zeroizing<String>,
    /// The text file as a `data:` URL.
    text_file_url: Zeroizing<String>,
}

/// Number of light modules around the code that QR readers need (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

impl ReceiptDownloads {
    /// Returns `None` for an invalid receipt, such as the placeholder of the offline form.
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

/// Returns the page after sending, with the treatment of the files.
pub fn receipt_page(
    pages: &Pages,
    locale: Locale,
    receipt: &ReceiptView,
    files: &[SentFile],
) -> Response {
    receipt_page_with_copy(pages, locale, receipt, files, &[])
}

/// Returns the page after sending, with an own copy unless it is empty.
pub(super) fn receipt_page_with_copy(
    pages: &Pages,
    locale: Locale,
    receipt: &ReceiptView,
    files: &[SentFile],
    own_copy: &[u8],
) -> Response {
    let files = scrub_summary::file_summaries_in(pages, locale, files);
    render_receipt(
        pages,
        locale,
        receipt,
        ReceiptContext { files, answer_date: pages.first_answer_date(), visit: "", own_copy },
    )
}

/// Returns the page of a receipt that a visit stores. The words are in the language of the page.
pub(super) fn visit_receipt_page(
    pages: &Pages,
    locale: Locale,
    code: &str,
    context: ReceiptContext<'_>,
) -> Response {
    let Ok(receipt) = Receipt::parse(code) else {
        return super::error_page(pages, locale, super::ErrorKind::Internal);
    };
    let view = ReceiptView {
        code: Zeroizing::new(receipt.code()),
        words: Zeroizing::new(receipt.words(locale.code)),
    };
    render_receipt(pages, locale, &view, context)
}

/// Renders the page.
pub(super) fn render_receipt(
    pages: &Pages,
    locale: Locale,
    receipt: &ReceiptView,
    context: ReceiptContext<'_>,
) -> Response {
    let ReceiptContext { files, answer_date, visit, own_copy } = context;
    let frame =
        PageLayout::new(pages, locale, "receipt-title", LanguageSwitch::None).with_visit(visit);
    let page = ReceiptTemplate {
        groups: receipt.code.split('-').collect(),
        words: receipt.words.split_whitespace().collect(),
        own_copy: own_messages::copy_url(own_copy),
        downloads: ReceiptDownloads::from_receipt(receipt),
        answer_date: answer_date.map(|day| i18n::format_date(frame.messages(), day)),
        files: files.into_iter().map(|(name, lines)| FileSummary { name, lines }).collect(),
        visit,
        frame,
    };
    render_uncompressed(pages, StatusCode::OK, &page)
}
