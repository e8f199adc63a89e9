//! The directory and the health of the service.

use axum::{
    Json,
    extract::{State, rejection::BytesRejection},
};
use bytes::Bytes;
use http::StatusCode;
use protocol::directory::{MAX_DIRECTORY_LEN, SignedDirectory};
use serde::Serialize;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};

/// Maximum size of a signed directory as JSON, in bytes. Base64 makes it a third longer.
pub(super) const MAX_SIGNED_DIRECTORY_LEN: usize = MAX_DIRECTORY_LEN / 3 * 4 + 16 * 1024;

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
