//! Cases that former readers can still open, and new keys for one of them or for all.

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
    /// The cases whose key rotation just failed, and why.
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
    let cases = session.connection().former_readers().await?;
    Ok(render_ok(&former_readers_page(&session, &cases, Vec::new())))
}

/// Makes new keys for the chosen case, or for up to [`MAX_ROTATIONS`] cases.
pub(super) async fn rotate_keys(
    mut session: SignedInSession,
    form: FormInput,
) -> Result<Response, PageError> {
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
    let renewals = session.connection_mut().rotate_all(chosen, &mut OsRng).await?;
    let refused =
        |renewal: KeyRotationResult| Some((renewal.case, renewal.result.err()?.error_text()));
    let failed: Vec<_> = renewals.into_iter().filter_map(refused).collect();
    if failed.is_empty() {
        return Ok(session
            .request
            .redirect_with_flash("/administration/former", "renewed")
            .into_response());
    }
    let cases = session.connection().former_readers().await?;
    Ok(render_ok(&former_readers_page(&session, &cases, failed)))
}

fn former_readers_page(
    session: &SignedInSession,
    cases: &[ExposedCase],
    failed: Vec<(Uuid, ErrorText)>,
) -> FormerReadersTemplate {
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
            "stage" => frame.t("former-closed"),
            _ => frame.t("former-others"),
        }),
    });
    FormerReadersTemplate { cases: cases.collect(), rotatable: possible, failed, frame }
}
