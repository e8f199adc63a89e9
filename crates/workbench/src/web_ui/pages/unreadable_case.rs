//! Closing a case that came unreadable, from the page that says so.

use axum::{extract::Path, response::Response};
use uuid::Uuid;

use crate::{
    actions::DecisionOutcome,
    web_ui::{error_page::PageError, extract::SignedInSession},
};

/// Proposes to close it, or approves what a colleague proposed. Returns to the queue, because there
/// is nothing of the case to show.
pub(super) async fn close_unreadable(
    mut session: SignedInSession,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, PageError> {
    let done = match session.connection_mut().close_unreadable(id).await? {
        DecisionOutcome::Proposed => "proposed",
        DecisionOutcome::Approved => "unreadable",
    };
    Ok(session.request.redirect_with_flash("/queue/mine", done))
}
