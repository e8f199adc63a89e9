//! The spool: sealed submissions that wait for collection, and sealed mailboxes. On `SQLite` it
//! serves one process, on `PostgreSQL` several. No process caches state that another would need.

mod capacity;
mod entities;
mod error;
mod garbage_collect;
mod group_commit;
mod mailboxes;
mod outbox;
mod resumable_upload;
mod small_inserts;
mod submission_writer;
#[cfg(test)]
mod tests;
mod upload_finish;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use database::{DatabaseUrl, OpenError, PoolOptions, TableCopier, WriterLock};
use entities::{chunk, mailbox, state, submission, upload};
use migrations_intake::Migrator;
use protocol::{
    api::relay::ReplySchedule, directory::SignedDirectory,
    encoding::size_classes::MAX_SUBMISSION_LEN,
};
use rand::{CryptoRng, RngCore};
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QuerySelect, Statement,
    prelude::*,
    sea_query::{ExprTrait as _, OnConflict},
};
use zeroize::Zeroizing;

pub use capacity::MAX_TEXT_BYTES;
use capacity::SpoolCapacity;
pub use error::StoreError;
use group_commit::StoreWriter;
pub use mailboxes::MailboxSnapshot;
pub use outbox::StoredSubmission;
pub use resumable_upload::{
    AppendOutcome, ResumableUpload, UploadContinuation, UploadId, UploadProgress,
};
use small_inserts::SmallInserts;
pub use submission_writer::SubmissionUpload;
pub use upload_finish::FinishingUpload;
use upload_finish::UploadFinishes;

/// Size of a chunk in bytes: the part of a submission in one row, and in memory during an upload.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// Maximum number of ids in one statement, because databases limit the number of parameters.
const MAX_IDS_PER_STATEMENT: usize = 500;
/// Number of concurrent reads.
const READ_CONNECTIONS: u32 = 4;
const MIB: u64 = 1024 * 1024;

/// The limits of a process on its database.
#[derive(Debug, Clone, Copy)]
pub struct StoreLimits {
    /// Maximum size in MiB.
    pub max_size_mib: u32,
    /// Number of concurrent writes on `PostgreSQL`, which commits them as a group.
    pub writers: u32,
}

/// The database of the intake.
#[derive(Clone)]
pub struct Store {
    writer: StoreWriter,
    /// Only on `PostgreSQL`. On `SQLite` the writer groups all work.
    small_inserts: Option<SmallInserts>,
    /// For statements that cannot run in a transaction.
    write_db: DatabaseConnection,
    read_db: DatabaseConnection,
    /// Whether other processes may use the database too.
    is_shared: bool,
    capacity: Arc<SpoolCapacity>,
    first_seen: Arc<Mutex<garbage_collect::FirstSeen>>,
    upload_finishes: Arc<UploadFinishes>,
    decoy_seed: Arc<Zeroizing<[u8; 32]>>,
    _writer_lock: Arc<Option<WriterLock>>,
}

