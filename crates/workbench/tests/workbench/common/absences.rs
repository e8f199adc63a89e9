//! Who is away, at the case handler in memory.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use envelope::desk_api::{Absence, Problem};

use super::handler::api::{App, bearer};

pub(crate) async fn list(
    State((shelf, _)): App,
    headers: HeaderMap,
) -> Result<Json<Vec<Absence>>, (StatusCode, Json<Problem>)> {
    bearer(&headers)?;
    let away = shelf.lock().unwrap().away.clone().into_iter();
    Ok(Json(away.map(|(member, until)| Absence { member, until: Some(until) }).collect()))
}

pub(crate) async fn set(
    State((shelf, _)): App,
    Json(Absence { member, until }): Json<Absence>,
) -> StatusCode {
    let away = &mut shelf.lock().unwrap().away;
    match until {
        Some(until) => away.insert(member, until),
        None => away.remove(&member),
    };
    StatusCode::NO_CONTENT
}
