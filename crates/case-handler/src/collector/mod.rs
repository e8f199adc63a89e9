//! Collecting from the intake: pull, open, file, and only then let the intake forget.

mod download;
mod listing;
pub mod mailbox_publisher;
mod notices;
mod poison;
mod quarantine;
pub mod relay_client;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, api::relay::ReplySchedule, keys::TransportIdentity,
    submission::envelope::OpenedSubmission,
};
use time::Date;
use tokio::task::JoinError;
use uuid::Uuid;
use web::Clock;

use crate::{
    assignment::Workload,
    collector::{
        download::{DownloadedSubmission, SubmissionDownload},
        mailbox_publisher::MailboxTime,
        relay_client::{RelayClient, RelayError, unexpected_response},
    },
    directory_cache::{DirectoryCache, VerifiedDirectory},
    event_log::{HandlerSigner, LogError},
    ingest::{IngestError, IngestOutcome, SubmissionIngester},
    store::{CaseStore, StoreError},
    trusted_date::{ClockError, TrustedDateSource},
};

use notices::LoggedNotices;
use quarantine::{QuarantineReason, classify_open_result};

/// How long the first wait after a failure is. Each further one doubles, up to the time between two
/// rounds.
const INITIAL_BACKOFF: Duration = Duration::from_secs(5);

/// Everything that a tick works with.
pub struct Collector {
    /// The database.
    pub store: Arc<CaseStore>,
    /// Who is who.
    pub directories: Arc<DirectoryCache>,
    /// The intake.
    pub relay: RelayClient,
    /// Open the outer seal; the newest first.
    pub transport: Arc<Vec<TransportIdentity>>,
    /// Signs the handler's events.
    pub log_key: SigningKey,
    /// Who cannot take cases now.
    pub absent_members: Vec<String>,
    /// How many months a case is kept after its closing.
    pub retention_months: u16,
    /// Days of rest, and how soon reports are collected. The intake gets both for its receipts.
    pub reply_schedule: ReplySchedule,
    /// The time.
    pub clock: Clock,
    /// The day, if the clock can be believed.
    pub trusted_date: TrustedDateSource,
    /// What this process has seen so far.
    pub state: CollectorState,
}

/// What a collector remembers from one round to the next; nothing at the start.
#[derive(Debug, Default)]
pub struct CollectorState {
    /// The directory with which everything that was set aside has been looked at again. A process
    /// begins with none, so that a new transport key or a newer build gets its chance too.
    last_retry_directory: Option<Hash>,
    /// The day of this round, as it is believed.
    cycle_date: Option<Date>,
    /// Set aside in this round, and why.
    newly_quarantined: BTreeMap<Uuid, String>,
    /// What stays at the intake and is not pulled again, with the case that an orphan waits for.
    left_at_intake: HashMap<Uuid, Option<Uuid>>,
    /// Listed by the intake, and not sent: it is damaged there.
    not_sent_by_intake: HashSet<Uuid>,
    /// How many of them were left in this round.
    newly_left: u32,
    /// Listed by the intake in this round, and not sent.
    withheld: u32,
    /// Bytes for which there was room aside when something was left last.
    capacity_when_left: u64,
    /// The round reached its bound: the next one begins soon.
    has_more: bool,
    /// The day on which objects that no row names were last swept.
    last_gc: Option<Date>,
    /// What the log says once until it changes.
    logged: LoggedNotices,
    /// Did the last round get to its end?
    healthy: Arc<AtomicBool>,
}

impl CollectorState {
    /// Did the last round get to its end? Not before the first.
    pub fn health_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.healthy)
    }
}

/// Why a tick did not get to its end. The next one tries again, and nothing is lost meanwhile.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The intake.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The clock.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// A filing failed for a reason that is not the submission's.
    #[error(transparent)]
    Ingest(IngestError),
    /// A task ended unexpectedly.
    #[error("a task of the tick ended unexpectedly")]
    TaskFailed,
}

impl From<JoinError> for CollectError {
    fn from(_: JoinError) -> Self {
        Self::TaskFailed
    }
}

