//! Quarantine for submissions that cannot be ingested. The bytes are stored, a warning is logged,
//! and retryable submissions are retried.

use std::sync::Arc;

use protocol::submission::envelope::SubmissionOpenError;
use service_kit::directory::VerifiedDirectory;
use time::Date;
use tokio::task::JoinError;
use uuid::Uuid;

use super::{Collector, error::CollectError};
use crate::{
    assignment::WorkloadByReaders,
    collector::download::{self, CollectedSubmission, DownloadedSubmission},
    ingest::IngestError,
    keys,
    sealed_bytes::{SealedBytes, SealedSource as _, TemporaryFileError},
    store::{POISON_AFTER_CRASHES, QuarantinedSubmission, RetryScope},
};

/// Submissions that are retried under one journal record.
const RETRY_BATCH: usize = 128;

/// Why a submission is quarantined. The reason is always one of our own texts, so that untrusted
/// input never reaches the log.
pub(super) struct QuarantineReason {
    reason: String,
    is_retryable: bool,
    case: Option<Uuid>,
    /// It can be ingested as soon as its case exists.
    is_orphan: bool,
}

impl QuarantineReason {
    fn from_open_error(error: SubmissionOpenError) -> Result<Self, TemporaryFileError> {
        let (reason, retry) = match error {
            SubmissionOpenError::Storage(error) => return Err(error.into()),
            // Another transport key or a newer build may open it.
            SubmissionOpenError::Unopenable(_) => ("no transport key opens its outer seal", true),
            SubmissionOpenError::UnsupportedVersion(_) => ("unsupported envelope version", true),
            SubmissionOpenError::Wire(_) => ("malformed or damaged envelope", false),
            SubmissionOpenError::UnexpectedRecords(_) => {
                ("unexpected record sequence in the envelope", false)
            }
            SubmissionOpenError::InvalidKey => ("malformed public key in the envelope", false),
        };
        let reason = reason.to_owned();
        Ok(Self { reason, is_retryable: retry, case: None, is_orphan: false })
    }

    /// A submission whose opening panicked must not block the others.
    fn from_open_panic() -> Self {
        let reason = "opening it panicked (bug; please report it)".to_owned();
        Self { reason, is_retryable: true, case: None, is_orphan: false }
    }

    pub(super) fn from_ingest_error(error: &IngestError, case: Uuid) -> Self {
        let orphan = matches!(error, IngestError::Orphan);
        Self {
            reason: error.to_string(),
            is_retryable: error.is_retryable(),
            case: Some(case),
            is_orphan: orphan,
        }
    }

    fn into_quarantined(self, id: Uuid, day: Date, bytes: SealedBytes) -> QuarantinedSubmission {
        let Self { reason, is_retryable: retry, case, is_orphan: _ } = self;
        QuarantinedSubmission { id, day, reason, retry, case, bytes }
    }
}

/// Separates failures of the submission (inner error) from failures of the service (outer error).
pub(super) fn classify_open_result(
    opened: Result<Result<CollectedSubmission, SubmissionOpenError>, JoinError>,
) -> Result<Result<CollectedSubmission, QuarantineReason>, CollectError> {
    match opened {
        Ok(Ok(opened)) => Ok(Ok(opened)),
        Ok(Err(error)) => Ok(Err(QuarantineReason::from_open_error(error)?)),
        Err(error) if error.is_panic() => Ok(Err(QuarantineReason::from_open_panic())),
        Err(_) => Err(CollectError::TaskFailed),
    }
}

impl Collector {
    /// Quarantines submissions while there is room. The others stay at the intake.
    pub(super) async fn quarantine_all(
        &mut self,
        rejected: Vec<(DownloadedSubmission, QuarantineReason)>,
        done: &mut Vec<Uuid>,
    ) -> Result<(), CollectError> {
        if rejected.is_empty() {
            return Ok(());
        }
        let mut capacity = self.store.quarantine_capacity().await?;
        let (mut stored, today) = (Vec::new(), self.cycle_date());
        let transaction = self.store.begin_write().await?;
        for (DownloadedSubmission { id, bytes, .. }, rejected) in rejected {
            let Some(left) = capacity.checked_sub(bytes.byte_len()) else {
                self.state.newly_left += 1;
                self.state.capacity_when_left = capacity;
                self.state.left_at_intake.insert(id, rejected.case.filter(|_| rejected.is_orphan));
                continue;
            };
            capacity = left;
            stored.push((id, rejected.reason.clone()));
            transaction.quarantine(rejected.into_quarantined(id, today, bytes)).await?;
        }
        transaction.commit().await?;
        done.extend(stored.iter().map(|(id, _)| *id));
        self.state.newly_quarantined.extend(stored);
        Ok(())
    }

