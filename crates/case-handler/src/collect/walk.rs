//! One walk over everything that waits at the intake, in the order of ids.
//!
//! The walk goes past what cannot be taken: junk that precedes an honest report delays it by the time that the junk takes to read
//! once, and what was left at the intake is not pulled again.

use std::collections::HashMap;

use envelope::relay::Waiting;
use uuid::Uuid;

use super::{Collector, TickError};
use crate::{
    relay::unexpected,
    routing::Load,
    store::{QUARANTINED_AFTER, StoreError},
};

/// Submissions that are listed at once.
const PAGE: u32 = 4096;
/// Pages of one round: an intake that lists without end must not keep a round from ending.
const MOST_PAGES: u32 = 1000;
/// Submissions that are pulled at once, and noted in the journal together.
const BATCH: usize = 512;
/// Bytes of submissions that are pulled at once, if there is more than one.
const BATCH_BYTES: u64 = 256 * 1024 * 1024;
/// Batches of one round: a flood must not keep answers from being laid out. The next round goes on soon.
const MOST_BATCHES: u32 = 32;
/// Batches of one round that the database may fail to take.
const MOST_FAILURES: u32 = 3;
/// Submissions left at the intake that are remembered. Beyond it, they are pulled again in the next round.
const MOST_LEFT: usize = 500_000;

/// What one round has done so far.
struct Round {
    load: Load,
    batches: u32,
    failures: u32,
    failed: Option<TickError>,
}

impl Collector {
    /// Files everything that waits and can be filed, in bounded work.
    pub(super) async fn collect(&mut self) -> Result<(), TickError> {
        self.progress.more = false;
        if self.current.get().is_none() {
            return Ok(());
        }
        if self.progress.left.len() >= MOST_LEFT
            || self.store.room_aside().await? > self.progress.room_when_left
        {
            self.progress.left.clear();
        }
        if self.progress.unsent.len() >= MOST_LEFT {
            self.progress.unsent.clear();
        }
        let suspects = self.store.suspects().await?;
        let mut round = Round { load: self.store.load().await?, batches: 0, failures: 0, failed: None };
        let mut listed_suspects = Vec::new();
        self.walk(&suspects, &mut listed_suspects, &mut round).await?;
        self.collect_adopted(&mut round).await?;
        // Last, so that one that ends the process again finds everything else filed.
        for id in &listed_suspects {
            match suspects.get(id) {
                Some(ends) if *ends == QUARANTINED_AFTER => self.quarantine(*id).await?,
                Some(ends) if *ends > QUARANTINED_AFTER => {}
                _ => self.collect_batch(&[*id], &mut round).await?,
            }
        }
        self.forget_suspects_that_are_gone(&suspects, &listed_suspects).await?;
        round.failed.map_or(Ok(()), Err)
    }

    async fn walk(
        &mut self,
        suspects: &HashMap<Uuid, u32>,
        listed_suspects: &mut Vec<Uuid>,
        round: &mut Round,
    ) -> Result<(), TickError> {
        let (mut after, mut batch) = (None, Batch::default());
        for _ in 0..MOST_PAGES {
            let page = self.relay.list(after, PAGE).await?;
            let Some(last) = page.last().map(|last| last.id) else { break };
            if after.is_some_and(|after| last <= after) {
                return Err(unexpected("its list does not go forward").into());
            }
            after = Some(last);
            for one in page {
                if suspects.contains_key(&one.id) {
                    listed_suspects.push(one.id);
                } else if !self.progress.left.contains_key(&one.id)
                    && !self.progress.unsent.contains(&one.id)
                    && let Some(full) = batch.add(one)
                {
                    if round.batches == MOST_BATCHES {
                        self.progress.more = true;
                        return Ok(());
                    }
                    self.collect_batch(&full, round).await?;
                }
            }
        }
        self.collect_batch(&batch.ids, round).await
    }

    /// Follow-ups that were left without their report, which has been filed since.
    async fn collect_adopted(&mut self, round: &mut Round) -> Result<(), TickError> {
        let waits_for: Vec<(Uuid, Uuid)> =
            self.progress.left.iter().filter_map(|(id, case)| Some((*id, (*case)?))).collect();
        let known = self.store.known_cases(waits_for.iter().map(|(_, case)| *case)).await?;
        let adopted: Vec<Uuid> =
            waits_for.into_iter().filter(|(_, case)| known.contains(case)).map(|(id, _)| id).collect();
        for batch in adopted.chunks(BATCH) {
            self.collect_batch(batch, round).await?;
        }
        Ok(())
    }

    /// Journals, pulls and files some submissions. What the database does not take is left for the next round, a few times.
    async fn collect_batch(&mut self, ids: &[Uuid], round: &mut Round) -> Result<(), TickError> {
        let Some(accepted) = self.current.get().filter(|_| !ids.is_empty()) else { return Ok(()) };
        round.batches += 1;
        self.store.begin_openings(ids).await?;
        let taken = self.pull_and_take(ids, &accepted, &mut round.load).await;
        // The process lives: none of these ended it.
        let ended = self.store.end_openings(ids).await;
        match taken {
            Err(error @ TickError::Filing(_)) if round.failures < MOST_FAILURES => {
                round.failures += 1;
                round.failed.get_or_insert(error);
                Ok(())
            }
            taken => {
                taken?;
                Ok(ended?)
            }
        }
    }

    /// A suspect that is neither at the intake nor set aside was filed before the process ended.
    async fn forget_suspects_that_are_gone(
        &self,
        suspects: &HashMap<Uuid, u32>,
        listed: &[Uuid],
    ) -> Result<(), StoreError> {
        if self.progress.more {
            return Ok(());
        }
        let mut gone = Vec::new();
        for (id, ends) in suspects {
            if *ends < QUARANTINED_AFTER && !listed.contains(id) && !self.store.is_set_aside(*id).await? {
                gone.push(*id);
            }
        }
        self.store.end_openings(&gone).await
    }
}

/// Submissions that are pulled together.
#[derive(Default)]
struct Batch {
    ids: Vec<Uuid>,
    bytes: u64,
}

impl Batch {
    /// Adds one. Returns those before it if they are enough without it.
    fn add(&mut self, one: Waiting) -> Option<Vec<Uuid>> {
        let full = self.ids.len() == BATCH
            || (!self.ids.is_empty() && self.bytes.saturating_add(one.len) > BATCH_BYTES);
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
        let one = |len| Waiting { id: Uuid::new_v4(), len };
        let mut batch = Batch::default();
        let small = (0..=BATCH).filter_map(|_| batch.add(one(1))).map(|ids| ids.len()).collect::<Vec<_>>();
        assert_eq!(small, [BATCH]);
        let mut batch = Batch::default();
        assert_eq!(batch.add(one(BATCH_BYTES + 1)), None, "one alone may be larger");
        assert_eq!(batch.add(one(1)).map(|ids| ids.len()), Some(1));
    }
}
