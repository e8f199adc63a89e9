//! The event log with the leaves of the transparency log, for the oversight body.

use std::{future::ready, sync::Arc};

use axum::{
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::CONTENT_TYPE;
use protocol::api::workbench::{AUDIT_PAGE_BATCHES, AuditLog, LoggedEvent};
use serde::Deserialize;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::store::{AuditRange, StoreError, StoredEvent};

/// Events that are read at once.
const PAGE_SIZE: u64 = 1000;

/// The first batch of the page.
#[derive(Debug, Deserialize)]
pub(super) struct FirstBatchQuery {
    from: u32,
}

/// Streams the events of some batches, because a batch is large after a restore. An error closes
/// the connection, so that a part of the log is not taken for all of it.
pub(super) async fn audit_log(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    query: Result<Query<FirstBatchQuery>, QueryRejection>,
) -> Result<Response, ApiProblem> {
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    if !accepted.directory.is_oversight(&caller.handle) {
        return Err(ApiProblem::OversightOnly);
    }
    let Query(FirstBatchQuery { from }) = query.map_err(|_| {
        ApiProblem::Malformed("invalid query (expected ?from=NUMBER of a batch)".to_owned())
    })?;
    let range = api.store.audit_range(from, AUDIT_PAGE_BATCHES).await?;
    let secret = api.store.leaf_secret().await?;
    let head = AuditLog {
        leaf_secret: secret.map_or_else(Vec::new, |secret| secret.expose().to_vec()),
        batches: range.batches,
        events: Vec::new(),
    };
    let head = serde_json::to_string(&head).expect("a log holds text and numbers only");
    let head = head.strip_suffix("]}").expect("the list of events is the last field").to_owned();
    let first = range.after;
    let pages = stream::try_unfold(range, move |range| {
        let store = Arc::clone(&api.store);
        async move {
            let Some(page) = store.audit_page(range, PAGE_SIZE).await? else { return Ok(None) };
            let last = page.last().map_or(range.until, |(event, _)| event.position);
            let json = events_json(page, range.after == first);
            Ok::<_, StoreError>(Some((json, AuditRange { after: last, ..range })))
        }
    });
    let fixed = |text: String| stream::once(ready(Ok(Bytes::from(text))));
    let json = fixed(head).chain(pages).chain(fixed("]}".to_owned()));
    Ok(([(CONTENT_TYPE, "application/json")], Body::from_stream(json)).into_response())
}

/// Returns the events as JSON, with a comma before each but the first of the answer.
fn events_json(page: Vec<(StoredEvent, Option<u64>)>, first: bool) -> Bytes {
    let mut json = Vec::new();
    for (number, (stored, index)) in page.into_iter().enumerate() {
        if number > 0 || !first {
            json.push(b',');
        }
        let logged = LoggedEvent { event: stored.event, index };
        json.extend(serde_json::to_vec(&logged).expect("an event holds text and numbers only"));
    }
    json.into()
}
