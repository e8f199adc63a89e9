//! The API of the fake case handler.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{StreamExt as _, stream};
use protocol::{
    Hash,
    api::{
        checkpoint::NewCosignature,
        workbench::{
            AuditLog, CaseDetail, CaseLog, CaseSummary, ChallengeRequest, ChallengeResponse,
            FormerReader, FormerReaders, FormerReason, NewEvent, ProblemDetails, SessionRequest,
            SessionResponse, verify_session_signature,
        },
    },
    case::{Role, RuleViolation, event::SignedEvent},
    directory::SignedDirectory,
    rotation::RotationConfirmation,
    submission::key_grant::grant_tag,
};
use uuid::Uuid;

use super::FakeStore;
use crate::common::{WorkbenchInstallation, absences};

pub(crate) type FakeHandlerState = State<(Arc<Mutex<FakeStore>>, Arc<WorkbenchInstallation>)>;
type ApiResult<T> = Result<Json<T>, (StatusCode, Json<ProblemDetails>)>;

pub(super) fn routes(
    store: &Arc<Mutex<FakeStore>>,
    installation: &Arc<WorkbenchInstallation>,
) -> Router {
    Router::new()
        .route("/v1/challenge", post(challenge))
        .route("/v1/session", post(session))
        .route("/v1/directory", get(directory).put(put_directory))
        .route("/v1/directories", get(directories))
        .route("/v1/absence", get(absences::list).put(absences::set))
        .route("/v1/cases", get(cases))
        .route("/v1/cases/{id}", get(case))
        .route("/v1/cases/{id}/parts/{part}", get(part))
        .route("/v1/cases/{id}/log", get(case_log))
        .route("/v1/cases/{id}/events", post(event))
        .route("/v1/cases/{id}/confirmations", post(confirmation))
        .route("/v1/former-readers", get(former_readers))
        .route("/v1/log", get(log))
        .route("/v1/checkpoint", get(checkpoint))
        .route("/v1/cosignatures", post(cosignature))
        .with_state((Arc::clone(store), Arc::clone(installation)))
}

fn problem(
    status: StatusCode,
    title: &(impl ToString + ?Sized),
) -> (StatusCode, Json<ProblemDetails>) {
    let kind = match status {
        StatusCode::UNAUTHORIZED => "unauthorized",
        StatusCode::NOT_FOUND => "not-found",
        _ => "refused",
    };
    let (kind, title) = (kind.to_owned(), title.to_string());
    (status, Json(ProblemDetails { kind, title, status: status.as_u16(), rule: None }))
}

/// The token is the handle, because these tests concern the workbench.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<String, (StatusCode, Json<ProblemDetails>)> {
    let token =
        headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    token.map(str::to_owned).ok_or_else(|| problem(StatusCode::UNAUTHORIZED, "no session"))
}

async fn challenge(
    State((store, _)): FakeHandlerState,
    Json(asked): Json<ChallengeRequest>,
) -> Json<ChallengeResponse> {
    let nonce = Hash::of(&[Uuid::new_v4().as_bytes()]);
    store.lock().unwrap().nonces.push((asked.handle, nonce));
    Json(ChallengeResponse { nonce })
}

async fn session(
    State((store, installation)): FakeHandlerState,
    Json(asked): Json<SessionRequest>,
) -> ApiResult<SessionResponse> {
    let mut store = store.lock().unwrap();
    let unauthorised = || problem(StatusCode::UNAUTHORIZED, "no such member, or a wrong signature");
    let at = store.nonces.iter().position(|known| *known == (asked.handle.clone(), asked.nonce));
    store.nonces.remove(at.ok_or_else(unauthorised)?);
    let directory = store.newest_directory(&installation);
    let member = directory.member(&asked.handle).ok_or_else(unauthorised)?;
    let SessionRequest { handle, nonce, signature } = &asked;
    if !verify_session_signature(&member.device, directory.instance, handle, nonce, signature) {
        return Err(unauthorised());
    }
    Ok(Json(SessionResponse { token: asked.handle, seconds: 600 }))
}

async fn directory(State((store, _)): FakeHandlerState) -> Json<SignedDirectory> {
    Json(store.lock().unwrap().directories.last().unwrap().clone())
}

