//! The workbench API: see [`envelope::desk_api`] for the calls. One file for each thing that is asked for.

pub mod absence;
mod cases;
mod connections;
mod directory;
mod events;
mod problem;
mod sessions;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use ed25519_dalek::SigningKey;
use envelope::life::Calendar;
use web::Clock;

pub use connections::Bounded;
pub use problem::Problem;
pub use sessions::Sessions;

use crate::{current::Current, store::Store, today::Today};

/// What the handlers of the API share.
#[derive(Clone)]
pub struct Api {
    /// The database.
    pub store: Arc<Store>,
    /// Who is who.
    pub current: Arc<Current>,
    /// Signs the handler's events.
    pub log_key: Arc<SigningKey>,
    /// Challenges and bearers, in memory only.
    pub sessions: Arc<Sessions>,
    /// The day, if the clock can be believed.
    pub today: Today,
    /// Working days.
    pub calendar: Calendar,
    /// The time.
    pub clock: Clock,
}

/// An event brings at most a few kilobytes for each generation of which it brings a grant.
const MAX_BODY: usize = 1024 * 1024;

/// How long a request may take until its answer begins.
const REQUEST_TIME: Duration = Duration::from_mins(1);

/// All routes.
pub fn routes(api: Api) -> Router {
    let routes = Router::new()
        .route("/health", get(directory::health))
        .route("/v1/challenge", post(sessions::challenge))
        .route("/v1/session", post(sessions::open))
        .route(
            "/v1/directory",
            get(directory::newest)
                .put(directory::publish)
                .layer(DefaultBodyLimit::max(directory::MAX_SIGNED)),
        )
        .route("/v1/directories", get(directory::all))
        .route("/v1/cases", get(cases::list))
        .route("/v1/cases/{id}", get(cases::file))
        .route("/v1/cases/{id}/parts/{part}", get(cases::part))
        .route("/v1/cases/{id}/log", get(cases::log))
        .route("/v1/cases/{id}/events", post(events::add))
        .route("/v1/former-readers", get(cases::former_readers))
        .route("/v1/absence", get(absence::list).put(absence::set))
        .route("/v1/cases/{id}/routing", get(absence::routing))
        .route("/v1/log", get(directory::log))
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::Method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(in_time))
        .with_state(api);
    web::panics::catch(routes, || Problem::Internal)
}

/// Ends a request that has not come whole and been answered in time, so that one that drips holds nothing for long.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::Late.into_response(),
    }
}
