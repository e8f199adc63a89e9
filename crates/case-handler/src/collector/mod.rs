//! Collects submissions from the intake: download, open, ingest, and only then acknowledge.

mod download;
mod error;
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

use protocol::{
    Hash,
    api::relay::ReplySchedule,
    encoding::canonical::iso_week,
    keys::{PublicKey, TransportIdentity},
};
use rand::rngs::OsRng;
use service_kit::{
    directory::VerifiedDirectory,
    periodic_tasks::{FailureTracker, OutcomeChange},
};
use time::Date;
use transparency_log::policy::LogPolicy;
use uuid::Uuid;
use web::Clock;

use crate::{
    assignment::WorkloadByReaders,
    checkpoints,
    collector::{
        download::{CollectedSubmission, DownloadedSubmission, SubmissionDownload},
        mailbox_publisher::MailboxTime,
        relay_client::{RelayClient, RelayError, unexpected_response},
    },
    directory_cache::DirectoryCache,
    event_log::HandlerSigner,
    ingest::{IngestError, IngestOutcome, SubmissionIngester, oversight_members},
    keys::LogKeys,
    mailbox_logs,
    store::CaseStore,
    trusted_date::TrustedDateSource,
};

pub use error::CollectError;
use notices::LoggedNotices;
use quarantine::{QuarantineReason, classify_open_result};

/// Delay after the first failure. Each further failure doubles it, up to the poll interval.
const INITIAL_BACKOFF: Duration = Duration::from_secs(5);

/// Runs collection cycles.
pub struct Collector {
    /// The store.
    pub store: Arc<CaseStore>,
    /// The directories.
    pub directories: Arc<DirectoryCache>,
    /// The relay interface of the intake.
    pub relay: RelayClient,
    /// Identities that open the outer seal, newest first.
    pub transport: Arc<Vec<TransportIdentity>>,
    /// Keys that sign the case handler's events and checkpoints.
    pub log_keys: Arc<LogKeys>,
    /// Members with an absence.
    pub absent_members: Vec<String>,
    /// Months after the closing during which a case cannot be purged.
    pub retention_months: u16,
    /// Calendar and poll interval, which the intake needs for its receipts.
    pub reply_schedule: ReplySchedule,
    /// The system clock.
    pub clock: Clock,
    /// The current date, checked for clock jumps.
    pub trusted_date: TrustedDateSource,
    /// What this process has observed so far.
    pub state: CollectorState,
}

/// State of the collector between cycles. Empty at the start.
#[derive(Debug, Default)]
pub struct CollectorState {
    /// The directory with which the whole quarantine was retried. `None` at the start, so that a
    /// new transport key or a newer build causes a retry too.
    last_retry_directory: Option<Hash>,
    /// The date of this cycle.
    cycle_date: Option<Date>,
    /// Submissions quarantined in this cycle, with the reason.
    newly_quarantined: BTreeMap<Uuid, String>,
    /// Submissions that stay at the intake and are not pulled again. An orphan has the case that it
    /// waits for.
    left_at_intake: HashMap<Uuid, Option<Uuid>>,
    /// Submissions that the intake lists but does not send, because they are damaged there.
    not_sent_by_intake: HashSet<Uuid>,
    /// Number of submissions left at the intake in this cycle.
    newly_left: u32,
    /// Number of submissions that the intake listed but did not send in this cycle.
    withheld: u32,
    /// Free bytes of the quarantine when a submission was left at the intake last.
    capacity_when_left: u64,
    /// The cycle reached its limit, so the next one starts soon.
    has_more: bool,
    /// The date of the last deletion of orphaned objects.
    last_gc: Option<Date>,
    /// When this process added the last batch to the transparency log, as time since the boot, and
    /// the log key of its checkpoint.
    last_batch: Option<(Duration, PublicKey)>,
    /// Messages that were logged, and are logged again when they change.
    logged: LoggedNotices,
    /// True if the last cycle succeeded.
    healthy: Arc<AtomicBool>,
}

impl CollectorState {
    /// Returns a flag that is true if the last cycle succeeded. It is false before the first cycle.
    pub fn health_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.healthy)
    }
}

impl Collector {
    /// Runs cycles until the future is dropped. A failure is logged once until it changes, and
    /// retried before the next regular cycle.
    pub async fn run(mut self, interval: Duration) {
        let (mut tracker, mut failures) = (FailureTracker::default(), 0);
        // Submissions that the intake then deletes must not go into a database that has to be
        // restored.
        self.store.wait_log_verified().await;
        self.count_crashes().await;
        loop {
            let outcome = self.run_cycle().await;
            self.state.healthy.store(outcome.is_ok(), Ordering::Relaxed);
            failures = if outcome.is_err() { failures + 1 } else { 0 };
            let continue_soon = self.state.has_more && outcome.is_ok();
            match tracker.record(outcome.err().map(|error| error.to_string())) {
                OutcomeChange::Failed(error) => tracing::warn!("{error}"),
                OutcomeChange::Recovered => tracing::info!("collection recovered"),
                OutcomeChange::Unchanged => {}
            }
            tokio::time::sleep(if continue_soon {
                INITIAL_BACKOFF.min(interval)
            } else {
                backoff(interval, failures)
            })
            .await;
        }
    }

