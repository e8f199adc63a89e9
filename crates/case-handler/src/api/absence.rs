//! Who is away, and to whom a case would go.

use axum::{
    Json,
    extract::{
        Path, State,
        rejection::{JsonRejection, PathRejection},
    },
};
use envelope::{
    desk_api::{Absence, Candidate},
    directory::Directory,
};
use http::StatusCode;
use uuid::Uuid;

use super::{Api, Problem, sessions::Caller};
use crate::routing::{self, Question};

/// One's own, or as the lead of a desk that of its members.
pub(super) async fn set(
    State(api): State<Api>,
    caller: Caller,
    absence: Result<Json<Absence>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Absence { member, until }) = absence?;
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    if member != caller.handle && !leads(&accepted.directory, &caller.handle, &member) {
        return Err(Problem::Rule("only the lead of a desk says that a member of it is away".to_owned()));
    }
    let writing = api.store.write().await?;
    writing.set_away(&member, until).await?;
    writing.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn leads(directory: &Directory, lead: &str, member: &str) -> bool {
    directory.desks.iter().any(|desk| {
        desk.members.first().is_some_and(|first| first == lead)
            && desk.members.iter().any(|seat| seat == member)
    })
}

/// A dry run for a case that the caller can read: whom the routing would suggest now, the best first.
pub(super) async fn routing(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Vec<Candidate>>, Problem> {
    let Path(id) = id?;
    let case = api.store.visible_case(&caller.handle, id).await?.ok_or(Problem::NotFound)?;
    let accepted = api.current.get().ok_or(Problem::NoDirectory)?;
    let away = api.store.away(api.today.get().await?).await?;
    let (holders, load) = (api.store.holders(id).await?, api.store.load().await?);
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
