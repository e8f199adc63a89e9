//! The members to whom a case would be suggested now, and why.

use askama::Template;
use axum::{extract::Path, response::Response};
use protocol::api::workbench::AssigneeCandidate;
use uuid::Uuid;

use super::case_header::{CaseHeader, CasePageContext};
use crate::web_ui::{
    error_page::PageError,
    extract::SignedInSession,
    layout::{PageFrame, render_ok},
};

#[derive(Template)]
#[template(path = "assignment.html")]
struct AssignmentTemplate {
    frame: PageFrame,
    head: CaseHeader,
    candidates: Vec<CandidateRow>,
}

struct CandidateRow {
    member: String,
    available: String,
    reads_language: String,
    load: u32,
    tie_breaker: u16,
}

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): Path<(String, Uuid)>,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    let candidates = session.connection().assignee_candidates(id).await?;
    let CasePageContext { frame, head, .. } = CasePageContext::new(&session, &case, "actions");
    let row = |candidate: AssigneeCandidate| CandidateRow {
        member: candidate.member,
        available: match candidate.away {
            Some(until) => frame.with("routing-away", "day", frame.format_date(until)),
            None => frame.t("routing-there"),
        },
        reads_language: frame.t(if candidate.reads_language {
            "routing-reads"
        } else {
            "routing-reads-not"
        }),
        load: candidate.load,
        tie_breaker: candidate.tie_breaker,
    };
    let candidates = candidates.into_iter().map(row).collect();
    Ok(render_ok(&AssignmentTemplate { frame, head, candidates }))
}
