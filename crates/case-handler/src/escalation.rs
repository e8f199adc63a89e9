//! Automatic escalation: releases cases to the oversight body that missed a deadline or lost their
//! readers. It does not depend on the intake, so an intake that is down or slow cannot delay it.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::{
    Hash,
    case::{Calendar, Stage, event::ReleaseReason},
    directory::{Directory, MIN_READERS},
};
use time::Date;
use uuid::Uuid;

use crate::{
    context::HandlerContext,
    directory_cache::DirectoryCache,
    event_log::{HandlerSigner, LogError},
    ingest::{oversight_members, release_to_oversight},
    readers::{self, Readers},
    store::{CaseStore, StoreError},
    trusted_date::ClockError,
};

/// Cases that are read at once.
const PAGE_SIZE: u64 = 500;

/// Why the deadlines were not checked.
#[derive(Debug, thiserror::Error)]
pub enum EscalationError {
    /// The clock is implausible.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The task that escalates cases.
#[derive(Debug)]
pub struct Escalation {
    context: HandlerContext,
    directories: Arc<DirectoryCache>,
    /// The directory and the date of the last complete check of readers.
    readers_checked: Mutex<Option<(Hash, Date)>>,
}

/// The result of a check of readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReaderCheck {
    /// The number of cases released to the oversight body.
    pub released: u32,
    /// The number of cases that no member of the directory can read, not even after the release.
    pub unreadable: u32,
    /// The number of cases that should have been released, but could not be.
    pub failed: u32,
}

impl Escalation {
    /// Returns the task. It has checked nothing yet.
    pub fn new(context: HandlerContext, directories: Arc<DirectoryCache>) -> Self {
        Self { context, directories, readers_checked: Mutex::default() }
    }

    /// Checks the deadlines of all cases under the newest directory, after the log is verified, and
    /// once for each directory and date their readers. Without a directory, there are no cases.
    ///
    /// # Errors
    /// Fails if the clock is implausible or the store cannot be read.
    pub async fn check(&self) -> Result<(), EscalationError> {
        let store = &self.context.store;
        store.wait_log_verified().await;
        let Some(accepted) = self.directories.latest() else { return Ok(()) };
        let signer = self.context.releasing_signer(&accepted.directory).await?;
        escalate_overdue(store, &accepted.directory, &self.context.calendar, signer).await?;
        // Readers leave when the directory changes. The check is repeated each day, because a batch
        // that was being ingested meanwhile still used the directory before.
        let checked = (accepted.hash, signer.today);
        if *self.readers_checked.lock().unwrap_or_else(PoisonError::into_inner) == Some(checked) {
            return Ok(());
        }
        let found = escalate_without_readers(store, &accepted.directory, signer).await?;
        // The log of the service must not reveal the number of cases.
        if found.released > 0 {
            tracing::warn!(
                "released cases to the oversight body: fewer than {MIN_READERS} of their readers are in the directory"
            );
        }
        if found.unreadable > 0 {
            tracing::warn!(
                "no member of the directory can read some cases; to act on them, publish a directory that has a former reader again, with the same handle, keys and desk"
            );
        }
        if found.failed == 0 {
            *self.readers_checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(checked);
        }
        Ok(())
    }
}

/// Releases every case with a missed deadline, and returns the number of cases released. A case
/// that fails does not stop the others.
///
/// # Errors
/// Fails if the store cannot be read.
pub async fn escalate_overdue(
    store: &CaseStore,
    directory: &Directory,
    calendar: &Calendar,
    signer: HandlerSigner<'_>,
) -> Result<u32, StoreError> {
    let (mut released, mut cursor) = (0, None);
    loop {
        let page = store.overdue_cases(signer.today, cursor, PAGE_SIZE).await?;
        let Some((last, _)) = page.last() else { return Ok(released) };
        cursor = Some(*last);
        for (_, overdue) in page {
            // The oversight body has no key of a case whose reporter refused it.
            if overdue.state.oversight_refused
                || calendar.overdue_deadline(&overdue.state, signer.today).is_none()
            {
                continue;
            }
            match escalate_one(store, overdue.id, directory, calendar, signer).await {
                Ok(was_released) => released += u32::from(was_released),
                Err(error) => {
                    tracing::error!("failed to escalate an overdue case: {error}");
                }
            }
        }
    }
}

