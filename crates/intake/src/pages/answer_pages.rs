//! The page that answers a posted receipt or message, under a URL of its own. Back and reload are
//! then GET requests, and a browser that restores its tabs stores no receipt.
//!
//! A URL shows its page only to requests from our own pages. A token that a form contains is reused
//! only for the receipt whose answer is already stored under it. So a token that an attacker chose
//! never shows the mailbox of another person.

use std::{
    io::{self, Read, Write},
    sync::{Arc, atomic::Ordering},
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
use crate::{problem::with_retry_after, visits::VisitState};

/// Maximum size of a stored page, in bytes.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// The URL under which the answer to a POST request is stored.
#[derive(Default)]
pub struct AnswerAddress {
    token: String,
    /// The id of the mailbox whose receipt was posted.
    mailbox_id: Option<Hash>,
    /// Whether an answer for the same receipt was stored under the token before.
    is_existing: bool,
    /// The number of the request. A later request has a greater one.
    request: u64,
}

impl AnswerAddress {
    /// Returns the token for links and forms of the page, or an empty text if the answer is not
    /// stored.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Pages {
    /// Returns the URL for the answer to a POST request. `posted` is the token in the form, or
    /// empty.
    ///
    /// The token is reused if an answer for the same receipt is stored under it. Otherwise a new
    /// token is drawn, and the answer under the posted token is deleted. The result is empty if the
    /// browser does not confirm that the request came from one of our pages. The answer is then the
    /// response itself, and is not stored.
    pub fn answer_address(
        &self,
        headers: &HeaderMap,
        posted: &str,
        receipt: Option<&Receipt>,
    ) -> AnswerAddress {
        if !is_from_our_page(headers) {
            return AnswerAddress::default();
        }
        let request = self.answered_requests.fetch_add(1, Ordering::Relaxed);
        let mailbox_id = receipt.map(|receipt| receipt.locator().mailbox_id());
        match self.find_visit(posted) {
            Some(VisitState::Answered { of, .. }) if of.is_some() && of == mailbox_id => {
                return AnswerAddress {
                    token: posted.to_owned(),
                    mailbox_id: of,
                    is_existing: true,
                    request,
                };
            }
            Some(VisitState::Answered { .. }) => self.remove_visit(posted),
            _ => {}
        }
        let token = self.new_token().to_string();
        AnswerAddress { token, mailbox_id, is_existing: false, request }
    }

    /// Stores a page under this URL, and returns a redirect to it. Returns the page itself if the
    /// URL is empty, if the page is too large, if the reporter closed or left the URL in the
    /// meantime, or if the URL has the answer to a later request.
    ///
    /// A message whose connection was cut can be rejected after the reporter has sent it again. The
    /// rejection must not hide that the message was sent.
    pub async fn save_and_redirect(
        &self,
        lang: Locale,
        address: &AnswerAddress,
        page: Response,
    ) -> Response {
        if address.token.is_empty() {
            return page;
        }
        let (parts, body) = page.into_parts();
        // The page is in memory already.
        let Ok(html) = to_bytes(body, usize::MAX).await else {
            return error_page(self, lang, ErrorKind::Internal);
        };
        if self.accepts_answer(address)
            && html.len() <= MAX_PAGE_BYTES
            && self.save_answer(address, &parts, &html)
        {
            let url = format!("/{}/return/{}", lang.code, address.token);
            return Redirect::to(&url).into_response();
        }
        Response::from_parts(parts, Body::from(html))
    }

    /// Returns whether an answer can be stored under this URL: a new URL, or one whose stored
    /// answer is to an earlier request.
    fn accepts_answer(&self, address: &AnswerAddress) -> bool {
        match self.find_visit(&address.token) {
            Some(VisitState::Answered { request, .. }) => request <= address.request,
            _ => !address.is_existing,
        }
    }

    fn save_answer(
        &self,
        address: &AnswerAddress,
        parts: &http::response::Parts,
        html: &Bytes,
    ) -> bool {
        let Ok(packed) = deflate(html) else { return false };
        let scripts = parts.headers.contains_key(header::CONTENT_SECURITY_POLICY);
        let status = parts.status.as_u16();
        let retry_later = parts.headers.contains_key(header::RETRY_AFTER);
        let AnswerAddress { token, mailbox_id: of, request, .. } = address;
        let (of, request) = (*of, *request);
        self.save_visit(
            token,
            &VisitState::Answered { status, of, request, retry_later, scripts, packed },
        );
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
        return error_page(&pages, pages.default_locale(), ErrorKind::NotFound);
    };
    // A link to this URL leads to the empty receipt entry page.
    let visit = if is_from_our_page(&headers) { pages.find_visit(&token) } else { None };
    match visit {
        Some(VisitState::Answered { status, retry_later, scripts, packed, .. }) => {
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
            if retry_later { with_retry_after(response) } else { response }
        }
        Some(VisitState::Left) => Redirect::to(&pages.branding.quick_exit_url).into_response(),
        Some(VisitState::Writing(_) | VisitState::Sent { .. } | VisitState::Confirmed) | None => {
            Redirect::to(&format!("/{}/return", locale.code)).into_response()
        }
    }
}

/// `GET /fr/return/TOKEN/close`: deletes the answer.
pub(super) async fn close(
    State(pages): State<Arc<Pages>>,
    Path((lang, token)): Path<(String, String)>,
) -> Response {
    let locale = pages.locale(&lang).unwrap_or_else(|| pages.default_locale());
    if pages.has_answer(&token) {
        pages.remove_visit(&token);
    }
    Redirect::to(&format!("/{}", locale.code)).into_response()
}
