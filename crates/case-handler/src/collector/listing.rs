//! One pass over all submissions that wait at the intake, in the order of their ids.
//!
//! The pass continues after submissions that cannot be ingested. Junk that precedes an honest
//! report delays it by the time to download the junk once, because the case handler does not
//! download again what it left at the intake.

use std::{collections::HashMap, time::Duration};

use protocol::api::relay::ListedSubmission;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Collector, error::CollectError};
use crate::{
    assignment::WorkloadByReaders,
    collector::relay_client::{RelayError, unexpected_response},
    store::{POISON_AFTER_CRASHES, StoreError},
};

/// Submissions that are listed at once.
const PAGE_SIZE: u32 = 4096;
/// Pages of one cycle. An intake that lists without end must not prevent the end of a cycle.
const MAX_PAGES_PER_CYCLE: u32 = 1000;
/// Pages may take this number of request timeouts together, which is one hour. An intake that sends
/// each page slowly must not hold a cycle.
const MAX_LISTING_TIMEOUTS: u32 = 12;
/// Submissions that are pulled at once, and recorded in the journal together.
const MAX_BATCH_SIZE: usize = 512;
/// Bytes of submissions that are pulled at once, if there is more than one.
const MAX_BATCH_BYTES: u64 = 256 * 1024 * 1024;
/// Batches of one cycle. A flood must not prevent the publication of mailboxes; the next cycle
/// starts soon.
const MAX_BATCHES_PER_CYCLE: u32 = 32;
/// Batches of one cycle that may fail without ending it.
const MAX_FAILURES_PER_CYCLE: u32 = 3;
/// Submissions left at the intake whose ids are remembered. Beyond this number, the next cycle
/// pulls all of them again.
const MAX_REMEMBERED_LEFT: usize = 500_000;

/// Progress of one cycle.
struct CycleProgress {
    /// Read before the first batch, because it reads all open cases and most cycles ingest nothing.
    workload: Option<WorkloadByReaders>,
    batches: u32,
    failures: u32,
    first_error: Option<CollectError>,
}

impl Collector {
    /// Ingests all waiting submissions that can be ingested, with bounded work.
    pub(super) async fn collect(&mut self) -> Result<(), CollectError> {
        self.state.has_more = false;
        // Without the log key that the directory names, no reader could verify that a submission
        // was received. The submissions stay at the intake.
        let latest = self.directories.latest();
        if latest.is_none_or(|latest| self.log_keys.named_by(&latest.directory).is_none()) {
            return Ok(());
        }
        if self.state.left_at_intake.len() >= MAX_REMEMBERED_LEFT
            || self.store.quarantine_capacity().await? > self.state.capacity_when_left
        {
            self.state.left_at_intake.clear();
        }
        if self.state.not_sent_by_intake.len() >= MAX_REMEMBERED_LEFT {
            self.state.not_sent_by_intake.clear();
        }
        let suspects = self.store.crash_suspects().await?;
        let mut progress =
            CycleProgress { workload: None, batches: 0, failures: 0, first_error: None };
        let mut listed_suspects = Vec::new();
        self.collect_listed(&suspects, &mut listed_suspects, &mut progress).await?;
        self.collect_former_orphans(&mut progress).await?;
        // Suspects come last, so that everything else is ingested before one of them can terminate
        // the process again.
        for id in &listed_suspects {
            match suspects.get(id) {
                Some(crashes) if *crashes == POISON_AFTER_CRASHES => {
                    self.quarantine_poison(*id).await?;
                }
                Some(crashes) if *crashes > POISON_AFTER_CRASHES => {}
                _ => self.collect_batch(&[*id], &mut progress).await?,
            }
        }
        self.clear_absent_suspects(&suspects, &listed_suspects).await?;
        progress.first_error.map_or(Ok(()), Err)
    }

    async fn collect_listed(
        &mut self,
        suspects: &HashMap<Uuid, u32>,
        listed_suspects: &mut Vec<Uuid>,
        progress: &mut CycleProgress,
    ) -> Result<(), CollectError> {
        let (mut after, mut batch) = (None, PullBatch::default());
        let max_listing_time = self.relay.request_timeout() * MAX_LISTING_TIMEOUTS;
        let mut listing_time = Duration::ZERO;
        for _ in 0..MAX_PAGES_PER_CYCLE {
            let requested_at = Instant::now();
            let page = self.relay.list(after, PAGE_SIZE).await?;
            listing_time += requested_at.elapsed();
            let Some(last) = page.last().map(|last| last.id) else { break };
            if after.is_some_and(|after| last <= after) {
                return Err(unexpected_response("the list is not in ascending order").into());
            }
            after = Some(last);
            for submission in page {
                if suspects.contains_key(&submission.id) {
                    listed_suspects.push(submission.id);
                } else if !self.state.left_at_intake.contains_key(&submission.id)
                    && !self.state.not_sent_by_intake.contains(&submission.id)
                    && let Some(full) = batch.add(submission)
                {
                    if progress.batches == MAX_BATCHES_PER_CYCLE {
                        self.state.has_more = true;
                        return Ok(());
                    }
                    self.collect_batch(&full, progress).await?;
                }
            }
            if listing_time > max_listing_time {
                progress.first_error.get_or_insert(RelayError::TimedOut.into());
                break;
            }
        }
        self.collect_batch(&batch.ids, progress).await
    }

