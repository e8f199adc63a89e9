//! Sessions: a challenge signed with the device key buys a short-lived bearer. All of it lives in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    Json,
    extract::{FromRequestParts, State, rejection::JsonRejection},
};
use envelope::{
    Hash,
    desk_api::{Challenge, ChallengeRequest, Session, SessionRequest, is_session_signed},
    keys::PublicKey,
};
use http::{header::AUTHORIZATION, request::Parts};
use rand::{RngCore, rngs::OsRng};
use time::{Duration, OffsetDateTime};

use super::{Api, Problem};

const CHALLENGE_LIFE: Duration = Duration::minutes(1);
const SESSION_LIFE: Duration = Duration::minutes(15);
/// Open challenges; beyond, the oldest are dropped, so that nobody can fill the memory.
const MOST_CHALLENGES: usize = 10_000;
/// A refusal is said at most this often, so that nobody can fill the log.
const SAID_AGAIN: Duration = Duration::minutes(1);

/// Open challenges and sessions. Bearers are kept as hashes: looking one up compares hashes, so its time tells nothing.
#[derive(Debug, Default)]
pub struct Sessions {
    challenges: Mutex<HashMap<Hash, (String, OffsetDateTime)>>,
    open: Mutex<HashMap<Hash, Open>>,
    refusal_said: Mutex<Option<OffsetDateTime>>,
}

/// An open session.
#[derive(Debug, Clone)]
struct Open {
    handle: String,
    /// Opened it. A directory with another key for the member ends the session.
    device: PublicKey,
    ends: OffsetDateTime,
}

impl Sessions {
    fn challenge(&self, handle: String, now: OffsetDateTime) -> Hash {
        let mut nonce = Hash::default();
        OsRng.fill_bytes(&mut nonce.0);
        let mut challenges = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.retain(|_, (_, ends)| *ends > now);
        if challenges.len() >= MOST_CHALLENGES
            && let Some(oldest) =
                challenges.iter().min_by_key(|(_, (_, ends))| *ends).map(|(nonce, _)| *nonce)
        {
            challenges.remove(&oldest);
        }
        challenges.insert(nonce, (handle, now + CHALLENGE_LIFE));
        nonce
    }

    /// Takes a challenge away: each can be answered once.
    fn take_challenge(&self, nonce: &Hash, handle: &str, now: OffsetDateTime) -> bool {
        let mut challenges = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        challenges.remove(nonce).is_some_and(|(whose, ends)| whose == handle && ends > now)
    }

    fn open(&self, handle: String, device: PublicKey, now: OffsetDateTime) -> Session {
        let mut token = Hash::default();
        OsRng.fill_bytes(&mut token.0);
        let token = token.to_string();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.ends > now);
        open.insert(Hash::of(&[token.as_bytes()]), Open { handle, device, ends: now + SESSION_LIFE });
        Session { token, seconds: u32::try_from(SESSION_LIFE.whole_seconds()).unwrap_or(0) }
    }

    /// For the operator, and nothing of who it was.
    fn say_refused(&self, now: OffsetDateTime) {
        let mut said = self.refusal_said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|said| now - said >= SAID_AGAIN) {
            *said = Some(now);
            tracing::warn!(
                "a session was refused: whoever asked did not prove to be the member that they named"
            );
        }
    }

    fn find(&self, token: &str, now: OffsetDateTime) -> Option<Open> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&Hash::of(&[token.as_bytes()])).filter(|session| session.ends > now).cloned()
    }
}

/// Whoever asks, after the bearer was checked. Somebody who has left the directory, or whose device
/// key was replaced, has no session any more.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The member's handle.
    pub handle: String,
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Problem::Unauthorized)?;
        let session = api.sessions.find(token, api.clock.now()).ok_or(Problem::Unauthorized)?;
        let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
        let member = accepted.directory.member(&session.handle).ok_or(Problem::Unauthorized)?;
        if member.device != session.device {
            return Err(Problem::Unauthorized);
        }
        Ok(Self { handle: session.handle })
    }
}

pub(super) async fn challenge(
    State(api): State<Api>,
    request: Result<Json<ChallengeRequest>, JsonRejection>,
) -> Result<Json<Challenge>, Problem> {
    let Json(request) = request?;
    if request.handle.len() > 64 {
        return Err(Problem::Malformed("a handle has at most 64 bytes".to_owned()));
    }
    Ok(Json(Challenge { nonce: api.sessions.challenge(request.handle, api.clock.now()) }))
}

pub(super) async fn open(
    State(api): State<Api>,
    request: Result<Json<SessionRequest>, JsonRejection>,
) -> Result<Json<Session>, Problem> {
    let Json(request) = request?;
    let now = api.clock.now();
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    let fresh = api.sessions.take_challenge(&request.nonce, &request.handle, now);
    let SessionRequest { handle, nonce, signature } = &request;
    let instance = accepted.directory.instance;
    let proven = accepted
        .directory
        .member(handle)
        .map(|member| member.device)
        .filter(|device| is_session_signed(device, instance, handle, nonce, signature));
    let Some(device) = proven.filter(|_| fresh) else {
        api.sessions.say_refused(now);
        return Err(Problem::Unauthorized);
    };
    Ok(Json(api.sessions.open(request.handle, device, now)))
}
