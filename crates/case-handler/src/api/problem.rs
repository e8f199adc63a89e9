//! Errors, as problem details (RFC 9457). What went wrong inside goes to the log, never out.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use protocol::{
    api::workbench::{PROBLEM_CONTENT_TYPE, PURGED_PROBLEM, ProblemDetails as Body},
    case::RuleViolation,
};

use super::absence;
use crate::{
    directory_cache::PublishError, event_log::LogError, store::StoreError, trusted_date::ClockError,
};

/// What a caller is told.
#[derive(Debug, thiserror::Error)]
pub enum ApiProblem {
    /// No session, or it has ended.
    #[error("sign in again: there is no session, or it has ended")]
    Unauthorized,
    /// Not there, or not for this member: the two look alike.
    #[error("there is no such case or part")]
    NotFound,
    /// The case was purged; its events can still be read.
    #[error("the case was purged: only its events are left")]
    Purged,
    /// There is such a call, but not with this method.
    #[error("this call takes another method")]
    MethodNotAllowed,
    /// Only for the outside body.
    #[error("only the outside body may read the whole log")]
    OversightOnly,
    /// No directory has been published yet.
    #[error("no directory has been published yet")]
    NoDirectory,
    /// The request is malformed.
    #[error("{0}")]
    Malformed(String),
    /// Somebody else acted first.
    #[error("{0}")]
    Stale(String),
    /// The handler's own clock is not believed.
    #[error("the case handler's clock has leapt: nothing is decided until its operator has looked")]
    Clock,
    /// The handler's day moved ahead at its start.
    #[error(
        "the case handler's day has just moved ahead: nothing is purged for some minutes, or until its operator has looked. Try \
         again then"
    )]
    ClockSettling,
    /// A rule forbids it.
    #[error("{0}")]
    RuleMessage(String),
    /// A rule of the life of cases forbids it.
    #[error("{0}")]
    RuleViolated(RuleViolation),
    /// Nobody is said to be away like this.
    #[error("{0}")]
    Absence(absence::AbsenceError),
    /// Nothing is written until the log has been found whole, and that takes long.
    #[error(
        "the case handler has just started and is checking its log; nothing was changed. Try again in a minute"
    )]
    LogCheckRunning,
    /// The request did not come whole in time, or its answer took too long.
    #[error(
        "the request took longer than a minute; if it was sent whole, look whether it was done, and try again"
    )]
    Timeout,
    /// Something failed here.
    #[error("the case handler failed; nothing was changed. Try again")]
    Internal,
}

impl ApiProblem {
    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::Purged => (StatusCode::GONE, PURGED_PROBLEM),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::OversightOnly => (StatusCode::FORBIDDEN, "oversight-only"),
            Self::NoDirectory => (StatusCode::SERVICE_UNAVAILABLE, "no-directory"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::Stale(_) => (StatusCode::CONFLICT, "stale"),
            Self::RuleMessage(_) | Self::RuleViolated(_) | Self::Absence(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "rule")
            }
            Self::LogCheckRunning => (StatusCode::SERVICE_UNAVAILABLE, "checking"),
            Self::Clock | Self::ClockSettling => (StatusCode::SERVICE_UNAVAILABLE, "clock"),
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, "late"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let (status, kind) = self.parts();
        let rule = match &self {
            Self::RuleViolated(refusal) => Some(refusal.code().to_owned()),
            Self::Absence(refused) => Some(refused.code().to_owned()),
            _ => None,
        };
        let body =
            Body { kind: kind.to_owned(), title: self.to_string(), status: status.as_u16(), rule };
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_CONTENT_TYPE));
        response
    }
}

impl From<StoreError> for ApiProblem {
    fn from(error: StoreError) -> Self {
        if let StoreError::LogCheckRunning = error {
            return Self::LogCheckRunning;
        }
        tracing::error!("{error}");
        Self::Internal
    }
}

impl From<ClockError> for ApiProblem {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::ClockJump { .. } => Self::Clock,
            ClockError::Settling { .. } | ClockError::Disputed { .. } => Self::ClockSettling,
            ClockError::Store(error) => error.into(),
        }
    }
}

impl From<RuleViolation> for ApiProblem {
    fn from(refusal: RuleViolation) -> Self {
        match refusal {
            RuleViolation::Stale { .. } => Self::Stale(refusal.to_string()),
            _ => Self::RuleViolated(refusal),
        }
    }
}

impl From<LogError> for ApiProblem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::RuleViolated(refusal) => refusal.into(),
            LogError::Store(error) => error.into(),
        }
    }
}

impl From<PublishError> for ApiProblem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Malformed => Self::Malformed(error.to_string()),
            PublishError::Rejected(refused) => Self::RuleMessage(refused.to_string()),
            PublishError::Store(error) => error.into(),
        }
    }
}

impl From<JsonRejection> for ApiProblem {
    fn from(_: JsonRejection) -> Self {
        Self::Malformed("the body is not the JSON that this call takes".to_owned())
    }
}

/// What is no id is no case's id.
impl From<PathRejection> for ApiProblem {
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}