impl Store {
    /// Opens or creates the spool. On `SQLite` it deletes the incomplete submissions of an earlier
    /// process, except those of uploads that can be continued.
    ///
    /// # Errors
    /// If another process uses the `SQLite` file, or the database cannot be opened or migrated.
    pub async fn open(
        url: &DatabaseUrl,
        StoreLimits { max_size_mib, writers }: StoreLimits,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, OpenError> {
        let is_shared = url.is_shared();
        let writer_lock = if is_shared { None } else { Some(url.acquire_writer_lock().await?) };
        url.migrate::<Migrator>().await?;
        let writers = if is_shared { writers } else { 1 };
        let write_db =
            url.connect(PoolOptions::with_connections(writers).max_size_mib(max_size_mib)).await?;
        let read_db = url
            .connect(PoolOptions::read_only(READ_CONNECTIONS).max_size_mib(max_size_mib))
            .await?;
        let state = load_or_init_state(&write_db, rng).await?;
        let decoy_seed: [u8; 32] = state
            .decoy_seed
            .try_into()
            .map_err(|_| DbErr::Custom("invalid decoy seed: its length is not 32 bytes".into()))?;
        let writer = if is_shared {
            StoreWriter::Single(write_db.clone())
        } else {
            StoreWriter::group_commit(write_db.clone())
        };
        let store = Self {
            writer,
            small_inserts: is_shared.then(|| SmallInserts::start(write_db.clone(), writers)),
            write_db,
            read_db,
            is_shared,
            capacity: Arc::new(SpoolCapacity::new(u64::from(max_size_mib) * MIB)),
            first_seen: Arc::default(),
            upload_finishes: Arc::default(),
            decoy_seed: Arc::new(Zeroizing::new(decoy_seed)),
            _writer_lock: Arc::new(writer_lock),
        };
        if !is_shared {
            store
                .delete_incomplete(Duration::ZERO)
                .await
                .map_err(|error| DbErr::Custom(error.to_string()))?;
        }
        store.refresh_usage().await.map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(store)
    }

    /// Measures the usage of the spool, including that of other replicas and, on `SQLite`, of other
    /// tables.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn refresh_usage(&self) -> Result<(), StoreError> {
        let unfinished = self.piece_bytes().await?;
        if self.is_shared {
            self.capacity.set_stored(self.pending_bytes().await? + unfinished);
        } else {
            self.capacity.set_measured(self.database_bytes().await?);
        }
        self.capacity.set_unfinished(unfinished);
        Ok(())
    }

    /// Returns the bytes that are stored or being uploaded, and the maximum, in bytes.
    pub fn usage(&self) -> (u64, u64) {
        self.capacity.usage()
    }

    /// Checks that the spool has space for a submission of this length, which has not begun.
    ///
    /// # Errors
    /// [`StoreError::Full`] or [`StoreError::FullForFiles`].
    pub fn check_space(&self, length: u64) -> Result<(), StoreError> {
        self.capacity.check(length, length)
    }

    /// Returns the bytes of unfinished uploads that are stored or reserved, and their maximum.
    pub fn unfinished_usage(&self) -> (u64, u64) {
        self.capacity.unfinished_usage()
    }

    async fn pending_bytes(&self) -> Result<u64, StoreError> {
        let bytes: Option<Option<i64>> = submission::Entity::find()
            .select_only()
            .column_as(submission::Column::Length.sum().cast_as("bigint"), "bytes")
            .into_tuple()
            .one(&self.read_db)
            .await?;
        Ok(bytes.flatten().unwrap_or(0).unsigned_abs())
    }

    /// Returns the bytes of all pages that are not free. `SQLite` enforces its limit on the same
    /// count.
    async fn database_bytes(&self) -> Result<u64, StoreError> {
        const USED_BYTES_SQL: &str = "SELECT (page_count - freelist_count) * page_size AS bytes \
            FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
        let row = self
            .read_db
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, USED_BYTES_SQL))
            .await?;
        let bytes: i64 = row.ok_or(StoreError::Unavailable)?.try_get("", "bytes")?;
        Ok(bytes.unsigned_abs())
    }

    /// Returns whether other processes may use the same database.
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    /// If it does not respond, or its state row is missing.
    pub async fn ping(&self) -> Result<(), StoreError> {
        state::Entity::find_by_id(state::SINGLETON_ID)
            .one(&self.read_db)
            .await?
            .map(drop)
            .ok_or(StoreError::Unavailable)
    }

    /// Returns the seed of the decoy mailboxes. It is constant for the lifetime of the spool.
    pub fn decoy_seed(&self) -> &[u8; 32] {
        &self.decoy_seed
    }

    /// Returns the stored directory.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn load_directory(&self) -> Result<Option<SignedDirectory>, StoreError> {
        let row = state::Entity::find_by_id(state::SINGLETON_ID).one(&self.read_db).await?;
        let json = row.and_then(|row| row.directory);
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Stores a verified directory.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn save_directory(&self, directory: &SignedDirectory) -> Result<(), StoreError> {
        let json = serde_json::to_vec(directory).map_err(|_| StoreError::Unavailable)?;
        self.update_state(state::ActiveModel { directory: Set(Some(json)), ..Default::default() })
            .await
    }

    /// Returns the stored reply schedule.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn load_reply_schedule(&self) -> Result<Option<ReplySchedule>, StoreError> {
        let row = state::Entity::find_by_id(state::SINGLETON_ID).one(&self.read_db).await?;
        let json = row.and_then(|row| row.reply_schedule);
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Stores the reply schedule.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn save_reply_schedule(&self, times: &ReplySchedule) -> Result<(), StoreError> {
        let json = serde_json::to_vec(times).map_err(|_| StoreError::Unavailable)?;
        self.update_state(state::ActiveModel {
            reply_schedule: Set(Some(json)),
            ..Default::default()
        })
        .await
    }

    /// Updates the columns that are set in the single row.
    async fn update_state(&self, columns: state::ActiveModel) -> Result<(), StoreError> {
        let row = state::ActiveModel { id: Set(state::SINGLETON_ID), ..columns };
        self.writer.write(|txn| Box::pin(async move { row.update(txn).await.map(drop) })).await
    }

    /// Checkpoints and truncates the write-ahead log of `SQLite`, so that deleted rows do not
    /// remain in it.
    async fn checkpoint_wal(&self) {
        if self.is_shared {
            return;
        }
        let pragma = self.write_db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        if let Err(error) = pragma {
            tracing::warn!(
                error = %web::logging::log_safe(&StoreError::from(error)),
                "failed to checkpoint the write-ahead log of the spool; deleted submissions may remain \
                 in it until the next checkpoint"
            );
        }
    }
}

