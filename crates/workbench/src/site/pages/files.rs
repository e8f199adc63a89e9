//! Attached files: images are looked at through the confined process, everything else is saved with a warning.

use askama::Template;
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use envelope::frame::Attachment;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::case::{Head, Shown, Told, told};
use crate::{
    export::hex,
    preview::{self, PreviewError},
    site::{
        frame::{AtWork, Frame, show as laid_out},
        trouble::Trouble,
    },
    text,
};

/// What RFC 8187 leaves as it is in `filename*`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

#[derive(Template)]
#[template(path = "file.html")]
struct Page {
    frame: Frame,
    head: Head,
    number: usize,
    name: String,
    media_type: String,
    len: u64,
    sha256: String,
    may_be_shown: bool,
    /// What was done with it before it was sealed.
    treated: Vec<String>,
}

type Where = Path<(String, Uuid, usize)>;

pub(super) async fn show(mut at: AtWork, Path((_, id, number)): Where) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    let Shown { frame, head, view } = Shown::of(&at, &case, "story");
    let index = number.checked_sub(1).ok_or_else(Trouble::nowhere)?;
    let file = view.attachments.get(index).ok_or_else(Trouble::nowhere)?;
    Ok(laid_out(&Page {
        number,
        name: text::file_name(&file.name, number),
        media_type: text::line(&file.media_type),
        len: file.len,
        sha256: hex(&file.sha256),
        treated: frame.treatment(file.treatment.as_ref()),
        // What the sender calls it decides only whether it is tried.
        may_be_shown: file.media_type.starts_with("image/"),
        frame,
        head,
    }))
}

/// The file as it came.
pub(super) async fn save(mut at: AtWork, Path((_, id, number)): Where) -> Result<Response, Trouble> {
    let (named, plain) = match fetch(&mut at, id, number).await? {
        Ok(opened) => opened,
        Err(alarmed) => return Ok(alarmed),
    };
    let name = text::file_name(&named.name, number);
    Ok(download(&name, plain.to_vec()).into_response())
}

/// Something for the browser's folder of downloads. No browser may show it, whatever is in it.
pub(super) fn download(name: &str, content: impl Into<Body>) -> impl IntoResponse {
    let encoded = utf8_percent_encode(name, ENCODED);
    let disposition = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{encoded}"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    (headers, content.into())
}

/// A picture made of the pixels alone.
pub(super) async fn picture(mut at: AtWork, Path((_, id, number)): Where) -> Result<Response, Trouble> {
    let Ok((_, plain)) = fetch(&mut at, id, number).await? else { return Err(Trouble::nowhere()) };
    let program = at.visit.site.program.clone();
    drop(at);
    let rendered = tokio::task::spawn_blocking(move || preview::render(&program, plain)).await;
    let png = rendered.unwrap_or(Err(PreviewError::Refused)).map_err(|_| Trouble::nowhere())?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png.to_vec()).into_response())
}

#[derive(Template)]
#[template(path = "damaged.html")]
struct Damaged {
    frame: Frame,
    head: Head,
    alarm: Told,
}

type Opened = Result<(Attachment, Zeroizing<Vec<u8>>), Response>;

/// Fetches and verifies a file; one that is not what the report says is a page with the alarm.
async fn fetch(at: &mut AtWork, id: Uuid, number: usize) -> Result<Opened, Trouble> {
    let case = at.open(id).await?;
    match at.connection().open_attachment(&case, number).await? {
        None => Err(Trouble::nowhere()),
        Some(Ok(opened)) => Ok(Ok(opened)),
        Some(Err(alarm)) => {
            let Shown { frame, head, .. } = Shown::of(at, &case, "story");
            let alarm = told(&frame, &alarm);
            Ok(Err(laid_out(&Damaged { frame, head, alarm })))
        }
    }
}
