//! Brings the index up to date with the queue, case by case.

use std::{collections::BTreeSet, pin::pin};

use futures_util::{StreamExt as _, stream};
use protocol::api::workbench::CaseSummary;
use taxonomy::Taxonomy;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Index, IndexError, IndexJob, IndexStats, case_document::CaseDocument};
use crate::{
    alert::{AlertCode, IntegrityAlert},
    audit::{checkpoint::NewestCheckpoint, error::AuditError},
    case::{CaseReadError, VerifiedCase, read::CasePins},
    error_kind::ErrorKind,
    session::{HandlerConnection, client::ClientError, profile::PinnedCaseHead},
};

/// The index commits and the pinned heads are saved after this many cases, so that an interrupted
/// first run keeps its progress.
const CASES_PER_TRANSACTION: usize = 500;
/// Number of cases that are fetched at the same time.
const MAX_CONCURRENT_READS: usize = 8;

impl Index {
    /// Indexes new and changed cases, and removes cases that the member can no longer read. Calls
    /// `progress` with the number of cases read and the total.
    ///
    /// # Errors
    /// [`IndexError::Connect`] if the queue cannot be fetched, [`IndexError::Read`] if the case
    /// handler becomes unreachable or ends the session, [`IndexError::Database`] or
    /// [`IndexError::File`] if storing fails.
    pub async fn update(
        &mut self,
        connection: &mut HandlerConnection,
        taxonomy: &Taxonomy,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<IndexStats, IndexError> {
        let mut job = self.begin_update(connection).await?;
        progress(0, job.changed_rows.len());
        let report_progress = |done, of| {
            progress(done, of);
            true
        };
        self.advance(&mut job, connection, taxonomy, report_progress).await?;
        Ok(job.finish())
    }

    /// Finds new and changed cases, and removes cases that the member can no longer read.
    ///
    /// # Errors
    /// [`IndexError::Connect`] if the queue cannot be fetched, [`IndexError::Database`] if the
    /// database fails.
    pub async fn begin_update(
        &mut self,
        connection: &HandlerConnection,
    ) -> Result<IndexJob, IndexError> {
        let (mut rows, alarms) = connection.queue().await?;
        let me = connection.handle();
        let undeclared = rows.iter().filter(|row| !row.state.has_declared(me)).count();
        let mut stats = IndexStats { undeclared, alarms, ..IndexStats::default() };
        let indexed = self.indexed_heads().await?;
        let current: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
        for id in indexed.keys().filter(|id| !current.contains(id)) {
            self.remove(*id).await?;
            stats.removed += 1;
        }
        rows.retain(|row| indexed.get(&row.id) != Some(&row.state.head));
        Ok(IndexJob { changed_rows: rows, done: 0, stats })
    }

    /// Reads the remaining cases. Calls `go_on` after each case with the number of cases read and
    /// the total; the job pauses when it returns `false`.
    ///
    /// # Errors
    /// As [`Index::update`]. Cases that were read before the failure stay in the index.
    pub async fn advance(
        &mut self,
        job: &mut IndexJob,
        connection: &mut HandlerConnection,
        taxonomy: &Taxonomy,
        mut go_on: impl FnMut(usize, usize) -> bool,
    ) -> Result<(), IndexError> {
        if !job.is_done() {
            job.stats.alarms.extend(follow_log(connection).await?);
        }
        let mut wants_more = true;
        while wants_more && !job.is_done() {
            sqlx::query("BEGIN").execute(&mut self.database).await?;
            let mut pins = CasePins::default();
            // The future is large, because it contains whole cases.
            let batch = self.advance_batch(job, connection, taxonomy, &mut pins, &mut go_on);
            let read = Box::pin(batch).await;
            // Cases that were read before a failure are committed.
            sqlx::query("COMMIT").execute(&mut self.database).await?;
            connection.pin_cases(pins)?;
            wants_more = read?;
        }
        Ok(())
    }

    /// Reads one transaction's worth of cases. Returns whether the caller wants to continue.
    async fn advance_batch(
        &mut self,
        job: &mut IndexJob,
        connection: &HandlerConnection,
        taxonomy: &Taxonomy,
        pins: &mut CasePins,
        go_on: &mut impl FnMut(usize, usize) -> bool,
    ) -> Result<bool, IndexError> {
        let of = job.changed_rows.len();
        let part = &job.changed_rows[job.done..of.min(job.done + CASES_PER_TRANSACTION)];
        // Pipelining: the case handler prepares the next cases while this one is opened, and it is
        // opened while the previous one is stored.
        let ids: Vec<Uuid> = part.iter().map(|row| row.id).collect();
        let (sender, cases) = mpsc::channel(MAX_CONCURRENT_READS);
        let fetching = async move {
            let mut read = pin!(
                stream::iter(ids)
                    .map(|id| connection.read_case_without_pinning(id))
                    .buffered(MAX_CONCURRENT_READS)
            );
            while let Some(case) = read.next().await {
                if sender.send(case).await.is_err() {
                    break;
                }
            }
        };
        let storing = async {
            // Dropping the receiver at the end of this block, for whatever reason, also ends the
            // fetching.
            let mut cases = cases;
            for row in part {
                let Some(case) = cases.recv().await else { break };
                let newer_tree = case.as_ref().ok().and_then(|case| case.newer_tree);
                // The first one. A later tree was not compared with it.
                pins.tree = pins.tree.or(newer_tree);
                pins.heads
                    .extend(self.upsert(connection, row, case, (taxonomy, &mut job.stats)).await?);
                job.done += 1;
                if !go_on(job.done, of) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        tokio::join!(fetching, storing).1
    }

    /// Stores one case as it was read, and returns the head to pin. A case that cannot be read
    /// becomes an alert and does not stop the update.
    async fn upsert(
        &mut self,
        connection: &HandlerConnection,
        row: &CaseSummary,
        case: Result<VerifiedCase, CaseReadError>,
        (taxonomy, stats): (&Taxonomy, &mut IndexStats),
    ) -> Result<Option<(Uuid, PinnedCaseHead)>, IndexError> {
        match case {
            Ok(case) => {
                let pin = case.head_to_pin();
                // Without a declaration, the case is verified and stored as an empty document that
                // no search finds. The declaration is an event, so the case is read again after it.
                let declared = connection.check_declared(&case).is_ok();
                let document = if declared {
                    CaseDocument::from_case(&case, taxonomy)
                } else {
                    CaseDocument::default()
                };
                stats.alarms.extend(case.alarms);
                self.store_document(row, &document).await?;
                stats.indexed += 1;
                Ok(pin)
            }
            Err(CaseReadError::Client(error)) if error.concerns_all_requests() => {
                Err(CaseReadError::from(error).into())
            }
            // A failure of the case handler proves no manipulation. What was stored before stays,
            // and the next update reads the case again.
            Err(error) if is_handler_failure(&error) => {
                let notice = IntegrityAlert::notice(AlertCode::NotRead, error.to_string());
                stats.alarms.push(notice.in_case(row.id));
                Ok(None)
            }
            Err(CaseReadError::Unreadable(unreadable)) => {
                // Stored as an empty document, so that it is read again only after its next event.
                self.store_document(row, &CaseDocument::default()).await?;
                stats.indexed += 1;
                Ok(unreadable.head_to_pin)
            }
            Err(error) => {
                self.remove(row.id).await?;
                let alarm = match &error {
                    CaseReadError::FormerKey(_) => {
                        IntegrityAlert::notice(AlertCode::FormerKey, error.to_string())
                    }
                    _ => IntegrityAlert::new(AlertCode::Unopenable, error.to_string()),
                };
                stats.alarms.push(alarm.in_case(row.id));
                Ok(None)
            }
        }
    }
}

/// Pins the newest tree of the transparency log, so that the proofs of most cases lead to it.
/// Returns an alarm if the log does not contain the tree that was pinned before.
async fn follow_log(
    connection: &mut HandlerConnection,
) -> Result<Option<IntegrityAlert>, IndexError> {
    match connection.follow_transparency_log().await.map(|followed| followed.newest) {
        Ok(NewestCheckpoint::Refused(alarm)) => Ok(Some(alarm)),
        Ok(NewestCheckpoint::None | NewestCheckpoint::Verified(_)) => Ok(None),
        Err(AuditError::Connect(error)) => Err(error.into()),
        Err(AuditError::Client(error)) => Err(CaseReadError::from(error).into()),
        Err(AuditError::File(error)) => Err(error.into()),
    }
}

/// Returns whether the case handler failed to answer the request, as opposed to a wrong answer.
fn is_handler_failure(error: &CaseReadError) -> bool {
    match error {
        CaseReadError::Client(ClientError::Refused(problem)) => {
            problem.status >= 500 || matches!(problem.status, 408 | 429)
        }
        _ => ErrorKind::from(error) == ErrorKind::Incomplete,
    }
}
