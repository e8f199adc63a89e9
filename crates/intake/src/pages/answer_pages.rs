//! The answer to a posted receipt or message, under an address of its own: Back and reload are
//! plain reads, and a browser that restores its tabs keeps no receipt.
//!
//! An address shows its page to requests from our own pages only. A token that a form names is used
//! again only for the receipt whose answer is already kept under it: one that an attacker chose
//! holds nothing of another person's receipt.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use http::{HeaderMap, StatusCode, header};
use protocol::{Hash, receipt::Receipt};
use web::{Locale, SecurityPolicy};
use zeroize::Zeroizing;

use super::{ErrorKind, Pages, error_page, layout::NeverCompress, visit::is_from_our_page};
use crate::visits::VisitState;

/// The largest page that is kept, in bytes.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// Where the answer to a post is kept.
#[derive(Default)]
pub struct AnswerAddress {
    token: String,
    /// The mailbox whose receipt was posted.
    mailbox_id: Option<Hash>,
    /// Did an answer about the same receipt stand there before?
    is_existing: bool,
}

impl AnswerAddress {
    /// Returns the token for the page's links and forms; empty if the answer is not kept.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Pages {
    /// Returns the address for the answer to a post. `posted`: the token that the form names, or
    /// nothing.
    ///
    /// The token is used again if it holds an answer about the same receipt. Otherwise it is drawn,
    /// and the answer that the posted token holds is forgotten. The address is empty if the browser
    /// does not say that a page of ours led to the post: its answer is shown at once, and not kept.
    pub fn answer_address(
        &self,
        headers: &HeaderMap,
        posted: &str,
        receipt: Option<&Receipt>,
    ) -> AnswerAddress {
        if !is_from_our_page(headers) {
            return AnswerAddress::default();
        }
        let asked = receipt.map(|receipt| receipt.locator().mailbox_id());
        match self.find_visit(posted) {
            Some(VisitState::Answered { of, .. }) if of.is_some() && of == asked => {
                return AnswerAddress {
                    token: posted.to_owned(),
                    mailbox_id: of,
                    is_existing: true,
                };
            }
            Some(VisitState::Answered { .. }) => self.remove_visit(posted),
            _ => {}
        }
        AnswerAddress { token: self.new_token().to_string(), mailbox_id: asked, is_existing: false }
    }

    /// Keeps a page as the answer at this address, and redirects there. Returns the page itself if
    /// the address is empty, if the page is too large, or if the reporter closed or left the
    /// address while the answer was under way.
    pub async fn save_and_redirect(
        &self,
        lang: Locale,
        address: &AnswerAddress,
        page: Response,
    ) -> Response {
        let AnswerAddress { token, mailbox_id: of, is_existing: is_used } = address;
        if token.is_empty() {
            return page;
        }
        let (parts, body) = page.into_parts();
        // The page is in memory already.
        let Ok(html) = to_bytes(body, usize::MAX).await else {
            return error_page(self, lang, ErrorKind::Internal);
        };
        let ended = *is_used && !self.has_answer(token);
        if !ended && html.len() <= MAX_PAGE_BYTES && self.save_answer(token, *of, &parts, &html) {
            return Redirect::to(&format!("/{}/return/{token}", lang.code)).into_response();
        }
        Response::from_parts(parts, Body::from(html))
    }

    fn save_answer(
        &self,
        token: &str,
        of: Option<Hash>,
        parts: &http::response::Parts,
        html: &Bytes,
    ) -> bool {
        let Ok(packed) = deflate(html) else { return false };
        let scripts = parts.headers.contains_key(header::CONTENT_SECURITY_POLICY);
        let status = parts.status.as_u16();
        self.save_visit(token, &VisitState::Answered { status, of, scripts, packed });
        self.has_answer(token)
    }

    fn has_answer(&self, token: &str) -> bool {
        matches!(self.find_visit(token), Some(VisitState::Answered { .. }))
    }
}

fn deflate(html: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(html)?;
    encoder.finish()
}

fn inflate(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut html = Vec::new();
    DeflateDecoder::new(packed).take(MAX_PAGE_BYTES as u64).read_to_end(&mut html)?;
    Ok(html)
}

/// `GET /fr/return/TOKEN`
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    Path((lang, token)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(locale) = pages.locale(&lang) else {
        return error_page(&pages, crate::i18n::LOCALES[0], ErrorKind::NotFound);
    };
    // A link to this address leads to the empty page where a receipt is typed.
    let visit = if is_from_our_page(&headers) { pages.find_visit(&token) } else { None };
    match visit {
        Some(VisitState::Answered { status, scripts, packed, .. }) => {
            let packed = Zeroizing::new(packed);
            let Ok(html) = inflate(&packed) else {
                return error_page(&pages, locale, ErrorKind::Internal);
            };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            let mut response = (status, kind, html).into_response();
            if scripts {
                let policy = SecurityPolicy { scripts: true, ..SecurityPolicy::default() };
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.header());
            }
            response.extensions_mut().insert(NeverCompress);
            response
        }
        Some(VisitState::Left) => Redirect::to(&pages.branding.quick_exit_url).into_response(),
        Some(VisitState::Writing(_) | VisitState::Sent { .. } | VisitState::Confirmed) | None => {
            Redirect::to(&format!("/{}/return", locale.code)).into_response()
        }
    }
}

/// `GET /fr/return/TOKEN/close`: the answer is forgotten.
pub(super) async fn close(
    State(pages): State<Arc<Pages>>,
    Path((lang, token)): Path<(String, String)>,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or(crate::i18n::LOCALES[0]);
    if pages.has_answer(&token) {
        pages.remove_visit(&token);
    }
    Redirect::to(&format!("/{}", locale.code)).into_response()
}
