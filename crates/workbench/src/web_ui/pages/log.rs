//! The log: going through it, and a copy of it that can be verified elsewhere.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::{
    case_attachments::download,
    case_header::{AlertView, alert_view},
};
use crate::{
    alert::has_alarm,
    private_files::to_pretty_json,
    web_ui::{
        error_page::PageError,
        extract::{NavSection, PageFrame, SignedInSession, show as laid_out},
    },
};

#[derive(Template)]
#[template(path = "log.html")]
struct LogTemplate {
    frame: PageFrame,
    /// Does this person see all of it?
    whole: bool,
    result: Option<VerificationSummary>,
}

/// What came out.
struct VerificationSummary {
    ok: bool,
    entries: usize,
    cases: usize,
    /// The end of the whole log.
    head: Option<String>,
    alarms: Vec<AlertView>,
}

pub(super) async fn show(at: SignedInSession) -> Response {
    laid_out(&log_page(&at, None))
}

/// Fetches it and goes through all of it.
pub(super) async fn verify(mut at: SignedInSession) -> Result<Response, PageError> {
    let export = at.connection().export_log().await?;
    let audit = at.connection_mut().audit_log(&export)?;
    let frame = at.frame("administration-title", NavSection::Administration);
    let result = VerificationSummary {
        ok: !has_alarm(&audit.alarms),
        entries: usize::try_from(audit.entries).unwrap_or(usize::MAX),
        cases: audit.cases.len(),
        head: export.whole.then(|| audit.head.to_string()),
        alarms: audit.alarms.iter().map(|alarm| alert_view(&frame, alarm)).collect(),
    };
    Ok(laid_out(&log_page(&at, Some(result))))
}

/// The log as a file, with everything that is needed to verify it but the pinned root keys.
pub(super) async fn save(at: SignedInSession) -> Result<Response, PageError> {
    let export = at.connection().export_log().await?;
    let name = format!("burkindi-log-{}.json", export.exported);
    Ok(download(&name, to_pretty_json(&export)).into_response())
}

fn log_page(at: &SignedInSession, result: Option<VerificationSummary>) -> LogTemplate {
    let frame = at.frame("administration-title", NavSection::Administration);
    LogTemplate { frame, whole: at.connection().is_oversight(), result }
}
