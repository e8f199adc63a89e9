//! The receipt entry page for returning reporters.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use protocol::receipt::{Receipt, ReceiptError};
use unicode_normalization::UnicodeNormalization;
use web::Locale;

use super::{
    ErrorKind, Pages, error_page,
    layout::{LanguageSwitch, PageLayout, render_return_answer, render_with_script},
};

/// Why a receipt does not lead to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptEntryError {
    /// The field is empty.
    Empty,
    /// The text is not a receipt, for this reason.
    InvalidReceipt(ReceiptError),
    /// There is no mailbox for it: not yet, not any more, or never. By design, these cases cannot
    /// be distinguished.
    NotFound,
    /// The mailbox of this receipt is corrupt or forged. The page shows nothing of it.
    MailboxCorrupt,
}

/// The action of the buttons that show the page in another language and open nothing.
pub const LANGUAGE_ACTION: &str = "lang";

#[derive(Template)]
#[template(path = "return.html")]
struct ReceiptEntryTemplate<'a> {
    frame: PageLayout<'a>,
    typed: &'a str,
    error: Option<String>,
    /// The sentence with the nearest word of the list, and the text of the button that takes it.
    nearest: Option<[String; 2]>,
    not_found: bool,
    damaged: bool,
    /// The message that was typed on the page of the conversation. It is sent only from there.
    draft: &'a str,
    /// The fields of facts that were typed there.
    facts: &'a [(String, String)],
    /// Whether the page runs scripts. Answers run none.
    scripts: bool,
}

/// `GET /fr/return`
pub(super) async fn show(State(pages): State<Arc<Pages>>, Path(lang): Path<String>) -> Response {
    match pages.locale(&lang) {
        Some(locale) => receipt_entry_page(&pages, locale, ("", ""), None),
        None => error_page(&pages, pages.default_locale(), ErrorKind::NotFound),
    }
}

/// `GET /fr/return/send`: redirects to the receipt entry, because the response to a POST request is
/// not stored under this URL.
pub(super) async fn redirect_to_receipt_entry(
    State(pages): State<Arc<Pages>>,
    Path(lang): Path<String>,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or_else(|| pages.default_locale());
    Redirect::to(&format!("/{}/return", locale.code)).into_response()
}

/// Returns the receipt entry page, with the typed text and the problem after a failed attempt.
/// `visit` is the token of the visit, or empty.
pub fn receipt_entry_page(
    pages: &Pages,
    locale: Locale,
    typed_and_visit: (&str, &str),
    problem: Option<ReceiptEntryError>,
) -> Response {
    receipt_entry_page_with_draft(pages, locale, typed_and_visit, problem, ("", &[]))
}

/// Returns the same page with a message and facts that the conversation cannot show now. The form
/// contains them, so that they are in the conversation again once the mailbox opens.
pub fn receipt_entry_page_with_draft(
    pages: &Pages,
    locale: Locale,
    (typed, visit): (&str, &str),
    problem: Option<ReceiptEntryError>,
    (draft, facts): (&str, &[(String, String)]),
) -> Response {
    // Changing the language keeps what was typed.
    let switch = LanguageSwitch::Form { path: "/return", go: LANGUAGE_ACTION, enter: None };
    let frame = PageLayout::new(pages, locale, "return-title", switch).with_visit(visit);
    let error = match problem {
        Some(ReceiptEntryError::Empty) => Some(frame.t("wrong-receipt-missing")),
        Some(ReceiptEntryError::InvalidReceipt(error)) => {
            Some(receipt_error_text(&frame, error, typed))
        }
        Some(ReceiptEntryError::NotFound | ReceiptEntryError::MailboxCorrupt) | None => None,
    };
    let nearest = match problem {
        Some(ReceiptEntryError::InvalidReceipt(ReceiptError::UnknownWord {
            near: Some(near),
            ..
        })) => {
            let near: String = near.nfc().collect();
            Some(
                ["near", "take"]
                    .map(|key| frame.with(&format!("wrong-receipt-{key}"), "near", &near)),
            )
        }
        _ => None,
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let not_found = problem == Some(ReceiptEntryError::NotFound);
    let damaged = problem == Some(ReceiptEntryError::MailboxCorrupt);
    let scripts = problem.is_none();
    let page = ReceiptEntryTemplate {
        frame,
        typed,
        error,
        nearest,
        not_found,
        damaged,
        draft,
        facts,
        scripts,
    };
    if scripts {
        render_with_script(pages, status, &page)
    } else {
        render_return_answer(pages, status, &page)
    }
}

/// Returns the text about an invalid receipt, which helps to find the mistake. It depends on the
/// typed text alone, and does not reveal whether a mailbox exists.
pub(super) fn receipt_error_text(
    frame: &PageLayout<'_>,
    error: ReceiptError,
    typed: &str,
) -> String {
    let text = |key: &str, arguments: &[(&'static str, &str)]| {
        frame.messages().with(&format!("wrong-receipt-{key}"), arguments)
    };
    match error {
        ReceiptError::UnknownWord { place, count, .. } => {
            let word = Receipt::typed_word_at(typed, place).unwrap_or_default();
            // Among labels, the position of a word is not its number on the receipt.
            if count == Receipt::WORD_COUNT {
                text("place", &[("place", &place.to_string()), ("word", &word)])
            } else {
                text("word", &[("word", &word)])
            }
        }
        ReceiptError::WordCount(count) => text("words", &[("count", &count.to_string())]),
        ReceiptError::CodeLength(count) => text("length", &[("count", &count.to_string())]),
        ReceiptError::GroupLength { group, count } => {
            text("group", &[("group", &group.to_string()), ("count", &count.to_string())])
        }
        ReceiptError::InvalidCharacter { sign, group } => {
            text("character", &[("group", &group.to_string()), ("sign", &sign.to_string())])
        }
        ReceiptError::CodeMismatch => text("code", &[]),
        ReceiptError::WordsMismatch => text("order", &[]),
        ReceiptError::TwoReceipts => text("two", &[]),
    }
}
