//! Cases as one member may see them.

use axum::{
    Json,
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use protocol::{
    api::workbench::{CaseDetail, CaseLog, CaseSummary, FormerReader, FormerReaders, FormerReason},
    directory::Directory,
    submission::key_grant::grant_tag,
};
use serde::Deserialize;
use time::{Date, format_description::well_known::Iso8601};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::{
    checkpoints,
    collector::relay_client::receiver_stream,
    store::{CaseRecord, HeldGrant, QueueCursor, StoreError},
};

/// Cases that are read at once.
const MAX_PAGE_SIZE: u64 = 500;

/// A page of a queue. Without parameters, the whole queue.
#[derive(Debug, Deserialize)]
pub(super) struct QueuePageQuery {
    limit: Option<u64>,
    /// Starts after the case with this id …
    after: Option<Uuid>,
    /// … whose first deadline, if it has one, is on this date.
    due: Option<String>,
}

pub(super) async fn list_cases(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    page: Result<Query<QueuePageQuery>, QueryRejection>,
) -> Result<Json<Vec<CaseSummary>>, ApiProblem> {
    const INVALID_QUERY: &str = "invalid query (expected ?limit=NUMBER&after=CASE&due=YYYY-MM-DD)";
    let invalid_query = || ApiProblem::Malformed(INVALID_QUERY.to_owned());
    let Query(page) = page.map_err(|_| invalid_query())?;
    let due = page
        .due
        .map(|due| Date::parse(&due, &Iso8601::DATE))
        .transpose()
        .map_err(|_| invalid_query())?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let to_summary =
        |case: &CaseRecord| case.to_summary(&api.calendar, &accepted.directory, &caller.handle);
    let mut cursor = page.after.map(|case| QueueCursor::new(due, case));
    let limit = page.limit.unwrap_or(u64::MAX);
    let mut rows: Vec<CaseSummary> = Vec::new();
    loop {
        let page_size = limit.saturating_sub(rows.len() as u64).min(MAX_PAGE_SIZE);
        let cases = api.store.queue(&caller.handle, cursor, page_size).await?;
        rows.extend(cases.iter().map(to_summary));
        match cases.last() {
            Some(last) if (rows.len() as u64) < limit => {
                cursor = Some(QueueCursor::from_state(last.id, &last.state));
            }
            _ => return Ok(Json(rows)),
        }
    }
}

/// Lists the caller's cases that a member who has left or a replaced key can still read.
pub(super) async fn former_readers(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
) -> Result<Json<Vec<FormerReaders>>, ApiProblem> {
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let cases = api.store.queue(&caller.handle, cursor, MAX_PAGE_SIZE).await?;
        let Some(last) = cases.last() else { return Ok(Json(found)) };
        cursor = Some(QueueCursor::from_state(last.id, &last.state));
        let ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
        let grants = api.store.held_grants(&ids).await?;
        for case in &cases {
            let readers = former_readers_of(case, &grants, &accepted.directory);
            if !readers.is_empty() {
                let row = case.to_summary(&api.calendar, &accepted.directory, &caller.handle);
                found.push(FormerReaders { row, readers });
            }
        }
    }
}

fn former_readers_of(
    case: &CaseRecord,
    grants: &[HeldGrant],
    directory: &Directory,
) -> Vec<FormerReader> {
    // New content is sealed to the newest generation.
    let newest_grants = grants
        .iter()
        .filter(|grant| grant.case == case.id && grant.generation == case.state.generation);
    let reason = |grant: &HeldGrant| match directory.member(&grant.member) {
        None => Some(FormerReason::Left),
        Some(member) if grant_tag(case.id, &member.recipient) != grant.tag => {
            Some(FormerReason::OldKey)
        }
        Some(_) => None,
    };
    newest_grants
        .filter_map(|grant| {
            Some(FormerReader { handle: grant.member.clone(), reason: reason(grant)? })
        })
        .collect()
}

pub(super) async fn case_detail(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<CaseDetail>, ApiProblem> {
    let Path(id) = id?;
    let (case, key) = api
        .store
        .visible_case_with_recipient(&caller.handle, id)
        .await?
        .ok_or(ApiProblem::NotFound)?;
    let mailbox_recipient = key.ok_or(ApiProblem::Purged)?;
    let mut holders = Vec::new();
    let mut grants = Vec::new();
    for (holder, grant) in api.store.released_grants(id).await? {
        if holder == caller.handle {
            grants.push(grant);
        }
        holders.push(holder);
    }
    holders.dedup();
    // A case cannot be assigned to a member who has left.
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    holders.retain(|handle| accepted.directory.member(handle).is_some());
    let pending = match &case.state.pending_rotation {
        Some(_) => api.store.pending_keys(id).await?,
        None => None,
    };
    let pending_grants = pending.into_iter().flat_map(|keys| keys.grants);
    let own = pending_grants.filter(|(handle, _)| *handle == caller.handle);
    Ok(Json(CaseDetail {
        row: case.to_summary(&api.calendar, &accepted.directory, &caller.handle),
        grants,
        mailbox_recipient,
        case_recipients: api.store.case_recipients(id).await?,
        parts: api.store.parts(id).await?,
        log: checkpoints::case_log(&api.store, id).await?,
        holders,
        pending_grants: own.map(|(_, grant)| grant).collect(),
        confirmations: api.store.confirmations(id, case.state.generation).await?,
    }))
}

/// Returns the events of a case with their proof, also of a purged one.
pub(super) async fn case_log(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<CaseLog>, ApiProblem> {
    let Path(id) = id?;
    api.store.visible_case(&caller.handle, id).await?.ok_or(ApiProblem::NotFound)?;
    Ok(Json(checkpoints::case_log(&api.store, id).await?))
}

/// Streams a sealed part chunk by chunk. An error before the first chunk becomes a problem. After
/// it, an error ends the response early.
pub(super) async fn download_part(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    path: Result<Path<(Uuid, Uuid)>, PathRejection>,
) -> Result<Response, ApiProblem> {
    let Path((id, part)) = path?;
    let stored =
        api.store.visible_part(&caller.handle, id, part).await?.ok_or(ApiProblem::NotFound)?;
    let headers = [
        (CONTENT_LENGTH, stored.part.len.to_string()),
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
    ];
    let (sender, mut receiver) = mpsc::channel::<Result<Bytes, StoreError>>(2);
    let store = api.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.stream_part(&stored, &sender).await {
            sender.send(Err(error)).await.ok();
        }
    });
    let first = receiver.recv().await.transpose()?;
    let chunks = stream::iter(first.map(Ok)).chain(receiver_stream(receiver));
    let chunks = chunks.map_err(ApiProblem::from);
    Ok((headers, Body::from_stream(chunks)).into_response())
}
