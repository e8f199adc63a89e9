//! Collecting from the intake: pull, open, file, and only then let the intake forget.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    keys::TransportIdentity,
    submission::{self, OpenError, Opened},
};
use time::Date;
use tokio::task::spawn_blocking;
use uuid::Uuid;
use web::Clock;

use crate::{
    current::{Accepted, Current},
    filing::{Filing, FilingError},
    keys,
    log::{Author, LogError},
    mailboxes,
    relay::{Relay, RelayError},
    routing::Load,
    store::{Retry, SetAside, Store, StoreError},
};

/// Submissions that are asked for at once.
const BATCH: u32 = 64;
/// Batches in one round: a flood must not keep answers from being laid out. The next round goes on with it.
const MOST_BATCHES: u32 = 256;
/// How long the first wait after a failure is. Each further one doubles, up to the time between two rounds.
const FIRST_RETRY: Duration = Duration::from_secs(5);

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
    /// How many months a case is kept after its closing.
    pub retention_months: u16,
    /// The time.
    pub clock: Clock,
    /// What this process has seen so far.
    pub progress: Progress,
}

/// What a collector remembers from one round to the next; nothing at the start.
#[derive(Debug, Default)]
pub struct Progress {
    /// The directory with which everything that was set aside has been looked at again. A process begins with none, so that
    /// a new transport key or a newer build gets its chance too.
    retried_for: Option<Hash>,
    /// Set aside in this round, and why.
    fresh: BTreeMap<Uuid, String>,
    /// Left at the intake in this round, because there is no room to set more aside.
    left: u32,
    /// The day on which objects that no row names were last swept.
    swept: Option<Date>,
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

/// Why a submission is set aside. The words are ours: what a stranger sent must not get into a log.
struct Unfiled {
    reason: String,
    retry: bool,
    case: Option<Uuid>,
}

impl Unfiled {
    fn at_opening(error: &OpenError) -> Self {
        let (reason, retry) = match error {
            // Another transport key may be put in place, or a newer build.
            OpenError::Unopenable(_) => ("no transport key opens its outer seal", true),
            OpenError::Version(_) => ("its version is not known here", true),
            OpenError::Wire(_) => ("the envelope is malformed or damaged", false),
            OpenError::Records(_) => ("the envelope's records are not those of its kind", false),
            OpenError::Key => ("a public key in the envelope is malformed", false),
        };
        Self { reason: reason.to_owned(), retry, case: None }
    }

    fn at_filing(error: &FilingError, case: Uuid) -> Self {
        Self { reason: error.to_string(), retry: error.may_pass(), case: Some(case) }
    }
}

impl Collector {
    /// Ticks until the future is dropped. A failure is said once until it changes, and tried again sooner than the next round.
    pub async fn run(mut self, every: Duration) {
        let mut failing: Option<String> = None;
        let mut failures = 0;
        loop {
            let now = self.tick().await.err().map(|error| error.to_string());
            match (&failing, &now) {
                (before, Some(error)) if before.as_ref() != Some(error) => tracing::warn!("{error}"),
                (Some(_), None) => tracing::info!("collecting works again"),
                _ => {}
            }
            failures = if now.is_some() { failures + 1 } else { 0 };
            failing = now;
            tokio::time::sleep(wait(every, failures)).await;
        }
    }

    /// One round: hand over the directory, collect everything, lay out mailboxes.
    pub async fn tick(&mut self) -> Result<(), TickError> {
        // An intake that refuses the directory, because it has expired say, is collected from all the same.
        let handed_over = match self.current.get() {
            Some(accepted) => self.relay.put_directory(&accepted.signed).await,
            None => Ok(()),
        };
        let collected = self.collect().await;
        if let Err(TickError::Relay(RelayError::Unreachable(_))) = collected {
            return collected;
        }
        // One submission that does not come whole must not keep answers from those who wait for them.
        self.retry_set_aside().await?;
        self.say_what_was_set_aside().await?;
        self.sweep_once_a_day().await?;
        mailboxes::lay_out(&self.store, &self.relay, &self.clock).await?;
        collected?;
        Ok(handed_over?)
    }

