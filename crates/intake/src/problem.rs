//! Errors of the API: RFC 9457 problem details, and the header that asks a client to retry.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::store::StoreError;

/// Seconds after which a client may retry.
const RETRY_AFTER_SECONDS: &str = "30";

/// A response of type `application/problem+json`.
#[derive(Debug, Clone, Copy)]
pub struct Problem {
    status: StatusCode,
    title: &'static str,
}

impl Problem {
    /// Creates a problem. The title is a constant, so that it contains nothing of the request.
    pub const fn new(status: StatusCode, title: &'static str) -> Self {
        Self { status, title }
    }

    /// Returns the problem with another title.
    #[must_use]
    pub const fn with_title(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    /// Returns a problem with status 400.
    pub const fn bad_request(title: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, title)
    }

    /// Returns a problem with status 503, which is sent with `Retry-After`.
    pub const fn unavailable(title: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, title)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the spool is full: nothing was stored, try again later",
            ),
            StoreError::FullForFiles => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the spool has no space for these files now: nothing was stored, try again later or without files",
            ),
            StoreError::FullForUploads => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the space for unfinished uploads is used up: try again later, or send the submission in one request to /api/reports",
            ),
            StoreError::ShareUsedUp => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "the spool is nearly full, and the share of your network for this hour is used up: nothing was stored, try again later",
            ),
            _ => Self::unavailable("nothing was stored, try again later"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body =
            serde_json::json!({ "title": self.title, "status": self.status.as_u16() }).to_string();
        let mut response = (self.status, body).into_response();
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/problem+json"),
        );
        if matches!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::INSUFFICIENT_STORAGE
        ) {
            return with_retry_after(response);
        }
        response
    }
}

/// Adds `Retry-After` to a response.
pub(crate) fn with_retry_after(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, http::HeaderValue::from_static(RETRY_AFTER_SECONDS));
    response
}
