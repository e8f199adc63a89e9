//! Absences, and the candidates for a case.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use http::StatusCode;
use protocol::{
    api::workbench::{Absence, AssigneeCandidate, MAX_ABSENCE},
    directory::{Desk, Directory},
};
use uuid::Uuid;

use super::{ApiProblem, ApiState, sessions::AuthenticatedMember};
use crate::assignment::{self, AssignmentQuery};

/// Why an absence is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbsenceError {
    /// The absence is of another member, and the caller is not the lead of a desk of that member.
    #[error("only a desk lead may record an absence for another member")]
    LeadOnly,
    /// The last day is before today.
    #[error("absence must not end in the past")]
    DateInPast,
    /// The absence is longer than [`MAX_ABSENCE`].
    #[error("absence exceeds the maximum of {} days", MAX_ABSENCE.whole_days())]
    TooLong,
}

impl AbsenceError {
    /// Returns the stable code of the rule.
    pub fn code(self) -> &'static str {
        match self {
            Self::LeadOnly => "absence-lead-only",
            Self::DateInPast => "absence-past",
            Self::TooLong => "absence-too-long",
        }
    }
}

/// Sets or clears the absence of the caller, or of a member of a desk that the caller leads.
pub(super) async fn set_absence(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    absence: Result<Json<Absence>, JsonRejection>,
) -> Result<StatusCode, ApiProblem> {
    let Json(Absence { member, until }) = absence?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    if member != caller.handle && !is_lead_of(&accepted.directory, &caller.handle, &member) {
        return Err(ApiProblem::Absence(AbsenceError::LeadOnly));
    }
    if let Some(until) = until {
        let today = api.trusted_date.date().await?;
        if until < today {
            return Err(ApiProblem::Absence(AbsenceError::DateInPast));
        }
        if until > today + MAX_ABSENCE {
            return Err(ApiProblem::Absence(AbsenceError::TooLong));
        }
    }
    let transaction = api.store.begin_write().await?;
    transaction.set_absence(&member, until).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the absences of the caller and of members who share a desk with the caller. They are also
/// visible in each list of candidates.
pub(super) async fn list_absences(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
) -> Result<Json<Vec<Absence>>, ApiProblem> {
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let absences = api.store.absences_on(api.trusted_date.date().await?).await?.into_iter();
    let visible = absences.filter(|(member, _)| {
        *member == caller.handle || share_a_desk(&accepted.directory, &caller.handle, member)
    });
    Ok(Json(visible.map(|(member, until)| Absence { member, until: Some(until) }).collect()))
}

fn share_a_desk(directory: &Directory, one: &str, other: &str) -> bool {
    let has_member = |desk: &Desk, handle: &str| desk.members.iter().any(|member| member == handle);
    directory.desks.iter().any(|desk| has_member(desk, one) && has_member(desk, other))
}

fn is_lead_of(directory: &Directory, lead: &str, member: &str) -> bool {
    directory.desks.iter().any(|desk| {
        desk.members.first().is_some_and(|first| first == lead)
            && desk.members.iter().any(|handle| handle == member)
    })
}

/// Lists the candidates for a case that the caller can read, best first, as a suggestion would rank
/// them now. The workload counts only cases that the caller can see, because otherwise the caller
/// could learn of other cases by subtraction. The suggestion counts only cases that all readers of
/// this case can see.
pub(super) async fn list_candidates(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Vec<AssigneeCandidate>>, ApiProblem> {
    let Path(id) = id?;
    let case = api.store.visible_case(&caller.handle, id).await?.ok_or(ApiProblem::NotFound)?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let absences = api.store.absences_on(api.trusted_date.date().await?).await?;
    let (holders, workload) =
        (api.store.holders(id).await?, api.store.visible_workload(&caller.handle).await?);
    let absent: Vec<String> = absences.keys().cloned().collect();
    let query = AssignmentQuery {
        case: id,
        holders: &holders,
        absent_members: &absent,
        lang: &case.lang,
        workload: &workload,
    };
    let ranked = assignment::rank_members(&accepted.directory, &query).into_iter();
    let candidates = ranked.map(|candidate| AssigneeCandidate {
        away: absences.get(&candidate.handle).copied(),
        member: candidate.handle,
        reads_language: candidate.reads_language,
        load: candidate.workload,
        tie_breaker: candidate.tie_breaker,
    });
    Ok(Json(candidates.collect()))
}