    async fn collect(&mut self) -> Result<(), TickError> {
        for _ in 0..MOST_BATCHES {
            if self.collect_batch().await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Gives how many submissions came. An orphan is set aside and retried, so that the intake's shuffling does no harm.
    async fn collect_batch(&mut self) -> Result<usize, TickError> {
        let Some(accepted) = self.current.get() else { return Ok(0) };
        let mut load = self.store.load().await?;
        let mut pulled = self.relay.pull(BATCH).await?;
        let mut done = Vec::new();
        let ended = loop {
            match pulled.next().await {
                Ok(Some((id, bytes))) => match self.take(id, bytes, &accepted, &mut load).await {
                    Ok(true) => done.push(id),
                    Ok(false) => {}
                    Err(error) => break Err(error),
                },
                Ok(None) => break Ok(done.len()),
                Err(error) => break Err(error.into()),
            }
        };
        drop(pulled);
        // What has been filed need not come again, even if what came after it failed.
        if !done.is_empty() {
            self.relay.ack(done).await?;
        }
        ended
    }

    /// Files a submission or sets it aside. If so, it is durable here, and the intake may forget it; if there is no room to set it
    /// aside, it stays there.
    async fn take(
        &mut self,
        id: Uuid,
        bytes: Bytes,
        accepted: &Accepted,
        load: &mut Load,
    ) -> Result<bool, TickError> {
        let unfiled = match self.open(bytes.clone()).await? {
            Ok(opened) => match self.file(&opened, accepted, load).await? {
                Ok(()) => return Ok(true),
                Err(error) => Unfiled::at_filing(&error, opened.header.case.id),
            },
            Err(unopened) => unopened,
        };
        if !self.store.has_room_aside(bytes.len()).await? {
            self.progress.left += 1;
            return Ok(false);
        }
        self.progress.fresh.insert(id, unfiled.reason.clone());
        self.set_aside(id, unfiled, bytes.to_vec()).await?;
        Ok(true)
    }

    async fn set_aside(&self, id: Uuid, unfiled: Unfiled, bytes: Vec<u8>) -> Result<(), TickError> {
        let Unfiled { reason, retry, case } = unfiled;
        let writing = self.store.write().await?;
        writing.set_aside(SetAside { id, day: self.clock.today(), reason, retry, case, bytes }).await?;
        Ok(writing.commit().await?)
    }

    /// The inner error is the submission's, the outer one is ours.
    async fn file(
        &self,
        opened: &Opened,
        accepted: &Accepted,
        load: &mut Load,
    ) -> Result<Result<(), FilingError>, TickError> {
        let named = self.current.named(&opened.header.directory);
        let filing = Filing {
            directory: &accepted.directory,
            named: named.as_ref().map(|named| &named.directory),
            author: Author { key: &self.log_key, today: self.clock.today() },
            absent: &self.absent,
            retention_months: self.retention_months,
        };
        match filing.file(&self.store, opened, load).await {
            Ok(_) => Ok(Ok(())),
            Err(error) if error.is_final() => Ok(Err(error)),
            Err(error) => Err(TickError::Filing(error)),
        }
    }

    /// Looks again at what may be fileable by now.
    async fn retry_set_aside(&mut self) -> Result<(), TickError> {
        let Some(accepted) = self.current.get() else { return Ok(()) };
        let all = self.progress.retried_for != Some(accepted.hash);
        if all {
            for difference in keys::differences(&accepted.directory, &self.transport, &self.log_key) {
                tracing::error!("{difference}");
            }
        }
        let which = if all { Retry::Everything } else { Retry::WithCase };
        let waiting = self.store.to_retry(which).await?;
        if !waiting.is_empty() {
            let mut load = self.store.load().await?;
            for id in waiting {
                self.retry(id, &accepted, &mut load).await?;
            }
        }
        self.progress.retried_for = Some(accepted.hash);
        Ok(())
    }

    async fn retry(&mut self, id: Uuid, accepted: &Accepted, load: &mut Load) -> Result<(), TickError> {
        let Some(bytes) = self.store.set_aside(id).await? else { return Ok(()) };
        let Ok(opened) = self.open(bytes.clone().into()).await? else { return Ok(()) };
        match self.file(&opened, accepted, load).await? {
            Ok(()) => {
                let writing = self.store.write().await?;
                writing.unset_aside(id).await?;
                writing.commit().await?;
                self.progress.fresh.remove(&id);
            }
            Err(error) => {
                self.set_aside(id, Unfiled::at_filing(&error, opened.header.case.id), bytes).await?;
            }
        }
        Ok(())
    }

    async fn sweep_once_a_day(&mut self) -> Result<(), TickError> {
        let today = Some(self.clock.today());
        if self.progress.swept != today {
            self.store.sweep_objects().await?;
            self.progress.swept = today;
        }
        Ok(())
    }

    /// Once a round, so that a flood of garbage does not become a flood of lines.
    async fn say_what_was_set_aside(&mut self) -> Result<(), TickError> {
        let left = std::mem::take(&mut self.progress.left);
        if left > 0 {
            tracing::error!(
                "what cannot be filed has reached store.most_aside_mib, and {left} more stay at the intake: see whether a \
                 transport key is missing, or raise it"
            );
        }
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for reason in std::mem::take(&mut self.progress.fresh).into_values() {
            *counts.entry(reason).or_default() += 1;
        }
        if !counts.is_empty() {
            let all = self.store.set_aside_count().await?;
            for (reason, times) in counts {
                tracing::warn!(
                    "a submission was set aside: {reason} ({times} in this round; {all} are kept)"
                );
            }
        }
        Ok(())
    }

    /// Tries each transport key. A submission on which opening panics is set aside too: it must not hold up all others.
    async fn open(&self, bytes: Bytes) -> Result<Result<Opened, Unfiled>, TickError> {
        let transport = Arc::clone(&self.transport);
        let opening = spawn_blocking(move || {
            let mut result = submission::open(&transport[0], &bytes[..]);
            for older in &transport[1..] {
                if !matches!(result, Err(OpenError::Unopenable(_))) {
                    break;
                }
                result = submission::open(older, &bytes[..]);
            }
            result
        });
        match opening.await {
            Ok(result) => Ok(result.map_err(|error| Unfiled::at_opening(&error))),
            Err(error) if error.is_panic() => {
                let reason = "opening it failed: this is a bug, please report it".to_owned();
                Ok(Err(Unfiled { reason, retry: true, case: None }))
            }
            Err(_) => Err(TickError::Task),
        }
    }
}

/// The time to the next round, after so many failures in a row.
fn wait(every: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => every,
        Some(before) => FIRST_RETRY.saturating_mul(2u32.saturating_pow(before)).min(every),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_retried_soon_and_then_ever_less_often() {
        let every = Duration::from_mins(15);
        let waits: Vec<_> = (0..10).map(|failures| wait(every, failures).as_secs()).collect();
        assert_eq!(waits, [900, 5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(wait(every, u32::MAX), every);
        assert_eq!(
            wait(Duration::from_secs(1), 3),
            Duration::from_secs(1),
            "never later than without a failure"
        );
    }
}
