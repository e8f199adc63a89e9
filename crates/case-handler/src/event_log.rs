//! Writes the event log, and verifies it at the start.

use std::collections::HashMap;

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    case::{
        CaseState, Role, RuleViolation,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, SignedEvent, midnight},
        next_event,
    },
};
use time::Date;
use uuid::Uuid;

use crate::store::{CaseRecord, CaseStore, StoreError, StoredEvent, WriteTransaction};

/// Events or cases that are read at once during verification.
const PAGE_SIZE: u64 = 1000;

/// Signs the case handler's own events on one date.
#[derive(Debug, Clone, Copy)]
pub struct HandlerSigner<'a> {
    /// The log key.
    pub key: &'a SigningKey,
    /// The date of its events. Events have no time of day, so that they do not reveal when a
    /// reporter wrote.
    pub today: Date,
}

/// Why an event was not written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The event breaks a rule.
    #[error(transparent)]
    RuleViolated(#[from] RuleViolation),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the log does not verify.
#[derive(Debug, thiserror::Error)]
pub enum LogIntegrityError {
    /// An event was altered, removed, inserted or assigned to another case.
    #[error(
        "event {0} of the log: hash chain broken (database modified outside the service; restore a backup and compare)"
    )]
    Altered(u64),
    /// Events are missing: a case or the transparency log refers to events that do not exist.
    #[error(
        "log is truncated: cases or the transparency log refer to missing events (database modified outside the service; restore a backup and compare)"
    )]
    Truncated,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HandlerSigner<'_> {
    /// Signs the first event of a case, and returns it with the state that follows.
    pub fn sign_received(&self, case: Uuid, action: Action) -> (SignedEvent, CaseState) {
        let at = midnight(self.today);
        let event = Event {
            v: EVENT_VERSION,
            case,
            seq: 0,
            prev: None,
            at,
            actor: HANDLER_ACTOR.to_owned(),
            action,
        };
        let signed = event.sign(self.key);
        let state = CaseState::from_first_event(&event, signed.hash())
            .expect("a received event begins a case");
        (signed, state)
    }

    /// Writes an event of the case handler itself.
    ///
    /// # Errors
    /// Fails if the event breaks a rule or cannot be written.
    pub async fn append(
        &self,
        transaction: &WriteTransaction<'_>,
        case: &mut CaseRecord,
        action: Action,
    ) -> Result<(), LogError> {
        let event = next_event(case.id, &case.state, HANDLER_ACTOR, midnight(self.today), action);
        let signed = event.sign(self.key);
        append_event(transaction, case, &event, &signed, Role::default()).await
    }
}

/// Writes a verified event if the rules of the case allow it, and stores the new state.
///
/// # Errors
/// Fails if the event breaks a rule or cannot be written.
pub async fn append_event(
    transaction: &WriteTransaction<'_>,
    case: &mut CaseRecord,
    event: &Event,
    signed: &SignedEvent,
    role: Role,
) -> Result<(), LogError> {
    case.state.apply(event, signed.hash(), role)?;
    transaction.append(case.id, event.seq, signed).await?;
    Ok(transaction.set_state(case.id, &case.state).await?)
}

/// For each case, the number of its next event and the hash of its newest event, as its stored
/// state has them.
type CaseHeads = HashMap<Uuid, (u32, Hash)>;

/// Verifies the hash chain of each case, compares it with the state of the case and with the leaves
/// of the transparency log, and returns the number of events. It does not check signatures: the
/// oversight body does, because it knows every directory.
///
/// # Errors
/// Fails for the first event that breaks the chain of its case, if events are missing, or if the
/// database fails.
pub async fn verify_chains(store: &CaseStore) -> Result<u64, LogIntegrityError> {
    let (mut position, mut number) = (0, 0);
    let mut heads = CaseHeads::new();
    loop {
        let page = store.events_after(position, PAGE_SIZE).await?;
        let Some(last) = page.last() else { break };
        position = last.position;
        for StoredEvent { case, seq, event: signed, .. } in page {
            number += 1;
            let (next, previous) = match heads.get(&case) {
                Some((next, head)) => (*next, Some(*head)),
                None => (0, None),
            };
            let continues_case = signed.decode_unverified().is_ok_and(|event| {
                event.case == case && event.seq == seq && seq == next && event.prev == previous
            });
            if !continues_case {
                return Err(LogIntegrityError::Altered(number));
            }
            heads.insert(case, (seq + 1, signed.hash()));
        }
    }
    verify_case_heads(store, heads).await?;
    if store.has_leaf_without_event().await? {
        Err(LogIntegrityError::Truncated)
    } else {
        Ok(number)
    }
}

async fn verify_case_heads(
    store: &CaseStore,
    mut heads: CaseHeads,
) -> Result<(), LogIntegrityError> {
    let mut after = None;
    loop {
        let cases = store.cases_after(after, PAGE_SIZE).await?;
        let Some(last) = cases.last() else { break };
        after = Some(last.id);
        if cases
            .iter()
            .any(|case| heads.remove(&case.id) != Some((case.state.next_seq, case.state.head)))
        {
            return Err(LogIntegrityError::Truncated);
        }
    }
    // No command deletes a case, so events without a case mean that its row was removed.
    if heads.is_empty() { Ok(()) } else { Err(LogIntegrityError::Truncated) }
}
