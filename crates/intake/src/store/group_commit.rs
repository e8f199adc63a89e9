//! Writing, durably. On `SQLite` one task groups what is waiting into one transaction, for only one
//! can write at a time and each commit costs a write to the disk; `PostgreSQL` groups the commits
//! of its connections itself.

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};
use web::logging::log_safe;

use super::error::StoreError;

/// Jobs that may wait. A job carries at most one chunk, so this bounds memory too.
const QUEUE_CAPACITY: usize = 64;

type CommitCallback = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Given the reason instead of a transaction, it passes it on to who waits.
type TransactionFn = Box<
    dyn for<'t> FnOnce(Result<&'t DatabaseTransaction, StoreError>) -> TransactionFuture<'t> + Send,
>;
type TransactionFuture<'t> = BoxFuture<'t, Result<CommitCallback, StoreError>>;

/// What is to be done, and whether somebody is told that it will last.
pub(super) struct WriteJob {
    work: TransactionFn,
    durability: Durability,
}

/// When a commit survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// With the next one that survives at once: for what means nothing before that one.
    Deferred,
    /// At once.
    Immediate,
}

/// Does work in transactions.
#[derive(Clone)]
pub(super) enum StoreWriter {
    /// Hands it to the writing task.
    GroupCommit(mpsc::Sender<WriteJob>),
    /// On a connection of its own.
    Single(DatabaseConnection),
}

impl StoreWriter {
    /// Starts the writing task; it ends when the last handle is gone and everything waiting is
    /// done.
    pub(super) fn group_commit(db: DatabaseConnection) -> Self {
        let (sender, jobs) = mpsc::channel(QUEUE_CAPACITY);
        tokio::spawn(run_group_commit(db, jobs));
        Self::GroupCommit(sender)
    }

    /// Does the work in a transaction, perhaps together with others; returns once the commit is
    /// durable.
    ///
    /// Work that is grouped fails only if the database fails, and then everything in the same
    /// transaction fails with it.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, DbErr>>
            + Send
            + 'static,
    {
        self.write_with_durability(Durability::Immediate, work).await
    }

    /// The same, for what need not be durable by itself.
    pub(super) async fn write_with_durability<T, F>(
        &self,
        lasting: Durability,
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
        let (answer, answered) = oneshot::channel();
        let work: TransactionFn = Box::new(move |txn| {
            Box::pin(async move {
                let outcome = match txn {
                    Ok(txn) => work(txn).await.map_err(StoreError::from),
                    Err(error) => Err(error),
                };
                // Whoever asked may have gone; the work is done all the same.
                match outcome {
                    Ok(value) => Ok(Box::new(move |committed: Result<(), StoreError>| {
                        drop(answer.send(committed.map(|()| value)));
                    }) as CommitCallback),
                    Err(error) => {
                        drop(answer.send(Err(error)));
                        Err(error)
                    }
                }
            })
        });
        jobs.send(WriteJob { work, durability: lasting })
            .await
            .map_err(|_| StoreError::Unavailable)?;
        answered.await.map_err(|_| StoreError::Unavailable)?
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
    // As the connection was opened.
    let mut set = Durability::Immediate;
    while jobs.recv_many(&mut group, QUEUE_CAPACITY).await > 0 {
        let mut done = Vec::with_capacity(group.len());
        let wanted = group.iter().map(|job| job.durability).max().unwrap_or(Durability::Immediate);
        let ready = if wanted == set { Ok(()) } else { set_synchronous(&db, wanted).await };
        if ready.is_ok() {
            set = wanted;
        }
        let outcome = commit_group(&db, ready, group.drain(..), &mut done).await;
        if let Err(error) = outcome {
            tracing::error!(error = %log_safe(&error), "the spool could not write; senders are asked to try again");
        }
        for settle in done {
            settle(outcome);
        }
    }
}

/// Does each commit wait until the disk has it? If not, `SQLite` still writes in order, and the
/// next commit that waits waits for all.
async fn set_synchronous(db: &DatabaseConnection, lasting: Durability) -> Result<(), StoreError> {
    let synchronous = match lasting {
        Durability::Deferred => "NORMAL",
        Durability::Immediate => "FULL",
    };
    db.execute_unprepared(&format!("PRAGMA synchronous = {synchronous}")).await?;
    Ok(())
}

/// Runs the group and commits it. One error is everybody's error, for `SQLite` may have undone what
/// came before it.
async fn commit_group(
    db: &DatabaseConnection,
    ready: Result<(), StoreError>,
    group: impl Iterator<Item = WriteJob>,
    done: &mut Vec<CommitCallback>,
) -> Result<(), StoreError> {
    // A lock taken at once cannot fail half way.
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
