//! The log: its verification, and an export that can be verified elsewhere.

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
        extract::SignedInSession,
        layout::{NavSection, PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "log.html")]
struct LogTemplate {
    frame: PageFrame,
    /// Whether this member sees the whole log.
    whole: bool,
    result: Option<VerificationSummary>,
}

/// The result of a verification.
struct VerificationSummary {
    ok: bool,
    entries: usize,
    cases: usize,
    /// The last link of the whole log.
    head: Option<String>,
    alarms: Vec<AlertView>,
}

pub(super) async fn show(session: SignedInSession) -> Response {
    render_ok(&log_page(&session, None))
}

/// Fetches and verifies the log.
pub(super) async fn verify(mut session: SignedInSession) -> Result<Response, PageError> {
    let export = session.connection().export_log().await?;
    let mut audit = session.connection_mut().audit_log(&export)?;
    let followed = session.connection_mut().follow_transparency_log().await?;
    audit.alarms.extend(followed.alarm.into_iter().chain(followed.restarted));
    let frame = session.frame("administration-title", NavSection::Administration);
    let result = VerificationSummary {
        ok: !has_alarm(&audit.alarms),
        entries: usize::try_from(audit.entries).unwrap_or(usize::MAX),
        cases: audit.cases.len(),
        head: export.whole.then(|| audit.head.to_string()),
        alarms: audit.alarms.iter().map(|alarm| alert_view(&frame, alarm)).collect(),
    };
    Ok(render_ok(&log_page(&session, Some(result))))
}

/// Returns the log as a file, with everything that its verification needs except the pinned root
/// keys.
pub(super) async fn save(session: SignedInSession) -> Result<Response, PageError> {
    let export = session.connection().export_log().await?;
    let name = format!("burkindi-log-{}.json", export.exported);
    Ok(download(&name, to_pretty_json(&export)).into_response())
}

fn log_page(session: &SignedInSession, result: Option<VerificationSummary>) -> LogTemplate {
    let frame = session.frame("administration-title", NavSection::Administration);
    LogTemplate { frame, whole: session.connection().is_oversight(), result }
}