impl Collector {
    /// Ticks until the future is dropped. A failure is said once until it changes, and tried again
    /// sooner than the next round.
    pub async fn run(mut self, every: Duration) {
        let mut failing: Option<String> = None;
        let mut failures = 0;
        // What the intake would forget must not be filed into a database that has to be restored.
        self.store.wait_log_verified().await;
        self.count_crashes().await;
        loop {
            let now = self.run_cycle().await.err().map(|error| error.to_string());
            match (&failing, &now) {
                (before, Some(error)) if before.as_ref() != Some(error) => {
                    tracing::warn!("{error}")
                }
                (Some(_), None) => tracing::info!("collecting works again"),
                _ => {}
            }
            self.state.healthy.store(now.is_none(), Ordering::Relaxed);
            failures = if now.is_some() { failures + 1 } else { 0 };
            let more = self.state.has_more && now.is_none();
            failing = now;
            tokio::time::sleep(if more {
                INITIAL_BACKOFF.min(every)
            } else {
                backoff(every, failures)
            })
            .await;
        }
    }

    /// One round: hand over the directory, collect everything, lay out mailboxes.
    pub async fn run_cycle(&mut self) -> Result<(), CollectError> {
        // Under a wrong date nothing is filed: the intake keeps it.
        let today = self.trusted_date.date().await?;
        self.state.cycle_date = Some(today);
        self.absent_members = self.store.absences_on(today).await?.into_keys().collect();
        // Before the directory: with it the intake takes reports, and gives a day on each receipt.
        let answers = self.relay.put_reply_schedule(&self.reply_schedule).await;
        // An intake that refuses the directory, because it has expired say, is collected from all
        // the same.
        let handed_over = self.send_directory_to_intake(today).await;
        if let Ok(Some(there)) = self.relay.health().await {
            self.trusted_date.report_intake_clock(there).await;
        }
        let collected = self.collect().await;
        if let Err(CollectError::Relay(RelayError::Unreachable(_))) = collected {
            return collected;
        }
        // One submission that does not come whole must not keep answers from those who wait for
        // them.
        self.retry_quarantined().await?;
        self.log_quarantined().await?;
        self.gc_daily().await?;
        let as_of = MailboxTime {
            today,
            week: self.clock.iso_week(),
            calendar: self.reply_schedule.calendar.clone(),
        };
        mailbox_publisher::publish_mailboxes(&self.store, &self.relay, as_of).await?;
        collected?;
        answers?;
        Ok(handed_over?)
    }

    /// The day of this round, as it is believed.
    fn cycle_date(&self) -> Date {
        self.state.cycle_date.unwrap_or_else(|| self.clock.today())
    }

    /// Pulls these submissions and files them or sets them aside. One that does not come any more
    /// is not asked for again.
    async fn pull_and_ingest(
        &mut self,
        ids: &[Uuid],
        accepted: &VerifiedDirectory,
        load: &mut Workload,
    ) -> Result<(), CollectError> {
        let pulled = self.relay.pull(ids.to_vec()).await?;
        let mut arrivals = SubmissionDownload::spawn(pulled, Arc::clone(&self.transport));
        let mut missing: HashSet<Uuid> = ids.iter().copied().collect();
        let mut done = Vec::new();
        let ended = loop {
            let group = arrivals.next_batch().await;
            if group.is_empty() {
                break arrivals.join().await?.map_err(CollectError::from);
            }
            // Nothing of it is filed: who pulls two would otherwise be sent two million.
            if !group.iter().all(|arrival| missing.remove(&arrival.id)) {
                arrivals.abort();
                break Err(unexpected_response(
                    "it sends what it was not asked for, or sends it twice",
                )
                .into());
            }
            if let Err(error) = self.ingest_downloaded(group, accepted, load, &mut done).await {
                arrivals.abort();
                break Err(error);
            }
        };
        for id in &done {
            self.state.left_at_intake.remove(id);
        }
        // What has been filed need not come again, even if what came after it failed.
        if !done.is_empty() {
            self.relay.acknowledge(done).await?;
        }
        ended?;
        self.state.withheld += u32::try_from(missing.len()).unwrap_or(u32::MAX);
        self.state.not_sent_by_intake.extend(missing);
        Ok(())
    }

