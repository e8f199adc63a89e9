//! The spool: sealed submissions on their way in, sealed mailboxes on their way out. On `SQLite`
//! for one process, on `PostgreSQL` for several: none keeps anything that another would have to
//! know.

mod capacity;
mod entities;
mod error;
mod garbage_collect;
mod group_commit;
mod mailboxes;
mod outbox;
mod submission_writer;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use database::{DatabaseUrl, OpenError, PoolOptions, TableCopier, WriterLock};
use entities::{chunk, mailbox, state, submission};
use migrations_intake::Migrator;
use protocol::{api::relay::ReplySchedule, directory::SignedDirectory};
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
pub use submission_writer::SubmissionUpload;

/// Bytes of a submission in one row, and in memory while they come.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// Ids in one statement; databases bound the number of parameters.
const MAX_IDS_PER_STATEMENT: usize = 500;
/// Reads that run at once.
const READ_CONNECTIONS: u32 = 4;
const MIB: u64 = 1024 * 1024;

/// How much of its database a process takes.
#[derive(Debug, Clone, Copy)]
pub struct StoreLimits {
    /// MiB to which it grows.
    pub max_size_mib: u32,
    /// Writes that run at once on `PostgreSQL`, which makes their commits durable together.
    pub writers: u32,
}

/// The intake's database.
#[derive(Clone)]
pub struct Store {
    writer: StoreWriter,
    /// For what cannot stand in a transaction.
    write_db: DatabaseConnection,
    read_db: DatabaseConnection,
    /// May other processes use it too?
    is_shared: bool,
    capacity: Arc<SpoolCapacity>,
    first_seen: Arc<Mutex<garbage_collect::FirstSeen>>,
    decoy_seed: Arc<Zeroizing<[u8; 32]>>,
    _writer_lock: Arc<Option<WriterLock>>,
}

