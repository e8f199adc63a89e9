//! The receipt, once a report is durable. Nothing of the report is on it.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use time::Duration;
use web::Locale;
use zeroize::Zeroizing;

use super::{
    Pages,
    layout::{Frame, Switch, render},
};
use crate::i18n;

/// Days within which a person answers, at the latest.
const ACKNOWLEDGED_WITHIN: i64 = 7;

/// The receipt in its two spellings, as `envelope::receipt::Receipt` writes them.
pub struct ReceiptView {
    /// Seven groups of four.
    pub code: Zeroizing<String>,
    /// Twelve words, in the reporter's language.
    pub words: Zeroizing<String>,
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    frame: Frame<'a>,
    groups: Vec<&'a str>,
    words: Vec<&'a str>,
    come_back: String,
}

/// The page after sending.
pub fn receipt_page(pages: &Pages, locale: Locale, receipt: &ReceiptView) -> Response {
    let frame = Frame::new(pages, locale, "receipt-title", Switch::None);
    let day = pages.clock.today() + Duration::days(ACKNOWLEDGED_WITHIN);
    let page = ReceiptPage {
        groups: receipt.code.split('-').collect(),
        words: receipt.words.split_whitespace().collect(),
        come_back: i18n::day(frame.words(), day),
        frame,
    };
    render(pages, StatusCode::OK, &page)
}
