//! The overview of a case: facts, story, files, and how exposed the reporter is.

use askama::Template;
use axum::{extract::Path, response::Response};
use uuid::Uuid;

use super::case_header::{CaseHeader, CasePageContext};
use crate::{
    case::{queue::ShownContent, risk::RiskLevel, view::CaseView},
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        layout::{PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "case-overview.html")]
struct CaseOverviewTemplate {
    frame: PageFrame,
    head: CaseHeader,
    view: CaseView,
}

impl CaseOverviewTemplate {
    /// Returns how exposed the reporter is according to the answers, as the last part of a key.
    fn exposure_level(&self) -> &'static str {
        let signs = self.view.report.as_ref().map(|report| &report.exposure_signals);
        match signs.and_then(|signs| signs.first()).map(|sign| sign.level) {
            Some(RiskLevel::High) => "high",
            Some(RiskLevel::Raised) => "raised",
            Some(RiskLevel::Low) => "low",
            None => "unknown",
        }
    }
}

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    session.connection_mut().mark_seen(&case, ShownContent::Report)?;
    let CasePageContext { frame, head, view } = CasePageContext::new(&session, &case, "story");
    Ok(render_ok(&CaseOverviewTemplate { frame, head, view }))
}
