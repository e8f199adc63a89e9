//! Cases, as one member may see them.

use axum::{
    Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use envelope::desk_api::{CaseFile, CaseRow};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Api, Problem, sessions::Caller};
use crate::{relay::stream_of, store::Case};

pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<CaseRow>>, Problem> {
    let cases = api.store.visible_cases(&caller.handle).await?;
    Ok(Json(cases.iter().map(Case::to_row).collect()))
}

pub(super) async fn file(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<CaseFile>, Problem> {
    let Path(id) = id?;
    let case = api.store.visible_case(&caller.handle, id).await?.ok_or(Problem::NotFound)?;
    let (mailbox_recipient, case_recipients) = api.store.recipients(id).await?;
    let mut holders = api.store.holders(id).await?;
    // Nothing can be assigned to who has left.
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    holders.retain(|handle| accepted.directory.member(handle).is_some());
    Ok(Json(CaseFile {
        row: case.to_row(),
        grants: api.store.grants_of(id, &caller.handle).await?,
        mailbox_recipient,
        case_recipients,
        parts: api.store.parts(id).await?,
        log: api.store.log_of(id).await?,
        holders,
    }))
}

/// Streams a part chunk by chunk.
pub(super) async fn part(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<(Uuid, Uuid)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((id, part)) = path?;
    api.store.visible_case(&caller.handle, id).await?.ok_or(Problem::NotFound)?;
    let parts = api.store.parts(id).await?;
    let known = parts.iter().find(|known| known.id == part).ok_or(Problem::NotFound)?;
    let headers =
        [(CONTENT_LENGTH, known.len.to_string()), (CONTENT_TYPE, "application/octet-stream".to_owned())];
    let (sender, receiver) = mpsc::channel::<Result<Bytes, crate::store::StoreError>>(2);
    let store = api.store.clone();
    tokio::spawn(async move {
        for number in 0.. {
            match store.part_chunk(id, part, number).await.transpose() {
                None => break,
                Some(chunk) => {
                    let failed = chunk.is_err();
                    if sender.send(chunk.map(Bytes::from)).await.is_err() || failed {
                        break;
                    }
                }
            }
        }
    });
    Ok((headers, Body::from_stream(stream_of(receiver))).into_response())
}
