//! Opening: schema brought up to date, durability checked, connections set up.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement,
    sqlx::{
        Connection as _,
        postgres::PgConnectOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::MigratorTrait;

use crate::{
    Alone, Place,
    alone::{MIGRATING, PATIENCE, await_turn, lock_session},
};

/// Of 4 KiB, which is what a new `SQLite` file has.
const PAGES_A_MIB: u64 = 256;
/// Size to which `SQLite`'s log is cut back once it has been written into the database, in bytes.
const LOG_BYTES: &str = "67108864";
/// Pages after which `SQLite` writes its log into the database: 32 MiB. Each time costs two waits for the disk, whatever the number.
const LOG_PAGES: &str = "8192";
/// A connection that rested for so long is tried before it is used.
const RESTED: Duration = Duration::from_secs(5);

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    connections: u32,
    most_mib: Option<u32>,
    writes_alone: bool,
    reads_only: bool,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database itself.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The lock beside the file.
    #[error("the lock beside the database file: {0}")]
    File(#[from] std::io::Error),
    /// Only one process may write.
    #[error("another process is using this database")]
    InUse,
    /// What was committed could be lost, so that nothing could be acknowledged.
    #[error("PostgreSQL is set to lose commits in a power cut ({0}): set it right")]
    NotDurable(&'static str),
}

impl Pool {
    /// So many connections.
    pub const fn of(connections: u32) -> Self {
        Self { connections, most_mib: None, writes_alone: false, reads_only: false }
    }

    /// So many connections that read, and begin no transaction.
    pub const fn reading(connections: u32) -> Self {
        Self { reads_only: true, ..Self::of(connections) }
    }

    /// The one connection that writes. In `PostgreSQL` it holds a lock that no other session gets.
    pub const fn writing_alone() -> Self {
        Self { writes_alone: true, ..Self::of(1) }
    }

    /// How large an `SQLite` file may grow, in MiB.
    #[must_use]
    pub const fn most_mib(self, most_mib: u32) -> Self {
        Self { most_mib: Some(most_mib), ..self }
    }
}

impl Place {
    /// Is it a server that several processes may use?
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Makes sure that nobody else writes, waiting a little for a process that is about to end.
    pub async fn alone(&self) -> Result<Alone, OpenError> {
        match self {
            Self::Sqlite(path) => Alone::at_file(path).await?.ok_or(OpenError::InUse),
            Self::Postgres(url) => {
                let options = session(url.parse().map_err(failed)?);
                if await_turn(&options).await.map_err(failed)? {
                    Ok(Alone::by_connection())
                } else {
                    Err(OpenError::InUse)
                }
            }
        }
    }

    /// Makes the schema or brings it up to date, one process at a time, and checks that commits will last.
    pub async fn prepare<M: MigratorTrait>(&self) -> Result<(), OpenError> {
        let db = self.connect(Pool::of(1)).await?;
        if self.is_shared() {
            check_durable(&db).await?;
            let lock = format!("SELECT pg_advisory_lock({MIGRATING})");
            db.execute_unprepared(&lock).await?;
        }
        M::up(&db, None).await?;
        // Ends the session, and with it the lock.
        Ok(db.close().await?)
    }

    /// Connects.
    pub async fn connect(&self, pool: Pool) -> Result<DatabaseConnection, DbErr> {
        let mut options = match self {
            Self::Sqlite(_) => ConnectOptions::new("sqlite::memory:"),
            Self::Postgres(url) => ConnectOptions::new(url),
        };
        options
            .max_connections(pool.connections)
            .min_connections(1)
            .acquire_timeout(PATIENCE)
            .test_before_acquire_if_idle_for(RESTED)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            // Connections stay: a new one would have to set itself up during a request.
            .idle_timeout(None)
            .max_lifetime(None);
        match self {
            Self::Sqlite(path) => sqlite(&mut options, path.clone(), pool),
            Self::Postgres(_) => postgres(&mut options, pool.writes_alone),
        }
        Database::connect(options).await
    }
}

fn sqlite(options: &mut ConnectOptions, path: std::path::PathBuf, pool: Pool) {
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged commit survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is overwritten.
            .pragma("secure_delete", "ON")
            .pragma("wal_autocheckpoint", LOG_PAGES)
            .pragma("journal_size_limit", LOG_BYTES);
        match pool.most_mib {
            Some(mib) => options.pragma("max_page_count", (u64::from(mib) * PAGES_A_MIB).to_string()),
            None => options,
        }
    });
    if pool.reads_only {
        return;
    }
    // When a disk is full, `SQLite` may undo a transaction by itself. What sqlx then still takes for open it continues with savepoints,
    // whose "commit" makes nothing durable: such a connection must never be used again.
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                // After whatever is still to be done, such as rolling back.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    });
}

fn postgres(options: &mut ConnectOptions, writes_alone: bool) {
    options.map_sqlx_postgres_opts(session);
    if writes_alone {
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.after_connect(|connection, _| {
                Box::pin(async move {
                    let held = lock_session(connection).await?;
                    let taken = "another process writes into this database";
                    held.then_some(()).ok_or_else(|| sqlx::Error::Protocol(taken.to_owned()))
                })
            })
        });
    }
}

/// A session whose other end notices within a minute that this machine is gone, and gives its lock to the next.
fn session(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("burkindi").options([
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("idle_in_transaction_session_timeout", "60000"),
    ])
}

/// `synchronous_commit` may also be `local` or more than `on`: each writes before it answers.
async fn check_durable(db: &DatabaseConnection) -> Result<(), OpenError> {
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let show = Statement::from_string(db.get_database_backend(), format!("SHOW {setting}"));
        let row = db.query_one_raw(show).await?.ok_or(DbErr::RecordNotFound(setting.to_owned()))?;
        if row.try_get_by_index::<String>(0)? == "off" {
            return Err(OpenError::NotDurable(setting));
        }
    }
    Ok(())
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(error)))
}
