//! What happened in a case, event by signed event.

use askama::Template;
use axum::{extract::Path, response::Response};
use uuid::Uuid;

use super::case_header::{CaseHeader, CasePageContext};
use crate::{
    l10n::timeline::{TimelineEntry, build_timeline},
    web_ui::{
        error_page::PageError,
        extract::{PageFrame, SignedInSession, show as laid_out},
    },
};

#[derive(Template)]
#[template(path = "timeline.html")]
struct CaseTimelineTemplate {
    frame: PageFrame,
    head: CaseHeader,
    moves: Vec<TimelineEntry>,
}

pub(super) async fn show(
    mut at: SignedInSession,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, PageError> {
    let case = at.open_declared_case(id).await?;
    let CasePageContext { frame, head, .. } = CasePageContext::new(&at, &case, "timeline");
    let moves = build_timeline(&frame, &case.events);
    Ok(laid_out(&CaseTimelineTemplate { frame, head, moves }))
}
