//! New keys of a case that a colleague proposed: who reads on, who is left out, and the approval.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use protocol::case::ActionKind;
use uuid::Uuid;

use crate::{
    actions::{ActionError, RotationReaders},
    case::VerifiedCase,
    web_ui::{
        error_page::PageError,
        error_text::{ErrorText, ToErrorText as _},
        extract::SignedInSession,
        forms::FormInput,
        layout::{NavSection, PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "rotation.html")]
struct RotationTemplate {
    frame: PageFrame,
    id: Uuid,
    shown_event_count: u32,
    by: String,
    readers: RotationReaders,
    /// Whether the oversight body can read the case.
    released: bool,
    /// Whether this member can approve the new keys.
    can_approve: bool,
    /// Why the approval failed.
    failed: Option<ErrorText>,
}

type RotationPath = Path<(String, Uuid)>;

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): RotationPath,
) -> Result<Response, PageError> {
    let case = session.connection_mut().read_case_to_approve(id).await?;
    Ok(render_ok(&rotation_page(&session, &case, None)?))
}

/// Checks and approves the new keys.
pub(super) async fn approve(
    mut session: SignedInSession,
    Path((_, id)): RotationPath,
    form: FormInput,
) -> Result<Response, PageError> {
    let mut case = session.connection_mut().read_case_to_approve(id).await?;
    case.check_version(form.shown_event_count())?;
    match session.connection_mut().approve_rotation(&mut case).await {
        Ok(_) => Ok(session
            .request
            .redirect_with_flash("/administration/former", "renewed")
            .into_response()),
        Err(
            error @ (ActionError::Rotation(_)
            | ActionError::Refused(_)
            | ActionError::UnresolvedAlerts
            | ActionError::MissingNewestGrant(_)),
        ) => Ok(render_ok(&rotation_page(&session, &case, Some(error.error_text()))?)),
        Err(error) => Err(error.into()),
    }
}

fn rotation_page(
    session: &SignedInSession,
    case: &VerifiedCase,
    failed: Option<ErrorText>,
) -> Result<RotationTemplate, PageError> {
    let connection = session.connection();
    let readers = connection.proposed_rotation_readers(case).ok_or_else(PageError::not_found)?;
    let state = case.state.as_ref().ok_or_else(PageError::not_found)?;
    let pending = state.pending_rotation.as_ref().ok_or_else(PageError::not_found)?;
    Ok(RotationTemplate {
        frame: session.frame("administration-title", NavSection::Administration),
        id: case.id(),
        shown_event_count: state.next_seq,
        by: pending.by.clone(),
        readers,
        released: state.released.is_some(),
        can_approve: connection.dry_run(case, ActionKind::ApproveRotation).is_ok(),
        failed,
    })
}
