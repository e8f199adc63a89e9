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

use crate::{
    checkpoints::{LogTreeError, prove_leaf},
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
        // Before the first batch there is no secret, and no leaf.
        let secret = store.leaf_secret().await?;
        let mut maker = RecordMaker { store, policy, secret, countersigned: HashMap::new() };
        for outdated in store.outdated_mailbox_logs(after, PAGE_SIZE).await? {
            let (record, state) = maker.make(outdated).await?;
            transaction.set_mailbox_log(outdated.case, bounded(&record), state).await?;
            after = Some(outdated.case);
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

struct RecordMaker<'a> {
    store: &'a CaseStore,
    policy: &'a LogPolicy,
    secret: Option<LeafSecret>,
    /// The checkpoints that were verified, by their size, with the signatures of the quorum. `None`
    /// for those that are not countersigned.
    countersigned: HashMap<u64, Option<SignedCheckpoint>>,
}

impl RecordMaker<'_> {
    async fn make(
        &mut self,
        outdated: OutdatedMailboxLog,
    ) -> Result<(MailboxLogRecord, MailboxLogState), LogTreeError> {
        let seqs = [0, outdated.capsule_event];
        let events = self.store.submission_events(outdated.case, &seqs).await?;
        let (checkpoint, state) = self.choose_checkpoint(&events).await?;
        let mut recorded = Vec::with_capacity(events.len());
        for SubmissionEvent { event, leaf } in events {
            let leaf = match (&checkpoint, leaf) {
                (Some(checkpoint), Some(index)) if index < checkpoint.checkpoint().size => {
                    Some(self.recorded_leaf(index, checkpoint).await?)
                }
                _ => None,
            };
            recorded.push(RecordedEvent { event, leaf });
        }
        let checkpoint = checkpoint.map(|checkpoint| checkpoint.to_string());
        Ok((MailboxLogRecord { events: recorded, checkpoint }, state))
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
        let Some(note) = self.store.newest_checkpoint().await? else {
            return Ok((None, MailboxLogState::Outdated));
        };
        // A checkpoint that the current log key has not signed proves nothing to a reader.
        let newest = self.policy.essential_checkpoint(&SignedCheckpoint::parse(&note)?).ok();
        let state = if newest.is_some() { uncosigned } else { MailboxLogState::Outdated };
        Ok((newest, state))
    }

    /// Returns the smallest countersigned checkpoint whose tree contains this leaf.
    async fn first_countersigned(
        &mut self,
        leaf: u64,
    ) -> Result<Option<SignedCheckpoint>, LogTreeError> {
        let mut size = leaf;
        loop {
            let notes = self.store.cosigned_checkpoints_after(size, CHECKPOINT_PAGE_SIZE).await?;
            if notes.is_empty() {
                return Ok(None);
            }
            for note in notes {
                let checkpoint = SignedCheckpoint::parse(&note)?;
                size = checkpoint.checkpoint().size;
                let policy = self.policy;
                let verified = self.countersigned.entry(size).or_insert_with(|| {
                    let evidence = policy.verify_checkpoint(&checkpoint).ok()?;
                    evidence.countersigned.and(policy.essential_checkpoint(&checkpoint).ok())
                });
                if verified.is_some() {
                    return Ok(verified.clone());
                }
            }
        }
    }

    async fn recorded_leaf(
        &self,
        index: u64,
        checkpoint: &SignedCheckpoint,
    ) -> Result<RecordedLeaf, LogTreeError> {
        let corrupt = StoreError::CorruptRow("log_checkpoints.note");
        let batches = batch_of(checkpoint.checkpoint().size).ok_or(corrupt)?;
        let secret = self.secret.as_ref().ok_or(StoreError::CorruptRow("log_secrets"))?;
        let path = prove_leaf(self.store, index, batches).await?;
        let salt = Hash(*secret.salt(index).as_bytes());
        Ok(RecordedLeaf { salt, index, path })
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
