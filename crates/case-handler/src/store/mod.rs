//! The database of the case handler. `DbErr` does not leave this module.

mod audit_pages;
mod cases;
mod dates;
mod directories;
pub(crate) mod entities;
mod grants;
mod log;
mod log_leaves;
mod log_pause;
mod log_witnesses;
mod mailbox_logs;
mod mailboxes;
mod object_check;
mod objects;
mod open_journal;
mod parts;
mod purge;
mod quarantine;
mod queues;
mod replies;
mod rotations;
mod submissions;
mod write_batch;

pub use audit_pages::AuditRange;
pub use cases::{CaseRecord, NewCase};
pub use dates::read_saved_clock;
pub use directories::newest_directory;
pub use grants::HeldGrant;
pub use log::StoredEvent;
pub use log_leaves::{EventLeaf, WaitingEvent};
pub use log_pause::read_log_pause;
pub use log_witnesses::{WitnessState, read_witness_states};
pub use mailbox_logs::{MailboxLogState, OutdatedMailboxLog, SubmissionEvent};
pub use mailboxes::{MailboxContent, NewCapsule};
pub use object_check::ObjectCheckError;
pub use objects::{PartObjectStore, StagedObjects, referenced_object_keys};
pub use open_journal::{POISON_AFTER_CRASHES, PoisonSubmission, poison_count};
pub use parts::NewPart;
pub use quarantine::{QuarantinedSubmission, RetryScope, read_quarantine_size};
pub use queues::QueueCursor;
pub use rotations::PendingKeys;

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

use crate::sealed_bytes::TemporaryFileError;

/// Time that a write waits for the log verification.
const LOG_CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections that read at the same time.
const READ_CONNECTIONS: u32 = 8;

/// The case handler's database.
#[derive(Debug)]
pub struct CaseStore {
    db: DatabaseConnection,
    /// The only connection that writes, because the log is one chain.
    writer: DatabaseConnection,
    /// While this exists, no other process writes.
    write_lock: Mutex<Option<WriterLock>>,
    /// Maximum size of the quarantine, in bytes.
    max_quarantine_bytes: u64,
    /// Object store for large parts. Without it, they are rows.
    objects: Option<PartObjectStore>,
    /// True once the log is verified. Nothing is written before.
    log_verified: watch::Sender<bool>,
}

