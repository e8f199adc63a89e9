//! Leave quickly: away to an ordinary page. Our own pages hold no address but our own.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use super::Pages;

pub(super) async fn leave(State(pages): State<Arc<Pages>>) -> Response {
    Redirect::to(&pages.branding.leave_url).into_response()
}
