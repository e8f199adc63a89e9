//! Cases, as one member may see them.

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
use envelope::{
    desk_api::{CaseFile, CaseRow, Former, FormerReader, FormerReaders},
    directory::Directory,
    event::LogEntry,
    grant::slot_tag,
};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::Deserialize;
use time::{Date, format_description::well_known::Iso8601};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Api, Problem, sessions::Caller};
use crate::{
    relay::stream_of,
    store::{Case, Held, QueuePlace},
};

/// Cases that are read at once.
const PAGE: u64 = 500;

/// Which part of a queue; without any of it, all.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    most: Option<u64>,
    /// Behind the case with this id …
    after: Option<Uuid>,
    /// … whose first deadline, if there is one, is on this day.
    due: Option<String>,
}

pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Vec<CaseRow>>, Problem> {
    const WRONG: &str = "a part of the queue is ?most=NUMBER&after=CASE&due=YYYY-MM-DD";
    let wrong = || Problem::Malformed(WRONG.to_owned());
    let Query(page) = page.map_err(|_| wrong())?;
    let due = page.due.map(|due| Date::parse(&due, &Iso8601::DATE)).transpose().map_err(|_| wrong())?;
    let mut behind = page.after.map(|case| QueuePlace::new(due, case));
    let most = page.most.unwrap_or(u64::MAX);
    let mut rows: Vec<CaseRow> = Vec::new();
    loop {
        let wanted = most.saturating_sub(rows.len() as u64).min(PAGE);
        let cases = api.store.queue(&caller.handle, behind, wanted).await?;
        rows.extend(cases.iter().map(|case| case.to_row(&api.calendar)));
        match cases.last() {
            Some(last) if (rows.len() as u64) < most => behind = Some(QueuePlace::of(last.id, &last.state)),
            _ => return Ok(Json(rows)),
        }
    }
}

/// Which cases of the caller somebody can still open who has left, or with a key that was replaced.
pub(super) async fn former_readers(
    State(api): State<Api>,
    caller: Caller,
) -> Result<Json<Vec<FormerReaders>>, Problem> {
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    let (mut found, mut behind) = (Vec::new(), None);
    loop {
        let cases = api.store.queue(&caller.handle, behind, PAGE).await?;
        let Some(last) = cases.last() else { return Ok(Json(found)) };
        behind = Some(QueuePlace::of(last.id, &last.state));
        let ids: Vec<Uuid> = cases.iter().map(|case| case.id).collect();
        let held = api.store.held(&ids).await?;
        for case in &cases {
            let readers = former(case, &held, &accepted.directory);
            if !readers.is_empty() {
                found.push(FormerReaders { row: case.to_row(&api.calendar), readers });
            }
        }
    }
}

fn former(case: &Case, held: &[Held], directory: &Directory) -> Vec<FormerReader> {
    // What comes is sealed to the newest generation.
    let newest = held.iter().filter(|held| held.case == case.id && held.generation == case.state.generation);
    let why = |held: &Held| match directory.member(&held.member) {
        None => Some(Former::Left),
        Some(member) if slot_tag(case.id, &member.recipient) != held.tag => Some(Former::OldKey),
        Some(_) => None,
    };
    newest.filter_map(|held| Some(FormerReader { handle: held.member.clone(), why: why(held)? })).collect()
}

pub(super) async fn file(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<CaseFile>, Problem> {
    let Path(id) = id?;
    let (case, key) = api.store.visible_case_and_key(&caller.handle, id).await?.ok_or(Problem::NotFound)?;
    let mailbox_recipient = key.ok_or(Problem::Purged)?;
    let mut holders = Vec::new();
    let mut grants = Vec::new();
    for (holder, grant) in api.store.released_grants(id).await? {
        if holder == caller.handle {
            grants.push(grant);
        }
        holders.push(holder);
    }
    holders.dedup();
    // Nothing can be assigned to who has left.
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    holders.retain(|handle| accepted.directory.member(handle).is_some());
    Ok(Json(CaseFile {
        row: case.to_row(&api.calendar),
        grants,
        mailbox_recipient,
        case_recipients: api.store.recipients(id).await?,
        parts: api.store.parts(id).await?,
        log: api.store.log_of(id).await?,
        holders,
    }))
}

/// The events of a case, also of one that was purged.
pub(super) async fn log(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Vec<LogEntry>>, Problem> {
    let Path(id) = id?;
    api.store.visible_case(&caller.handle, id).await?.ok_or(Problem::NotFound)?;
    Ok(Json(api.store.log_of(id).await?))
}

/// Streams a part chunk by chunk.
pub(super) async fn part(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<(Uuid, Uuid)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((id, part)) = path?;
    let kept = api.store.visible_part(&caller.handle, id, part).await?.ok_or(Problem::NotFound)?;
    let headers =
        [(CONTENT_LENGTH, kept.part.len.to_string()), (CONTENT_TYPE, "application/octet-stream".to_owned())];
    let (sender, receiver) = mpsc::channel::<Result<Bytes, crate::store::StoreError>>(2);
    let store = api.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.send_part(&kept, &sender).await {
            tracing::error!("{error}");
            sender.send(Err(error)).await.ok();
        }
    });
    Ok((headers, Body::from_stream(stream_of(receiver))).into_response())
}
