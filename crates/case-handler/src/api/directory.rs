//! The directory, the log, and whether all is well.

use std::{future::ready, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{StatusCode, header::CONTENT_TYPE};
use protocol::directory::{MAX_DIRECTORY_LEN, SignedDirectory};
use serde::Serialize;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::store::{StoreError, StoredLogEntry};

/// The most bytes of a directory with its signatures in JSON: base64 makes it a third longer.
pub(super) const MAX_SIGNED_DIRECTORY_LEN: usize = MAX_DIRECTORY_LEN / 3 * 4 + 16 * 1024;

/// Entries that are read at once.
const PAGE_SIZE: u64 = 1000;

/// What an operator may know. No figure tells of a single case.
#[derive(Debug, Serialize)]
pub(super) struct HealthResponse {
    directory_epoch: Option<u64>,
    directory_expires: Option<String>,
    /// Is something set aside that could not be filed? How much would tell more than an operator
    /// needs.
    quarantined: bool,
}

pub(super) async fn health(
    State(api): State<ApiState>,
) -> Result<Json<HealthResponse>, ApiProblem> {
    let accepted = api.directories.latest();
    Ok(Json(HealthResponse {
        directory_epoch: accepted.as_ref().map(|accepted| accepted.directory.epoch),
        directory_expires: accepted.as_ref().map(|accepted| accepted.directory.expires.to_string()),
        quarantined: api.store.quarantined_count().await? > 0,
    }))
}

pub(super) async fn latest_directory(
    State(api): State<ApiState>,
) -> Result<Json<SignedDirectory>, ApiProblem> {
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    Ok(Json(accepted.signed.clone()))
}

pub(super) async fn list_directories(
    State(api): State<ApiState>,
    _: AuthenticatedMember,
) -> Result<Json<Vec<SignedDirectory>>, ApiProblem> {
    Ok(Json(api.store.directories().await?))
}

/// Needs no session: the root signatures are the permission.
pub(super) async fn publish_directory(
    State(api): State<ApiState>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiProblem> {
    let too_long =
        |_| ApiProblem::Malformed(format!("a directory has at most {MAX_DIRECTORY_LEN} bytes"));
    api.directories.publish(body.map_err(too_long)?, api.clock.today(), &api.store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sent page by page as it is read: it grows for years, and the memory does not. An error breaks
/// the connection, so that no part of it is taken for the whole.
pub(super) async fn audit_log(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
) -> Result<Response, ApiProblem> {
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    if !accepted.directory.is_oversight(&caller.handle) {
        return Err(ApiProblem::OversightOnly);
    }
    let pages = stream::try_unfold(0, move |position| {
        let store = Arc::clone(&api.store);
        async move {
            let (page, last) = store.log_entries_after(position, PAGE_SIZE).await?;
            Ok::<_, StoreError>(
                (!page.is_empty()).then(|| (log_entries_json(&page, position == 0), last)),
            )
        }
    });
    let fixed = |text: &'static str| stream::once(ready(Ok(Bytes::from_static(text.as_bytes()))));
    // As the JSON of an `protocol::desk_api::Log`.
    let json = fixed("{\"entries\":[").chain(pages).chain(fixed("]}"));
    Ok(([(CONTENT_TYPE, "application/json")], Body::from_stream(json)).into_response())
}

/// Entries with a comma before each but the very first.
fn log_entries_json(page: &[StoredLogEntry], first: bool) -> Bytes {
    let entries = page
        .iter()
        .map(|logged| serde_json::to_vec(&logged.entry).expect("an entry holds text only"));
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
