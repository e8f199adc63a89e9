//! Automatic escalation: releases cases with a missed deadline to the oversight body. It does not
//! depend on the intake, so an intake that is down or slow cannot delay it.

use protocol::{
    case::{Calendar, event::ReleaseReason},
    directory::Directory,
};

use crate::{
    context::HandlerContext,
    directory_cache::DirectoryCache,
    event_log::{HandlerSigner, LogError},
    ingest::release_to_oversight,
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

/// Checks the deadlines of all cases under the newest directory, after the log is verified. Without
/// a directory, there are no cases.
///
/// # Errors
/// Fails if the clock is implausible or the store cannot be read.
pub async fn check_deadlines(
    context: &HandlerContext,
    directories: &DirectoryCache,
) -> Result<(), EscalationError> {
    context.store.wait_log_verified().await;
    let Some(accepted) = directories.latest() else { return Ok(()) };
    let signer = context.releasing_signer().await?;
    escalate_overdue(&context.store, &accepted.directory, &context.calendar, signer).await?;
    Ok(())
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
            if calendar.overdue_deadline(&overdue.state, signer.today).is_none() {
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
    id: uuid::Uuid,
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
