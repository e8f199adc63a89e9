//! Submissions that were being opened when the process ended twice. They stay unopened until an
//! operator decides.

use uuid::Uuid;

use super::{Collector, INITIAL_BACKOFF, error::CollectError};
use crate::store::{QuarantinedSubmission, StoreError};

/// The reason in the quarantine.
pub(super) const POISON_REASON: &str = "the process ended twice while it was being opened";

impl Collector {
    /// At the start, counts a crash for every submission that was being opened.
    pub(super) async fn count_crashes(&self) {
        loop {
            match self.store.count_crashes().await {
                Ok(0) => return,
                Ok(suspects) => {
                    return tracing::error!(
                        "the process ended while {suspects} submissions were being opened: each is opened alone now, after all \
                         others. One that terminates the process again is quarantined"
                    );
                }
                Err(error) => tracing::error!("failed to read the opening journal: {error}"),
            }
            tokio::time::sleep(INITIAL_BACKOFF).await;
        }
    }

    /// Moves a submission from the intake into the quarantine without opening it.
    pub(super) async fn quarantine_poison(&mut self, id: Uuid) -> Result<(), CollectError> {
        // Downloading and storing it may also terminate the process. After that, it stays at the
        // intake.
        self.store.journal_open_started(&[id]).await?;
        let bytes = async { self.relay.pull(vec![id]).await?.next_submission().await }.await;
        let transaction = self.store.begin_write().await?;
        transaction.journal_open_stopped(id).await?;
        if let Ok(Some((_, bytes))) = &bytes {
            let quarantined = QuarantinedSubmission {
                id,
                day: self.cycle_date(),
                reason: POISON_REASON.to_owned(),
                retry: false,
                case: None,
                bytes: bytes.clone(),
            };
            transaction.quarantine(quarantined).await?;
        }
        transaction.commit().await?;
        if bytes?.is_some() {
            self.state.newly_quarantined.insert(id, POISON_REASON.to_owned());
            self.relay.acknowledge(vec![id]).await?;
        }
        Ok(())
    }

    /// Marks a submission that is already in the quarantine.
    pub(super) async fn mark_poison(&mut self, id: Uuid) -> Result<(), StoreError> {
        let transaction = self.store.begin_write().await?;
        transaction.mark_poison(id, POISON_REASON).await?;
        transaction.commit().await?;
        self.state.newly_quarantined.insert(id, POISON_REASON.to_owned());
        Ok(())
    }
}
