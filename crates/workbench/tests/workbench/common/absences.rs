//! Absences in the fake case handler.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use protocol::api::workbench::{Absence, ProblemDetails};

use super::fake_handler::api::{FakeHandlerState, bearer};

pub(crate) async fn list(
    State((store, _)): FakeHandlerState,
    headers: HeaderMap,
) -> Result<Json<Vec<Absence>>, (StatusCode, Json<ProblemDetails>)> {
    bearer(&headers)?;
    let away = store.lock().unwrap().absences.clone().into_iter();
    Ok(Json(away.map(|(member, until)| Absence { member, until: Some(until) }).collect()))
}

pub(crate) async fn set(
    State((store, _)): FakeHandlerState,
    Json(Absence { member, until }): Json<Absence>,
) -> StatusCode {
    let away = &mut store.lock().unwrap().absences;
    match until {
        Some(until) => away.insert(member, until),
        None => away.remove(&member),
    };
    StatusCode::NO_CONTENT
}
