//! The quick exit: a redirect to an ordinary page. Our own pages contain no foreign URL.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{Pages, visit::end_earlier_visits};
use crate::visits::VisitState;

pub(super) async fn quick_exit(State(pages): State<Arc<Pages>>) -> Response {
    Redirect::to(&pages.branding.quick_exit_url).into_response()
}

/// Deletes the fields of the visit and of those before it. From then on, their URLs redirect to the
/// ordinary page too.
pub(super) async fn quick_exit_visit(
    State(pages): State<Arc<Pages>>,
    Path(visit): Path<String>,
) -> Response {
    match pages.find_visit(&visit) {
        Some(VisitState::Writing(_)) => end_earlier_visits(&pages, visit, &VisitState::Left),
        Some(_) => drop(pages.save_visit(&visit, &VisitState::Left)),
        None => {}
    }
    Redirect::to(&pages.branding.quick_exit_url).into_response()
}
