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
    store::{
        AppendOutcome, CHUNK_BYTES, ResumableUpload, StoreError, UploadContinuation, UploadId,
        UploadProgress,
    },
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
    match error {
        StoreError::FullForUploads => reject(app, error),
        _ => app.record_store_error(error).with_title(TRY_LATER),
    }
}

/// Returns the problem for a limit that the upload has reached.
fn reject(app: &AppState, error: StoreError) -> Problem {
    app.counters.record_rejected();
    match error {
        StoreError::FullForUploads => error.into(),
        _ => Problem::from(error).with_title(TRY_LATER),
    }
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
        UploadProgress::Complete => created(&app, &id),
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
    /// Returns whether the submission ends with the body.
    fn is_last(&self) -> bool {
        self.offset + self.body == self.length
    }

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
    let today = app.clock.today();
    let continuation = app
        .store
        .continue_upload(
            &id,
            (position.offset, position.length),
            (today, iso_week(today)),
            &mut OsRng,
        )
        .await
        .map_err(|error| store_problem(&app, error))?;
    let mut upload = match continuation {
        UploadContinuation::Append(upload) => upload,
        // The client repeats the last piece, because the answer to it was lost. The body is read,
        // so that the client gets this one.
        UploadContinuation::Ended if position.is_last() => {
            let mut body = body.into_data_stream();
            while let Some(Ok(_)) = body.next().await {}
            return Ok(created(&app, &id));
        }
        UploadContinuation::Ended | UploadContinuation::Conflict => return Err(CONFLICT),
    };
    let earlier = upload.stored();
    let reserved = admission
        .map(|Extension(admission)| UploadReservations::new(&app, &admission, &position, &upload));
    let mut reserved = reserved.transpose().map_err(|error| reject(&app, error))?;
    let received = receive(&app, &mut upload, body, reserved.as_mut()).await?;
    if received == AppendOutcome::Conflict {
        return Err(CONFLICT);
    }
    if upload.offset() < position.length {
        let offset = upload.stored();
        return Ok((StatusCode::ACCEPTED, Json(UploadState::Partial { offset })).into_response());
    }
    let finishing = upload.wait_to_finish().await.map_err(|error| store_problem(&app, error))?;
    let Some(finishing) = finishing else { return Ok(created(&app, &id)) };
    // A client that closes its connection does not cancel this, so that it cannot have all pieces
    // read again and again.
    let finish = {
        let app = app.clone();
        async move {
            let finished = finishing.finish().await;
            if finished == Ok(AppendOutcome::Stored) {
                app.counters.record_submitted();
                if let Some(reserved) = reserved {
                    reserved.unfinished.finish(earlier);
                }
            }
            finished
        }
    };
    let finished = tokio::spawn(finish).await.map_err(|_| INTERNAL)?;
    match finished.map_err(|error| store_problem(&app, error))? {
        AppendOutcome::Conflict => Err(CONFLICT),
        AppendOutcome::Stored => Ok(created(&app, &id)),
    }
}

fn created(app: &AppState, id: &UploadId) -> Response {
    (StatusCode::CREATED, Json(UploadState::stored(app, id))).into_response()
}

/// What the body of a request counts towards the shares of its network.
struct UploadReservations {
    /// Bytes of the spool.
    stored: StorageReservation,
    /// Bytes of the space for unfinished uploads.
    unfinished: StorageReservation,
}

impl UploadReservations {
    fn new(
        app: &AppState,
        admission: &AdmissionPermit,
        position: &BodyPosition,
        upload: &ResumableUpload,
    ) -> Result<Self, StoreError> {
        let unfinished = admission.reserve_unfinished(&app.store, upload.reserved())?;
        // Less than a piece is never stored.
        let announced = position.body.max(CHUNK_BYTES as u64);
        let stored = admission.reserve_storage(&app.store, announced)?;
        Ok(Self { stored, unfinished })
    }

    /// Counts bytes before they are stored, because a client that closes its connection ends the
    /// request. A part of a piece that is not stored counts too.
    fn admit(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.stored.admit(bytes)?;
        self.stored.record(bytes);
        self.unfinished.record(bytes);
        Ok(())
    }
}

const INTERNAL: Problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error");

/// Stores the pieces of a body as they arrive.
async fn receive(
    app: &AppState,
    upload: &mut ResumableUpload,
    body: Body,
    mut reserved: Option<&mut UploadReservations>,
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
        if let Some(reserved) = reserved.as_deref_mut() {
            reserved.admit(received.len() as u64).map_err(|error| reject(app, error))?;
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
