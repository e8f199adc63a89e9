//! The timeline of a case: its signed events.

use askama::Template;
use axum::{extract::Path, response::Response};
use uuid::Uuid;

use super::case_header::{CaseHeader, CasePageContext};
use crate::{
    l10n::timeline::{TimelineEntry, build_timeline},
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        layout::{PageFrame, render_ok},
    },
};

#[derive(Template)]
#[template(path = "case-timeline.html")]
struct CaseTimelineTemplate {
    frame: PageFrame,
    head: CaseHeader,
    entries: Vec<TimelineEntry>,
}

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    let CasePageContext { frame, head, .. } = CasePageContext::new(&session, &case, "timeline");
    let entries = build_timeline(&frame, &case.events);
    Ok(render_ok(&CaseTimelineTemplate { frame, head, entries }))
}
