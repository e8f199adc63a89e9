//! The relay: requests of the case handler to the intake, over mutual TLS. The intake sends no
//! requests to the case handler.

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

/// Maximum bytes of an acknowledgement or a directory: tens of thousands of ids.
const MAX_JSON_BYTES: usize = 4 * 1024 * 1024;
/// Maximum number of submissions in one page of a list.
const MAX_LIST_LIMIT: usize = 4096;
/// Number of submissions that are read ahead of the one that is being sent. Each one holds a chunk
/// of at most 256 KiB.
const READ_AHEAD: usize = 4;

/// Returns the routes of [`protocol::api::relay`].
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(relay::LIST_PATH, post(list_submissions))
        .route(relay::PULL_PATH, post(pull_submissions))
        .route(relay::ACK_PATH, post(acknowledge))
        .route(relay::MAILBOXES_PATH, put(put_mailboxes))
        .route(relay::DIRECTORY_PATH, put(put_directory))
        .route(relay::REPLY_SCHEDULE_PATH, put(put_reply_schedule))
        .route(relay::HEALTH_PATH, get(health))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
}

/// Returns a page of ids and lengths, so that the case handler pulls only as much as it can store.
async fn list_submissions(
    State(app): State<AppState>,
    Json(list): Json<ListRequest>,
) -> Result<Json<ListResponse>, Problem> {
    let limit = usize::try_from(list.limit).unwrap_or(MAX_LIST_LIMIT).min(MAX_LIST_LIMIT);
    let waiting = app
        .store
        .list_pending(list.after, limit)
        .await
        .map_err(|error| app.record_store_error(error))?;
    let waiting =
        waiting.into_iter().map(|one| relay::ListedSubmission { id: one.id, len: one.length });
    Ok(Json(ListResponse { waiting: waiting.collect() }))
}

/// Streams submissions in random order, each after its header. They stay in the spool until the
/// case handler acknowledges them.
async fn pull_submissions(
    State(app): State<AppState>,
    Json(pull): Json<PullRequest>,
) -> Result<Response, Problem> {
    let limit = usize::try_from(pull.limit).unwrap_or(usize::MAX);
    let waiting = if pull.ids.is_empty() {
        app.store.sample_pending(limit, &mut OsRng).await
    } else {
        app.store.pending_with_ids(&pull.ids, limit, &mut OsRng).await
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

/// Streams the header and the chunks of one submission, read from the spool as they are sent. An
/// error closes the connection, so that the case handler does not accept an incomplete submission.
/// A corrupt submission is skipped, so that the others arrive.
async fn stream_submission(
    store: Store,
    waiting: StoredSubmission,
) -> impl stream::Stream<Item = Result<Bytes, StoreError>> {
    match store.read_chunks(&waiting).await {
        Ok(Some(chunks)) => {
            let header = Bytes::copy_from_slice(&relay::encode_submission_header(
                waiting.id,
                waiting.length,
            ));
            let chunks = chunks.map_ok(Bytes::from);
            stream::once(std::future::ready(Ok(header))).chain(chunks).left_stream()
        }
        Ok(None) => stream::iter(None).right_stream(),
        Err(StoreError::Corrupt) => {
            tracing::error!("corrupt submission in the spool; check the disk and restore a backup");
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

/// Replaces all mailboxes after the last complete record.
async fn put_mailboxes(State(app): State<AppState>, body: Body) -> Result<StatusCode, Problem> {
    const INCOMPLETE_RECORD: Problem = Problem::bad_request("incomplete mailbox record");
    let mut snapshot = app
        .store
        .begin_mailbox_snapshot(&mut OsRng)
        .await
        .map_err(|error| app.record_store_error(error))?;
    let mut bytes = with_min_rate(body);
    let mut record = Vec::with_capacity(MAILBOX_RECORD_LEN);
    while let Some(part) = bytes.try_next().await.map_err(|_| INCOMPLETE_RECORD)? {
        let mut part = &part[..];
        while !part.is_empty() {
            let (head, rest) = part.split_at(part.len().min(MAILBOX_RECORD_LEN - record.len()));
            record.extend_from_slice(head);
            part = rest;
            if record.len() == MAILBOX_RECORD_LEN {
                let (id, sealed) =
                    relay::read_mailbox_record(&mut &record[..]).map_err(|_| INCOMPLETE_RECORD)?;
                snapshot.push(&id, sealed).await.map_err(|error| app.record_store_error(error))?;
                record.clear();
            }
        }
    }
    if !record.is_empty() {
        return Err(INCOMPLETE_RECORD);
    }
    snapshot.publish().await.map_err(|error| app.record_store_error(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stores a directory that the configured root keys signed. Sending the same directory again is not
/// an error.
async fn put_directory(
    State(app): State<AppState>,
    Json(signed): Json<SignedDirectory>,
) -> Result<StatusCode, Response> {
    match app.directory_cache.accept(signed, &app.store, app.clock.today()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // The reason describes only the directory, which is public.
        Err(DirectoryAcceptError::Directory(error)) => {
            Err((StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response())
        }
        Err(DirectoryAcceptError::Store(error)) => {
            Err(app.record_store_error(error).into_response())
        }
    }
}

async fn put_reply_schedule(
    State(app): State<AppState>,
    Json(times): Json<ReplySchedule>,
) -> Result<StatusCode, Problem> {
    app.reply_schedule
        .update(times, &app.store)
        .await
        .map_err(|error| app.record_store_error(error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn health(State(app): State<AppState>) -> Result<&'static str, Problem> {
    app.store.ping().await.map_err(|error| app.record_store_error(error))?;
    Ok("ready")
}
