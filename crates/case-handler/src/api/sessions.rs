//! Sessions: the client signs a challenge with the device key and gets a short-lived token. All of
//! it is in memory only.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    Json,
    extract::{FromRequestParts, State, rejection::JsonRejection},
};
use http::{header::AUTHORIZATION, request::Parts};
use protocol::{
    Hash,
    api::workbench::{
        ChallengeRequest, ChallengeResponse, SessionRequest, SessionResponse,
        verify_session_signature,
    },
    keys::PublicKey,
};
use rand::{RngCore, rngs::OsRng};
use time::{Duration, OffsetDateTime};

use super::{ApiProblem, ApiState};

const CHALLENGE_TTL: Duration = Duration::minutes(1);
const SESSION_TTL: Duration = Duration::minutes(15);
/// Maximum number of open challenges. Above it, the oldest is dropped, so that no client can fill
/// the memory.
const MAX_CHALLENGES: usize = 10_000;
/// Minimum time between two log lines about rejected sessions, so that no client can fill the log.
const LOG_INTERVAL: Duration = Duration::minutes(1);

/// Open challenges and sessions. Tokens are stored as hashes, so a lookup compares hashes and its
/// duration reveals nothing.
#[derive(Debug, Default)]
pub struct SessionRegistry {
    challenges: Mutex<HashMap<Hash, (String, OffsetDateTime)>>,
    open: Mutex<HashMap<Hash, OpenSession>>,
    rejection_last_logged: Mutex<Option<OffsetDateTime>>,
}

/// An open session.
#[derive(Debug, Clone)]
struct OpenSession {
    handle: String,
    /// The device key that opened it. A directory with another key for the member ends the session.
    device: PublicKey,
    expires: OffsetDateTime,
}

impl SessionRegistry {
    fn issue_challenge(&self, handle: String, now: OffsetDateTime) -> Hash {
        let mut nonce = Hash::default();
        OsRng.fill_bytes(&mut nonce.0);
        let mut challenges = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.retain(|_, (_, expires)| *expires > now);
        if challenges.len() >= MAX_CHALLENGES
            && let Some(oldest) =
                challenges.iter().min_by_key(|(_, (_, expires))| *expires).map(|(nonce, _)| *nonce)
        {
            challenges.remove(&oldest);
        }
        challenges.insert(nonce, (handle, now + CHALLENGE_TTL));
        nonce
    }

    /// Removes a challenge, because each can be answered once. Returns true if it was valid.
    fn consume_challenge(&self, nonce: &Hash, handle: &str, now: OffsetDateTime) -> bool {
        let mut challenges = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.remove(nonce).is_some_and(|(owner, expires)| owner == handle && expires > now)
    }

    fn open(&self, handle: String, device: PublicKey, now: OffsetDateTime) -> SessionResponse {
        let mut token = Hash::default();
        OsRng.fill_bytes(&mut token.0);
        let token = token.to_string();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.expires > now);
        open.insert(
            Hash::of(&[token.as_bytes()]),
            OpenSession { handle, device, expires: now + SESSION_TTL },
        );
        SessionResponse { token, seconds: u32::try_from(SESSION_TTL.whole_seconds()).unwrap_or(0) }
    }

    /// Logs the rejection for the operator, without the handle.
    fn log_rejected(&self, now: OffsetDateTime) {
        let mut last_logged =
            self.rejection_last_logged.lock().unwrap_or_else(PoisonError::into_inner);
        if last_logged.is_none_or(|last_logged| now - last_logged >= LOG_INTERVAL) {
            *last_logged = Some(now);
            tracing::warn!("session request rejected: proof of possession failed");
        }
    }

    fn find_open(&self, token: &str, now: OffsetDateTime) -> Option<OpenSession> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&Hash::of(&[token.as_bytes()])).filter(|session| session.expires > now).cloned()
    }
}

/// The caller, after the token was checked. A member who left the directory, or whose device key
/// was replaced, has no session any more.
#[derive(Debug, Clone)]
pub(super) struct AuthenticatedMember {
    /// The handle of the member.
    pub handle: String,
}

impl FromRequestParts<ApiState> for AuthenticatedMember {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, ApiProblem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(ApiProblem::Unauthorized)?;
        let session =
            api.sessions.find_open(token, api.clock.now()).ok_or(ApiProblem::Unauthorized)?;
        let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
        let member = accepted.directory.member(&session.handle).ok_or(ApiProblem::Unauthorized)?;
        if member.device != session.device {
            return Err(ApiProblem::Unauthorized);
        }
        Ok(Self { handle: session.handle })
    }
}

pub(super) async fn request_challenge(
    State(api): State<ApiState>,
    request: Result<Json<ChallengeRequest>, JsonRejection>,
) -> Result<Json<ChallengeResponse>, ApiProblem> {
    let Json(request) = request?;
    if request.handle.len() > 64 {
        return Err(ApiProblem::Malformed("handle exceeds 64 bytes".to_owned()));
    }
    Ok(Json(ChallengeResponse {
        nonce: api.sessions.issue_challenge(request.handle, api.clock.now()),
    }))
}

pub(super) async fn open_session(
    State(api): State<ApiState>,
    request: Result<Json<SessionRequest>, JsonRejection>,
) -> Result<Json<SessionResponse>, ApiProblem> {
    let Json(request) = request?;
    let now = api.clock.now();
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let challenge_valid = api.sessions.consume_challenge(&request.nonce, &request.handle, now);
    let SessionRequest { handle, nonce, signature } = &request;
    let instance = accepted.directory.instance;
    let verified_device = accepted
        .directory
        .member(handle)
        .map(|member| member.device)
        .filter(|device| verify_session_signature(device, instance, handle, nonce, signature));
    let Some(device) = verified_device.filter(|_| challenge_valid) else {
        api.sessions.log_rejected(now);
        return Err(ApiProblem::Unauthorized);
    };
    Ok(Json(api.sessions.open(request.handle, device, now)))
}
