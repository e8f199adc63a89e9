//! Submissions that were being opened when the process ended twice. They are kept unopened until an operator decides.

use uuid::Uuid;

use super::{Collector, FIRST_RETRY, TickError};
use crate::store::{SetAside, StoreError};

/// Why it is set aside.
pub(super) const QUARANTINED: &str = "it is quarantined: the process ended twice while it was being opened";

impl Collector {
    /// At the start: counts an end of the process for everything that was being opened.
    pub(super) async fn count_ends(&self) {
        loop {
            match self.store.count_ends().await {
                Ok(0) => return,
                Ok(suspects) => {
                    return tracing::error!(
                        "the process ended while {suspects} submissions were being opened: each is opened alone now, after all \
                         others. One that ends the process again is quarantined"
                    );
                }
                Err(error) => tracing::error!("the journal of openings could not be read: {error}"),
            }
            tokio::time::sleep(FIRST_RETRY).await;
        }
    }

    /// Moves a submission from the intake into quarantine without opening it.
    pub(super) async fn quarantine(&mut self, id: Uuid) -> Result<(), TickError> {
        // Reading and keeping it may end the process too. After that, it stays at the intake.
        self.store.begin_openings(&[id]).await?;
        let bytes = async { self.relay.pull(vec![id]).await?.next().await }.await;
        let writing = self.store.write().await?;
        writing.rest_opening(id).await?;
        if let Ok(Some((_, bytes))) = &bytes {
            let aside = SetAside {
                id,
                day: self.day(),
                reason: QUARANTINED.to_owned(),
                retry: false,
                case: None,
                bytes: bytes.to_vec(),
            };
            writing.set_aside(aside).await?;
        }
        writing.commit().await?;
        if bytes?.is_some() {
            self.progress.fresh.insert(id, QUARANTINED.to_owned());
            self.relay.ack(vec![id]).await?;
        }
        Ok(())
    }

    /// Quarantines what is set aside already.
    pub(super) async fn quarantine_aside(&mut self, id: Uuid) -> Result<(), StoreError> {
        let writing = self.store.write().await?;
        writing.quarantine_aside(id, QUARANTINED).await?;
        writing.commit().await?;
        self.progress.fresh.insert(id, QUARANTINED.to_owned());
        Ok(())
    }
}
