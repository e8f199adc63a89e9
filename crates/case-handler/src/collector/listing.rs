//! One walk over everything that waits at the intake, in the order of ids.
//!
//! The walk goes past what cannot be taken: junk that precedes an honest report delays it by the
//! time that the junk takes to read once, and what was left at the intake is not pulled again.

use std::collections::HashMap;

use protocol::api::relay::ListedSubmission;
use uuid::Uuid;

use super::{CollectError, Collector};
use crate::{
    assignment::Workload,
    collector::relay_client::unexpected_response,
    store::{POISON_AFTER_CRASHES, StoreError},
};

/// Submissions that are listed at once.
const PAGE_SIZE: u32 = 4096;
/// Pages of one round: an intake that lists without end must not keep a round from ending.
const MAX_PAGES_PER_CYCLE: u32 = 1000;
/// Submissions that are pulled at once, and noted in the journal together.
const MAX_BATCH_SIZE: usize = 512;
/// Bytes of submissions that are pulled at once, if there is more than one.
const MAX_BATCH_BYTES: u64 = 256 * 1024 * 1024;
/// Batches of one round: a flood must not keep answers from being laid out. The next round goes on
/// soon.
const MAX_BATCHES_PER_CYCLE: u32 = 32;
/// Batches of one round that the database may fail to take.
const MAX_FAILURES_PER_CYCLE: u32 = 3;
/// Submissions left at the intake that are remembered. Beyond it, they are pulled again in the next
/// round.
const MAX_REMEMBERED_LEFT: usize = 500_000;

/// What one round has done so far.
struct CycleProgress {
    workload: Workload,
    batches: u32,
    failures: u32,
    first_error: Option<CollectError>,
}

impl Collector {
    /// Files everything that waits and can be filed, in bounded work.
    pub(super) async fn collect(&mut self) -> Result<(), CollectError> {
        self.state.has_more = false;
        if self.directories.latest().is_none() {
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
        let mut round = CycleProgress {
            workload: self.store.workload().await?,
            batches: 0,
            failures: 0,
            first_error: None,
        };
        let mut listed_suspects = Vec::new();
        self.collect_listed(&suspects, &mut listed_suspects, &mut round).await?;
        self.collect_former_orphans(&mut round).await?;
        // Last, so that one that ends the process again finds everything else filed.
        for id in &listed_suspects {
            match suspects.get(id) {
                Some(ends) if *ends == POISON_AFTER_CRASHES => self.quarantine_poison(*id).await?,
                Some(ends) if *ends > POISON_AFTER_CRASHES => {}
                _ => self.collect_batch(&[*id], &mut round).await?,
            }
        }
        self.clear_absent_suspects(&suspects, &listed_suspects).await?;
        round.first_error.map_or(Ok(()), Err)
    }

    async fn collect_listed(
        &mut self,
        suspects: &HashMap<Uuid, u32>,
        listed_suspects: &mut Vec<Uuid>,
        round: &mut CycleProgress,
    ) -> Result<(), CollectError> {
        let (mut after, mut batch) = (None, PullBatch::default());
        for _ in 0..MAX_PAGES_PER_CYCLE {
            let page = self.relay.list(after, PAGE_SIZE).await?;
            let Some(last) = page.last().map(|last| last.id) else { break };
            if after.is_some_and(|after| last <= after) {
                return Err(unexpected_response("its list does not go forward").into());
            }
            after = Some(last);
            for one in page {
                if suspects.contains_key(&one.id) {
                    listed_suspects.push(one.id);
                } else if !self.state.left_at_intake.contains_key(&one.id)
                    && !self.state.not_sent_by_intake.contains(&one.id)
                    && let Some(full) = batch.add(one)
                {
                    if round.batches == MAX_BATCHES_PER_CYCLE {
                        self.state.has_more = true;
                        return Ok(());
                    }
                    self.collect_batch(&full, round).await?;
                }
            }
        }
        self.collect_batch(&batch.ids, round).await
    }

    /// Follow-ups that were left without their report, which has been filed since.
    async fn collect_former_orphans(
        &mut self,
        round: &mut CycleProgress,
    ) -> Result<(), CollectError> {
        let waits_for: Vec<(Uuid, Uuid)> = self
            .state
            .left_at_intake
            .iter()
            .filter_map(|(id, case)| Some((*id, (*case)?)))
            .collect();
        let known = self.store.existing_cases(waits_for.iter().map(|(_, case)| *case)).await?;
        let adopted: Vec<Uuid> = waits_for
            .into_iter()
            .filter(|(_, case)| known.contains(case))
            .map(|(id, _)| id)
            .collect();
        for batch in adopted.chunks(MAX_BATCH_SIZE) {
            self.collect_batch(batch, round).await?;
        }
        Ok(())
    }

    /// Journals, pulls and files some submissions. What the database does not take is left for the
    /// next round, a few times.
    async fn collect_batch(
        &mut self,
        ids: &[Uuid],
        round: &mut CycleProgress,
    ) -> Result<(), CollectError> {
        let Some(accepted) = self.directories.latest().filter(|_| !ids.is_empty()) else {
            return Ok(());
        };
        round.batches += 1;
        self.store.journal_open_started(ids).await?;
        let taken = self.pull_and_ingest(ids, &accepted, &mut round.workload).await;
        // The process lives: none of these ended it.
        let ended = self.store.journal_open_finished(ids).await;
        match taken {
            Err(error @ CollectError::Ingest(_)) if round.failures < MAX_FAILURES_PER_CYCLE => {
                round.failures += 1;
                round.first_error.get_or_insert(error);
                Ok(())
            }
            taken => {
                taken?;
                Ok(ended?)
            }
        }
    }

    /// A suspect that is neither at the intake nor set aside was filed before the process ended.
    async fn clear_absent_suspects(
        &self,
        suspects: &HashMap<Uuid, u32>,
        listed: &[Uuid],
    ) -> Result<(), StoreError> {
        if self.state.has_more {
            return Ok(());
        }
        let mut gone = Vec::new();
        for (id, ends) in suspects {
            if *ends < POISON_AFTER_CRASHES
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
    /// Adds one. Returns those before it if they are enough without it.
    fn add(&mut self, one: ListedSubmission) -> Option<Vec<Uuid>> {
        let full = self.ids.len() == MAX_BATCH_SIZE
            || (!self.ids.is_empty() && self.bytes.saturating_add(one.len) > MAX_BATCH_BYTES);
        let before = full.then(|| std::mem::take(self).ids);
        self.ids.push(one.id);
        self.bytes = self.bytes.saturating_add(one.len);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_bounded_by_number_and_by_bytes() {
        let one = |len| ListedSubmission { id: Uuid::new_v4(), len };
        let mut batch = PullBatch::default();
        let small = (0..=MAX_BATCH_SIZE)
            .filter_map(|_| batch.add(one(1)))
            .map(|ids| ids.len())
            .collect::<Vec<_>>();
        assert_eq!(small, [MAX_BATCH_SIZE]);
        let mut batch = PullBatch::default();
        assert_eq!(batch.add(one(MAX_BATCH_BYTES + 1)), None, "one alone may be larger");
        assert_eq!(batch.add(one(1)).map(|ids| ids.len()), Some(1));
    }
}
