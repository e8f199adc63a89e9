//! The directory, the event log and the health of the service.

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

/// Maximum size of a signed directory as JSON, in bytes. Base64 makes it a third longer.
pub(super) const MAX_SIGNED_DIRECTORY_LEN: usize = MAX_DIRECTORY_LEN / 3 * 4 + 16 * 1024;

/// Log entries that are read at once.
const PAGE_SIZE: u64 = 1000;

/// The health of the service, for operators. It reveals nothing about a single case.
#[derive(Debug, Serialize)]
pub(super) struct HealthResponse {
    directory_epoch: Option<u64>,
    directory_expires: Option<String>,
    /// True if the quarantine is not empty. An operator does not need the number, which would
    /// reveal more.
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

/// Publishes a directory. Needs no session, because the root signatures authorise it.
pub(super) async fn publish_directory(
    State(api): State<ApiState>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiProblem> {
    let too_long =
        |_| ApiProblem::Malformed(format!("directory exceeds {MAX_DIRECTORY_LEN} bytes"));
    api.directories.publish(body.map_err(too_long)?, api.clock.today(), &api.store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Streams the event log page by page, because it grows for years. An error closes the connection,
/// so that a part of the log is not taken for all of it.
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
    // The response is the JSON of a [`protocol::api::workbench`] log.
    let json = fixed("{\"entries\":[").chain(pages).chain(fixed("]}"));
    Ok(([(CONTENT_TYPE, "application/json")], Body::from_stream(json)).into_response())
}

/// Returns the entries as JSON, with a comma before each but the first of the log.
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
