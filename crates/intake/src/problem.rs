//! Errors of the interface for programs: RFC 9457 problem details.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::store::StoreError;

/// Seconds after which a sender may try again.
pub const RETRY_AFTER_SECONDS: &str = "30";

/// An answer of `application/problem+json`.
#[derive(Debug, Clone, Copy)]
pub struct Problem {
    status: StatusCode,
    title: &'static str,
}

impl Problem {
    /// With a fixed title: nothing of the request stands in it.
    pub const fn new(status: StatusCode, title: &'static str) -> Self {
        Self { status, title }
    }

    /// 400.
    pub const fn bad_request(title: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, title)
    }

    /// 503 with `Retry-After`.
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
                "the spool has no room for files: nothing was stored, try again later or without files",
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
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/problem+json"),
        );
        if matches!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::INSUFFICIENT_STORAGE
        ) {
            headers
                .insert(header::RETRY_AFTER, http::HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }
}
