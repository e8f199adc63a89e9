//! Makes the log records of mailboxes: for each case, the proofs that the log contains the report
//! and the newest message. A record is made again only when it changes, because the cycle seals
//! every mailbox.

use std::collections::HashMap;

use protocol::{Hash, RecordType};
use transparency_log::{
    batch::batch_of,
    checkpoint::SignedCheckpoint,
    leaf::LeafSecret,
    mailbox_record::{MailboxLogRecord, RecordedEvent, RecordedLeaf},
    policy::LogPolicy,
};
use uuid::Uuid;

use crate::{
    checkpoints::{LeafInTree, LeafProver, LogTreeError},
    store::{CaseStore, MailboxLogState, OutdatedMailboxLog, StoreError, SubmissionEvent},
};

/// Cases in one transaction.
const PAGE_SIZE: u64 = 32;
/// Pages in one cycle. The others follow in the next cycle.
const MAX_PAGES: usize = 64;
/// Checkpoints that are read at once.
const CHECKPOINT_PAGE_SIZE: u64 = 16;

/// Makes the log records that are outdated, at most 2,048 of them.
///
/// # Errors
/// Fails if the store fails or contradicts itself.
pub async fn refresh_mailbox_logs(
    store: &CaseStore,
    policy: &LogPolicy,
) -> Result<(), LogTreeError> {
    let mut after = None;
    for _ in 0..MAX_PAGES {
        if store.outdated_mailbox_logs(after, 1).await?.is_empty() {
            return Ok(());
        }
        // No cosignature can arrive between reading and writing.
        let transaction = store.begin_write().await?;
        let outdated = store.outdated_mailbox_logs(after, PAGE_SIZE).await?;
        after = outdated.last().map(|last| last.case).or(after);
        let mut maker = RecordMaker::load(store, policy).await?;
        for (case, record, state) in maker.make_all(&outdated).await? {
            transaction.set_mailbox_log(case, bounded(&record), state).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Returns the bytes of a record, or `None` if it is too long for a mailbox.
fn bounded(record: &MailboxLogRecord) -> Option<Vec<u8>> {
    let (bytes, max) = (record.to_bytes(), RecordType::Log.max_len());
    if bytes.len() > max {
        let len = bytes.len();
        tracing::error!(
            "log record of a mailbox: {len} bytes, at most {max}; require fewer witnesses, or give \
             them shorter names"
        );
        return None;
    }
    Some(bytes)
}

/// Makes log records from one state of the log.
struct RecordMaker<'a> {
    store: &'a CaseStore,
    policy: &'a LogPolicy,
    /// `None` before the first batch. Then there is no leaf either.
    secret: Option<LeafSecret>,
    /// The newest checkpoint. `None` before the first batch, and if the current log key has not
    /// signed it, because it then proves nothing to a reader.
    newest: Option<SignedCheckpoint>,
    /// The checkpoints that were verified, by their size, with the signatures of the quorum. `None`
    /// for those that are not countersigned.
    verified: HashMap<u64, Option<SignedCheckpoint>>,
    /// The smallest countersigned checkpoint that contains a batch, by the number of the batch.
    countersigned: HashMap<u32, Option<SignedCheckpoint>>,
}

/// What a record will contain.
struct PlannedRecord {
    case: Uuid,
    events: Vec<SubmissionEvent>,
    checkpoint: Option<SignedCheckpoint>,
    /// The number of batches of the tree of the checkpoint.
    batches: u32,
    state: MailboxLogState,
}

impl PlannedRecord {
    /// Returns a leaf if the tree of the checkpoint contains it.
    fn in_tree(&self, leaf: Option<u64>) -> Option<LeafInTree> {
        let size = self.checkpoint.as_ref()?.checkpoint().size;
        let index = leaf.filter(|index| *index < size)?;
        Some(LeafInTree { index, batches: self.batches })
    }
}

impl<'a> RecordMaker<'a> {
    async fn load(store: &'a CaseStore, policy: &'a LogPolicy) -> Result<Self, LogTreeError> {
        let newest = match store.newest_checkpoint().await? {
            Some(note) => policy.essential_checkpoint(&SignedCheckpoint::parse(&note)?).ok(),
            None => None,
        };
        let secret = store.leaf_secret().await?;
        let (verified, countersigned) = (HashMap::new(), HashMap::new());
        Ok(Self { store, policy, secret, newest, verified, countersigned })
    }

    /// Returns the records of these cases. The number of queries depends on the number of batches
    /// in which their events are, and not on the number of cases.
    async fn make_all(
        &mut self,
        cases: &[OutdatedMailboxLog],
    ) -> Result<Vec<(Uuid, MailboxLogRecord, MailboxLogState)>, LogTreeError> {
        let mut events = self.store.submission_events(cases).await?;
        let mut planned = Vec::with_capacity(cases.len());
        for outdated in cases {
            let events = events.remove(&outdated.case).unwrap_or_default();
            planned.push(self.plan(outdated.case, events).await?);
        }
        let leaves = planned
            .iter()
            .flat_map(|record| record.events.iter().filter_map(|event| record.in_tree(event.leaf)));
        let prover = LeafProver::load(self.store, &leaves.collect::<Vec<_>>()).await?;
        planned.into_iter().map(|record| self.make(record, &prover)).collect()
    }

    async fn plan(
        &mut self,
        case: Uuid,
        events: Vec<SubmissionEvent>,
    ) -> Result<PlannedRecord, LogTreeError> {
        let (checkpoint, state) = self.choose_checkpoint(&events).await?;
        let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.checkpoint().size);
        let batches = batch_of(size).ok_or(StoreError::CorruptRow("log_checkpoints.note"))?;
        Ok(PlannedRecord { case, events, checkpoint, batches, state })
    }

    fn make(
        &self,
        planned: PlannedRecord,
        prover: &LeafProver,
    ) -> Result<(Uuid, MailboxLogRecord, MailboxLogState), LogTreeError> {
        let mut recorded = Vec::with_capacity(planned.events.len());
        for event in &planned.events {
            let leaf = planned.in_tree(event.leaf);
            let leaf = leaf.map(|leaf| self.recorded_leaf(leaf, prover)).transpose()?;
            recorded.push(RecordedEvent { event: event.event.clone(), leaf });
        }
        let checkpoint = planned.checkpoint.map(|checkpoint| checkpoint.to_string());
        Ok((planned.case, MailboxLogRecord { events: recorded, checkpoint }, planned.state))
    }

    fn recorded_leaf(
        &self,
        leaf: LeafInTree,
        prover: &LeafProver,
    ) -> Result<RecordedLeaf, LogTreeError> {
        let secret = self.secret.as_ref().ok_or(StoreError::CorruptRow("log_secrets"))?;
        let salt = Hash(*secret.salt(leaf.index).as_bytes());
        Ok(RecordedLeaf { salt, index: leaf.index, path: prover.prove(leaf)? })
    }

    /// Returns the first countersigned checkpoint that contains all events, else the first
    /// countersigned one that contains the report, else the newest one. The first ones do not
    /// change, and they show since when the events are countersigned.
    async fn choose_checkpoint(
        &mut self,
        events: &[SubmissionEvent],
    ) -> Result<(Option<SignedCheckpoint>, MailboxLogState), LogTreeError> {
        let leaves: Vec<u64> = events.iter().filter_map(|event| event.leaf).collect();
        let Some(last) = leaves.iter().max() else { return Ok((None, MailboxLogState::Waiting)) };
        let all_logged = leaves.len() == events.len();
        let uncosigned =
            if all_logged { MailboxLogState::Logged } else { MailboxLogState::Outdated };
        if all_logged && let Some(found) = self.first_countersigned(*last).await? {
            return Ok((Some(found), MailboxLogState::Countersigned));
        }
        if let Some(report) = events.first().and_then(|event| event.leaf)
            && let Some(found) = self.first_countersigned(report).await?
        {
            let state = if all_logged { uncosigned } else { MailboxLogState::Waiting };
            return Ok((Some(found), state));
        }
        let newest = self.newest.clone();
        let state = if newest.is_some() { uncosigned } else { MailboxLogState::Outdated };
        Ok((newest, state))
    }

    /// Returns the smallest countersigned checkpoint whose tree contains this leaf.
    async fn first_countersigned(
        &mut self,
        leaf: u64,
    ) -> Result<Option<SignedCheckpoint>, LogTreeError> {
        let batch = batch_of(leaf).ok_or(StoreError::CorruptRow("log_leaves.leaf"))?;
        if let Some(found) = self.countersigned.get(&batch) {
            return Ok(found.clone());
        }
        // A tree contains whole batches.
        let found = self.first_countersigned_after(leaf).await?;
        self.countersigned.insert(batch, found.clone());
        Ok(found)
    }

    /// Returns the smallest countersigned checkpoint whose size is greater than `size`.
    async fn first_countersigned_after(
        &mut self,
        mut size: u64,
    ) -> Result<Option<SignedCheckpoint>, LogTreeError> {
        loop {
            let notes = self.store.cosigned_checkpoints_after(size, CHECKPOINT_PAGE_SIZE).await?;
            if notes.is_empty() {
                return Ok(None);
            }
            for note in notes {
                let checkpoint = SignedCheckpoint::parse(&note)?;
                size = checkpoint.checkpoint().size;
                let policy = self.policy;
                let verified = self.verified.entry(size).or_insert_with(|| {
                    let evidence = policy.verify_checkpoint(&checkpoint).ok()?;
                    evidence.countersigned.and(policy.essential_checkpoint(&checkpoint).ok())
                });
                if verified.is_some() {
                    return Ok(verified.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{
        Priority,
        case::event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, SignedEvent},
        submission::commitment::{FollowUpCommitment, ReportCommitment},
    };
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    /// Two submissions with 32 files each, in a log of 16 million batches.
    #[test]
    fn the_longest_record_fits_into_a_mailbox() {
        let parts = vec![Hash::default(); 33];
        let commitment = ReportCommitment {
            keys: Hash::default(),
            grants: vec![Hash::default(); 8],
            parts: parts.clone(),
        };
        let (desk, priority) = ("d".repeat(64), Priority::P1);
        let received = Action::Received {
            desk,
            priority,
            retention_months: 600,
            commitment,
            oversight_refused: false,
        };
        let followed_up = Action::FollowedUp(FollowUpCommitment { generation: 100, parts });
        let signed = |(seq, action)| {
            let event = Event {
                v: EVENT_VERSION,
                case: Uuid::nil(),
                seq,
                prev: Some(Hash::default()),
                at: OffsetDateTime::UNIX_EPOCH,
                actor: HANDLER_ACTOR.to_owned(),
                action,
            };
            SignedEvent { bytes: serde_json::to_vec(&event).unwrap(), signature: vec![0; 64] }
        };
        let events = [(0, received), (9_999_999, followed_up)].map(signed);
        let longest = MailboxLogRecord::estimated_len(events);
        assert!((8_000..=RecordType::Log.max_len()).contains(&longest), "{longest} bytes");
    }
}
