//! Writing the log, and checking it at the start.

use ed25519_dalek::SigningKey;
use envelope::{
    Hash,
    event::{Action, Event, HANDLER, LogEntry, SignedEvent, link, midnight},
    life::{CaseState, Refusal, Role, next_event},
};
use time::Date;
use uuid::Uuid;

use crate::store::{Case, Store, StoreError, Writing};

/// Entries that are read at once while checking.
const PAGE: u64 = 1000;

/// Why an event was not written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It breaks a rule.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the log is not believed.
#[derive(Debug, thiserror::Error)]
pub enum BrokenLog {
    /// An entry was altered, dropped or put in.
    #[error(
        "entry {0} of the log does not follow the one before it: the database was altered. Restore a backup, and compare"
    )]
    Altered(u64),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first event of a case, with the state that it makes.
pub fn received(case: Uuid, day: Date, action: Action, key: &SigningKey) -> (SignedEvent, CaseState) {
    let event =
        Event { v: 1, case, seq: 0, prev: None, at: midnight(day), actor: HANDLER.to_owned(), action };
    let signed = event.sign(key);
    let state = CaseState::begin(&event, signed.hash()).expect("a received event begins a case");
    (signed, state)
}

/// Writes an event of the handler itself.
pub async fn append_own(
    writing: &Writing<'_>,
    case: &mut Case,
    day: Date,
    action: Action,
    key: &SigningKey,
) -> Result<(), LogError> {
    let event = next_event(case.id, &case.state, HANDLER, midnight(day), action);
    let signed = event.sign(key);
    append(writing, case, &event, signed, Role::default()).await.map(drop)
}

/// Writes a verified event if the rules of the case's life allow it, and keeps the new state.
pub async fn append(
    writing: &Writing<'_>,
    case: &mut Case,
    event: &Event,
    signed: SignedEvent,
    role: Role,
) -> Result<LogEntry, LogError> {
    case.state.apply(event, signed.hash(), role)?;
    let entry = writing.append(case.id, event.seq, signed).await?;
    writing.set_state(case.id, &case.state).await?;
    Ok(entry)
}

/// Follows the chain from its first entry to its last. Gives the number of entries.
pub async fn check(store: &Store) -> Result<u64, BrokenLog> {
    let (mut before, mut position, mut number) = (Hash::default(), 0, 0);
    loop {
        let (entries, last) = store.log_behind(position, PAGE).await?;
        if entries.is_empty() {
            return Ok(number);
        }
        for entry in entries {
            number += 1;
            if entry.before != before || entry.link != link(&before, &entry.event.hash()) {
                return Err(BrokenLog::Altered(number));
            }
            before = entry.link;
        }
        position = last;
    }
}
