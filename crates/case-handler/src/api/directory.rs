//! The directory, the log, and whether all is well.

use std::{future::ready, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use envelope::directory::{MAX_DIRECTORY, SignedDirectory};
use futures_util::{StreamExt, stream};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::Serialize;

use super::{Api, Problem, sessions::Caller};
use crate::store::{Logged, StoreError};

/// The most bytes of a directory with its signatures in JSON: base64 makes it a third longer.
pub(super) const MAX_SIGNED: usize = MAX_DIRECTORY / 3 * 4 + 16 * 1024;

/// Entries that are read at once.
const PAGE: u64 = 1000;

/// What an operator may know. No figure tells of a single case.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    directory_epoch: Option<u64>,
    directory_expires: Option<String>,
    /// Is something set aside that could not be filed? How much would tell more than an operator needs.
    set_aside: bool,
}

pub(super) async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    let accepted = api.current.get();
    Ok(Json(Health {
        directory_epoch: accepted.as_ref().map(|accepted| accepted.directory.epoch),
        directory_expires: accepted.as_ref().map(|accepted| accepted.directory.expires.to_string()),
        set_aside: api.store.set_aside_count().await? > 0,
    }))
}

pub(super) async fn newest(State(api): State<Api>) -> Result<Json<SignedDirectory>, Problem> {
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    Ok(Json(accepted.signed.clone()))
}

pub(super) async fn all(State(api): State<Api>, _: Caller) -> Result<Json<Vec<SignedDirectory>>, Problem> {
    Ok(Json(api.store.directories().await?))
}

/// Needs no session: the root signatures are the permission.
pub(super) async fn publish(
    State(api): State<Api>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let too_long = |_| Problem::Malformed(format!("a directory has at most {MAX_DIRECTORY} bytes"));
    api.current.publish(body.map_err(too_long)?, api.clock.today(), &api.store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sent page by page as it is read: it grows for years, and the memory does not. An error breaks the connection, so that no part of it
/// is taken for the whole.
pub(super) async fn log(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    if !accepted.directory.is_oversight(&caller.handle) {
        return Err(Problem::OversightOnly);
    }
    let pages = stream::try_unfold(0, move |position| {
        let store = Arc::clone(&api.store);
        async move {
            let (page, last) = store.log_behind(position, PAGE).await?;
            Ok::<_, StoreError>((!page.is_empty()).then(|| (pieces(&page, position == 0), last)))
        }
    });
    let fixed = |text: &'static str| stream::once(ready(Ok(Bytes::from_static(text.as_bytes()))));
    // As the JSON of an `envelope::desk_api::Log`.
    let json = fixed("{\"entries\":[").chain(pages).chain(fixed("]}"));
    Ok(([(CONTENT_TYPE, "application/json")], Body::from_stream(json)).into_response())
}

/// Entries with a comma before each but the very first.
fn pieces(page: &[Logged], first: bool) -> Bytes {
    let entries =
        page.iter().map(|logged| serde_json::to_vec(&logged.entry).expect("an entry holds text only"));
    let mut json = entries.fold(Vec::new(), |mut json, entry| {
        json.push(b',');
        json.extend(entry);
        json
    });
    if first {
        json.remove(0);
    }
    json.into()
}
