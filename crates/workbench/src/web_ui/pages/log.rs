//! The log: its verification, and an export that can be verified elsewhere.

use askama::Template;
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;

use super::{
    case_attachments::download,
    case_header::{AlertView, alert_view},
};
use crate::{
    alert::has_alarm,
    audit::fetch::AuditStart,
    l10n::dates,
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
    events: u64,
    cases: usize,
    /// The root of the tree of the log.
    root: Option<String>,
    /// Since when the oversight body has countersigned it.
    countersigned: Option<String>,
    alarms: Vec<AlertView>,
}

pub(super) async fn show(session: SignedInSession) -> Response {
    render_ok(&log_page(&session, None))
}

/// Fetches and verifies the log.
pub(super) async fn verify(mut session: SignedInSession) -> Result<Response, PageError> {
    let audit = session.connection_mut().audit_log(AuditStart::Resume).await?;
    let frame = session.frame("administration-title", NavSection::Administration);
    let result = VerificationSummary {
        ok: !has_alarm(&audit.alarms),
        events: audit.events,
        cases: audit.cases,
        root: audit.checkpoint.as_ref().map(|checkpoint| checkpoint.root.to_string()),
        countersigned: audit.checkpoint.and_then(|checkpoint| {
            let time = i64::try_from(checkpoint.countersigned?).ok()?;
            let day = OffsetDateTime::from_unix_timestamp(time).ok()?.date();
            Some(dates::format_date(frame.catalog(), day))
        }),
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
