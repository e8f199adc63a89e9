//! What the clock alone does: a missed deadline gives the case to the outside body. It asks nobody,
//! so that neither an intake that is down nor one that dawdles can put it off.

use std::{sync::Arc, time::Duration};

use protocol::{
    case::{Calendar, event::ReleaseReason},
    directory::Directory,
};

use crate::{
    context::HandlerContext,
    directory_cache::DirectoryCache,
    event_log::{HandlerSigner, LogError},
    ingest::release_to_oversight,
    store::{CaseStore, StoreError},
};

/// Cases that are read at once.
const PAGE_SIZE: u64 = 500;

/// Looks at the clocks of all cases at once and then at every tick, until the future is dropped.
pub async fn run(office: HandlerContext, current: Arc<DirectoryCache>, every: Duration) {
    let mut interval = tokio::time::interval(every);
    office.store.wait_log_verified().await;
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing: Option<String> = None;
    loop {
        interval.tick().await;
        let Some(accepted) = current.latest() else { continue };
        let looked = match office.releasing_signer().await {
            Ok(author) => {
                let escalated =
                    escalate_overdue(&office.store, &accepted.directory, &office.calendar, author)
                        .await;
                escalated.map(drop).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        let now = looked.err();
        match (&failing, &now) {
            (before, Some(error)) if before.as_ref() != Some(error) => {
                tracing::error!("no deadline was looked at: {error}");
            }
            (Some(_), None) => tracing::info!("deadlines are looked at again"),
            _ => {}
        }
        failing = now;
    }
}

/// Releases every case of which a deadline has passed. Gives how many were released now. One that
/// fails stops no other.
pub async fn escalate_overdue(
    store: &CaseStore,
    directory: &Directory,
    calendar: &Calendar,
    author: HandlerSigner<'_>,
) -> Result<u32, StoreError> {
    let (mut released, mut behind) = (0, None);
    loop {
        let page = store.overdue_cases(author.today, behind, PAGE_SIZE).await?;
        let Some((last, _)) = page.last() else { return Ok(released) };
        behind = Some(*last);
        for (_, overdue) in page {
            if calendar.overdue_deadline(&overdue.state, author.today).is_none() {
                continue;
            }
            match escalate_one(store, overdue.id, directory, calendar, author).await {
                Ok(now) => released += u32::from(now),
                Err(error) => {
                    tracing::error!("a case with a missed deadline could not be released: {error}")
                }
            }
        }
    }
}

async fn escalate_one(
    store: &CaseStore,
    id: uuid::Uuid,
    directory: &Directory,
    calendar: &Calendar,
    author: HandlerSigner<'_>,
) -> Result<bool, LogError> {
    let writing = store.begin_write().await?;
    // Read again: somebody may have acted in the meantime.
    let Some(mut case) = writing.case(id).await? else { return Ok(false) };
    if calendar.overdue_deadline(&case.state, author.today).is_none() {
        return Ok(false);
    }
    let released =
        release_to_oversight(&writing, &mut case, ReleaseReason::MissedDeadline, directory, author)
            .await?;
    writing.commit().await?;
    Ok(released)
}
