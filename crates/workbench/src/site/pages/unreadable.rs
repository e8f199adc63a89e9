//! Closing a case that came unreadable, from the page that says so.

use axum::{extract::Path, response::Response};
use uuid::Uuid;

use crate::{
    acting::ClosedAs,
    site::{frame::AtWork, trouble::Trouble},
};

/// Proposes to close it, or approves what a colleague proposed. Returns to the queue, because there is nothing of the case to show.
pub(super) async fn close(mut at: AtWork, Path((_, id)): Path<(String, Uuid)>) -> Result<Response, Trouble> {
    let done = match at.connection_mut().close_unreadable(id).await? {
        ClosedAs::Proposed => "proposed",
        ClosedAs::Approved => "unreadable",
    };
    Ok(at.visit.on("/queue/mine", done))
}
