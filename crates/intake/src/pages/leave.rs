//! Leave quickly: away to an ordinary page. Our own pages hold no address but our own.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::Pages;
use crate::visits::Visit;

pub(super) async fn leave(State(pages): State<Arc<Pages>>) -> Response {
    Redirect::to(&pages.branding.leave_url).into_response()
}

/// What was typed is forgotten, and the addresses of the visit lead away too from now on.
pub(super) async fn leave_visit(State(pages): State<Arc<Pages>>, Path(visit): Path<String>) -> Response {
    if pages.visit(&visit).is_some() {
        pages.keep_visit(&visit, &Visit::Left);
    }
    Redirect::to(&pages.branding.leave_url).into_response()
}
