//! Closing an unreadable case, from its error page.

use axum::{extract::Path, response::Response};
use uuid::Uuid;

use crate::{
    actions::DecisionOutcome,
    web_ui::{error_page::PageError, extract::SignedInSession},
};

/// Proposes to close the case, or approves the proposal of a colleague. Redirects to the queue,
/// because the case has nothing to show.
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
