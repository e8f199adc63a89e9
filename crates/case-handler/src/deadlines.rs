//! What the clock alone does: a missed deadline gives the case to the outside body.

use ed25519_dalek::SigningKey;
use envelope::event::Release;
use time::Date;

use crate::{filing::release, log::LogError, store::Store};

/// Releases every case of which a deadline has passed. Gives how many were released now.
pub async fn escalate(store: &Store, today: Date, key: &SigningKey) -> Result<u32, LogError> {
    let mut released = 0;
    for overdue in store.overdue(today).await? {
        if overdue.state.released.is_some() {
            continue;
        }
        let writing = store.write().await?;
        // Read again: somebody may have acted in the meantime.
        let Some(mut case) = writing.case(overdue.id).await? else { continue };
        if case.state.missed(today).is_some()
            && release(&writing, &mut case, Release::MissedDeadline, today, key).await?
        {
            writing.commit().await?;
            released += 1;
        }
    }
    Ok(released)
}