    /// Files submissions or sets them aside. Those that are durable here are `done`, and the intake
    /// may forget them; those that find no room aside stay there.
    async fn ingest_downloaded(
        &mut self,
        group: Vec<DownloadedSubmission>,
        accepted: &VerifiedDirectory,
        load: &mut Workload,
        done: &mut Vec<Uuid>,
    ) -> Result<(), CollectError> {
        let (mut opened, mut fileable, mut unfiled) = (Vec::new(), Vec::new(), Vec::new());
        for mut arrival in group {
            match classify_open_result(arrival.join_open_task().await)? {
                Ok(one) => {
                    opened.push(one);
                    fileable.push(arrival);
                }
                Err(unopened) => unfiled.push((arrival, unopened)),
            }
        }
        let outcomes = self.ingest_batch(&opened, accepted, load).await;
        let mut failed = None;
        for ((arrival, outcome), opened) in fileable.into_iter().zip(outcomes).zip(&opened) {
            match outcome {
                Ok(_) => done.push(arrival.id),
                Err(error) if error.is_permanent() => {
                    unfiled.push((
                        arrival,
                        QuarantineReason::from_ingest_error(&error, opened.header.case.id),
                    ));
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.quarantine_all(unfiled, done).await?;
        failed.map_or(Ok(()), |error| Err(CollectError::Ingest(error)))
    }

    /// Files submissions in one transaction. If that fails, one after the other, so that whichever
    /// one the database does not take holds up no other. Gives what became of each, up to where the
    /// database failed twice.
    async fn ingest_batch(
        &self,
        group: &[OpenedSubmission],
        accepted: &VerifiedDirectory,
        load: &mut Workload,
    ) -> Vec<Result<IngestOutcome, IngestError>> {
        let mut outcomes = Vec::with_capacity(group.len());
        // Nearly all name the newest directory.
        for same in group.chunk_by(|one, next| one.header.directory == next.header.directory) {
            let named = self.directories.by_hash(&same[0].header.directory);
            let filing = SubmissionIngester {
                directory: &accepted.directory,
                submission_directory: named.as_ref().map(|named| &named.directory),
                signer: HandlerSigner { key: &self.log_key, today: self.cycle_date() },
                absent_members: &self.absent_members,
                retention_months: self.retention_months,
            };
            match filing.ingest_batch(&self.store, same, load).await {
                Ok(filed) => outcomes.extend(filed),
                Err(error) if same.len() == 1 => outcomes.push(Err(error)),
                Err(_) => {
                    let mut failures = 0;
                    for one in same {
                        let outcome = filing.ingest(&self.store, one, load).await;
                        failures +=
                            u32::from(outcome.as_ref().is_err_and(|error| !error.is_permanent()));
                        outcomes.push(outcome);
                        if failures == 2 {
                            return outcomes;
                        }
                    }
                }
            }
        }
        outcomes
    }

    async fn gc_daily(&mut self) -> Result<(), CollectError> {
        let today = Some(self.cycle_date());
        if self.state.last_gc != today {
            self.store.delete_orphaned_objects().await?;
            self.state.last_gc = today;
        }
        Ok(())
    }
}

/// The time to the next round, after so many failures in a row.
fn backoff(every: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => every,
        Some(before) => INITIAL_BACKOFF.saturating_mul(2u32.saturating_pow(before)).min(every),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_retried_soon_and_then_ever_less_often() {
        let every = Duration::from_mins(15);
        let waits: Vec<_> = (0..10).map(|failures| backoff(every, failures).as_secs()).collect();
        assert_eq!(waits, [900, 5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(backoff(every, u32::MAX), every);
        assert_eq!(
            backoff(Duration::from_secs(1), 3),
            Duration::from_secs(1),
            "never later than without a failure"
        );
    }
}