async fn escalate_one(
    store: &CaseStore,
    id: Uuid,
    directory: &Directory,
    calendar: &Calendar,
    signer: HandlerSigner<'_>,
) -> Result<bool, LogError> {
    let transaction = store.begin_write().await?;
    // Read the case again, because a member may have acted meanwhile.
    let Some(mut case) = transaction.case(id).await? else { return Ok(false) };
    if calendar.overdue_deadline(&case.state, signer.today).is_none() {
        return Ok(false);
    }
    let released = release_to_oversight(
        &transaction,
        &mut case,
        ReleaseReason::MissedDeadline,
        directory,
        signer,
    )
    .await?;
    transaction.commit().await?;
    Ok(released)
}

/// Releases every case, also a closed one, of which fewer than [`MIN_READERS`] readers outside of
/// the oversight body are left in the directory. Otherwise no two members could act on it or purge
/// it. Also releases the grants of members of the oversight body who were missing at the release of
/// a case. A case that fails does not stop the others.
///
/// # Errors
/// Fails if the store cannot be read.
pub async fn escalate_without_readers(
    store: &CaseStore,
    directory: &Directory,
    signer: HandlerSigner<'_>,
) -> Result<ReaderCheck, StoreError> {
    let (mut check, mut after) = (ReaderCheck::default(), None);
    loop {
        let page = store.cases_after(after, PAGE_SIZE).await?;
        let Some(last) = page.last() else { return Ok(check) };
        after = Some(last.id);
        let ids: Vec<Uuid> = page.iter().map(|case| case.id).collect();
        let mut all_readers = readers::current_readers_of_all(store, directory, &ids).await?;
        for case in page.iter().filter(|case| case.state.stage != Stage::Purged) {
            let mut readers = all_readers.remove(&case.id).unwrap_or_default();
            let lacks_readers = match case.state.released {
                None if case.state.oversight_refused => false,
                None => readers::are_too_few(directory, &readers),
                // A member may have been missing from the directory at the release.
                Some(_) => oversight_members(directory).iter().any(|who| !readers.contains(who)),
            };
            if lacks_readers {
                match release_without_readers(store, case.id, directory, signer).await {
                    Ok((was_released, remaining)) => {
                        check.released += u32::from(was_released);
                        readers = remaining;
                    }
                    Err(error) => {
                        tracing::error!("failed to release a case without readers: {error}");
                        check.failed += 1;
                        continue;
                    }
                }
            }
            check.unreadable += u32::from(readers.is_empty());
        }
    }
}

/// Releases a case if too few readers are left, and the grants of the oversight body if it was
/// released before. Returns whether it was released, and the readers that it has then.
async fn release_without_readers(
    store: &CaseStore,
    id: Uuid,
    directory: &Directory,
    signer: HandlerSigner<'_>,
) -> Result<(bool, Readers), LogError> {
    let transaction = store.begin_write().await?;
    let readers = readers::current_readers(&transaction, directory, id).await?;
    // Read the case again, because a member may have acted meanwhile.
    let case = transaction.case(id).await?.filter(|case| case.state.stage != Stage::Purged);
    let Some(mut case) = case else { return Ok((false, readers)) };
    let released = if case.state.released.is_some() {
        transaction.release_grants(id, oversight_members(directory)).await?;
        false
    } else if readers::are_too_few(directory, &readers) {
        let reason = ReleaseReason::DeskConflicted;
        release_to_oversight(&transaction, &mut case, reason, directory, signer).await?
    } else {
        return Ok((false, readers));
    };
    let readers = readers::current_readers(&transaction, directory, id).await?;
    transaction.commit().await?;
    Ok((released, readers))
}
