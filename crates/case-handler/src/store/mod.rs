//! The database. `DbErr` stops here.

mod cases;
mod directories;
pub(crate) mod entities;
mod filed;
mod grants;
mod log;
mod parts;
mod replies;
mod set_aside;

pub use cases::{Case, MailboxContent, NewCase};
pub use log::Logged;
pub use parts::NewPart;
pub use set_aside::{Retry, SetAside};

use migrations_cases::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::{Mutex, MutexGuard};

/// The case handler's database.
#[derive(Debug)]
pub struct Store {
    db: DatabaseConnection,
    /// One writer at a time: the log is one chain.
    writing: Mutex<()>,
}

/// Why the database could not do something. The details are for the log; they hold no content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed: disk full, not writable, locked, damaged.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    /// What is in the database cannot be read.
    #[error("the database holds something unreadable in {0}")]
    Damaged(&'static str),
}

/// A write that is under way. Dropped without [`Writing::commit`], nothing has happened.
pub struct Writing<'a> {
    tx: DatabaseTransaction,
    _alone: MutexGuard<'a, ()>,
}

impl Store {
    /// Opens the database, makes it if it is not there, and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(url);
        options.sqlx_logging(false).max_connections(8).map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // An acknowledged commit survives a power cut.
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // What is deleted is overwritten.
                .pragma("secure_delete", "ON")
                .busy_timeout(std::time::Duration::from_secs(10))
        });
        let db = Database::connect(options).await?;
        Migrator::up(&db, None).await?;
        Ok(Self { db, writing: Mutex::new(()) })
    }

    /// Begins a write, after any other has ended.
    pub async fn write(&self) -> Result<Writing<'_>, StoreError> {
        let alone = self.writing.lock().await;
        Ok(Writing { tx: self.db.begin().await?, _alone: alone })
    }

    /// Closes the database in an orderly way.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.db.close().await?)
    }
}

impl Writing<'_> {
    /// Makes it durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_and(|| ()).await
    }

    /// Makes it durable, and then, before anyone else writes, does what follows from it in memory.
    pub async fn commit_and<T>(self, then: impl FnOnce() -> T) -> Result<T, StoreError> {
        let Self { tx, _alone } = self;
        tx.commit().await?;
        Ok(then())
    }
}

/// 32 bytes out of a column.
fn hash(bytes: &[u8], what: &'static str) -> Result<envelope::Hash, StoreError> {
    envelope::Hash::try_from(bytes).map_err(|_| StoreError::Damaged(what))
}

/// Generations, batches and positions fit a database's integers.
fn small(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The way back.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