    /// Runs one cycle: sends the directory, collects all submissions, and publishes the mailboxes.
    ///
    /// # Errors
    /// Fails if a step fails. Later steps run if they can.
    pub async fn run_cycle(&mut self) -> Result<(), CollectError> {
        // The time of the intake comes first: it may dispute the date on which this cycle signs.
        if let Ok(Some(intake_time)) = self.relay.health().await {
            self.trusted_date.report_intake_clock(intake_time).await;
        }
        // Under an implausible clock nothing is ingested. The submissions stay at the intake.
        let today = self.trusted_date.date().await?;
        self.state.cycle_date = Some(today);
        self.absent_members = self.store.absences_on(today).await?.into_keys().collect();
        // The calendar must be sent before the directory: with a directory the intake accepts
        // reports, and writes a date on each receipt.
        let schedule_sent = self.relay.put_reply_schedule(&self.reply_schedule).await;
        // If the intake refuses the directory, for example because it has expired, collection
        // continues.
        let directory_sent = self.send_directory_to_intake(today).await;
        // The futures of the steps are large, and this one would contain them.
        let collected = Box::pin(self.collect()).await;
        // Also if the intake is not reachable, so that the log does not show it.
        let logged = Box::pin(self.extend_transparency_log()).await;
        if let Err(CollectError::Relay(RelayError::Unreachable(_))) = collected {
            return collected;
        }
        let proved = Box::pin(self.refresh_mailbox_logs()).await;
        // A submission that does not arrive completely must not delay answers to other reporters.
        Box::pin(self.retry_quarantined()).await?;
        self.log_quarantined().await?;
        self.gc_daily().await?;
        let latest = self.directories.latest();
        let members = latest.as_ref().map_or(&[][..], |latest| &latest.directory.members);
        let as_of = MailboxTime {
            today,
            week: iso_week(self.clock.today()),
            calendar: self.reply_schedule.calendar.clone(),
            devices: members.iter().map(|member| member.device).collect(),
            oversight: latest
                .as_ref()
                .map(|latest| oversight_members(&latest.directory).to_vec())
                .unwrap_or_default(),
        };
        mailbox_publisher::publish_mailboxes(&self.store, &self.relay, as_of).await?;
        collected?;
        logged?;
        proved?;
        schedule_sent?;
        Ok(directory_sent?)
    }

    /// Returns the date of this cycle.
    fn cycle_date(&self) -> Date {
        self.state.cycle_date.unwrap_or_else(|| self.clock.today())
    }

    /// Pulls submissions and ingests or quarantines them. A submission that the intake does not
    /// send is not pulled again.
    async fn pull_and_ingest(
        &mut self,
        ids: &[Uuid],
        accepted: &VerifiedDirectory,
        workload: &mut WorkloadByReaders,
    ) -> Result<(), CollectError> {
        let stream = self.relay.pull(ids.to_vec()).await?;
        let mut download = SubmissionDownload::spawn(stream, Arc::clone(&self.transport));
        let mut missing: HashSet<Uuid> = ids.iter().copied().collect();
        let mut done = Vec::new();
        let result = loop {
            let batch = download.next_batch().await;
            if batch.is_empty() {
                break download.join().await?.map_err(CollectError::from);
            }
            // None of this batch is ingested. Otherwise an intake that is asked for two submissions
            // could send two million.
            if !batch.iter().all(|submission| missing.remove(&submission.id)) {
                download.abort();
                break Err(unexpected_response(
                    "it sent a submission that was not requested, or sent one twice",
                )
                .into());
            }
            if let Err(error) = self.ingest_downloaded(batch, accepted, workload, &mut done).await {
                download.abort();
                break Err(error);
            }
        };
        for id in &done {
            self.state.left_at_intake.remove(id);
        }
        // Ingested submissions are acknowledged even if a later one failed, so that they are not
        // sent again.
        if !done.is_empty() {
            self.relay.acknowledge(done).await?;
        }
        result?;
        self.state.withheld += u32::try_from(missing.len()).unwrap_or(u32::MAX);
        self.state.not_sent_by_intake.extend(missing);
        Ok(())
    }

