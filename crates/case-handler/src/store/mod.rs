//! The database. `DbErr` stops here.

mod cases;
mod dates;
mod directories;
pub(crate) mod entities;
mod grants;
mod log;
mod mailboxes;
mod objects;
mod open_journal;
mod parts;
mod purge;
mod quarantine;
mod queues;
mod replies;
mod submissions;
mod write_batch;

pub use cases::{CaseRecord, NewCase};
pub use dates::read_saved_clock;
pub use directories::newest_directory;
pub use grants::HeldGrant;
pub use log::StoredLogEntry;
pub use mailboxes::MailboxContent;
pub use objects::{PartObjectStore, StagedObjects, referenced_object_keys};
pub use open_journal::{POISON_AFTER_CRASHES, PoisonSubmission, poison_count};
pub use parts::NewPart;
pub use quarantine::{QuarantinedSubmission, RetryScope};
pub use queues::QueueCursor as QueuePlace;

use std::{collections::BTreeSet, fmt, sync::PoisonError, time::Duration};

use database::{DatabaseUrl, DatabaseUrlError, OpenError, PoolOptions, TableCopier, WriterLock};
use migrations_cases::Migrator;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::{
    sync::{Mutex, MutexGuard, watch},
    time::timeout,
};
use uuid::Uuid;
use write_batch::WriteBatch;

/// How long a write waits for the log to be found whole.
const LOG_CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads that run at once.
const READ_CONNECTIONS: u32 = 8;

/// The case handler's database.
#[derive(Debug)]
pub struct CaseStore {
    db: DatabaseConnection,
    /// The one connection that writes: the log is one chain.
    writer: DatabaseConnection,
    /// No other process writes as long as this is there.
    write_lock: Mutex<Option<WriterLock>>,
    /// Bytes that what cannot be filed may take.
    max_quarantine_bytes: u64,
    /// For large parts; rows where there is none.
    objects: Option<PartObjectStore>,
    /// Has the log been found whole? Nothing is written before.
    log_verified: watch::Sender<bool>,
}

/// Why the database could not do something. The details are for the log; they hold no content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// It could not be opened.
    #[error(fmt = fmt_open_error)]
    Open(#[from] OpenError),
    /// The database failed: disk full, not writable, locked, damaged.
    #[error(fmt = fmt_database_error)]
    Database(#[from] DbErr),
    /// The URL of the object store.
    #[error("{0}")]
    InvalidObjectUrl(&'static str),
    /// The object store failed.
    #[error("the object store failed: {0}")]
    ObjectStore(#[from] object_store::Error),
    /// Nothing is written until the log has been found whole.
    #[error("the log is still being checked")]
    LogCheckRunning,
    /// What is in the database cannot be read.
    #[error("the database holds something unreadable in {0}")]
    CorruptRow(&'static str),
}

fn fmt_open_error(error: &OpenError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let error = error.to_string();
    write!(f, "{error}{}", remedy_for(&error))
}

fn fmt_database_error(error: &DbErr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let error = error.to_string();
    write!(f, "the database failed: {error}{}", remedy_for(&error))
}

/// What to do about a failure of the database, by its words.
fn remedy_for(error: &str) -> &'static str {
    let error = error.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|words| error.contains(words));
    if says(&["disk i/o error", "disk is full", "readonly", "read-only", "no space left"]) {
        ". Its disk is full, broken or read-only: free space, and look into the kernel's log. The intake keeps everything meanwhile"
    } else if says(&["pool timed out", "connection refused", "error communicating", "timed out"]) {
        ". The database server at store.url does not answer: does it run, and is the line up?"
    } else {
        ""
    }
}

/// A write that is under way. Dropped without [`WriteTransaction::commit`], nothing has happened.
pub struct WriteTransaction<'a> {
    tx: DatabaseTransaction,
    /// Cases that stand elsewhere in queues after this.
    dirty_cases: std::sync::Mutex<BTreeSet<Uuid>>,
    /// What is still to be written.
    batch: std::sync::Mutex<WriteBatch>,
    /// Position and link of the newest entry of the log, once it is known.
    log_tail: Mutex<Option<(i64, protocol::Hash)>>,
    _write_guard: MutexGuard<'a, Option<WriterLock>>,
}

impl CaseStore {
    /// Opens the database by its URL, brings its schema up to date, and makes sure that no other
    /// process writes into it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_at(&url.parse()?).await
    }

    /// The same for a place.
    pub async fn open_at(place: &DatabaseUrl) -> Result<Self, StoreError> {
        let alone = place.acquire_writer_lock().await?;
        place.migrate::<Migrator>().await?;
        let writer = place.connect(PoolOptions::exclusive_writer()).await?;
        let db = place.connect(PoolOptions::read_only(READ_CONNECTIONS)).await?;
        Ok(Self {
            db,
            writer,
            write_lock: Mutex::new(Some(alone)),
            max_quarantine_bytes: u64::MAX,
            objects: None,
            log_verified: watch::Sender::new(true),
        })
    }

    /// Lets nobody write until [`CaseStore::mark_log_verified`].
    #[must_use]
    pub fn with_log_unverified(self) -> Self {
        self.log_verified.send_replace(false);
        self
    }

    /// The log has been found whole.
    pub fn mark_log_verified(&self) {
        self.log_verified.send_replace(true);
    }

    /// Has the log been found whole?
    pub fn is_log_verified(&self) -> bool {
        *self.log_verified.borrow()
    }

    /// Comes back once the log has been found whole.
    pub async fn wait_log_verified(&self) {
        // The sender lives as long as this store.
        self.log_verified.subscribe().wait_for(|believed| *believed).await.ok();
    }

    /// Bounds what is set aside, in MiB.
    #[must_use]
    pub fn with_quarantine_limit(self, most_mib: u32) -> Self {
        Self { max_quarantine_bytes: u64::from(most_mib) << 20, ..self }
    }

    /// Keeps large parts that come from now on outside of the database.
    #[must_use]
    pub fn with_object_store(self, objects: Option<PartObjectStore>) -> Self {
        Self { objects, ..self }
    }

    /// Begins a write, after any other has ended.
    pub async fn begin_write(&self) -> Result<WriteTransaction<'_>, StoreError> {
        timeout(LOG_CHECK_TIMEOUT, self.wait_log_verified())
            .await
            .map_err(|_| StoreError::LogCheckRunning)?;
        let alone = self.write_lock.lock().await;
        // A lock taken at once cannot fail half way.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.writer.begin_with_options(options).await?;
        Ok(WriteTransaction {
            tx,
            dirty_cases: std::sync::Mutex::default(),
            batch: std::sync::Mutex::default(),
            log_tail: Mutex::default(),
            _write_guard: alone,
        })
    }

    /// Lets another process write from now on, once what is being written has been. Reading goes
    /// on.
    pub async fn release_writer(&self) -> Result<(), StoreError> {
        let mut alone = self.write_lock.lock().await;
        self.writer.clone().close().await?;
        *alone = None;
        Ok(())
    }
}

