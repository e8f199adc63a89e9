//! Collecting from the intake: pull, open, file, and only then let the intake forget.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use envelope::{
    directory::Directory,
    keys::TransportIdentity,
    submission::{self, OpenError, Opened, SubmissionKind},
};
use tokio::task::spawn_blocking;
use uuid::Uuid;
use web::Clock;

use crate::{
    current::Current,
    deadlines,
    filing::{Filing, FilingError},
    log::LogError,
    mailboxes,
    relay::{Relay, RelayError},
    store::{SetAside, Store, StoreError},
};

/// Submissions that are asked for at once.
const BATCH: u32 = 64;

/// Everything that a tick works with.
pub struct Collector {
    /// The database.
    pub store: Arc<Store>,
    /// Who is who.
    pub current: Arc<Current>,
    /// The intake.
    pub relay: Relay,
    /// Open the outer seal; the newest first.
    pub transport: Arc<Vec<TransportIdentity>>,
    /// Signs the handler's events.
    pub log_key: SigningKey,
    /// Who cannot take cases now.
    pub absent: Vec<String>,
    /// The time.
    pub clock: Clock,
}

/// Why a tick did not get to its end. The next one tries again, and nothing is lost meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The intake.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A filing failed for a reason that is not the submission's.
    #[error(transparent)]
    Filing(FilingError),
    /// A task ended unexpectedly.
    #[error("a task of the tick ended unexpectedly")]
    Task,
}

impl Collector {
    /// Ticks until the future is dropped. A failure is said once until it changes.
    pub async fn run(self, every: Duration) {
        let mut failing: Option<String> = None;
        let mut interval = tokio::time::interval(every);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let now = self.tick().await.err().map(|error| error.to_string());
            match (&failing, &now) {
                (before, Some(error)) if before.as_ref() != Some(error) => tracing::warn!("{error}"),
                (Some(_), None) => tracing::info!("collecting works again"),
                _ => {}
            }
            failing = now;
        }
    }

    /// One round: hand over the directory, collect everything, escalate, lay out mailboxes.
    pub async fn tick(&self) -> Result<(), TickError> {
        // An intake that refuses the directory, because it has expired say, is collected from all the same.
        let handed_over = match self.current.get() {
            Some(accepted) => self.relay.put_directory(&accepted.signed).await,
            None => Ok(()),
        };
        while self.collect_batch().await? > 0 {}
        self.retry_set_aside().await?;
        deadlines::escalate(&self.store, self.clock.today(), &self.log_key).await?;
        mailboxes::lay_out(&self.store, &self.relay, &self.clock).await?;
        Ok(handed_over?)
    }

    /// Gives how many submissions came. An orphan is set aside and retried, so that the intake's shuffling does no harm.
    async fn collect_batch(&self) -> Result<usize, TickError> {
        let Some(accepted) = self.current.get() else { return Ok(0) };
        let mut filing = self.filing(&accepted.directory).await?;
        let mut pulled = self.relay.pull(BATCH).await?;
        let mut done = Vec::new();
        while let Some((id, bytes)) = pulled.next().await? {
            self.take(id, bytes, &mut filing).await?;
            done.push(id);
        }
        let came = done.len();
        if came > 0 {
            self.relay.ack(done).await?;
        }
        Ok(came)
    }

    async fn filing<'a>(&'a self, directory: &'a Directory) -> Result<Filing<'a>, StoreError> {
        let (key, today, absent) = (&self.log_key, self.clock.today(), &self.absent[..]);
        Ok(Filing { directory, key, today, absent, load: self.store.load().await? })
    }

    async fn take(&self, id: Uuid, bytes: Bytes, filing: &mut Filing<'_>) -> Result<(), TickError> {
        let (reason, retry) = match self.open(bytes.clone()).await? {
            Ok(opened) => match filing.file(&self.store, &opened).await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_final() => {
                    // The report may still be on its way; a reader may come with the next directory.
                    let follow_up = opened.header.kind == SubmissionKind::FollowUp;
                    (error.to_string(), follow_up || matches!(error, FilingError::NoReader))
                }
                Err(error) => return Err(TickError::Filing(error)),
            },
            // Another transport key may be put in place.
            Err(error) => (error.to_string(), matches!(error, OpenError::Unopenable(_))),
        };
        tracing::warn!("a submission was set aside: {reason}");
        let writing = self.store.write().await?;
        let kept = SetAside { id, day: self.clock.today(), reason, retry, bytes: bytes.to_vec() };
        writing.set_aside(kept).await?;
        Ok(writing.commit().await?)
    }

    async fn retry_set_aside(&self) -> Result<(), TickError> {
        let Some(accepted) = self.current.get() else { return Ok(()) };
        let orphans = self.store.to_retry().await?;
        if orphans.is_empty() {
            return Ok(());
        }
        let mut filing = self.filing(&accepted.directory).await?;
        for id in orphans {
            let Some(bytes) = self.store.set_aside(id).await? else { continue };
            let Ok(opened) = self.open(bytes.into()).await? else { continue };
            match filing.file(&self.store, &opened).await {
                Ok(_) => {
                    let writing = self.store.write().await?;
                    writing.unset_aside(id).await?;
                    writing.commit().await?;
                }
                Err(error) if error.is_final() => {}
                Err(error) => return Err(TickError::Filing(error)),
            }
        }
        Ok(())
    }

    async fn open(&self, bytes: Bytes) -> Result<Result<Opened, OpenError>, TickError> {
        let transport = Arc::clone(&self.transport);
        spawn_blocking(move || {
            let mut result = submission::open(&transport[0], &bytes[..]);
            for older in &transport[1..] {
                if !matches!(result, Err(OpenError::Unopenable(_))) {
                    break;
                }
                result = submission::open(older, &bytes[..]);
            }
            result
        })
        .await
        .map_err(|_| TickError::Task)
    }
}
