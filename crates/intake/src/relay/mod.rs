//! What the case handler asks of the intake, over mutual TLS. The intake never asks back.

mod tls;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use envelope::{
    directory::SignedDirectory,
    relay::{self, Ack, AnswerTimes, List, Listed, MAILBOX_RECORD_LEN, Pull},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{StatusCode, header};
use rand::rngs::OsRng;

use crate::{
    app::App,
    directory::Refusal,
    pace::paced,
    problem::Problem,
    store::{Store, StoreError, Waiting},
};

pub use tls::server_config;

/// Longest acknowledgement or directory in bytes: tens of thousands of ids.
const JSON_BYTES: usize = 4 * 1024 * 1024;
/// The longest page of a list, in submissions.
const MOST_LISTED: usize = 4096;
/// Submissions that are looked up ahead of the one that is being sent. Each holds a piece of at most 256 KiB.
const AHEAD: usize = 4;

/// The routes of [`envelope::relay`].
pub fn routes() -> Router<App> {
    Router::new()
        .route(relay::LIST, post(list))
        .route(relay::PULL, post(pull))
        .route(relay::ACK, post(ack))
        .route(relay::MAILBOXES, put(mailboxes))
        .route(relay::DIRECTORY, put(directory))
        .route(relay::ANSWERS, put(answers))
        .route(relay::HEALTH, get(health))
        .layer(DefaultBodyLimit::max(JSON_BYTES))
}

/// Returns a page of ids and lengths, so that the case handler pulls only what it can take.
async fn list(State(app): State<App>, Json(list): Json<List>) -> Result<Json<Listed>, Problem> {
    let most = usize::try_from(list.most).unwrap_or(MOST_LISTED).min(MOST_LISTED);
    let waiting = app.store.list(list.after, most).await.map_err(|error| app.store_failed(error))?;
    let waiting = waiting.into_iter().map(|one| relay::Waiting { id: one.id, len: one.length });
    Ok(Json(Listed { waiting: waiting.collect() }))
}

/// Streams submissions, each behind its head, in shuffled order. They stay until they are acknowledged.
async fn pull(State(app): State<App>, Json(pull): Json<Pull>) -> Result<Response, Problem> {
    let most = usize::try_from(pull.most).unwrap_or(usize::MAX);
    let waiting = if pull.ids.is_empty() {
        app.store.waiting(most, &mut OsRng).await
    } else {
        app.store.these(&pull.ids, most, &mut OsRng).await
    };
    let waiting = waiting.map_err(|error| app.store_failed(error))?;
    let store = app.store.clone();
    let submissions = stream::iter(waiting)
        .map(move |waiting| submission(store.clone(), waiting))
        .buffered(AHEAD)
        .flatten();
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], Body::from_stream(submissions)).into_response())
}

/// Head and chunks of one submission, read as they are sent. An error breaks the connection, so that no half one is taken
/// for whole; one that is damaged is left out, so that the others arrive.
async fn submission(store: Store, waiting: Waiting) -> impl stream::Stream<Item = Result<Bytes, StoreError>> {
    match store.read(&waiting).await {
        Ok(Some(pieces)) => {
            let head = Bytes::copy_from_slice(&relay::submission_head(waiting.id, waiting.length));
            let pieces = pieces.map_ok(Bytes::from);
            stream::once(std::future::ready(Ok(head))).chain(pieces).left_stream()
        }
        Ok(None) => stream::iter(None).right_stream(),
        Err(StoreError::Damaged) => {
            tracing::error!("a submission in the spool is damaged: look at the disk, and restore a backup");
            stream::iter(None).right_stream()
        }
        Err(error) => stream::iter(Some(Err(error))).right_stream(),
    }
}

async fn ack(State(app): State<App>, Json(ack): Json<Ack>) -> Result<StatusCode, Problem> {
    app.store.forget(ack.ids).await.map_err(|error| app.store_failed(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces all mailboxes once the last record has come whole.
async fn mailboxes(State(app): State<App>, body: Body) -> Result<StatusCode, Problem> {
    const CUT: Problem = Problem::bad_request("mailboxes are whole records, and did not come whole");
    let mut laying_out = app.store.lay_out(&mut OsRng).await.map_err(|error| app.store_failed(error))?;
    let mut bytes = paced(body);
    let mut record = Vec::with_capacity(MAILBOX_RECORD_LEN);
    while let Some(part) = bytes.try_next().await.map_err(|_| CUT)? {
        let mut part = &part[..];
        while !part.is_empty() {
            let (now, later) = part.split_at(part.len().min(MAILBOX_RECORD_LEN - record.len()));
            record.extend_from_slice(now);
            part = later;
            if record.len() == MAILBOX_RECORD_LEN {
                let (id, sealed) = relay::read_mailbox_record(&mut &record[..]).map_err(|_| CUT)?;
                laying_out.push(&id, sealed).await.map_err(|error| app.store_failed(error))?;
                record.clear();
            }
        }
    }
    if !record.is_empty() {
        return Err(CUT);
    }
    laying_out.finish().await.map_err(|error| app.store_failed(error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a directory that our own pinned keys vouch for. The same again is no error.
async fn directory(
    State(app): State<App>,
    Json(signed): Json<SignedDirectory>,
) -> Result<StatusCode, Response> {
    match app.directories.accept(signed, &app.store, app.clock.today()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // The reason is about the directory, which is public.
        Err(Refusal::Directory(error)) => {
            Err((StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response())
        }
        Err(Refusal::Store(error)) => Err(app.store_failed(error).into_response()),
    }
}

async fn answers(State(app): State<App>, Json(times): Json<AnswerTimes>) -> Result<StatusCode, Problem> {
    app.answers.keep(times, &app.store).await.map_err(|error| app.store_failed(error))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn health(State(app): State<App>) -> Result<&'static str, Problem> {
    app.store.check().await.map_err(|error| app.store_failed(error))?;
    Ok("ready")
}