/// Returns all tables, each after the tables that it refers to.
pub fn tables() -> [TableCopier; 5] {
    [
        TableCopier::for_entity::<submission::Entity>(),
        TableCopier::for_entity::<chunk::Entity>(),
        TableCopier::for_entity::<upload::Entity>(),
        TableCopier::for_entity::<mailbox::Entity>(),
        TableCopier::for_entity::<state::Entity>(),
    ]
}

/// Returns the directory stored in a spool, without the writer lock.
///
/// # Errors
/// If the database cannot be opened or read.
pub async fn read_stored_directory(
    url: &DatabaseUrl,
) -> Result<Option<SignedDirectory>, StoreError> {
    let db = url.connect(PoolOptions::with_connections(1)).await?;
    let row = state::Entity::find_by_id(state::SINGLETON_ID).one(&db).await?;
    db.close().await?;
    Ok(row.and_then(|row| row.directory).and_then(|json| serde_json::from_slice(&json).ok()))
}

async fn load_or_init_state(
    db: &DatabaseConnection,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<state::Model, DbErr> {
    let mut seed = vec![0; 32];
    rng.fill_bytes(&mut seed);
    let first = state::ActiveModel {
        id: Set(state::SINGLETON_ID),
        served_generation: Set(0),
        newest_generation: Set(0),
        decoy_seed: Set(seed),
        directory: Set(None),
        reply_schedule: Set(None),
    };
    // Of several processes that start at the same time, all use the row of the first.
    let mut conflict = OnConflict::column(state::Column::Id);
    let insert = state::Entity::insert(first).on_conflict(conflict.do_nothing().to_owned());
    insert.exec_without_returning(db).await?;
    let state = state::Entity::find_by_id(state::SINGLETON_ID).one(db).await?;
    state.ok_or(DbErr::RecordNotFound("state".to_owned()))
}

/// Number of keys for the chunks of one submission.
const KEYS_OF_SUBMISSION: u64 = 1024;
const _: () = assert!(MAX_SUBMISSION_LEN.div_ceil(CHUNK_BYTES as u64) <= KEYS_OF_SUBMISSION);

/// Returns a random key for a row, so that its position in the file does not reveal the time of its
/// arrival. The 1,023 keys after it are free for the other rows of the same submission.
fn random_key(rng: &mut (impl RngCore + CryptoRng)) -> i64 {
    // 52 bits: among a million rows, two collide with a probability of about 1 in 9,000. The
    // second submission then fails and is not acknowledged.
    ((rng.next_u64() >> 12) * KEYS_OF_SUBMISSION).cast_signed()
}