async fn put_directory(
    State((store, _)): FakeHandlerState,
    Json(new): Json<SignedDirectory>,
) -> StatusCode {
    store.lock().unwrap().directories.push(new);
    StatusCode::NO_CONTENT
}

async fn directories(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
) -> ApiResult<Vec<SignedDirectory>> {
    bearer(&headers)?;
    Ok(Json(store.lock().unwrap().directories.clone()))
}

/// Selects a page of the queue.
#[derive(serde::Deserialize)]
struct CasesQuery {
    limit: Option<usize>,
    after: Option<Uuid>,
}

async fn cases(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
    Query(query): Query<CasesQuery>,
) -> ApiResult<Vec<CaseSummary>> {
    let me = bearer(&headers)?;
    let store = store.lock().unwrap();
    let own = store.cases.iter().filter(|(_, stored)| stored.holders.contains(&me));
    let mut rows: Vec<CaseSummary> = own.map(|(id, stored)| stored.to_row(*id)).collect();
    if let Some(limit) = query.limit {
        rows.sort_by_key(|row| (row.state.next_deadline().map(|next| next.due), row.id));
        let from = rows.iter().position(|row| Some(row.id) == query.after).map_or(0, |at| at + 1);
        rows = rows.into_iter().skip(from).take(limit).collect();
    }
    Ok(Json(rows))
}

