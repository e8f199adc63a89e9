//! Errors as problem details (RFC 9457). Internal causes go to the log only.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use protocol::{
    api::workbench::{
        DAMAGED_PART_PROBLEM, PROBLEM_CONTENT_TYPE, PURGED_PROBLEM, ProblemDetails as Body,
    },
    case::RuleViolation,
};

use super::absence;
use crate::{
    checkpoints::LogTreeError, directory_cache::PublishError, event_log::LogError,
    store::StoreError, trusted_date::ClockError,
};

/// An error that the client receives.
#[derive(Debug, thiserror::Error)]
pub enum ApiProblem {
    /// The session is missing or has expired.
    #[error("session missing or expired")]
    Unauthorized,
    /// The case or part does not exist, or the member may not see it. The client cannot distinguish
    /// the two.
    #[error("case or part not found")]
    NotFound,
    /// The case was purged. Its events can still be read.
    #[error("case has been purged")]
    Purged,
    /// The stored bytes of the part are missing or altered.
    #[error("stored part damaged (the operator must restore a backup)")]
    DamagedPart,
    /// The path exists, but not with this method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The call is for the oversight body only.
    #[error("only the oversight body may read the full log")]
    OversightOnly,
    /// No directory has been published yet.
    #[error("no directory published")]
    NoDirectory,
    /// The request is malformed.
    #[error("{0}")]
    Malformed(String),
    /// Another member acted first.
    #[error("{0}")]
    Stale(String),
    /// The clock of the case handler is implausible.
    #[error("case handler paused: clock out of range (contact the operator)")]
    Clock,
    /// The date moved ahead at the start of the case handler.
    #[error(
        "case handler paused: the date has just moved ahead, and purges wait for some minutes or for the operator; retry \
         then"
    )]
    ClockSettling,
    /// A rule forbids it.
    #[error("{0}")]
    RuleMessage(String),
    /// A rule of the case lifecycle forbids it.
    #[error("{0}")]
    RuleViolated(RuleViolation),
    /// The absence is rejected.
    #[error("{0}")]
    Absence(absence::AbsenceError),
    /// The log verification has not finished, and nothing is written before.
    #[error("case handler is starting (verifying the log); retry in a minute")]
    LogCheckRunning,
    /// The request was not received in time, or its response took too long.
    #[error("request timeout; check whether the request took effect, then retry")]
    Timeout,
    /// The case handler failed.
    #[error("internal error; check whether the request took effect, then retry")]
    Internal,
}

impl ApiProblem {
    fn parts(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::Purged => (StatusCode::GONE, PURGED_PROBLEM),
            Self::DamagedPart => (StatusCode::INTERNAL_SERVER_ERROR, DAMAGED_PART_PROBLEM),
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
            Self::RuleViolated(violation) => Some(violation.code().to_owned()),
            Self::Absence(rejection) => Some(rejection.code().to_owned()),
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
        match error {
            StoreError::DamagedPart(_) => Self::DamagedPart,
            _ => Self::Internal,
        }
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
    fn from(violation: RuleViolation) -> Self {
        match violation {
            RuleViolation::Stale { .. } => Self::Stale(violation.to_string()),
            _ => Self::RuleViolated(violation),
        }
    }
}

impl From<LogError> for ApiProblem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::RuleViolated(violation) => violation.into(),
            LogError::Store(error) => error.into(),
        }
    }
}

impl From<LogTreeError> for ApiProblem {
    fn from(error: LogTreeError) -> Self {
        match error {
            LogTreeError::Store(error) => error.into(),
            error => {
                tracing::error!("{error}");
                Self::Internal
            }
        }
    }
}

impl From<PublishError> for ApiProblem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Malformed => Self::Malformed(error.to_string()),
            PublishError::Rejected(_) | PublishError::EarlierLog { .. } => {
                Self::RuleMessage(error.to_string())
            }
            PublishError::Store(error) => error.into(),
        }
    }
}

impl From<JsonRejection> for ApiProblem {
    fn from(_: JsonRejection) -> Self {
        Self::Malformed("invalid JSON body".to_owned())
    }
}

/// An invalid id is the id of no case.
impl From<PathRejection> for ApiProblem {
    fn from(_: PathRejection) -> Self {
        Self::NotFound
    }
}
