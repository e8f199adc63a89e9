//! Opening: schema brought up to date, durability checked, connections set up.

use std::{fs, path::PathBuf, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement,
    sqlx::{
        self, Connection as _, PgConnection,
        postgres::PgConnectOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::MigratorTrait;

use crate::{
    DatabaseUrl, WriterLock, account, server,
    writer_lock::{
        LOCK_TIMEOUT, MIGRATION_LOCK_ID, is_locked, try_lock_session, wait_for_writer_lock,
    },
};

/// Of 4 KiB, which is what a new `SQLite` file has.
const PAGES_PER_MIB: u64 = 256;
/// Size to which `SQLite`'s log is cut back once it has been written into the database, in bytes.
const WAL_SIZE_LIMIT: &str = "67108864";
/// Pages after which `SQLite` writes its log into the database: 32 MiB. Each time costs two waits
/// for the disk, whatever the number.
const WAL_AUTOCHECKPOINT_PAGES: &str = "8192";
/// A connection that rested for so long is tried before it is used.
const IDLE_CHECK_AFTER: Duration = Duration::from_secs(5);

/// Has a database the tables of a service? Migrations note themselves there.
const HAS_SCHEMA_SQL: &str = "SELECT to_regclass('seaql_migrations') IS NOT NULL";

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    connections: u32,
    max_size_mib: Option<u32>,
    is_exclusive_writer: bool,
    is_read_only: bool,
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database itself.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The lock beside the file.
    #[error(
        "the lock beside the database file: {0}. The files of the store must belong to the owner of \
         their folder, the account of the service: see `doctor`"
    )]
    LockFile(#[from] std::io::Error),
    /// Only one process may write.
    #[error("another process is using this database")]
    InUse,
    /// What was committed could be lost, so that nothing could be acknowledged.
    #[error("PostgreSQL is set to lose commits in a power cut ({0}): set it right")]
    NotDurable(&'static str),
    /// The server does not answer, or refuses the connection.
    #[error(
        "{place}: {error}. Check that the server runs, that the address is right, and that it \
         admits this machine (pg_hba.conf)"
    )]
    Unreachable {
        /// Its address.
        place: DatabaseUrl,
        /// The cause.
        error: sqlx::Error,
    },
    /// The rows are elsewhere.
    #[error(
        "{from} was moved to {to}. Set the address of the store in the configuration to that one, \
         and delete the old file. If moving was interrupted before it ended, repeat `move-to`"
    )]
    Moved {
        /// The old file.
        from: DatabaseUrl,
        /// The new store, without user and password.
        to: String,
    },
    /// The folder of the file is missing.
    #[error(
        "the folder {} is not there. Make it for the account of the service: systemd-tmpfiles \
         --create /usr/lib/tmpfiles.d/burkindi.conf, or install -d -m 0700 -o ACCOUNT -g ACCOUNT \
         {}", .0.display(), .0.display()
    )]
    FolderNotFound(PathBuf),
    /// The folder of the file cannot be looked into.
    #[error("{}: {error}", path.display())]
    FolderUnreadable {
        /// The folder.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The task would leave files that the service cannot open.
    #[error(
        "{place} belongs to {owner}, and this command runs as {me}. As root, run it as {owner}: \
         runuser -u {owner} -- and the same command"
    )]
    WrongAccount {
        /// The store.
        place: DatabaseUrl,
        /// The account that owns it.
        owner: String,
        /// The account of this process.
        me: String,
    },
}

impl PoolOptions {
    /// So many connections.
    pub const fn with_connections(connections: u32) -> Self {
        Self { connections, max_size_mib: None, is_exclusive_writer: false, is_read_only: false }
    }

    /// So many connections that read, and begin no transaction.
    pub const fn read_only(connections: u32) -> Self {
        Self { is_read_only: true, ..Self::with_connections(connections) }
    }

    /// The one connection that writes. In `PostgreSQL` it holds a lock that no other session gets.
    pub const fn exclusive_writer() -> Self {
        Self { is_exclusive_writer: true, ..Self::with_connections(1) }
    }

    /// How large an `SQLite` file may grow, in MiB.
    #[must_use]
    pub const fn max_size_mib(self, most_mib: u32) -> Self {
        Self { max_size_mib: Some(most_mib), ..self }
    }
}

impl DatabaseUrl {
    /// Is it a server that several processes may use?
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Makes sure that nobody else writes, waiting a little for a process that is about to end.
    ///
    /// # Errors
    /// If another process writes, the store was moved, or it cannot be reached.
    pub async fn acquire_writer_lock(&self) -> Result<WriterLock, OpenError> {
        self.check_not_moved()?;
        self.acquire_lock_even_if_moved().await
    }

    /// The same for a file whose rows may have been moved, to bring them back.
    ///
    /// # Errors
    /// If another process writes, or the store cannot be reached.
    pub async fn acquire_lock_even_if_moved(&self) -> Result<WriterLock, OpenError> {
        match self {
            Self::Sqlite(path) => WriterLock::acquire_file(path).await?.ok_or(OpenError::InUse),
            Self::Postgres(url) => {
                let options = with_keepalive(
                    server::connect_options(url).map_err(|error| self.unreachable_error(error))?,
                );
                if wait_for_writer_lock(&options)
                    .await
                    .map_err(|error| self.unreachable_error(error))?
                {
                    Ok(WriterLock::held_by_connection())
                } else {
                    Err(OpenError::InUse)
                }
            }
        }
    }