    /// Retries submissions that may be ingestible now.
    pub(super) async fn retry_quarantined(&mut self) -> Result<(), CollectError> {
        let Some(accepted) = self.directories.latest() else { return Ok(()) };
        let all = self.state.last_retry_directory != Some(accepted.hash);
        if all {
            // If this is the first directory, the submissions that this process left at the intake
            // were already checked with it.
            if self.state.last_retry_directory.is_some() {
                self.state.left_at_intake.clear();
                self.state.not_sent_by_intake.clear();
            }
            for difference in keys::mismatches(&accepted.directory, &self.transport, &self.log_keys)
            {
                tracing::error!("{difference}");
            }
        }
        // As in `collect`. The next start, with the key, retries all.
        if self.log_keys.named_by(&accepted.directory).is_none() {
            self.state.last_retry_directory = Some(accepted.hash);
            return Ok(());
        }
        let scope = if all { RetryScope::All } else { RetryScope::WithKnownCase };
        let retryable = self.store.retryable_ids(scope).await?;
        if !retryable.is_empty() {
            let (mut workload, suspects) =
                (self.store.workload_by_readers().await?, self.store.crash_suspects().await?);
            let (suspected, others): (Vec<Uuid>, Vec<Uuid>) =
                retryable.into_iter().partition(|id| suspects.contains_key(id));
            for ids in others.chunks(RETRY_BATCH) {
                self.retry_batch(ids, &accepted, &mut workload).await?;
            }
            for id in suspected {
                if suspects.get(&id).is_some_and(|crashes| *crashes >= POISON_AFTER_CRASHES) {
                    self.mark_poison(id).await?;
                } else {
                    self.retry_batch(&[id], &accepted, &mut workload).await?;
                }
            }
        }
        self.state.last_retry_directory = Some(accepted.hash);
        Ok(())
    }

    /// Retries submissions under one journal record.
    async fn retry_batch(
        &mut self,
        ids: &[Uuid],
        accepted: &VerifiedDirectory,
        workload: &mut WorkloadByReaders,
    ) -> Result<(), CollectError> {
        self.store.journal_open_started(ids).await?;
        let mut retried = Ok(());
        for id in ids {
            retried = self.retry_one(*id, accepted, workload).await;
            if retried.is_err() {
                break;
            }
        }
        self.store.journal_open_finished(ids).await?;
        retried
    }

    async fn retry_one(
        &mut self,
        id: Uuid,
        accepted: &VerifiedDirectory,
        workload: &mut WorkloadByReaders,
    ) -> Result<(), CollectError> {
        let Some(bytes) = self.store.quarantined_bytes(id).await? else { return Ok(()) };
        let open_task = download::spawn_open(Arc::clone(&self.transport), bytes, ());
        let Ok(opened) = classify_open_result(open_task.await)? else { return Ok(()) };
        let case = opened.header.case.id;
        let outcome = self
            .ingest_batch(&[opened], accepted, workload)
            .await
            .pop()
            .ok_or(CollectError::TaskFailed)?;
        if let Err(error) = outcome.as_ref()
            && !error.is_permanent()
        {
            return outcome.map(drop).map_err(CollectError::Ingest);
        }
        let transaction = self.store.begin_write().await?;
        match outcome {
            Ok(_) => {
                transaction.remove_quarantined(id).await?;
                transaction.commit().await?;
                self.state.newly_quarantined.remove(&id);
            }
            Err(error) => {
                let rejected = QuarantineReason::from_ingest_error(&error, case);
                let QuarantineReason { reason, is_retryable, case, .. } = rejected;
                transaction.update_quarantined(id, reason, is_retryable, case).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }
}
