//! Who is away, and to whom a case would go.

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

/// Why somebody is not said to be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AbsenceError {
    /// Of somebody else.
    #[error("only the lead of a desk says that a member of it is away")]
    LeadOnly,
    /// Before today.
    #[error("the last day of an absence is today or later")]
    DateInPast,
    /// Longer than [`LONGEST_ABSENCE`].
    #[error("an absence lasts {} days at most: say it again then, or give up the seat", MAX_ABSENCE.whole_days())]
    TooLong,
}

impl AbsenceError {
    /// The rule's name, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::LeadOnly => "absence-lead-only",
            Self::DateInPast => "absence-past",
            Self::TooLong => "absence-too-long",
        }
    }
}

/// One's own, or as the lead of a desk that of its members.
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
    let writing = api.store.begin_write().await?;
    writing.set_absence(&member, until).await?;
    writing.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is away of those whom the caller shares a desk with; they see it in each dry run anyway.
pub(super) async fn list_absences(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
) -> Result<Json<Vec<Absence>>, ApiProblem> {
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let away = api.store.absences_on(api.trusted_date.date().await?).await?.into_iter();
    let known = away.filter(|(member, _)| {
        *member == caller.handle || share_a_desk(&accepted.directory, &caller.handle, member)
    });
    Ok(Json(known.map(|(member, until)| Absence { member, until: Some(until) }).collect()))
}

fn share_a_desk(directory: &Directory, one: &str, other: &str) -> bool {
    let seats = |desk: &Desk, who: &str| desk.members.iter().any(|seat| seat == who);
    directory.desks.iter().any(|desk| seats(desk, one) && seats(desk, other))
}

fn is_lead_of(directory: &Directory, lead: &str, member: &str) -> bool {
    directory.desks.iter().any(|desk| {
        desk.members.first().is_some_and(|first| first == lead)
            && desk.members.iter().any(|seat| seat == member)
    })
}

/// A dry run for a case that the caller can read: whom the routing would suggest now, the best
/// first. Of what colleagues have to do it counts the cases that the caller sees, so that nobody
/// learns of others by subtraction; the routing itself counts all.
pub(super) async fn list_candidates(
    State(api): State<ApiState>,
    caller: AuthenticatedMember,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Vec<AssigneeCandidate>>, ApiProblem> {
    let Path(id) = id?;
    let case = api.store.visible_case(&caller.handle, id).await?.ok_or(ApiProblem::NotFound)?;
    let accepted = api.directories.latest().ok_or(ApiProblem::NoDirectory)?;
    let away = api.store.absences_on(api.trusted_date.date().await?).await?;
    let (holders, load) =
        (api.store.holders(id).await?, api.store.visible_workload(&caller.handle).await?);
    let absent: Vec<String> = away.keys().cloned().collect();
    let question = AssignmentQuery {
        case: id,
        holders: &holders,
        absent_members: &absent,
        lang: &case.lang,
        workload: &load,
    };
    let ranked = assignment::rank_members(&accepted.directory, &question).into_iter();
    let candidates = ranked.map(|candidate| AssigneeCandidate {
        away: away.get(&candidate.handle).copied(),
        member: candidate.handle,
        reads_language: candidate.reads_language,
        load: candidate.workload,
        tie_breaker: candidate.tie_breaker,
    });
    Ok(Json(candidates.collect()))
}
