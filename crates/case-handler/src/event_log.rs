//! Writing the log, and checking it at the start.

use std::collections::HashMap;

use ed25519_dalek::SigningKey;
use protocol::{
    Hash,
    case::{
        CaseState, Role, RuleViolation,
        event::{Action, Event, HANDLER_ACTOR, LogEntry, SignedEvent, chain_hash, midnight},
        next_event,
    },
};
use time::Date;
use uuid::Uuid;

use crate::store::{CaseRecord, CaseStore, StoreError, StoredLogEntry, WriteTransaction};

/// Entries or cases that are read at once while checking.
const PAGE_SIZE: u64 = 1000;

/// Signs what the handler itself does, on this day.
#[derive(Debug, Clone, Copy)]
pub struct HandlerSigner<'a> {
    /// The handler's log key.
    pub key: &'a SigningKey,
    /// The day that its events give: never a time, so that none tells when a reporter wrote.
    pub today: Date,
}

/// Why an event was not written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It breaks a rule.
    #[error(transparent)]
    RuleViolated(#[from] RuleViolation),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the log is not believed.
#[derive(Debug, thiserror::Error)]
pub enum LogIntegrityError {
    /// An entry was altered, dropped, put in or hung under another case.
    #[error(
        "entry {0} of the log does not follow the one before it: the database was altered. Restore a backup, and compare"
    )]
    Altered(u64),
    /// The log's last entries are gone, or a case says something that the log does not.
    #[error(
        "the log ends before what the cases say has happened: the database was altered. Restore a backup, and compare"
    )]
    Truncated,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HandlerSigner<'_> {
    /// The first event of a case, with the state that it makes.
    pub fn sign_received(&self, case: Uuid, action: Action) -> (SignedEvent, CaseState) {
        let at = midnight(self.today);
        let event =
            Event { v: 1, case, seq: 0, prev: None, at, actor: HANDLER_ACTOR.to_owned(), action };
        let signed = event.sign(self.key);
        let state = CaseState::from_first_event(&event, signed.hash())
            .expect("a received event begins a case");
        (signed, state)
    }

    /// Writes an event of the handler itself.
    pub async fn append(
        &self,
        writing: &WriteTransaction<'_>,
        case: &mut CaseRecord,
        action: Action,
    ) -> Result<(), LogError> {
        let event = next_event(case.id, &case.state, HANDLER_ACTOR, midnight(self.today), action);
        let signed = event.sign(self.key);
        append_event(writing, case, &event, signed, Role::default()).await.map(drop)
    }
}

/// Writes a verified event if the rules of the case's life allow it, and keeps the new state.
pub async fn append_event(
    writing: &WriteTransaction<'_>,
    case: &mut CaseRecord,
    event: &Event,
    signed: SignedEvent,
    role: Role,
) -> Result<LogEntry, LogError> {
    case.state.apply(event, signed.hash(), role)?;
    let entry = writing.append(case.id, event.seq, signed).await?;
    writing.set_state(case.id, &case.state).await?;
    Ok(entry)
}

/// The number of a case's next event, and the hash of its newest: what the case's state says too.
type CaseHeads = HashMap<Uuid, (u32, Hash)>;

/// Follows the chain from its first entry to its last, and holds what the cases say against it.
/// Gives the number of entries. Signatures are for the outside body to check, who knows every
/// directory.
pub async fn verify_chain(store: &CaseStore) -> Result<u64, LogIntegrityError> {
    let (mut before, mut position, mut number) = (Hash::default(), 0, 0);
    let mut ends = CaseHeads::new();
    loop {
        let (logged, last) = store.log_entries_after(position, PAGE_SIZE).await?;
        if logged.is_empty() {
            break;
        }
        for StoredLogEntry { case, seq, entry } in logged {
            number += 1;
            let hash = entry.event.hash();
            let belongs = entry
                .event
                .decode_unverified()
                .is_ok_and(|event| event.case == case && event.seq == seq);
            let next = ends.get(&case).map_or(0, |(next, _)| *next);
            if !belongs
                || next != seq
                || entry.previous_link != before
                || entry.link != chain_hash(&before, &hash)
            {
                return Err(LogIntegrityError::Altered(number));
            }
            ends.insert(case, (seq + 1, hash));
            before = entry.link;
        }
        position = last;
    }
    verify_case_heads(store, ends).await?;
    Ok(number)
}

async fn verify_case_heads(
    store: &CaseStore,
    mut ends: CaseHeads,
) -> Result<(), LogIntegrityError> {
    let mut after = None;
    loop {
        let cases = store.cases_after(after, PAGE_SIZE).await?;
        let Some(last) = cases.last() else { break };
        after = Some(last.id);
        if cases
            .iter()
            .any(|case| ends.remove(&case.id) != Some((case.state.next_seq, case.state.head)))
        {
            return Err(LogIntegrityError::Truncated);
        }
    }
    // Cases are never deleted in this version: events without one mean that it was taken out.
    if ends.is_empty() { Ok(()) } else { Err(LogIntegrityError::Truncated) }
}
