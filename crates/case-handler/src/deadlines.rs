//! What the clock alone does: a missed deadline gives the case to the outside body. It asks nobody, so that neither an intake
//! that is down nor one that dawdles can put it off.

use std::{sync::Arc, time::Duration};

use ed25519_dalek::SigningKey;
use envelope::{directory::Directory, event::Release};
use web::Clock;

use crate::{
    current::Current,
    filing::release,
    log::{Author, LogError},
    store::{Store, StoreError},
};

/// Cases that are read at once.
const PAGE: u64 = 500;

/// Looks at the clocks of all cases at once and then at every tick, until the future is dropped.
pub async fn run(store: Arc<Store>, current: Arc<Current>, key: SigningKey, clock: Clock, every: Duration) {
    let mut interval = tokio::time::interval(every);
    store.believed().await;
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let Some(accepted) = current.get() else { continue };
        let author = Author { key: &key, today: clock.today() };
        if let Err(error) = escalate(&store, &accepted.directory, author).await {
            tracing::error!("deadlines could not be looked at: {error}");
        }
    }
}

/// Releases every case of which a deadline has passed. Gives how many were released now. One that fails stops no other.
pub async fn escalate(store: &Store, directory: &Directory, author: Author<'_>) -> Result<u32, StoreError> {
    let (mut released, mut after) = (0, None);
    loop {
        let page = store.overdue(author.today, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(released) };
        after = Some(last.id);
        for overdue in page {
            match escalate_one(store, overdue.id, directory, author).await {
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
    author: Author<'_>,
) -> Result<bool, LogError> {
    let writing = store.write().await?;
    // Read again: somebody may have acted in the meantime.
    let Some(mut case) = writing.case(id).await? else { return Ok(false) };
    if case.state.missed(author.today).is_none() {
        return Ok(false);
    }
    let released = release(&writing, &mut case, Release::MissedDeadline, directory, author).await?;
    writing.commit().await?;
    Ok(released)
}