/// Why a database operation failed. The details are for the log and contain no content of cases.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is invalid.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// The database could not be opened.
    #[error(fmt = fmt_open_error)]
    Open(#[from] OpenError),
    /// The database failed: disk full, not writable, locked or damaged.
    #[error(fmt = fmt_database_error)]
    Database(#[from] DbErr),
    /// The URL of the object store is invalid.
    #[error("{0}")]
    InvalidObjectUrl(&'static str),
    /// The object store failed.
    #[error("object store error: {0}")]
    ObjectStore(#[from] object_store::Error),
    /// The log verification has not finished, and nothing is written before.
    #[error("log verification in progress")]
    LogCheckRunning,
    /// A value in the database cannot be parsed.
    #[error("corrupt value in column {0}")]
    CorruptRow(&'static str),
    /// The bytes of a stored part are missing or differ from the ingested ones.
    #[error("{0}; restore a backup")]
    DamagedPart(&'static str),
    /// A temporary file failed.
    #[error(transparent)]
    TemporaryFile(#[from] TemporaryFileError),
}

fn fmt_open_error(error: &OpenError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = error.to_string();
    // These two have their own advice.
    let has_advice = matches!(error, OpenError::Unreachable { .. } | OpenError::InUse);
    write!(f, "{text}{}", if has_advice { "" } else { remedy_for(&text) })
}

fn fmt_database_error(error: &DbErr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let error = error.to_string();
    write!(f, "database error: {error}{}", remedy_for(&error))
}

/// Returns advice for a database failure, by its text.
fn remedy_for(error: &str) -> &'static str {
    let error = error.to_ascii_lowercase();
    let contains_any = |patterns: &[&str]| patterns.iter().any(|pattern| error.contains(*pattern));
    if contains_any(&["disk i/o error", "disk is full", "readonly", "read-only", "no space left"]) {
        ". The disk is full, broken or read-only: free space, and check the kernel log. The intake stores everything meanwhile"
    } else if contains_any(&[
        "pool timed out",
        "connection refused",
        "error communicating",
        "timed out",
    ]) {
        ". The database server at store.url does not answer: check that it runs, and the network"
    } else {
        ""
    }
}

/// A write transaction. Dropping it without [`WriteTransaction::commit`] rolls it back.
pub struct WriteTransaction<'a> {
    tx: DatabaseTransaction,
    /// Cases whose rows in `queues` change with this transaction.
    dirty_cases: std::sync::Mutex<BTreeSet<Uuid>>,
    /// Rows that are not written yet.
    batch: std::sync::Mutex<WriteBatch>,
    /// Position of the newest event, once known.
    last_event: Mutex<Option<i64>>,
    _write_guard: MutexGuard<'a, Option<WriterLock>>,
}

impl CaseStore {
    /// Opens a database by its URL, migrates its schema, and takes the writer lock.
    ///
    /// # Errors
    /// Fails if the URL is invalid, the database cannot be opened, or another process writes into
    /// it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_at(&url.parse()?).await
    }

    /// Opens a database as [`CaseStore::open`] does.
    ///
    /// # Errors
    /// Fails if the database cannot be opened, or another process writes into it.
    pub async fn open_at(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let lock = url.acquire_writer_lock().await?;
        url.migrate::<Migrator>().await?;
        let writer = url.connect(PoolOptions::exclusive_writer()).await?;
        let db = url.connect(PoolOptions::read_only(READ_CONNECTIONS)).await?;
        Ok(Self {
            db,
            writer,
            write_lock: Mutex::new(Some(lock)),
            max_quarantine_bytes: u64::MAX,
            objects: None,
            log_verified: watch::Sender::new(true),
        })
    }

    /// Blocks all writes until [`CaseStore::mark_log_verified`].
    #[must_use]
    pub fn with_log_unverified(self) -> Self {
        self.log_verified.send_replace(false);
        self
    }

    /// Allows writes, because the log is verified.
    pub fn mark_log_verified(&self) {
        self.log_verified.send_replace(true);
    }

    /// Returns true if the log is verified.
    pub fn is_log_verified(&self) -> bool {
        *self.log_verified.borrow()
    }

    /// Waits until the log is verified.
    pub async fn wait_log_verified(&self) {
        // The sender exists as long as this store.
        self.log_verified.subscribe().wait_for(|verified| *verified).await.ok();
    }

    /// Limits the quarantine to a size in MiB.
    #[must_use]
    pub fn with_quarantine_limit(self, max_mib: u32) -> Self {
        Self { max_quarantine_bytes: u64::from(max_mib) << 20, ..self }
    }

    /// Stores large parts of new submissions in an object store.
    #[must_use]
    pub fn with_object_store(self, objects: Option<PartObjectStore>) -> Self {
        Self { objects, ..self }
    }

    /// Starts a write transaction, after any other has ended.
    ///
    /// # Errors
    /// Fails if the log verification takes too long or the database fails.
    pub async fn begin_write(&self) -> Result<WriteTransaction<'_>, StoreError> {
        timeout(LOG_CHECK_TIMEOUT, self.wait_log_verified())
            .await
            .map_err(|_| StoreError::LogCheckRunning)?;
        let lock = self.write_lock.lock().await;
        // With an immediate lock, the transaction cannot fail later because of another writer.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.writer.begin_with_options(options).await?;
        Ok(WriteTransaction {
            tx,
            dirty_cases: std::sync::Mutex::default(),
            batch: std::sync::Mutex::default(),
            last_event: Mutex::default(),
            _write_guard: lock,
        })
    }

    /// Waits for the current write and releases the writer lock, so that another process can write.
    /// Reads continue to work.
    ///
    /// # Errors
    /// Fails if the connection cannot be closed.
    pub async fn release_writer(&self) -> Result<(), StoreError> {
        let mut lock = self.write_lock.lock().await;
        self.writer.clone().close().await?;
        *lock = None;
        Ok(())
    }
}

impl WriteTransaction<'_> {
    /// Commits durably.
    ///
    /// # Errors
    /// Fails if the database fails. Then nothing was written.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_then(|| ()).await
    }

    /// Commits durably, and then runs `then` before any other write starts.
    ///
    /// # Errors
    /// Fails if the database fails. Then nothing was written, and `then` does not run.
    pub async fn commit_then<T>(self, then: impl FnOnce() -> T) -> Result<T, StoreError> {
        let dirty: Vec<Uuid> = self.lock_dirty_cases().iter().copied().collect();
        self.reindex_queues(&dirty).await?;
        self.flushed_transaction().await?;
        let Self { tx, _write_guard: _lock, .. } = self;
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

/// Returns all tables, for backups and migrations to another database.
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
        TableCopier::for_entity::<entities::log_checkpoint::Entity>(),
        TableCopier::for_entity::<entities::log_leaf::Entity>(),
        TableCopier::for_entity::<entities::log_node::Entity>(),
        TableCopier::for_entity::<entities::log_pause::Entity>(),
        TableCopier::for_entity::<entities::log_secret::Entity>(),
        TableCopier::for_entity::<entities::log_witness::Entity>(),
        TableCopier::for_entity::<entities::opening::Entity>(),
        TableCopier::for_entity::<entities::part::Entity>(),
        TableCopier::for_entity::<entities::part_chunk::Entity>(),
        TableCopier::for_entity::<entities::pending_rotation::Entity>(),
        TableCopier::for_entity::<entities::queue::Entity>(),
        TableCopier::for_entity::<entities::reply::Entity>(),
        TableCopier::for_entity::<entities::rotation::Entity>(),
        TableCopier::for_entity::<entities::quarantine::Entity>(),
        TableCopier::for_entity::<entities::quarantine_chunk::Entity>(),
        TableCopier::for_entity::<entities::submission::Entity>(),
        TableCopier::for_entity::<entities::unsettled_date::Entity>(),
    ]
}

/// Parses a hash column.
fn parse_hash(bytes: &[u8], what: &'static str) -> Result<protocol::Hash, StoreError> {
    protocol::Hash::try_from(bytes).map_err(|_| StoreError::CorruptRow(what))
}

/// Converts a generation, batch or position for the database. All of them fit.
fn to_i32(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Converts a number from the database.
fn to_u32(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// Converts an index or a number for the database. All of them fit.
fn from_index(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// Converts an index or a number from the database.
fn to_index(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::CorruptRow("log_leaves.leaf"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_failure_comes_with_advice() {
        let message = |error: &str| StoreError::from(DbErr::Custom(error.to_owned())).to_string();
        for full in ["(code: 4874) disk I/O error", "(code: 13) database or disk is full"] {
            assert!(message(full).contains("free space"), "{}", message(full));
        }
        assert!(
            message("pool timed out while waiting for an open connection").contains("store.url")
        );
        assert!(message("UNIQUE constraint failed").ends_with("UNIQUE constraint failed"));
    }
}
