//! The checkpoints of the transparency log.

use axum::{
    Json,
    extract::{
        Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
};
use http::StatusCode;
use protocol::api::checkpoint::NewCosignature;
use serde::Deserialize;
use transparency_log::{checkpoint::member_key, note::NoteSignature};

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::checkpoints::{self, CosignatureError, LogTreeError};

/// The size from which the consistency proof begins.
#[derive(Debug, Deserialize)]
pub(super) struct OldSizeQuery {
    old: u64,
}

/// Returns the newest checkpoint with the consistency proof from an old size, in the form in which
/// a witness gets it: `add-checkpoint` of C2SP tlog-witness.
pub(super) async fn newest_checkpoint(
    State(api): State<ApiState>,
    _: AuthenticatedMember,
    query: Result<Query<OldSizeQuery>, QueryRejection>,
) -> Result<String, ApiProblem> {
    let invalid =
        || ApiProblem::Malformed("invalid query (expected ?old=SIZE of whole batches)".to_owned());
    let Query(OldSizeQuery { old }) = query.map_err(|_| invalid())?;
    match checkpoints::newest_with_proof(&api.store, old).await {
        Ok(request) => Ok(request.ok_or(ApiProblem::NotFound)?.to_string()),
        Err(LogTreeError::OldSize(_)) => Err(invalid()),
        Err(error) => Err(error.into()),
    }
}

/// Adds the cosignature of a member of the oversight body to a checkpoint. A second one of the same
/// member changes nothing.
pub(super) async fn add_cosignature(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    cosignature: Result<Json<NewCosignature>, JsonRejection>,
) -> Result<StatusCode, ApiProblem> {
    let Json(NewCosignature { size, signature }) = cosignature?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let directory = &accepted.directory;
    if !directory.is_oversight(&caller.handle) {
        return Err(ApiProblem::OversightOnly);
    }
    let malformed = |reason: &dyn std::fmt::Display| ApiProblem::Malformed(reason.to_string());
    let signature: NoteSignature = signature.parse().map_err(|error| malformed(&error))?;
    let device = directory.member(&caller.handle).ok_or(ApiProblem::Unauthorized)?.device;
    let key = member_key(directory.instance, &caller.handle, device)
        .map_err(|error| malformed(&error))?;
    match checkpoints::add_cosignature(&api.store, size, &key, signature).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(CosignatureError::UnknownCheckpoint(_)) => Err(ApiProblem::NotFound),
        Err(CosignatureError::Log(error)) => Err(error.into()),
        Err(error @ (CosignatureError::Note(_) | CosignatureError::OtherSigner)) => {
            Err(ApiProblem::RuleMessage(error.to_string()))
        }
    }
}
