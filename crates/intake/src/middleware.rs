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
    form::{MAX_FORM_BYTES, ReplyForm, ReportForm},
    pages::{self, ErrorKind, rejected_form_page},
    problem::{Problem, with_retry_after},
    sealing::{text_fields, text_fields_before_files},
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
            let (read, is_complete) = match unread_body {
                Some(rest) => read_rejected_form(&app, &post, prefix, rest).await,
                None => (prefix, false),
            };
            let form = post.rejected_form(read, is_complete).await;
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

    fn is_multipart(&self) -> bool {
        self.content_type.to_ascii_lowercase().starts_with("multipart/")
    }

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    /// Returns the fields of a rejected form, so that the error page can offer them for another
    /// attempt. Returns `None` if `body` is only the beginning and may not contain all fields: a
    /// page with a part of the form would send a report without the rest.
    async fn rejected_form(&self, body: Bytes, is_complete: bool) -> Option<pages::RejectedForm> {
        let is_field: fn(&str) -> bool = match self.path.split('/').skip(2).collect::<Vec<_>>()[..]
        {
            ["report"] | ["report", "send"] => ReportForm::is_field,
            ["return"] | ["return", "send" | "facts"] => ReplyForm::is_field,
            _ => return None,
        };
        let fields = if is_complete {
            text_fields(&self.content_type, body).await
        } else {
            text_fields_before_files(&self.content_type, body).await?
        };
        let fields = fields
            .into_iter()
            .filter(|(name, value)| is_field(name) && !value.is_empty())
            .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()));
        Some(pages::RejectedForm {
            path: self.path.clone(),
            fields: fields.collect(),
            accepts_files: self.path.ends_with("/send"),
        })
    }
}

/// Continues a rejected body after `prefix` as far as it may contain the fields of a form, then
/// drains the rest. Returns the bytes from the beginning, and whether they are the complete body.
async fn read_rejected_form(
    app: &AppState,
    post: &PostContext,
    prefix: Bytes,
    mut unread_body: TimedBody,
) -> (Bytes, bool) {
    let end = Instant::now() + DRAIN_TIMEOUT;
    let mut read = Vec::from(prefix);
    // A form without files has no content beside its fields.
    let longest = if post.is_multipart() { SMALL_BODY_BYTES } else { 3 * MAX_FORM_BYTES };
    let mut permit = None;
    while read.len() < longest {
        if read.len() >= SMALL_BODY_BYTES && permit.is_none() {
            permit = app.admission.admit_long_rejected_form();
            if permit.is_none() {
                break;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn multipart(parts: &[(&str, &str)]) -> Vec<u8> {
        let part = |(name, value): &(&str, &str)| {
            format!("--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n")
        };
        parts.iter().map(part).collect::<String>().into_bytes()
    }

    #[tokio::test]
    async fn a_body_that_ended_early_yields_all_fields_of_its_form_or_none() {
        let post = |path: &str, content_type: &str| PostContext {
            path: path.to_owned(),
            content_type: content_type.to_owned(),
        };
        let step = post("/en/report", "application/x-www-form-urlencoded");
        let send = post("/en/report/send", "multipart/form-data; boundary=b");
        let names = async |post: &PostContext, body: Vec<u8>| {
            let form = post.rejected_form(body.into(), false).await?;
            Some(form.fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
        };
        assert_eq!(names(&step, b"category=FAC&a.story=One+line".to_vec()).await, None);
        let fields = [("category", "FAC"), ("a.story", "One line")];
        let body = multipart(&fields);
        for len in 0..body.len() {
            assert_eq!(names(&send, body[..len].to_vec()).await, None, "{len}");
        }
        // The fields precede the files on every page.
        let body = multipart(&[&fields[..], &[("files", "the beginning of a file")]].concat());
        assert_eq!(names(&send, body).await.unwrap(), ["category", "a.story"]);
        let copy = "copy; filename=c";
        let body = multipart(&[("category", "FAC"), (copy, "own copy"), ("a.story", "One")]);
        assert_eq!(names(&send, body[..body.len() - 5].to_vec()).await, None);
    }
}
