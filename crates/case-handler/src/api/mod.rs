//! The workbench API. [`protocol::api::workbench`] describes the calls. Each file handles one
//! resource.

pub mod absence;
mod audit_log;
mod cases;
mod checkpoints;
mod connections;
mod directory;
mod events;
mod problem;
mod rotations;
mod sessions;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use protocol::case::Calendar;
use web::Clock;

pub use connections::LimitedAcceptor;
pub use problem::ApiProblem;
pub use sessions::SessionRegistry;

use crate::{
    directory_cache::DirectoryCache, keys::LogKeys, store::CaseStore,
    trusted_date::TrustedDateSource,
};

/// State that all request handlers of the API share.
#[derive(Clone)]
pub struct ApiState {
    /// The store.
    pub store: Arc<CaseStore>,
    /// The directories.
    pub directories: Arc<DirectoryCache>,
    /// Key that signs the case handler's events.
    pub log_keys: Arc<LogKeys>,
    /// Challenges and session tokens, in memory only.
    pub sessions: Arc<SessionRegistry>,
    /// The current date, checked for clock jumps.
    pub trusted_date: TrustedDateSource,
    /// Weekend and holidays.
    pub calendar: Calendar,
    /// The system clock.
    pub clock: Clock,
}

/// Maximum size of a request body, in bytes. An event has at most a few kilobytes for each
/// generation of which it contains a grant.
const MAX_BODY_LEN: usize = 1024 * 1024;

/// Maximum time until the response begins.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Returns the router with all routes.
pub fn routes(api: ApiState) -> Router {
    let routes = Router::new()
        .route("/health", get(directory::health))
        .route("/v1/challenge", post(sessions::request_challenge))
        .route("/v1/session", post(sessions::open_session))
        .route(
            "/v1/directory",
            get(directory::latest_directory)
                .put(directory::publish_directory)
                .layer(DefaultBodyLimit::max(directory::MAX_SIGNED_DIRECTORY_LEN)),
        )
        .route("/v1/directories", get(directory::list_directories))
        .route("/v1/cases", get(cases::list_cases))
        .route("/v1/cases/{id}", get(cases::case_detail))
        .route("/v1/cases/{id}/parts/{part}", get(cases::download_part))
        .route("/v1/cases/{id}/log", get(cases::case_log))
        .route("/v1/cases/{id}/events", post(events::add_event))
        .route("/v1/cases/{id}/confirmations", post(rotations::add_confirmation))
        .route("/v1/former-readers", get(cases::former_readers))
        .route("/v1/absence", get(absence::list_absences).put(absence::set_absence))
        .route("/v1/cases/{id}/routing", get(absence::list_candidates))
        .route("/v1/log", get(audit_log::audit_log))
        .route("/v1/checkpoint", get(checkpoints::newest_checkpoint))
        .route("/v1/cosignatures", post(checkpoints::add_cosignature))
        .fallback(async || ApiProblem::NotFound)
        .method_not_allowed_fallback(async || ApiProblem::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_LEN))
        .layer(from_fn(with_timeout))
        .with_state(api);
    web::catch_panic::catch_panics(routes, || ApiProblem::Internal)
}

/// Ends a request that was not received and answered in time, so that a slow client does not occupy
/// resources for long.
async fn with_timeout(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiProblem::Timeout.into_response(),
    }
}
