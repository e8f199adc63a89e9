//! The HTTP interface for uploads that can be continued after a cut. The pieces of an unfinished
//! upload are sealed bytes, which the case handler cannot collect.

use age_hybrid::has_hybrid_header;
use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::StreamExt;
use http::{HeaderMap, StatusCode, header};
use protocol::encoding::{canonical::iso_week, size_classes};
use rand::rngs::OsRng;
use serde::Serialize;

use crate::{
    admission::{AdmissionPermit, StorageReservation, body_timeout::retryable_body_error},
    problem::Problem,
    state::AppState,
    store::{AppendOutcome, CHUNK_BYTES, ResumableUpload, StoreError, UploadId, UploadProgress},
};

/// The offset in the submission at which the body of a request begins, in bytes.
const OFFSET_HEADER: &str = "upload-offset";
/// The length of the complete submission in bytes.
const LENGTH_HEADER: &str = "upload-length";

/// Returns the routes `/api/uploads/{id}` and `/api/uploads/{id}/discard`.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/uploads/{id}", get(progress).post(append))
        .route("/api/uploads/{id}/discard", post(discard))
}

/// How much of an upload is stored.
#[derive(Serialize)]
#[serde(untagged)]
enum UploadState {
    /// The upload continues at this offset.
    Partial { offset: u64 },
    /// The submission is stored durably.
    Stored {
        /// The last day for the first answer to a report, as `YYYY-MM-DD`, or `null` if it is not
        /// known yet. It is the same whenever the client asks.
        answer: Option<String>,
    },
}

impl UploadState {
    fn stored(app: &AppState, id: &UploadId) -> Self {
        let answer = app.pages.first_answer_date_of(id.hash()).map(|day| day.to_string());
        Self::Stored { answer }
    }
}

const TRY_LATER: &str = "try again later: the upload continues at its offset";

/// Returns the problem for a failure of the store. Earlier pieces may be stored.
fn store_problem(app: &AppState, error: StoreError) -> Problem {
    app.record_store_error(error).with_title(TRY_LATER)
}

fn parse_id(text: &str) -> Result<UploadId, Problem> {
    const INVALID_ID: Problem =
        Problem::bad_request("invalid upload id: expected 43 characters of base64url");
    UploadId::parse(text).ok_or(INVALID_ID)
}

/// Returns at which offset an upload continues, or that it has ended. An unknown upload continues
/// at 0.
async fn progress(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = parse_id(&id)?;
    let progress =
        app.store.upload_progress(&id).await.map_err(|error| store_problem(&app, error))?;
    Ok(match progress {
        UploadProgress::Partial(offset) => Json(UploadState::Partial { offset }).into_response(),
        UploadProgress::Complete => {
            (StatusCode::CREATED, Json(UploadState::stored(&app, &id))).into_response()
        }
    })
}

/// The position of a body in its submission.
struct BodyPosition {
    offset: u64,
    /// Length of the complete submission.
    length: u64,
    /// Length of the body.
    body: u64,
}

impl BodyPosition {
    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
        let (offset, length) = (number(OFFSET_HEADER)?, number(LENGTH_HEADER)?);
        let body = number(header::CONTENT_LENGTH.as_str())?;
        let fits = offset.checked_add(body).is_some_and(|end| body > 0 && end <= length);
        // A submission of one piece has nothing to continue.
        let is_resumable = size_classes::is_size_class(length) && length > CHUNK_BYTES as u64;
        (fits && is_resumable).then_some(Self { offset, length, body })
    }
}

/// Appends the body to an upload. Status 201 means that the submission is stored durably, 202 that
/// the upload continues.
async fn append(
    State(app): State<AppState>,
    admission: Option<Extension<AdmissionPermit>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    const INVALID_POSITION: Problem = Problem::bad_request(
        "invalid position: expected Upload-Length (a size class of at least 512 KiB), Upload-Offset and Content-Length",
    );
    const CONFLICT: Problem = Problem::new(
        StatusCode::CONFLICT,
        "the upload does not continue at this offset: ask for its offset",
    );
    let id = parse_id(&id)?;
    let position = BodyPosition::from_headers(&headers).ok_or(INVALID_POSITION)?;
    // Less than a piece is never stored.
    let announced = position.body.max(CHUNK_BYTES as u64);
    let reserved =
        admission.map(|Extension(admission)| admission.reserve_storage(&app.store, announced));
    let mut reserved = reserved.transpose().map_err(|error| {
        app.counters.record_rejected();
        Problem::from(error).with_title(TRY_LATER)
    })?;
    let today = app.clock.today();
    let upload = app
        .store
        .continue_upload(
            &id,
            (position.offset, position.length),
            (today, iso_week(today)),
            &mut OsRng,
        )
        .await
        .map_err(|error| store_problem(&app, error))?;
    let mut upload = upload.ok_or(CONFLICT)?;
    if receive(&app, &mut upload, body, reserved.as_mut()).await? == AppendOutcome::Conflict {
        return Err(CONFLICT);
    }
    if upload.offset() < position.length {
        let offset = upload.stored();
        return Ok((StatusCode::ACCEPTED, Json(UploadState::Partial { offset })).into_response());
    }
    // A client that closes its connection does not cancel this, so that it cannot have all pieces
    // read again and again.
    let finished = tokio::spawn(upload.finish()).await.map_err(|_| INTERNAL)?;
    match finished.map_err(|error| store_problem(&app, error))? {
        AppendOutcome::Conflict => Err(CONFLICT),
        AppendOutcome::Stored => {
            app.counters.record_submitted();
            Ok((StatusCode::CREATED, Json(UploadState::stored(&app, &id))).into_response())
        }
    }
}

const INTERNAL: Problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error");

/// Stores the pieces of a body as they arrive.
async fn receive(
    app: &AppState,
    upload: &mut ResumableUpload,
    body: Body,
    mut reserved: Option<&mut StorageReservation>,
) -> Result<AppendOutcome, Problem> {
    const NOT_SEALED: Problem = Problem::bad_request(
        "not a sealed submission: expected an age file with exactly one mlkem768x25519 recipient; nothing was stored",
    );
    let mut bytes = body.into_data_stream();
    // The first piece is checked before it is stored, so that no unsealed data is stored.
    let mut unchecked = (upload.offset() == 0).then(|| Vec::with_capacity(CHUNK_BYTES));
    while let Some(bytes) = bytes.next().await {
        let bytes = bytes.map_err(|error| match retryable_body_error(&error) {
            Some(_) => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "request body timeout: continue the upload",
            ),
            None => Problem::bad_request("incomplete body: continue the upload"),
        })?;
        if let Some(first) = &mut unchecked {
            first.extend_from_slice(&bytes);
            if first.len() < CHUNK_BYTES {
                continue;
            }
            if !has_hybrid_header(first) {
                return Err(NOT_SEALED);
            }
        }
        let first = unchecked.take();
        let received = first.as_deref().unwrap_or(&bytes);
        // Counted before it is stored, because a client that closes its connection ends this
        // function. A part of a piece that is not stored counts too.
        if let Some(reserved) = reserved.as_deref_mut() {
            reserved.record(received.len() as u64);
        }
        let written = upload.write(received).await;
        if written.map_err(|error| store_problem(app, error))? == AppendOutcome::Conflict {
            return Ok(AppendOutcome::Conflict);
        }
    }
    Ok(AppendOutcome::Stored)
}

/// Deletes the pieces of an upload that the reporter cancelled.
async fn discard(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = parse_id(&id)?;
    app.store.discard_upload(&id).await.map_err(|error| store_problem(&app, error))?;
    Ok(StatusCode::NO_CONTENT)
}
