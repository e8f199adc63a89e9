//! The database. `DbErr` stops here.

mod cases;
mod days;
mod directories;
pub(crate) mod entities;
mod filed;
mod gathered;
mod grants;
mod log;
mod mailboxes;
mod objects;
mod openings;
mod parts;
mod purge;
mod queues;
mod replies;
mod set_aside;

pub use cases::{Case, NewCase};
pub use days::kept_clock;
pub use directories::newest_directory;
pub use grants::Held;
pub use log::Logged;
pub use mailboxes::MailboxContent;
pub use objects::{Objects, Stash, objects_named};
pub use openings::{QUARANTINED_AFTER, Quarantined, quarantined_count};
pub use parts::NewPart;
pub use queues::Place as QueuePlace;
pub use set_aside::{Retry, SetAside};

use std::{collections::BTreeSet, fmt, sync::PoisonError, time::Duration};

use database::{Alone, OpenError, Place, PlaceError, Pool, Table};
use gathered::Gathered;
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

/// How long a write waits for the log to be found whole.
const CHECKING: Duration = Duration::from_secs(10);

/// Reads that run at once.
const READERS: u32 = 8;

/// The case handler's database.
#[derive(Debug)]
pub struct Store {
    db: DatabaseConnection,
    /// The one connection that writes: the log is one chain.
    writer: DatabaseConnection,
    /// No other process writes as long as this is there.
    writing: Mutex<Option<Alone>>,
    /// Bytes that what cannot be filed may take.
    most_aside: u64,
    /// For large parts; rows where there is none.
    objects: Option<Objects>,
    /// Has the log been found whole? Nothing is written before.
    believed: watch::Sender<bool>,
}

/// Why the database could not do something. The details are for the log; they hold no content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It could not be opened.
    #[error(fmt = not_opened)]
    Open(#[from] OpenError),
    /// The database failed: disk full, not writable, locked, damaged.
    #[error(fmt = failed)]
    Database(#[from] DbErr),
    /// The URL of the object store.
    #[error("{0}")]
    Objects(&'static str),
    /// The object store failed.
    #[error("the object store failed: {0}")]
    ObjectStore(#[from] object_store::Error),
    /// Nothing is written until the log has been found whole.
    #[error("the log is still being checked")]
    Checking,
    /// What is in the database cannot be read.
    #[error("the database holds something unreadable in {0}")]
    Damaged(&'static str),
}

fn not_opened(error: &OpenError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let error = error.to_string();
    write!(f, "{error}{}", advice(&error))
}

fn failed(error: &DbErr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let error = error.to_string();
    write!(f, "the database failed: {error}{}", advice(&error))
}

/// What to do about a failure of the database, by its words.
fn advice(error: &str) -> &'static str {
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

/// A write that is under way. Dropped without [`Writing::commit`], nothing has happened.
pub struct Writing<'a> {
    tx: DatabaseTransaction,
    /// Cases that stand elsewhere in queues after this.
    touched: std::sync::Mutex<BTreeSet<Uuid>>,
    /// What is still to be written.
    gathered: std::sync::Mutex<Gathered>,
    /// Position and link of the newest entry of the log, once it is known.
    end_of_log: Mutex<Option<(i64, envelope::Hash)>>,
    _alone: MutexGuard<'a, Option<Alone>>,
}

impl Store {
    /// Opens the database by its URL, brings its schema up to date, and makes sure that no other process writes into it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_at(&url.parse()?).await
    }

    /// The same for a place.
    pub async fn open_at(place: &Place) -> Result<Self, StoreError> {
        let alone = place.alone().await?;
        place.prepare::<Migrator>().await?;
        let writer = place.connect(Pool::writing_alone()).await?;
        let db = place.connect(Pool::reading(READERS)).await?;
        Ok(Self {
            db,
            writer,
            writing: Mutex::new(Some(alone)),
            most_aside: u64::MAX,
            objects: None,
            believed: watch::Sender::new(true),
        })
    }

    /// Lets nobody write until [`Store::believe`].
    #[must_use]
    pub fn doubted(self) -> Self {
        self.believed.send_replace(false);
        self
    }

    /// The log has been found whole.
    pub fn believe(&self) {
        self.believed.send_replace(true);
    }

    /// Has the log been found whole?
    pub fn is_believed(&self) -> bool {
        *self.believed.borrow()
    }

    /// Comes back once the log has been found whole.
    pub async fn believed(&self) {
        // The sender lives as long as this store.
        self.believed.subscribe().wait_for(|believed| *believed).await.ok();
    }

    /// Bounds what is set aside, in MiB.
    #[must_use]
    pub fn keeping_aside(self, most_mib: u32) -> Self {
        Self { most_aside: u64::from(most_mib) << 20, ..self }
    }

    /// Keeps large parts that come from now on outside of the database.
    #[must_use]
    pub fn with_objects(self, objects: Option<Objects>) -> Self {
        Self { objects, ..self }
    }

    /// Begins a write, after any other has ended.
    pub async fn write(&self) -> Result<Writing<'_>, StoreError> {
        timeout(CHECKING, self.believed()).await.map_err(|_| StoreError::Checking)?;
        let alone = self.writing.lock().await;
        // A lock taken at once cannot fail half way.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.writer.begin_with_options(options).await?;
        Ok(Writing {
            tx,
            touched: std::sync::Mutex::default(),
            gathered: std::sync::Mutex::default(),
            end_of_log: Mutex::default(),
            _alone: alone,
        })
    }

    /// Lets another process write from now on, once what is being written has been. Reading goes on.
    pub async fn stop_writing(&self) -> Result<(), StoreError> {
        let mut alone = self.writing.lock().await;
        self.writer.clone().close().await?;
        *alone = None;
        Ok(())
    }
}

impl Writing<'_> {
    /// Makes it durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.commit_and(|| ()).await
    }

    /// Makes it durable, and then, before anyone else writes, does what follows from it in memory.
    pub async fn commit_and<T>(self, then: impl FnOnce() -> T) -> Result<T, StoreError> {
        let touched: Vec<Uuid> = self.touched().iter().copied().collect();
        self.queue_again(&touched).await?;
        self.tx().await?;
        let Self { tx, _alone, .. } = self;
        tx.commit().await?;
        Ok(then())
    }
}

impl Writing<'_> {
    fn touch(&self, case: Uuid) {
        self.touched().insert(case);
    }

    fn gathered(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touched(&self) -> std::sync::MutexGuard<'_, BTreeSet<Uuid>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All tables.
pub fn tables() -> Vec<Table> {
    vec![
        Table::of::<entities::absence::Entity>(),
        Table::of::<entities::case::Entity>(),
        Table::of::<entities::case_recipient::Entity>(),
        Table::of::<entities::clock_anchor::Entity>(),
        Table::of::<entities::day::Entity>(),
        Table::of::<entities::directory::Entity>(),
        Table::of::<entities::event::Entity>(),
        Table::of::<entities::grant::Entity>(),
        Table::of::<entities::opening::Entity>(),
        Table::of::<entities::part::Entity>(),
        Table::of::<entities::part_chunk::Entity>(),
        Table::of::<entities::queue::Entity>(),
        Table::of::<entities::reply::Entity>(),
        Table::of::<entities::set_aside::Entity>(),
        Table::of::<entities::submission::Entity>(),
    ]
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
