//! Durable writes. On `SQLite` one task groups pending jobs into one transaction, because only one
//! connection can write at a time and each commit costs a disk write. `PostgreSQL` groups the
//! commits of its connections itself.

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};
use web::logging::log_safe;

use super::error::StoreError;

/// Maximum number of pending jobs. A job carries at most one chunk, so this limits memory too.
const QUEUE_CAPACITY: usize = 64;

type CommitCallback = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// The work of a job. If it gets an error instead of a transaction, it sends the error to the
/// caller.
type TransactionFn = Box<
    dyn for<'t> FnOnce(Result<&'t DatabaseTransaction, StoreError>) -> TransactionFuture<'t> + Send,
>;
type TransactionFuture<'t> = BoxFuture<'t, Result<CommitCallback, StoreError>>;

/// A unit of work and its durability.
pub(super) struct WriteJob {
    work: TransactionFn,
    durability: Durability,
}

/// When a commit survives a power failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// Together with the next immediate commit: for rows that have no effect before that one.
    Deferred,
    /// When the write returns.
    Immediate,
}

/// Runs work in transactions.
#[derive(Clone)]
pub(super) enum StoreWriter {
    /// Sends the work to the writing task.
    GroupCommit(mpsc::Sender<WriteJob>),
    /// Runs the work on a connection of the pool.
    Single(DatabaseConnection),
}

impl StoreWriter {
    /// Starts the writing task. It ends after the last handle is dropped and all pending jobs are
    /// done.
    pub(super) fn group_commit(db: DatabaseConnection) -> Self {
        let (sender, jobs) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(run_group_commit(db, jobs));
        Self::GroupCommit(sender)
    }

    /// Runs the work in a transaction, possibly together with other work. Returns its value once
    /// the commit is durable.
    ///
    /// # Errors
    /// If the database fails. All work that is grouped in the same transaction then fails.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, DbErr>>
            + Send
            + 'static,
    {
        self.write_with_durability(Durability::Immediate, work).await
    }

    /// Runs the work like [`Self::write`], with the given durability.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn write_with_durability<T, F>(
        &self,
        durability: Durability,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, DbErr>>
            + Send
            + 'static,
    {
        let jobs = match self {
            Self::Single(db) => return run_in_transaction(db, work).await,
            Self::GroupCommit(jobs) => jobs,
        };
        let (reply, replied) = oneshot::channel();
        let work: TransactionFn = Box::new(move |txn| {
            Box::pin(async move {
                let outcome = match txn {
                    Ok(txn) => work(txn).await.map_err(StoreError::from),
                    Err(error) => Err(error),
                };
                // The caller may have been dropped; the work is done anyway.
                match outcome {
                    Ok(value) => Ok(Box::new(move |committed: Result<(), StoreError>| {
                        drop(reply.send(committed.map(|()| value)));
                    }) as CommitCallback),
                    Err(error) => {
                        drop(reply.send(Err(error)));
                        Err(error)
                    }
                }
            })
        });
        jobs.send(WriteJob { work, durability }).await.map_err(|_| StoreError::Unavailable)?;
        replied.await.map_err(|_| StoreError::Unavailable)?
    }
}

async fn run_in_transaction<T, F>(db: &DatabaseConnection, work: F) -> Result<T, StoreError>
where
    F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, DbErr>>,
{
    let txn = db.begin().await?;
    let value = work(&txn).await?;
    txn.commit().await?;
    Ok(value)
}

async fn run_group_commit(db: DatabaseConnection, mut jobs: mpsc::Receiver<WriteJob>) {
    let mut group = Vec::with_capacity(QUEUE_CAPACITY);
    // The mode in which the connection was opened.
    let mut current = Durability::Immediate;
    while jobs.recv_many(&mut group, QUEUE_CAPACITY).await > 0 {
        let mut done = Vec::with_capacity(group.len());
        let wanted = group.iter().map(|job| job.durability).max().unwrap_or(Durability::Immediate);
        let ready = if wanted == current { Ok(()) } else { set_synchronous(&db, wanted).await };
        if ready.is_ok() {
            current = wanted;
        }
        let outcome = commit_group(&db, ready, group.drain(..), &mut done).await;
        if let Err(error) = outcome {
            tracing::error!(error = %log_safe(&error), "spool write failed; the intake asks clients to retry later");
        }
        for settle in done {
            settle(outcome);
        }
    }
}

/// Sets whether each commit waits for the disk. Without waiting, `SQLite` still writes in order,
/// and the next commit that waits makes all earlier ones durable.
async fn set_synchronous(
    db: &DatabaseConnection,
    durability: Durability,
) -> Result<(), StoreError> {
    let synchronous = match durability {
        Durability::Deferred => "NORMAL",
        Durability::Immediate => "FULL",
    };
    db.execute_unprepared(&format!("PRAGMA synchronous = {synchronous}")).await?;
    Ok(())
}

/// Runs the group and commits it. One error fails the whole group, because `SQLite` may have rolled
/// back the work before it.
async fn commit_group(
    db: &DatabaseConnection,
    ready: Result<(), StoreError>,
    group: impl Iterator<Item = WriteJob>,
    done: &mut Vec<CommitCallback>,
) -> Result<(), StoreError> {
    // A transaction that locks the database at its start cannot fail to lock it later.
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let mut txn = match ready {
        Ok(()) => db.begin_with_options(options).await.map_err(StoreError::from),
        Err(error) => Err(error),
    };
    for job in group {
        match (job.work)(txn.as_ref().map_err(|error| *error)).await {
            Ok(settle) => done.push(settle),
            Err(error) => txn = Err(error),
        }
    }
    Ok(txn?.commit().await?)
}
