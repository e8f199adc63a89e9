//! The directory, the log, and whether all is well.

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use envelope::{desk_api::Log, directory::SignedDirectory};
use http::StatusCode;
use serde::Serialize;

use super::{Api, Problem, sessions::Caller};

/// Entries that are read at once.
const PAGE: u64 = 1000;

/// What an operator may know. No figure tells of a single case.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    directory_epoch: Option<u64>,
    directory_expires: Option<String>,
    set_aside: u64,
}

pub(super) async fn health(State(api): State<Api>) -> Result<Json<Health>, Problem> {
    let accepted = api.current.get();
    Ok(Json(Health {
        directory_epoch: accepted.as_ref().map(|accepted| accepted.directory.epoch),
        directory_expires: accepted.as_ref().map(|accepted| accepted.directory.expires.to_string()),
        set_aside: api.store.set_aside_count().await?,
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
    signed: Result<Json<SignedDirectory>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(signed) = signed?;
    api.current.publish(signed, api.clock.today(), &api.store).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn log(State(api): State<Api>, caller: Caller) -> Result<Json<Log>, Problem> {
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    if !accepted.directory.is_oversight(&caller.handle) {
        return Err(Problem::OversightOnly);
    }
    let (mut entries, mut position) = (Vec::new(), 0);
    loop {
        let (page, last) = api.store.log_behind(position, PAGE).await?;
        if page.is_empty() {
            return Ok(Json(Log { entries }));
        }
        entries.extend(page.into_iter().map(|logged| logged.entry));
        position = last;
    }
}
