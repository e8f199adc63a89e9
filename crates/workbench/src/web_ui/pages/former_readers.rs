//! Cases that former readers can still open, new keys for one of them or for all, and new keys that
//! wait for an approval.

use askama::Template;
use axum::response::{IntoResponse, Response};
use protocol::api::workbench::FormerReader;
use rand::rngs::OsRng;
use uuid::Uuid;

use crate::{
    case::view::serde_word,
    former_readers::{ExposedCase, KeyRotationResult},
    web_ui::{
        error_page::PageError,
        error_text::{ErrorText, ToErrorText as _},
        extract::SignedInSession,
        forms::FormInput,
        layout::{NavSection, PageFrame, render_ok},
    },
};

/// Maximum number of key rotations in one request. Each one opens its case, and the member waits.
const MAX_ROTATIONS: usize = 100;

#[derive(Template)]
#[template(path = "former-readers.html")]
struct FormerReadersTemplate {
    frame: PageFrame,
    cases: Vec<ExposedCaseRow>,
    /// The number of cases for which this member can make new keys.
    rotatable: usize,
    /// The cases with new keys that wait for this member: id, date, and the member who proposed.
    to_approve: Vec<(Uuid, String, String)>,
    /// The cases for which it just failed, and why.
    failed: Vec<(Uuid, ErrorText)>,
}

struct ExposedCaseRow {
    id: Uuid,
    stage: String,
    filed: String,
    /// Handles of former readers, with the reason.
    readers: Vec<(String, String)>,
    /// Why this member cannot make new keys for it.
    refused: Option<String>,
}

pub(super) async fn show(session: SignedInSession) -> Result<Response, PageError> {
    Ok(render_ok(&former_readers_page(&session, Vec::new()).await?))
}

/// Proposes new keys for the chosen case, or for up to [`MAX_ROTATIONS`] cases. With the field
/// `approve`, approves those that colleagues proposed instead.
pub(super) async fn post_keys(
    mut session: SignedInSession,
    form: FormInput,
) -> Result<Response, PageError> {
    if form.has("approve") {
        let waiting = session.connection().rotations_to_approve().await?;
        let chosen: Vec<Uuid> =
            waiting.iter().map(|proposed| proposed.case).take(MAX_ROTATIONS).collect();
        let results = session.connection_mut().approve_all(chosen).await?;
        return finish(&session, results, "renewed").await;
    }
    let chosen: Vec<Uuid> = if let Some(case) = form.non_empty("case") {
        vec![case.parse().map_err(|_| PageError::not_found())?]
    } else {
        let all = session.connection().former_readers().await?;
        all.iter()
            .filter(|case| case.refused.is_none())
            .map(|case| case.case)
            .take(MAX_ROTATIONS)
            .collect()
    };
    let results = session.connection_mut().propose_all(chosen, &mut OsRng).await?;
    finish(&session, results, "proposed-keys").await
}

/// Redirects if all succeeded, and otherwise returns the page with the reasons.
async fn finish(
    session: &SignedInSession,
    results: Vec<KeyRotationResult>,
    done: &str,
) -> Result<Response, PageError> {
    let refused = |entry: KeyRotationResult| Some((entry.case, entry.result.err()?.error_text()));
    let failed: Vec<_> = results.into_iter().filter_map(refused).collect();
    if failed.is_empty() {
        let request = &session.request;
        return Ok(request.redirect_with_flash("/administration/former", done).into_response());
    }
    Ok(render_ok(&former_readers_page(session, failed).await?))
}

async fn former_readers_page(
    session: &SignedInSession,
    failed: Vec<(Uuid, ErrorText)>,
) -> Result<FormerReadersTemplate, PageError> {
    let cases: Vec<ExposedCase> = session.connection().former_readers().await?;
    let waiting = session.connection().rotations_to_approve().await?;
    let frame = session.frame("administration-title", NavSection::Administration);
    let possible = cases.iter().filter(|case| case.refused.is_none()).count();
    let reader = |reader: &FormerReader| {
        (reader.handle.clone(), frame.t_variant("former", &serde_word(&reader.reason)))
    };
    let cases = cases.iter().map(|case| ExposedCaseRow {
        id: case.case,
        stage: frame.t_variant("stage", &case.stage),
        filed: frame.format_date(case.filed),
        readers: case.readers.iter().map(reader).collect(),
        refused: case.rule.map(|rule| match rule {
            "undeclared" => frame.t("former-declare"),
            _ if case.proposed => frame.t("former-proposed"),
            "pending" => frame.t("former-pending"),
            "stage" => frame.t("former-closed"),
            _ => frame.t("former-others"),
        }),
    });
    let cases = cases.collect();
    let to_approve = waiting
        .into_iter()
        .map(|proposed| (proposed.case, frame.format_date(proposed.filed), proposed.by))
        .collect();
    Ok(FormerReadersTemplate { cases, rotatable: possible, to_approve, failed, frame })
}