impl Store {
    /// Opens or makes the spool. On `SQLite` it sweeps what an earlier process left half done.
    pub async fn open(
        place: &DatabaseUrl,
        StoreLimits { max_size_mib: most_mib, writers }: StoreLimits,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, OpenError> {
        let is_shared = place.is_shared();
        let alone = if is_shared { None } else { Some(place.acquire_writer_lock().await?) };
        place.migrate::<Migrator>().await?;
        let writers = if is_shared { writers } else { 1 };
        let writing =
            place.connect(PoolOptions::with_connections(writers).max_size_mib(most_mib)).await?;
        let reading =
            place.connect(PoolOptions::read_only(READ_CONNECTIONS).max_size_mib(most_mib)).await?;
        let state = load_or_init_state(&writing, rng).await?;
        let decoy_seed: [u8; 32] = state.decoy_seed.try_into().map_err(|_| {
            DbErr::Custom("the seed of the decoys has another length than 32 bytes".into())
        })?;
        let writer = if is_shared {
            StoreWriter::Single(writing.clone())
        } else {
            StoreWriter::group_commit(writing.clone())
        };
        let store = Self {
            writer,
            write_db: writing,
            read_db: reading,
            is_shared,
            capacity: Arc::new(SpoolCapacity::new(u64::from(most_mib) * MIB)),
            first_seen: Arc::default(),
            decoy_seed: Arc::new(Zeroizing::new(decoy_seed)),
            _writer_lock: Arc::new(alone),
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

    /// Measures how much of the spool is taken: by other replicas too, and by what the database
    /// keeps beside submissions.
    pub async fn refresh_usage(&self) -> Result<(), StoreError> {
        if self.is_shared {
            self.capacity.set_stored(self.pending_bytes().await?);
        } else {
            self.capacity.set_measured(self.database_bytes().await?);
        }
        Ok(())
    }

    /// Bytes that are stored or on their way, and how many may be.
    pub fn usage(&self) -> (u64, u64) {
        self.capacity.usage()
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

    /// What `SQLite`, which keeps to the limit itself, counts: all pages that are not free.
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

    /// May other processes use the same database?
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Does the database answer?
    pub async fn ping(&self) -> Result<(), StoreError> {
        state::Entity::find_by_id(state::SINGLETON_ID)
            .one(&self.read_db)
            .await?
            .map(drop)
            .ok_or(StoreError::Unavailable)
    }

    /// From which decoys grow, the same for the life of the spool.
    pub fn decoy_seed(&self) -> &[u8; 32] {
        &self.decoy_seed
    }

    /// The directory that was kept last.
    pub async fn load_directory(&self) -> Result<Option<SignedDirectory>, StoreError> {
        let row = state::Entity::find_by_id(state::SINGLETON_ID).one(&self.read_db).await?;
        let json = row.and_then(|row| row.directory);
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Keeps a directory that has been verified.
    pub async fn save_directory(&self, directory: &SignedDirectory) -> Result<(), StoreError> {
        let json = serde_json::to_vec(directory).map_err(|_| StoreError::Unavailable)?;
        self.update_state(state::ActiveModel { directory: Set(Some(json)), ..Default::default() })
            .await
    }

    /// Returns by when reports are answered, as it was kept last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_answer_times(&self) -> Result<Option<ReplySchedule>, StoreError> {
        let row = state::Entity::find_by_id(state::SINGLETON_ID).one(&self.read_db).await?;
        let json = row.and_then(|row| row.answers);
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Keeps by when reports are answered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_answer_times(&self, times: &ReplySchedule) -> Result<(), StoreError> {
        let json = serde_json::to_vec(times).map_err(|_| StoreError::Unavailable)?;
        self.update_state(state::ActiveModel { answers: Set(Some(json)), ..Default::default() })
            .await
    }

    /// Writes the columns that are set into the one row.
    async fn update_state(&self, columns: state::ActiveModel) -> Result<(), StoreError> {
        let row = state::ActiveModel { id: Set(state::SINGLETON_ID), ..columns };
        self.writer.write(|txn| Box::pin(async move { row.update(txn).await.map(drop) })).await
    }

    /// Writes `SQLite`'s log into the database, so that what was deleted does not linger in the
    /// log.
    async fn checkpoint_wal(&self) {
        if self.is_shared {
            return;
        }
        let pragma = self.write_db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        if let Err(error) = pragma {
            tracing::warn!(error = %web::logging::log_safe(&StoreError::from(error)), "the log of the spool was not cut back");
        }
    }
}

/// All tables, those that others refer to first.
pub fn tables() -> [TableCopier; 4] {
    [
        TableCopier::for_entity::<submission::Entity>(),
        TableCopier::for_entity::<chunk::Entity>(),
        TableCopier::for_entity::<mailbox::Entity>(),
        TableCopier::for_entity::<state::Entity>(),
    ]
}

/// The directory that a spool has kept, whoever writes into it.
pub async fn read_stored_directory(
    place: &DatabaseUrl,
) -> Result<Option<SignedDirectory>, StoreError> {
    let db = place.connect(PoolOptions::with_connections(1)).await?;
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
        tick: Set(0),
        laying_out: Set(0),
        decoy_seed: Set(seed),
        directory: Set(None),
        answers: Set(None),
    };
    // Of several that start at once, all take the one that came first.
    let mut there = OnConflict::column(state::Column::Id);
    let insert = state::Entity::insert(first).on_conflict(there.do_nothing().to_owned());
    insert.exec_without_returning(db).await?;
    let state = state::Entity::find_by_id(state::SINGLETON_ID).one(db).await?;
    state.ok_or(DbErr::RecordNotFound("state".to_owned()))
}

/// A number for a row, so that where it lies does not tell when it came. Those after it are free
/// for what belongs to the same.
fn random_key(rng: &mut (impl RngCore + CryptoRng)) -> i64 {
    // 54 bits: among a million rows, two meet once in some 30,000 times, and what came second is
    // not acknowledged.
    (rng.next_u64() >> 10 << 8).cast_signed()
}
