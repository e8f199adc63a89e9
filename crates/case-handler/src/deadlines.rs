//! What the clock alone does: a missed deadline gives the case to the outside body. It asks nobody, so that neither an intake
//! that is down nor one that dawdles can put it off.

use std::{sync::Arc, time::Duration};

use envelope::{directory::Directory, event::Release, life::Calendar};

use crate::{
    current::Current,
    filing::release,
    log::{Author, LogError},
    office::Office,
    store::{Store, StoreError},
};

/// Cases that are read at once.
const PAGE: u64 = 500;

/// Looks at the clocks of all cases at once and then at every tick, until the future is dropped.
pub async fn run(office: Office, current: Arc<Current>, every: Duration) {
    let mut interval = tokio::time::interval(every);
    office.store.believed().await;
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing: Option<String> = None;
    loop {
        interval.tick().await;
        let Some(accepted) = current.get() else { continue };
        let looked = match office.releasing_author().await {
            Ok(author) => {
                let escalated = escalate(&office.store, &accepted.directory, &office.calendar, author).await;
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

/// Releases every case of which a deadline has passed. Gives how many were released now. One that fails stops no other.
pub async fn escalate(
    store: &Store,
    directory: &Directory,
    calendar: &Calendar,
    author: Author<'_>,
) -> Result<u32, StoreError> {
    let (mut released, mut behind) = (0, None);
    loop {
        let page = store.overdue(author.today, behind, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(released) };
        behind = Some(*last);
        for (_, overdue) in page {
            if calendar.missed(&overdue.state, author.today).is_none() {
                continue;
            }
            match escalate_one(store, overdue.id, directory, calendar, author).await {
                Ok(now) => released += u32::from(now),
                Err(error) => tracing::error!("a case with a missed deadline could not be released: {error}"),
            }
        }
    }
}

async fn escalate_one(
    store: &Store,
    id: uuid::Uuid,
    directory: &Directory,
    calendar: &Calendar,
    author: Author<'_>,
) -> Result<bool, LogError> {
    let writing = store.write().await?;
    // Read again: somebody may have acted in the meantime.
    let Some(mut case) = writing.case(id).await? else { return Ok(false) };
    if calendar.missed(&case.state, author.today).is_none() {
        return Ok(false);
    }
    let released = release(&writing, &mut case, Release::MissedDeadline, directory, author).await?;
    writing.commit().await?;
    Ok(released)
}
