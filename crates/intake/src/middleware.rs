//! The admission middleware: limits concurrent POST requests and answers rejected ones.

use axum::{
    body::Bytes,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt};
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONNECTION, CONTENT_TYPE},
};
use tokio::time::{Duration, Instant, timeout_at};

use crate::{
    admission::{
        RejectedPost, SMALL_BODY_BYTES,
        body_timeout::{BodyReadError, TimedBody},
    },
    form::{ReplyForm, ReportForm},
    pages::{self, ErrorKind, rejected_form_page},
    problem::{Problem, with_retry_after},
    sealing::text_fields,
    state::AppState,
};

/// Maximum time for which the intake reads the rest of a rejected body.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Idle timeout while the intake reads the rest of a rejected body.
const DRAIN_IDLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Limits the number of concurrent POST requests. GET requests are not limited here.
pub(crate) async fn admission_middleware(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let post = PostContext::from_request(&request);
    let origin = app.admission.origin_resolver().resolve(&request);
    let (mut parts, body) = request.into_parts();
    let (permit, body) = match app.admission.admit(origin, body).await {
        Ok(admitted) => admitted,
        // A script retries by itself. Reading the rest would hold memory for stalled clients.
        Err(RejectedPost { reason, .. }) if post.is_api() => {
            return rejection_response(&app, &post, reason.status(), None);
        }
        Err(RejectedPost { reason, prefix, unread_body }) => {
            let (prefix, is_complete) = read_form_prefix(prefix, unread_body).await;
            let form = post.rejected_form(prefix, is_complete).await;
            return rejection_response(&app, &post, reason.status(), form.as_ref());
        }
    };
    parts.extensions.insert(permit.clone());
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let unread_body = permit.take_unread_body();
    // Releases the slot for other clients before the rest of the body is read.
    drop(permit);
    if let Some(unread_body) = unread_body.filter(|_| !response.status().is_success()) {
        drain(unread_body).await;
    }
    if !post.is_api() {
        // The buffers of a connection hold typed text until the connection is closed.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The parts of a POST request that its rejection needs.
struct PostContext {
    path: String,
    content_type: String,
}

impl PostContext {
    fn from_request(request: &Request) -> Self {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Self {
            path: request.uri().path().to_owned(),
            content_type: content_type.unwrap_or_default().to_owned(),
        }
    }

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// Returns the fields of a rejected form, so that the error page can offer them for another
    /// attempt. Of a body with files only the prefix is available; it contains the fields.
    async fn rejected_form(&self, prefix: Bytes, is_complete: bool) -> Option<pages::RejectedForm> {
        let is_field: fn(&str) -> bool = match self.path.split('/').skip(2).collect::<Vec<_>>()[..]
        {
            ["report"] | ["report", "send"] => ReportForm::is_field,
            ["return"] | ["return", "send"] => ReplyForm::is_field,
            _ => return None,
        };
        let accepts_files = self.path.ends_with("/send");
        if !is_complete && !accepts_files {
            return None;
        }
        let fields = text_fields(&self.content_type, prefix).await.into_iter();
        let fields = fields
            .filter(|(name, value)| is_field(name) && !value.is_empty())
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
        Some(pages::RejectedForm {
            path: self.path.clone(),
            fields: fields.collect(),
            accepts_files,
        })
    }
}

/// Reads the part of a rejected body that may contain a form, then drains the rest. Returns that
/// part, and whether it is the complete body.
async fn read_form_prefix(prefix: Bytes, mut unread_body: TimedBody) -> (Bytes, bool) {
    let end = Instant::now() + DRAIN_TIMEOUT;
    let mut read = Vec::from(prefix);
    while read.len() < SMALL_BODY_BYTES {
        match timeout_at(end.min(Instant::now() + DRAIN_IDLE_TIMEOUT), unread_body.next()).await {
            Ok(Some(Ok(bytes))) => read.extend_from_slice(&bytes),
            Ok(None) => return (read.into(), true),
            Ok(Some(Err(_))) | Err(_) => return (read.into(), false),
        }
    }
    drain(unread_body).await;
    (read.into(), false)
}

/// Reads and discards a body for a limited time. Without it, a browser would show a broken
/// connection instead of the error page.
async fn drain(mut body: impl Stream<Item = Result<Bytes, BodyReadError>> + Unpin) {
    let end = Instant::now() + DRAIN_TIMEOUT;
    while let Ok(Some(Ok(_))) =
        timeout_at(end.min(Instant::now() + DRAIN_IDLE_TIMEOUT), body.next()).await
    {}
}

fn rejection_response(
    app: &AppState,
    post: &PostContext,
    status: StatusCode,
    form: Option<&pages::RejectedForm>,
) -> Response {
    app.counters.record_rejected();
    if post.is_api() {
        return Problem::new(status, "busy: nothing of this request was stored, try again later")
            .into_response();
    }
    let page = match form.filter(|form| !form.fields.is_empty()) {
        Some(form) => {
            rejected_form_page(&app.pages, app.locale_of_path(&post.path), ErrorKind::Busy, form)
        }
        None => app.error_page(&post.path, ErrorKind::Busy),
    };
    let mut page = with_retry_after(page);
    *page.status_mut() = status;
    page
}
