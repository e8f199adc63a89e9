//! Attached files. Images and recordings are decoded in a sandboxed process. All other files can
//! only be saved, with a warning.

use askama::Template;
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::submission::frame::Attachment;
use uuid::Uuid;
use web::SecurityPolicy;
use zeroize::Zeroizing;

use super::case_header::{AlertView, CaseHeader, CasePageContext, alert_view};
use crate::{
    case::export::to_hex,
    preview::{self, PreviewError},
    recording::{self, RecordingError},
    terminal_text,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        layout::{PageFrame, render_ok},
        page_policy,
    },
};

/// The characters that are percent-encoded in `filename*` (RFC 8187).
const RFC8187_ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

#[derive(Template)]
#[template(path = "case-attachment.html")]
struct AttachmentTemplate {
    frame: PageFrame,
    head: CaseHeader,
    number: usize,
    name: String,
    media_type: String,
    len: u64,
    sha256: String,
    may_be_shown: bool,
    may_be_played: bool,
    /// What the sender did to the file before sealing it.
    treated: Vec<String>,
}

type AttachmentPath = Path<(String, Uuid, usize)>;

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id, number)): AttachmentPath,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    let CasePageContext { frame, head, view } = CasePageContext::new(&session, &case, "story");
    let index = number.checked_sub(1).ok_or_else(PageError::not_found)?;
    let file = view.attachments.get(index).ok_or_else(PageError::not_found)?;
    let may_be_played = file.media_type.starts_with("audio/");
    let mut page = render_ok(&AttachmentTemplate {
        number,
        name: terminal_text::safe_file_name(&file.name, number),
        media_type: terminal_text::sanitize_line(&file.media_type),
        len: file.len,
        sha256: to_hex(&file.sha256),
        treated: frame.treatment_lines(file.treatment.as_ref()),
        // The declared type only decides whether the preview is tried.
        may_be_shown: file.media_type.starts_with("image/"),
        may_be_played,
        frame,
        head,
    });
    if may_be_played {
        let policy = SecurityPolicy { media: true, ..page_policy() };
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.header());
    }
    Ok(page)
}

/// Returns the file as it was sent.
pub(super) async fn save(
    mut session: SignedInSession,
    Path((_, id, number)): AttachmentPath,
) -> Result<Response, PageError> {
    let (attachment, mut content) = match open_attachment(&mut session, id, number).await? {
        Ok(opened) => opened,
        Err(alarm_page) => return Ok(alarm_page),
    };
    let name = terminal_text::safe_file_name(&attachment.name, number);
    Ok(download(&name, std::mem::take(&mut *content)).into_response())
}

/// Returns a download. The headers prevent that a browser displays it, whatever it contains.
pub(super) fn download(name: &str, content: impl Into<Body>) -> impl IntoResponse {
    let encoded = utf8_percent_encode(name, RFC8187_ESCAPED);
    let disposition = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{encoded}"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (
            header::CONTENT_DISPOSITION,
            disposition.unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    (headers, content.into())
}

/// Returns a PNG made of the pixels of an image alone.
pub(super) async fn preview_image(
    mut session: SignedInSession,
    Path((_, id, number)): AttachmentPath,
) -> Result<Response, PageError> {
    let Ok((_, content)) = open_attachment(&mut session, id, number).await? else {
        return Err(PageError::not_found());
    };
    let program = session.request.state.program.clone();
    drop(session);
    let rendered =
        tokio::task::spawn_blocking(move || preview::render_sandboxed(&program, content)).await;
    let png = rendered.unwrap_or(Err(PreviewError::Refused)).map_err(|_| PageError::not_found())?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png.to_vec()).into_response())
}

/// Returns a WAV file made of the samples of a recording alone.
pub(super) async fn play_recording(
    mut session: SignedInSession,
    Path((_, id, number)): AttachmentPath,
) -> Result<Response, PageError> {
    let Ok((_, content)) = open_attachment(&mut session, id, number).await? else {
        return Err(PageError::not_found());
    };
    let program = session.request.state.program.clone();
    drop(session);
    let decoded =
        tokio::task::spawn_blocking(move || recording::decode_sandboxed(&program, content)).await;
    let wav =
        decoded.unwrap_or(Err(RecordingError::Refused)).map_err(|_| PageError::not_found())?;
    Ok(([(header::CONTENT_TYPE, "audio/wav")], wav.to_vec()).into_response())
}

#[derive(Template)]
#[template(path = "damaged-attachment.html")]
struct DamagedAttachmentTemplate {
    frame: PageFrame,
    head: CaseHeader,
    alarm: AlertView,
}

type OpenedAttachment = Result<(Attachment, Zeroizing<Vec<u8>>), Response>;

/// Fetches and verifies a file. If it is not the file that the report names, returns a page with
/// the alarm.
async fn open_attachment(
    session: &mut SignedInSession,
    id: Uuid,
    number: usize,
) -> Result<OpenedAttachment, PageError> {
    let case = session.open_declared_case(id).await?;
    match session.connection().open_attachment(&case, number).await? {
        None => Err(PageError::not_found()),
        Some(Ok(opened)) => Ok(Ok(opened)),
        Some(Err(alarm)) => {
            let CasePageContext { frame, head, .. } = CasePageContext::new(session, &case, "story");
            let alarm = alert_view(&frame, &alarm);
            Ok(Err(render_ok(&DamagedAttachmentTemplate { frame, head, alarm })))
        }
    }
}
