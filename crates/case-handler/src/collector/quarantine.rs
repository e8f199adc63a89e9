//! What cannot be filed: set aside whole, said in the log, and looked at again where that can help.

use std::sync::Arc;

use protocol::submission::envelope::{OpenedSubmission, SubmissionOpenError};
use time::Date;
use tokio::task::JoinError;
use uuid::Uuid;

use super::{CollectError, Collector};
use crate::{
    assignment::Workload,
    collector::download::{self, DownloadedSubmission},
    directory_cache::VerifiedDirectory,
    ingest::IngestError,
    keys,
    store::{POISON_AFTER_CRASHES, QuarantinedSubmission, RetryScope},
};

/// Submissions that are looked at again under one note in the journal.
const RETRY_BATCH: usize = 128;

/// Why a submission is set aside. The words are ours: what a stranger sent must not get into a log.
pub(super) struct QuarantineReason {
    reason: String,
    is_retryable: bool,
    case: Option<Uuid>,
    /// It can be filed as soon as its case is there.
    is_orphan: bool,
}

impl QuarantineReason {
    fn from_open_error(error: &SubmissionOpenError) -> Self {
        let (reason, retry) = match error {
            // Another transport key may be put in place, or a newer build.
            SubmissionOpenError::Unopenable(_) => ("no transport key opens its outer seal", true),
            SubmissionOpenError::UnsupportedVersion(_) => ("its version is not known here", true),
            SubmissionOpenError::Wire(_) => ("the envelope is malformed or damaged", false),
            SubmissionOpenError::UnexpectedRecords(_) => {
                ("the envelope's records are not those of its kind", false)
            }
            SubmissionOpenError::InvalidKey => ("a public key in the envelope is malformed", false),
        };
        Self { reason: reason.to_owned(), is_retryable: retry, case: None, is_orphan: false }
    }

    /// One on which opening panicked must not hold up all others.
    fn from_open_panic() -> Self {
        let reason = "opening it failed: this is a bug, please report it".to_owned();
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

    fn into_quarantined(self, id: Uuid, day: Date, bytes: Vec<u8>) -> QuarantinedSubmission {
        let Self { reason, is_retryable: retry, case, is_orphan: _ } = self;
        QuarantinedSubmission { id, day, reason, retry, case, bytes }
    }
}

/// The inner error is the submission's, the outer one is ours.
pub(super) fn classify_open_result(
    opened: Result<Result<OpenedSubmission, SubmissionOpenError>, JoinError>,
) -> Result<Result<OpenedSubmission, QuarantineReason>, CollectError> {
    match opened {
        Ok(result) => Ok(result.map_err(|error| QuarantineReason::from_open_error(&error))),
        Err(error) if error.is_panic() => Ok(Err(QuarantineReason::from_open_panic())),
        Err(_) => Err(CollectError::TaskFailed),
    }
}

impl Collector {
    /// Sets submissions aside, as long as there is room. Those that find none stay at the intake.
    pub(super) async fn quarantine_all(
        &mut self,
        unfiled: Vec<(DownloadedSubmission, QuarantineReason)>,
        done: &mut Vec<Uuid>,
    ) -> Result<(), CollectError> {
        if unfiled.is_empty() {
            return Ok(());
        }
        let mut room = self.store.quarantine_capacity().await?;
        let (mut kept, today) = (Vec::new(), self.cycle_date());
        let writing = self.store.begin_write().await?;
        for (DownloadedSubmission { id, bytes, .. }, unfiled) in unfiled {
            let Some(left) = room.checked_sub(bytes.len() as u64) else {
                self.state.newly_left += 1;
                self.state.capacity_when_left = room;
                self.state.left_at_intake.insert(id, unfiled.case.filter(|_| unfiled.is_orphan));
                continue;
            };
            room = left;
            kept.push((id, unfiled.reason.clone()));
            writing.quarantine(unfiled.into_quarantined(id, today, bytes.to_vec())).await?;
        }
        writing.commit().await?;
        done.extend(kept.iter().map(|(id, _)| *id));
        self.state.newly_quarantined.extend(kept);
        Ok(())
    }

    /// Looks again at what may be fileable by now.
    pub(super) async fn retry_quarantined(&mut self) -> Result<(), CollectError> {
        let Some(accepted) = self.directories.latest() else { return Ok(()) };
        let all = self.state.last_retry_directory != Some(accepted.hash);
        if all {
            // What this process has left so far was looked at with this directory, if it is the
            // first.
            if self.state.last_retry_directory.is_some() {
                self.state.left_at_intake.clear();
                self.state.not_sent_by_intake.clear();
            }
            for difference in keys::mismatches(&accepted.directory, &self.transport, &self.log_key)
            {
                tracing::error!("{difference}");
            }
        }
        let which = if all { RetryScope::All } else { RetryScope::WithKnownCase };
        let waiting = self.store.retryable_ids(which).await?;
        if !waiting.is_empty() {
            let (mut load, suspects) =
                (self.store.workload().await?, self.store.crash_suspects().await?);
            let (alone, together): (Vec<Uuid>, Vec<Uuid>) =
                waiting.into_iter().partition(|id| suspects.contains_key(id));
            for ids in together.chunks(RETRY_BATCH) {
                self.retry_batch(ids, &accepted, &mut load).await?;
            }
            for id in alone {
                if suspects.get(&id).is_some_and(|ends| *ends >= POISON_AFTER_CRASHES) {
                    self.mark_poison(id).await?;
                } else {
                    self.retry_batch(&[id], &accepted, &mut load).await?;
                }
            }
        }
        self.state.last_retry_directory = Some(accepted.hash);
        Ok(())
    }

    /// Looks at some again, under a note in the journal.
    async fn retry_batch(
        &mut self,
        ids: &[Uuid],
        accepted: &VerifiedDirectory,
        load: &mut Workload,
    ) -> Result<(), CollectError> {
        self.store.journal_open_started(ids).await?;
        let mut retried = Ok(());
        for id in ids {
            retried = self.retry_one(*id, accepted, load).await;
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
        load: &mut Workload,
    ) -> Result<(), CollectError> {
        let Some(bytes) = self.store.quarantined_bytes(id).await? else { return Ok(()) };
        let opening = download::spawn_open(Arc::clone(&self.transport), bytes.clone().into(), ());
        let Ok(opened) = classify_open_result(opening.await)? else { return Ok(()) };
        let case = opened.header.case.id;
        let filed = self
            .ingest_batch(&[opened], accepted, load)
            .await
            .pop()
            .ok_or(CollectError::TaskFailed)?;
        if let Err(error) = filed.as_ref()
            && !error.is_permanent()
        {
            return filed.map(drop).map_err(CollectError::Ingest);
        }
        let writing = self.store.begin_write().await?;
        match filed {
            Ok(_) => {
                writing.remove_quarantined(id).await?;
                writing.commit().await?;
                self.state.newly_quarantined.remove(&id);
            }
            Err(error) => {
                let unfiled = QuarantineReason::from_ingest_error(&error, case);
                writing.quarantine(unfiled.into_quarantined(id, self.cycle_date(), bytes)).await?;
                writing.commit().await?;
            }
        }
        Ok(())
    }
}
