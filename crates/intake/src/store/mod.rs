//! The spool: sealed submissions on their way in, sealed mailboxes on their way out. On `SQLite`; all writes go through one task.

mod deposit;
mod entity;
mod error;
mod mailboxes;
mod outbox;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicI64},
    time::Duration,
};

use entity::{chunk, mailbox, state, submission};
use envelope::directory::SignedDirectory;
use migrations_intake::{Migrator, MigratorTrait};
use rand::{CryptoRng, RngCore};
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, prelude::*,
};
use zeroize::Zeroizing;

pub use deposit::Deposit;
pub use error::StoreError;
pub use mailboxes::LayingOut;
pub use outbox::Waiting;
use writer::Writer;

/// Bytes of a submission in one row, and in memory while they come.
pub const CHUNK: usize = 256 * 1024;
/// Reads that run at once.
const READERS: u32 = 4;
/// Of 4 KiB, which is what a new file has.
const PAGES_A_MIB: u64 = 256;
/// Size to which `SQLite`'s log is cut back once it has been written into the database.
const LOG_BYTES: &str = "67108864";

/// The intake's database.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    /// The connection of the writing task, for what cannot stand in a transaction.
    writing: DatabaseConnection,
    reading: DatabaseConnection,
    uploads: Arc<Mutex<deposit::UnderWay>>,
    tick: Arc<AtomicI64>,
    laying_out: Arc<tokio::sync::Mutex<()>>,
    decoy_seed: Arc<Zeroizing<[u8; 32]>>,
}

impl Store {
    /// Opens or makes the spool at `path`, which grows to `most_mib` MiB, and sweeps what an earlier process left half done.
    pub async fn open(
        path: &Path,
        most_mib: u32,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, DbErr> {
        let writing = connect(path, most_mib, 1).await?;
        Migrator::up(&writing, None).await?;
        let reading = connect(path, most_mib, READERS).await?;
        let state = first_state(&writing, rng).await?;
        let decoy_seed: [u8; 32] = state
            .decoy_seed
            .try_into()
            .map_err(|_| DbErr::Custom("the seed of the decoys has another length than 32 bytes".into()))?;
        let store = Self {
            writer: Writer::start(writing.clone()),
            writing,
            reading,
            uploads: Arc::default(),
            tick: Arc::new(AtomicI64::new(state.tick)),
            laying_out: Arc::default(),
            decoy_seed: Arc::new(Zeroizing::new(decoy_seed)),
        };
        store.sweep(Duration::ZERO).await.map_err(|error| DbErr::Custom(error.to_string()))?;
        store.sweep_mailboxes(state.tick).await.map_err(|error| DbErr::Custom(error.to_string()))?;
        Ok(store)
    }

    /// Does the database answer?
    pub async fn check(&self) -> Result<(), StoreError> {
        state::Entity::find_by_id(state::ONLY)
            .one(&self.reading)
            .await?
            .map(drop)
            .ok_or(StoreError::Unavailable)
    }

    /// From which decoys grow, the same for the life of the spool.
    pub fn decoy_seed(&self) -> &[u8; 32] {
        &self.decoy_seed
    }

    /// The directory that was kept last.
    pub async fn directory(&self) -> Result<Option<SignedDirectory>, StoreError> {
        let row = state::Entity::find_by_id(state::ONLY).one(&self.reading).await?;
        let json = row.and_then(|row| row.directory);
        Ok(json.and_then(|json| serde_json::from_slice(&json).ok()))
    }

    /// Keeps a directory that has been verified.
    pub async fn keep_directory(&self, directory: &SignedDirectory) -> Result<(), StoreError> {
        let json = serde_json::to_vec(directory).map_err(|_| StoreError::Unavailable)?;
        self.writer
            .write(|txn| {
                Box::pin(async move {
                    let row = state::ActiveModel {
                        id: Set(state::ONLY),
                        directory: Set(Some(json)),
                        ..Default::default()
                    };
                    row.update(txn).await.map(drop)
                })
            })
            .await
    }

    /// Writes `SQLite`'s log into the database, so that what was deleted does not linger in the log.
    async fn flush_log(&self) {
        let pragma = self.writing.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        if let Err(error) = pragma {
            tracing::warn!(error = %web::logging::safe(&StoreError::from(error)), "the log of the spool was not cut back");
        }
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, deposit::UnderWay> {
        // The map is whole after every single operation, whatever panicked in between.
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(path: &Path, most_mib: u32, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let path = path.to_owned();
    let pages = u64::from(most_mib) * PAGES_A_MIB;
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |options| {
            options
                .in_memory(false)
                .shared_cache(false)
                .filename(&path)
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("secure_delete", "ON")
                .pragma("max_page_count", pages.to_string())
                .pragma("journal_size_limit", LOG_BYTES)
        })
        // Connections stay: a new one would have to set itself up during a request.
        .map_sqlx_sqlite_pool_opts(|pool| pool.idle_timeout(None).max_lifetime(None));
    Database::connect(options).await
}

async fn first_state(
    db: &DatabaseConnection,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<state::Model, DbErr> {
    if let Some(state) = state::Entity::find_by_id(state::ONLY).one(db).await? {
        return Ok(state);
    }
    let mut seed = vec![0; 32];
    rng.fill_bytes(&mut seed);
    let first = state::ActiveModel {
        id: Set(state::ONLY),
        tick: Set(0),
        decoy_seed: Set(seed),
        directory: Set(None),
    };
    first.insert(db).await
}