    fn unreachable_error(&self, error: sqlx::Error) -> OpenError {
        OpenError::Unreachable { place: self.clone(), error }
    }

    /// Is there a store: a file with content, or a database with the schema?
    ///
    /// # Errors
    /// If the folder cannot be looked into, or the server does not answer.
    pub async fn exists(&self) -> Result<bool, OpenError> {
        match self {
            Self::Sqlite(path) => match fs::metadata(path) {
                Ok(metadata) => Ok(metadata.len() > 0),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(OpenError::FolderUnreadable { path: path.clone(), error }),
            },
            Self::Postgres(_) => self.query_bool(HAS_SCHEMA_SQL).await,
        }
    }

    /// Does a running process use it now? Nothing is created or written. Ask before anything else
    /// of this process opens it.
    ///
    /// # Errors
    /// If the lock of the file cannot be read, or the server does not answer.
    pub async fn is_in_use(&self) -> Result<bool, OpenError> {
        match self {
            Self::Sqlite(path) => Ok(is_locked(path)?),
            Self::Postgres(_) => {
                self.query_bool(
                    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = \
                     'burkindi' AND datname = current_database() AND pid <> pg_backend_pid())",
                )
                .await
            }
        }
    }

    /// Asks a server one question, on a connection of its own: its error is the server's, where a
    /// pool says that it timed out.
    async fn query_bool(&self, question: &'static str) -> Result<bool, OpenError> {
        let Self::Postgres(url) = self else { return Ok(true) };
        let failed = |error| self.unreachable_error(error);
        let options = with_keepalive(server::connect_options(url).map_err(failed)?);
        let late = |_| failed(sqlx::Error::PoolTimedOut);
        let connecting = tokio::time::timeout(LOCK_TIMEOUT, PgConnection::connect_with(&options));
        let mut connection = connecting.await.map_err(late)?.map_err(failed)?;
        let answer =
            sqlx::query_scalar(question).fetch_one(&mut connection).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        Ok(answer)
    }

    /// Makes the schema or brings it up to date, one process at a time, and checks that commits
    /// will last. As root, gives a file to the owner of its folder.
    ///
    /// # Errors
    /// If the database cannot be reached or would lose commits.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), OpenError> {
        self.query_bool("SELECT true").await?;
        let db = self.connect(PoolOptions::with_connections(1)).await?;
        if self.is_shared() {
            check_durable(&db).await?;
            let lock = format!("SELECT pg_advisory_lock({MIGRATION_LOCK_ID})");
            db.execute_unprepared(&lock).await?;
        }
        M::up(&db, None).await?;
        account::chown_to_folder_owner(self)?;
        // Ends the session, and with it the lock.
        Ok(db.close().await?)
    }

    /// Connects.
    pub async fn connect(&self, pool: PoolOptions) -> Result<DatabaseConnection, DbErr> {
        let mut options = match self {
            Self::Sqlite(_) => ConnectOptions::new("sqlite::memory:"),
            Self::Postgres(url) => ConnectOptions::new(server::without_own_parameters(url)),
        };
        options
            .max_connections(pool.connections)
            .min_connections(1)
            .acquire_timeout(LOCK_TIMEOUT)
            .test_before_acquire_if_idle_for(IDLE_CHECK_AFTER)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            // Connections stay: a new one would have to set itself up during a request.
            .idle_timeout(None)
            .max_lifetime(None);
        match self {
            Self::Sqlite(path) => configure_sqlite(&mut options, path.clone(), pool),
            Self::Postgres(url) => {
                configure_postgres(
                    &mut options,
                    server::connect_options(url).map_err(connection_error)?,
                    pool.is_exclusive_writer,
                );
            }
        }
        Database::connect(options).await
    }
}

fn configure_sqlite(options: &mut ConnectOptions, path: std::path::PathBuf, pool: PoolOptions) {
    options.map_sqlx_sqlite_opts(move |options| {
        let options = options
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(LOCK_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged commit survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            // What is deleted is overwritten.
            .pragma("secure_delete", "ON")
            .pragma("wal_autocheckpoint", WAL_AUTOCHECKPOINT_PAGES)
            .pragma("journal_size_limit", WAL_SIZE_LIMIT);
        match pool.max_size_mib {
            Some(mib) => {
                options.pragma("max_page_count", (u64::from(mib) * PAGES_PER_MIB).to_string())
            }
            None => options,
        }
    });
    if pool.is_read_only {
        return;
    }
    // When a disk is full, `SQLite` may undo a transaction by itself. What sqlx then still takes
    // for open it continues with savepoints, whose "commit" makes nothing durable: such a
    // connection must never be used again.
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

fn configure_postgres(options: &mut ConnectOptions, server: PgConnectOptions, writes_alone: bool) {
    // The URL alone does not hold a password that stands in a file.
    options.map_sqlx_postgres_opts(move |_| with_keepalive(server.clone()));
    if writes_alone {
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.after_connect(|connection, _| {
                Box::pin(async move {
                    let held = try_lock_session(connection).await?;
                    let taken = "another process writes into this database";
                    held.then_some(()).ok_or_else(|| sqlx::Error::Protocol(taken.to_owned()))
                })
            })
        });
    }
}

/// A session whose other end notices within a minute that this machine is gone, and gives its lock
/// to the next.
fn with_keepalive(options: PgConnectOptions) -> PgConnectOptions {
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

fn connection_error(error: sqlx::Error) -> DbErr {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(error)))
}
