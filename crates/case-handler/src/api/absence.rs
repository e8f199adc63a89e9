//! Who is away, and to whom a case would go.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use envelope::{
    desk_api::{Absence, Candidate, LONGEST_ABSENCE},
    directory::{Desk, Directory},
};
use http::StatusCode;
use uuid::Uuid;

use super::{Api, Problem, sessions::Caller};
use crate::routing::{self, Question};

/// Why somebody is not said to be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Of somebody else.
    #[error("only the lead of a desk says that a member of it is away")]
    LeadOnly,
    /// Before today.
    #[error("the last day of an absence is today or later")]
    Past,
    /// Longer than [`LONGEST_ABSENCE`].
    #[error("an absence lasts {} days at most: say it again then, or give up the seat", LONGEST_ABSENCE.whole_days())]
    TooLong,
}

impl Refused {
    /// The rule's name, for programs.
    pub fn rule(self) -> &'static str {
        match self {
            Self::LeadOnly => "absence-lead-only",
            Self::Past => "absence-past",
            Self::TooLong => "absence-too-long",
        }
    }
}

/// One's own, or as the lead of a desk that of its members.
pub(super) async fn set(
    State(api): State<Api>,
    caller: Caller,
    absence: Result<Json<Absence>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Absence { member, until }) = absence?;
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    if member != caller.handle && !leads(&accepted.directory, &caller.handle, &member) {
        return Err(Problem::Absence(Refused::LeadOnly));
    }
    if let Some(until) = until {
        let today = api.today.get().await?;
        if until < today {
            return Err(Problem::Absence(Refused::Past));
        }
        if until > today + LONGEST_ABSENCE {
            return Err(Problem::Absence(Refused::TooLong));
        }
    }
    let writing = api.store.write().await?;
    writing.set_away(&member, until).await?;
    writing.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is away of those whom the caller shares a desk with; they see it in each dry run anyway.
pub(super) async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Absence>>, Problem> {
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    let away = api.store.away(api.today.get().await?).await?.into_iter();
    let known = away.filter(|(member, _)| {
        *member == caller.handle || share_a_desk(&accepted.directory, &caller.handle, member)
    });
    Ok(Json(known.map(|(member, until)| Absence { member, until: Some(until) }).collect()))
}

fn share_a_desk(directory: &Directory, one: &str, other: &str) -> bool {
    let seats = |desk: &Desk, who: &str| desk.members.iter().any(|seat| seat == who);
    directory.desks.iter().any(|desk| seats(desk, one) && seats(desk, other))
}

fn leads(directory: &Directory, lead: &str, member: &str) -> bool {
    directory.desks.iter().any(|desk| {
        desk.members.first().is_some_and(|first| first == lead)
            && desk.members.iter().any(|seat| seat == member)
    })
}

/// A dry run for a case that the caller can read: whom the routing would suggest now, the best first. Of what colleagues have to do it
/// counts the cases that the caller sees, so that nobody learns of others by subtraction; the routing itself counts all.
pub(super) async fn routing(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Vec<Candidate>>, Problem> {
    let Path(id) = id?;
    let case = api.store.visible_case(&caller.handle, id).await?.ok_or(Problem::NotFound)?;
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    let away = api.store.away(api.today.get().await?).await?;
    let (holders, load) = (api.store.holders(id).await?, api.store.load_seen_by(&caller.handle).await?);
    let absent: Vec<String> = away.keys().cloned().collect();
    let question = Question { case: id, holders: &holders, absent: &absent, lang: &case.lang, load: &load };
    let ranked = routing::rank(&accepted.directory, &question).into_iter();
    let candidates = ranked.map(|candidate| Candidate {
        away: away.get(&candidate.handle).copied(),
        member: candidate.handle,
        reads: candidate.reads,
        load: candidate.load,
        lot: candidate.lot,
    });
    Ok(Json(candidates.collect()))
}
