//! What the case handler asks of the intake, over mutual TLS. The intake never asks back.

mod tls;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{StatusCode, header};
use protocol::{
    api::relay::{
        self, AckRequest, ListRequest, ListResponse, MAILBOX_RECORD_LEN, PullRequest, ReplySchedule,
    },
    directory::SignedDirectory,
};
use rand::rngs::OsRng;

use crate::{
    admission::body_timeout::with_min_rate,
    directory_cache::DirectoryAcceptError,
    problem::Problem,
    state::AppState,
    store::{Store, StoreError, StoredSubmission},
};

pub use tls::server_config;

/// Longest acknowledgement or directory in bytes: tens of thousands of ids.
const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;
/// The longest page of a list, in submissions.
const MAX_LIST_LIMIT: usize = 4096;
/// Submissions that are looked up ahead of the one that is being sent. Each holds a piece of at
/// most 256 KiB.
const READ_AHEAD: usize = 4;

/// The routes of [`protocol::api::relay`].
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(relay::LIST_PATH, post(list_submissions))
        .route(relay::PULL_PATH, post(pull_submissions))
        .route(relay::ACK_PATH, post(acknowledge))
        .route(relay::MAILBOXES_PATH, put(put_mailboxes))
        .route(relay::DIRECTORY_PATH, put(put_directory))
        .route(relay::REPLY_SCHEDULE_PATH, put(put_answer_times))
        .route(relay::HEALTH_PATH, get(health))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
}

/// Returns a page of ids and lengths, so that the case handler pulls only what it can take.
async fn list_submissions(
    State(app): State<AppState>,
    Json(list): Json<ListRequest>,
) -> Result<Json<ListResponse>, Problem> {
    let most = usize::try_from(list.limit).unwrap_or(MAX_LIST_LIMIT).min(MAX_LIST_LIMIT);
    let waiting = app
        .store
        .list_pending(list.after, most)
        .await
        .map_err(|error| app.record_store_error(error))?;
    let waiting =
        waiting.into_iter().map(|one| relay::ListedSubmission { id: one.id, len: one.length });
    Ok(Json(ListResponse { waiting: waiting.collect() }))
}

/// Streams submissions, each behind its head, in shuffled order. They stay until they are
/// acknowledged.
async fn pull_submissions(
    State(app): State<AppState>,
    Json(pull): Json<PullRequest>,
) -> Result<Response, Problem> {
    let most = usize::try_from(pull.limit).unwrap_or(usize::MAX);
    let waiting = if pull.ids.is_empty() {
        app.store.sample_pending(most, &mut OsRng).await
    } else {
        app.store.pending_with_ids(&pull.ids, most, &mut OsRng).await
    };
    let waiting = waiting.map_err(|error| app.record_store_error(error))?;
    let store = app.store.clone();
    let submissions = stream::iter(waiting)
        .map(move |waiting| stream_submission(store.clone(), waiting))
        .buffered(READ_AHEAD)
        .flatten();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(submissions))
        .into_response())
}

/// Head and chunks of one submission, read as they are sent. An error breaks the connection, so
/// that no half one is taken for whole; one that is damaged is left out, so that the others arrive.
async fn stream_submission(
    store: Store,
    waiting: StoredSubmission,
) -> impl stream::Stream<Item = Result<Bytes, StoreError>> {
    match store.read_chunks(&waiting).await {
        Ok(Some(pieces)) => {
            let head = Bytes::copy_from_slice(&relay::encode_submission_header(
                waiting.id,
                waiting.length,
            ));
            let pieces = pieces.map_ok(Bytes::from);
            stream::once(std::future::ready(Ok(head))).chain(pieces).left_stream()
        }
        Ok(None) => stream::iter(None).right_stream(),
        Err(StoreError::Corrupt) => {
            tracing::error!(
                "a submission in the spool is damaged: look at the disk, and restore a backup"
            );
            stream::iter(None).right_stream()
        }
        Err(error) => stream::iter(Some(Err(error))).right_stream(),
    }
}

async fn acknowledge(
    State(app): State<AppState>,
    Json(ack): Json<AckRequest>,
) -> Result<StatusCode, Problem> {
    app.store.delete_submissions(ack.ids).await.map_err(|error| app.record_store_error(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces all mailboxes once the last record has come whole.
async fn put_mailboxes(State(app): State<AppState>, body: Body) -> Result<StatusCode, Problem> {
    const INCOMPLETE_RECORD: Problem =
        Problem::bad_request("mailboxes are whole records, and did not come whole");
    let mut laying_out = app
        .store
        .begin_mailbox_snapshot(&mut OsRng)
        .await
        .map_err(|error| app.record_store_error(error))?;
    let mut bytes = with_min_rate(body);
    let mut record = Vec::with_capacity(MAILBOX_RECORD_LEN);
    while let Some(part) = bytes.try_next().await.map_err(|_| INCOMPLETE_RECORD)? {
        let mut part = &part[..];
        while !part.is_empty() {
            let (now, later) = part.split_at(part.len().min(MAILBOX_RECORD_LEN - record.len()));
            record.extend_from_slice(now);
            part = later;
            if record.len() == MAILBOX_RECORD_LEN {
                let (id, sealed) =
                    relay::read_mailbox_record(&mut &record[..]).map_err(|_| INCOMPLETE_RECORD)?;
                laying_out
                    .push(&id, sealed)
                    .await
                    .map_err(|error| app.record_store_error(error))?;
                record.clear();
            }
        }
    }
    if !record.is_empty() {
        return Err(INCOMPLETE_RECORD);
    }
    laying_out.publish().await.map_err(|error| app.record_store_error(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a directory that our own pinned keys vouch for. The same again is no error.
async fn put_directory(
    State(app): State<AppState>,
    Json(signed): Json<SignedDirectory>,
) -> Result<StatusCode, Response> {
    match app.directory_cache.accept(signed, &app.store, app.clock.today()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // The reason is about the directory, which is public.
        Err(DirectoryAcceptError::Directory(error)) => {
            Err((StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response())
        }
        Err(DirectoryAcceptError::Store(error)) => {
            Err(app.record_store_error(error).into_response())
        }
    }
}

async fn put_answer_times(
    State(app): State<AppState>,
    Json(times): Json<ReplySchedule>,
) -> Result<StatusCode, Problem> {
    app.answer_times
        .update(times, &app.store)
        .await
        .map_err(|error| app.record_store_error(error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn health(State(app): State<AppState>) -> Result<&'static str, Problem> {
    app.store.ping().await.map_err(|error| app.record_store_error(error))?;
    Ok("ready")
}