    /// Ingests or quarantines submissions. The intake may delete those that are stored durably
    /// here, which are added to `done`. If the quarantine is full, the others stay at the intake.
    async fn ingest_downloaded(
        &mut self,
        batch: Vec<DownloadedSubmission>,
        accepted: &VerifiedDirectory,
        workload: &mut WorkloadByReaders,
        done: &mut Vec<Uuid>,
    ) -> Result<(), CollectError> {
        let (mut opened, mut ingestible, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        for mut submission in batch {
            match classify_open_result(submission.join_open_task().await)? {
                Ok(content) => {
                    opened.push(content);
                    ingestible.push(submission);
                }
                Err(reason) => rejected.push((submission, reason)),
            }
        }
        let outcomes = self.ingest_batch(&opened, accepted, workload).await;
        let mut failed = None;
        for ((submission, outcome), opened) in ingestible.into_iter().zip(outcomes).zip(&opened) {
            match outcome {
                Ok(_) => done.push(submission.id),
                Err(error) if error.is_permanent() => {
                    rejected.push((
                        submission,
                        QuarantineReason::from_ingest_error(&error, opened.header.case.id),
                    ));
                }
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.quarantine_all(rejected, done).await?;
        failed.map_or(Ok(()), |error| Err(CollectError::Ingest(error)))
    }

    /// Ingests submissions in one transaction. If that fails, ingests them one by one, so that a
    /// submission that the database rejects does not block the others. Returns one outcome for
    /// each, up to the second database failure.
    async fn ingest_batch(
        &self,
        batch: &[CollectedSubmission],
        accepted: &VerifiedDirectory,
        workload: &mut WorkloadByReaders,
    ) -> Vec<Result<IngestOutcome, IngestError>> {
        let mut outcomes = Vec::with_capacity(batch.len());
        // Nearly all submissions name the newest directory.
        for with_same_directory in
            batch.chunk_by(|submission, next| submission.header.directory == next.header.directory)
        {
            let named = self.directories.by_hash(&with_same_directory[0].header.directory);
            let ingester = SubmissionIngester {
                directory: &accepted.directory,
                submission_directory: named.as_ref().map(|named| &named.directory),
                signer: HandlerSigner {
                    key: self.log_keys.signing_under(&accepted.directory),
                    today: self.cycle_date(),
                },
                absent_members: &self.absent_members,
                retention_months: self.retention_months,
            };
            match ingester.ingest_batch(&self.store, with_same_directory, workload).await {
                Ok(batch) => outcomes.extend(batch),
                Err(error) if with_same_directory.len() == 1 => outcomes.push(Err(error)),
                Err(_) => {
                    let mut failures = 0;
                    for submission in with_same_directory {
                        let outcome = ingester.ingest(&self.store, submission, workload).await;
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

    /// Adds one batch to the transparency log for each poll interval. Cycles that follow each other
    /// sooner, because there is more to collect or the last one failed, add none. Otherwise the
    /// number of batches would reveal them. While the log is paused after a restore, each cycle
    /// looks for the end of the pause.
    ///
    /// A directory that names the next log key adds a batch at once, because readers accept no
    /// checkpoint of the former key any more. Without the key that the directory names, nothing is
    /// signed.
    async fn extend_transparency_log(&mut self) -> Result<(), CollectError> {
        let interval = Duration::from_secs(self.reply_schedule.poll_interval_seconds.into());
        let Some(latest) = self.directories.latest() else { return Ok(()) };
        let Some(key) = self.log_keys.named_by(&latest.directory) else { return Ok(()) };
        let (now, signer) = (self.clock.monotonic(), PublicKey::from(key));
        let is_recent =
            |(last, by): (Duration, PublicKey)| by == signer && now.saturating_sub(last) < interval;
        if self.state.last_batch.is_some_and(is_recent) {
            return Ok(());
        }
        let (store, directories) = (&self.store, &self.directories);
        let signs = checkpoints::add_batch(store, directories, key, &mut OsRng).await?;
        self.log_pause(!signs);
        if signs {
            self.state.last_batch = Some((now, signer));
        }
        Ok(())
    }

    /// Makes the log records of mailboxes that have changed.
    async fn refresh_mailbox_logs(&self) -> Result<(), CollectError> {
        let Some(latest) = self.directories.latest() else { return Ok(()) };
        let Ok(policy) = LogPolicy::of_directory(&latest.directory) else { return Ok(()) };
        Ok(mailbox_logs::refresh_mailbox_logs(&self.store, &policy).await?)
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

/// Returns the delay before the next cycle, after a number of consecutive failures.
fn backoff(interval: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => interval,
        Some(before) => INITIAL_BACKOFF.saturating_mul(2u32.saturating_pow(before)).min(interval),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_retried_soon_and_then_with_growing_delays() {
        let interval = Duration::from_mins(15);
        let delays: Vec<_> =
            (0..10).map(|failures| backoff(interval, failures).as_secs()).collect();
        assert_eq!(delays, [900, 5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(backoff(interval, u32::MAX), interval);
        assert_eq!(
            backoff(Duration::from_secs(1), 3),
            Duration::from_secs(1),
            "never later than without a failure"
        );
    }
}