async fn case(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> ApiResult<CaseDetail> {
    let me = bearer(&headers)?;
    let mut store = store.lock().unwrap();
    let log = store.case_log(id);
    if let Some(status) = store.failing_cases.get(&id) {
        return Err(problem(*status, "the case handler failed"));
    }
    let stored = store.cases.get(&id).filter(|stored| stored.holders.contains(&me));
    let stored = stored.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such case"))?;
    let own = stored.grants.iter().filter(|(holder, _)| *holder == me);
    Ok(Json(CaseDetail {
        row: stored.to_row(id),
        grants: own.map(|(_, grant)| grant.clone()).collect(),
        mailbox_recipient: stored.mailbox.clone(),
        case_recipients: stored.recipients.clone(),
        parts: stored.parts.iter().map(|(part, _)| part.clone()).collect(),
        log,
        holders: stored.holders.clone(),
        pending_grants: stored
            .pending
            .iter()
            .flat_map(|pending| &pending.grants)
            .filter(|(holder, _)| *holder == me)
            .map(|(_, grant)| grant.clone())
            .collect(),
        confirmations: stored.confirmations.clone(),
    }))
}

async fn part(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
    Path((id, part)): Path<(Uuid, Uuid)>,
) -> Result<Response, (StatusCode, Json<ProblemDetails>)> {
    let me = bearer(&headers)?;
    let store = store.lock().unwrap();
    let stored = store.cases.get(&id).filter(|stored| stored.holders.contains(&me));
    let found = stored.and_then(|stored| stored.parts.iter().find(|(known, _)| known.id == part));
    let (_, sealed) = found.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such part"))?;
    if !store.broken_parts.contains(&part) {
        return Ok(sealed.clone().into_response());
    }
    let chunks = [Ok(sealed[..sealed.len() / 2].to_vec()), Err(io::Error::other("damaged"))];
    // The pause sends the first chunk before the connection closes.
    let chunks = stream::iter(chunks).then(|chunk| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        chunk
    });
    let headers = [(header::CONTENT_LENGTH, sealed.len().to_string())];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

async fn event(
    State((store, installation)): FakeHandlerState,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Json(new): Json<NewEvent>,
) -> ApiResult<SignedEvent> {
    let me = bearer(&headers)?;
    let mut store = store.lock().unwrap();
    if let Some(meanwhile) = store.before_next_event.take() {
        meanwhile(&mut store);
    }
    let directory = store.newest_directory(&installation);
    let device = directory.member(&me).unwrap().device;
    let event =
        new.event.verify(&device).map_err(|error| problem(StatusCode::FORBIDDEN, &error))?;
    let stored =
        store.cases.get_mut(&id).ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such case"))?;
    let role = Role::of_member(&directory, &me, &stored.state.desk);
    let refused = |refusal: RuleViolation| {
        let (status, Json(reported)) = problem(StatusCode::CONFLICT, &refusal);
        let kind =
            if let RuleViolation::Stale { .. } = refusal { "stale".into() } else { reported.kind };
        (status, Json(ProblemDetails { kind, ..reported }))
    };
    stored.state.apply(&event, new.event.hash(), role).map_err(refused)?;
    stored.apply_payload(&event, new.payload, &directory);
    store.append(new.event.clone());
    Ok(Json(new.event))
}

async fn confirmation(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Json(new): Json<RotationConfirmation>,
) -> Result<StatusCode, (StatusCode, Json<ProblemDetails>)> {
    bearer(&headers)?;
    let mut store = store.lock().unwrap();
    store.cases.get_mut(&id).unwrap().confirmations.push(new);
    Ok(StatusCode::NO_CONTENT)
}

async fn case_log(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> ApiResult<CaseLog> {
    let me = bearer(&headers)?;
    let mut store = store.lock().unwrap();
    let stored = store.cases.get(&id).filter(|stored| stored.holders.contains(&me));
    stored.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no such case"))?;
    Ok(Json(store.case_log(id)))
}

/// The first batch of the page.
#[derive(serde::Deserialize)]
struct LogQuery {
    from: u32,
}

async fn log(
    State((store, installation)): FakeHandlerState,
    headers: HeaderMap,
    Query(query): Query<LogQuery>,
) -> ApiResult<AuditLog> {
    let me = bearer(&headers)?;
    let mut store = store.lock().unwrap();
    if !store.newest_directory(&installation).is_oversight(&me) {
        return Err(problem(StatusCode::FORBIDDEN, "for the oversight body"));
    }
    Ok(Json(store.audit_log(query.from)))
}

/// The size that the member has seen.
#[derive(serde::Deserialize)]
struct CheckpointQuery {
    old: u64,
}

async fn checkpoint(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
    Query(query): Query<CheckpointQuery>,
) -> Result<String, (StatusCode, Json<ProblemDetails>)> {
    bearer(&headers)?;
    let mut store = store.lock().unwrap();
    let tree = store.tree().filter(|tree| !tree.events().is_empty());
    let tree = tree.ok_or_else(|| problem(StatusCode::NOT_FOUND, "no checkpoint"))?;
    let offered = tree.offer(query.old);
    let offered = offered.ok_or_else(|| problem(StatusCode::BAD_REQUEST, "no such size"))?;
    Ok(offered.to_string())
}

async fn cosignature(
    State((store, installation)): FakeHandlerState,
    headers: HeaderMap,
    Json(new): Json<NewCosignature>,
) -> Result<StatusCode, (StatusCode, Json<ProblemDetails>)> {
    let me = bearer(&headers)?;
    let mut store = store.lock().unwrap();
    if !store.newest_directory(&installation).is_oversight(&me) {
        return Err(problem(StatusCode::FORBIDDEN, "for the oversight body"));
    }
    let tree = store.transparency_log.tree.as_mut().unwrap();
    tree.cosignatures.push((new.size, new.signature.parse().unwrap()));
    Ok(StatusCode::NO_CONTENT)
}

async fn former_readers(
    State((store, installation)): FakeHandlerState,
    headers: HeaderMap,
) -> ApiResult<Vec<FormerReaders>> {
    let me = bearer(&headers)?;
    let store = store.lock().unwrap();
    let directory = store.newest_directory(&installation);
    let own = store.cases.iter().filter(|(_, stored)| stored.holders.contains(&me));
    let reported = own.map(|(id, stored)| {
        let newest = stored.grants.iter().filter(|(holder, grant)| {
            stored.holders.contains(holder) && grant.generation == stored.state.generation
        });
        let former = newest.filter_map(|(holder, grant)| match directory.member(holder) {
            None => Some((holder, FormerReason::Left)),
            Some(member) => (grant_tag(*id, &member.recipient) != grant.grant.tag)
                .then_some((holder, FormerReason::OldKey)),
        });
        let readers = former
            .map(|(holder, why)| FormerReader { handle: holder.clone(), reason: why })
            .collect();
        FormerReaders { row: stored.to_row(*id), readers }
    });
    Ok(Json(reported.filter(|reported| !reported.readers.is_empty()).collect()))
}
