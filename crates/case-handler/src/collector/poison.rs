//! Submissions that were being opened when the process ended twice. They are kept unopened until an
//! operator decides.

use uuid::Uuid;

use super::{CollectError, Collector, INITIAL_BACKOFF};
use crate::store::{QuarantinedSubmission, StoreError};

/// Why it is set aside.
pub(super) const POISON_REASON: &str =
    "it is quarantined: the process ended twice while it was being opened";

impl Collector {
    /// At the start: counts an end of the process for everything that was being opened.
    pub(super) async fn count_crashes(&self) {
        loop {
            match self.store.count_crashes().await {
                Ok(0) => return,
                Ok(suspects) => {
                    return tracing::error!(
                        "the process ended while {suspects} submissions were being opened: each is opened alone now, after all \
                         others. One that ends the process again is quarantined"
                    );
                }
                Err(error) => tracing::error!("the journal of openings could not be read: {error}"),
            }
            tokio::time::sleep(INITIAL_BACKOFF).await;
        }
    }

    /// Moves a submission from the intake into quarantine without opening it.
    pub(super) async fn quarantine_poison(&mut self, id: Uuid) -> Result<(), CollectError> {
        // Reading and keeping it may end the process too. After that, it stays at the intake.
        self.store.journal_open_started(&[id]).await?;
        let bytes = async { self.relay.pull(vec![id]).await?.next_submission().await }.await;
        let writing = self.store.begin_write().await?;
        writing.journal_open_stopped(id).await?;
        if let Ok(Some((_, bytes))) = &bytes {
            let aside = QuarantinedSubmission {
                id,
                day: self.cycle_date(),
                reason: POISON_REASON.to_owned(),
                retry: false,
                case: None,
                bytes: bytes.to_vec(),
            };
            writing.quarantine(aside).await?;
        }
        writing.commit().await?;
        if bytes?.is_some() {
            self.state.newly_quarantined.insert(id, POISON_REASON.to_owned());
            self.relay.acknowledge(vec![id]).await?;
        }
        Ok(())
    }

    /// Quarantines what is set aside already.
    pub(super) async fn mark_poison(&mut self, id: Uuid) -> Result<(), StoreError> {
        let writing = self.store.begin_write().await?;
        writing.mark_poison(id, POISON_REASON).await?;
        writing.commit().await?;
        self.state.newly_quarantined.insert(id, POISON_REASON.to_owned());
        Ok(())
    }
}