    /// Pulls follow-ups that were left without their report, if the report was ingested since.
    async fn collect_former_orphans(
        &mut self,
        progress: &mut CycleProgress,
    ) -> Result<(), CollectError> {
        let orphans: Vec<(Uuid, Uuid)> = self
            .state
            .left_at_intake
            .iter()
            .filter_map(|(id, case)| Some((*id, (*case)?)))
            .collect();
        let known = self.store.existing_cases(orphans.iter().map(|(_, case)| *case)).await?;
        let adopted: Vec<Uuid> = orphans
            .into_iter()
            .filter(|(_, case)| known.contains(case))
            .map(|(id, _)| id)
            .collect();
        for batch in adopted.chunks(MAX_BATCH_SIZE) {
            self.collect_batch(batch, progress).await?;
        }
        Ok(())
    }

    /// Records submissions in the journal, pulls and ingests them. A batch that the database
    /// rejects, or for which the folder for temporary files has no space, waits for the next cycle;
    /// this happens at most [`MAX_FAILURES_PER_CYCLE`] times per cycle.
    async fn collect_batch(
        &mut self,
        ids: &[Uuid],
        progress: &mut CycleProgress,
    ) -> Result<(), CollectError> {
        let Some(accepted) = self.directories.latest().filter(|_| !ids.is_empty()) else {
            return Ok(());
        };
        progress.batches += 1;
        let workload = match &mut progress.workload {
            Some(workload) => workload,
            None => progress.workload.insert(self.store.workload_by_readers().await?),
        };
        self.store.journal_open_started(ids).await?;
        let ingested = self.pull_and_ingest(ids, &accepted, workload).await;
        // The process still runs, so none of these terminated it.
        let journaled = self.store.journal_open_finished(ids).await;
        match ingested {
            Err(error)
                if error.concerns_one_batch() && progress.failures < MAX_FAILURES_PER_CYCLE =>
            {
                progress.failures += 1;
                progress.first_error.get_or_insert(error);
                Ok(())
            }
            ingested => {
                ingested?;
                Ok(journaled?)
            }
        }
    }

    /// Clears the suspects that are neither at the intake nor quarantined, because they were
    /// ingested before the process ended.
    async fn clear_absent_suspects(
        &self,
        suspects: &HashMap<Uuid, u32>,
        listed: &[Uuid],
    ) -> Result<(), StoreError> {
        if self.state.has_more {
            return Ok(());
        }
        let mut gone = Vec::new();
        for (id, crashes) in suspects {
            if *crashes < POISON_AFTER_CRASHES
                && !listed.contains(id)
                && !self.store.is_quarantined(*id).await?
            {
                gone.push(*id);
            }
        }
        self.store.journal_open_finished(&gone).await
    }
}

/// Submissions that are pulled together.
#[derive(Default)]
struct PullBatch {
    ids: Vec<Uuid>,
    bytes: u64,
}

impl PullBatch {
    /// Adds a submission. Returns the previous ones if the batch would be too large with it.
    fn add(&mut self, submission: ListedSubmission) -> Option<Vec<Uuid>> {
        let full = self.ids.len() == MAX_BATCH_SIZE
            || (!self.ids.is_empty()
                && self.bytes.saturating_add(submission.len) > MAX_BATCH_BYTES);
        let before = full.then(|| std::mem::take(self).ids);
        self.ids.push(submission.id);
        self.bytes = self.bytes.saturating_add(submission.len);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_by_number_and_by_bytes() {
        let submission = |len| ListedSubmission { id: Uuid::new_v4(), len };
        let mut batch = PullBatch::default();
        let small = (0..=MAX_BATCH_SIZE)
            .filter_map(|_| batch.add(submission(1)))
            .map(|ids| ids.len())
            .collect::<Vec<_>>();
        assert_eq!(small, [MAX_BATCH_SIZE]);
        let mut batch = PullBatch::default();
        assert_eq!(batch.add(submission(MAX_BATCH_BYTES + 1)), None, "one alone may be larger");
        assert_eq!(batch.add(submission(1)).map(|ids| ids.len()), Some(1));
    }
}