impl WriteTransaction<'_> {
    /// Makes it durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_then(|| ()).await
    }

    /// Makes it durable, and then, before anyone else writes, does what follows from it in memory.
    pub async fn commit_then<T>(self, then: impl FnOnce() -> T) -> Result<T, StoreError> {
        let touched: Vec<Uuid> = self.lock_dirty_cases().iter().copied().collect();
        self.reindex_queues(&touched).await?;
        self.flushed_transaction().await?;
        let Self { tx, _write_guard: _alone, .. } = self;
        tx.commit().await?;
        Ok(then())
    }
}

impl WriteTransaction<'_> {
    fn mark_dirty(&self, case: Uuid) {
        self.lock_dirty_cases().insert(case);
    }

    fn lock_batch(&self) -> std::sync::MutexGuard<'_, WriteBatch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_dirty_cases(&self) -> std::sync::MutexGuard<'_, BTreeSet<Uuid>> {
        self.dirty_cases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All tables.
pub fn tables() -> Vec<TableCopier> {
    vec![
        TableCopier::for_entity::<entities::absence::Entity>(),
        TableCopier::for_entity::<entities::case::Entity>(),
        TableCopier::for_entity::<entities::case_recipient::Entity>(),
        TableCopier::for_entity::<entities::clock_anchor::Entity>(),
        TableCopier::for_entity::<entities::day::Entity>(),
        TableCopier::for_entity::<entities::directory::Entity>(),
        TableCopier::for_entity::<entities::event::Entity>(),
        TableCopier::for_entity::<entities::grant::Entity>(),
        TableCopier::for_entity::<entities::opening::Entity>(),
        TableCopier::for_entity::<entities::part::Entity>(),
        TableCopier::for_entity::<entities::part_chunk::Entity>(),
        TableCopier::for_entity::<entities::queue::Entity>(),
        TableCopier::for_entity::<entities::reply::Entity>(),
        TableCopier::for_entity::<entities::quarantine::Entity>(),
        TableCopier::for_entity::<entities::submission::Entity>(),
    ]
}

/// 32 bytes out of a column.
fn parse_hash(bytes: &[u8], what: &'static str) -> Result<protocol::Hash, StoreError> {
    protocol::Hash::try_from(bytes).map_err(|_| StoreError::CorruptRow(what))
}

/// Generations, batches and positions fit a database's integers.
fn to_i32(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The way back.
fn to_u32(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_the_database_says_what_to_do() {
        let told = |error: &str| StoreError::from(DbErr::Custom(error.to_owned())).to_string();
        for full in ["(code: 4874) disk I/O error", "(code: 13) database or disk is full"] {
            assert!(told(full).contains("free space"), "{}", told(full));
        }
        assert!(told("pool timed out while waiting for an open connection").contains("store.url"));
        assert!(told("UNIQUE constraint failed").ends_with("UNIQUE constraint failed"));
    }
}
