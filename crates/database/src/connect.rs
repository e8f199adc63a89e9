//! Opens databases: migrates the schema, checks durability, and configures connections.

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

/// Pages of 4 KiB, the page size of a new `SQLite` file.
const PAGES_PER_MIB: u64 = 256;
/// Size in bytes to which `SQLite` truncates its log after a checkpoint.
const WAL_SIZE_LIMIT: &str = "67108864";
/// Number of pages after which `SQLite` checkpoints its log: 32 MiB. Each checkpoint costs two disk
/// syncs, for any number of pages.
const WAL_AUTOCHECKPOINT_PAGES: &str = "8192";
/// Idle time after which a connection is tested before it is used.
const IDLE_CHECK_AFTER: Duration = Duration::from_secs(5);

/// Returns true if a database has the tables of a service, because migrations record themselves in
/// this one.
const HAS_SCHEMA_SQL: &str = "SELECT to_regclass('seaql_migrations') IS NOT NULL";

/// Number and kind of the connections of a pool.
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
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The lock file beside the database file failed.
    #[error(
        "failed to lock the database file: {0}. The files of the store must belong to the owner of \
         their folder, the account of the service: see `doctor`"
    )]
    LockFile(#[from] std::io::Error),
    /// Another process holds the writer lock.
    #[error("database is locked by another process")]
    InUse,
    /// The server could lose committed transactions, so nothing could be acknowledged.
    #[error("unsafe PostgreSQL setting: {0} (commits may be lost on power failure)")]
    NotDurable(&'static str),
    /// The server does not answer, or refuses the connection.
    #[error(
        "{url}: {error}. Check that the server runs, that the URL is correct, that sslrootcert= \
         names the authority of the server's certificate, and that the server accepts this machine \
         (pg_hba.conf)"
    )]
    Unreachable {
        /// Its URL.
        url: DatabaseUrl,
        /// The cause.
        error: sqlx::Error,
    },
    /// The rows were migrated to another store.
    #[error(
        "{from} was moved to {to}. Set store.url in the configuration file to the new store, \
         and delete the old file. If the migration was interrupted, repeat `migrate-to`"
    )]
    Moved {
        /// The old file.
        from: DatabaseUrl,
        /// The new store, without user and password.
        to: String,
    },
    /// The folder of the file is missing.
    #[error(
        "folder {} not found. Create it for the account of the service: systemd-tmpfiles \
         --create /usr/lib/tmpfiles.d/burkindi.conf, or install -d -m 0700 -o ACCOUNT -g ACCOUNT \
         {}", .0.display(), .0.display()
    )]
    FolderNotFound(PathBuf),
    /// The folder of the file is unreadable.
    #[error("{}: {error}", path.display())]
    FolderUnreadable {
        /// The folder.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The command would leave files that the service cannot open.
    #[error(
        "{url} belongs to {owner}, and this command runs as {current}. As root, run it as {owner}: \
         runuser -u {owner} -- and the same command"
    )]
    WrongAccount {
        /// The store.
        url: DatabaseUrl,
        /// The account that owns it.
        owner: String,
        /// The account of this process.
        current: String,
    },
}

impl PoolOptions {
    /// A pool of this number of connections.
    pub const fn with_connections(connections: u32) -> Self {
        Self { connections, max_size_mib: None, is_exclusive_writer: false, is_read_only: false }
    }

    /// A pool of this number of connections that only read and start no transaction.
    pub const fn read_only(connections: u32) -> Self {
        Self { is_read_only: true, ..Self::with_connections(connections) }
    }

    /// The only connection that writes. In `PostgreSQL` it holds a lock that no other session gets.
    pub const fn exclusive_writer() -> Self {
        Self { is_exclusive_writer: true, ..Self::with_connections(1) }
    }

    /// Limits the size of an `SQLite` file, in MiB.
    #[must_use]
    pub const fn max_size_mib(self, max_mib: u32) -> Self {
        Self { max_size_mib: Some(max_mib), ..self }
    }
}

impl DatabaseUrl {
    /// Returns true for a server that several processes may use.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Takes the writer lock. Waits briefly for a process that is about to end.
    ///
    /// # Errors
    /// Fails if another process writes, if the store was migrated elsewhere, or if it cannot be
    /// reached.
    pub async fn acquire_writer_lock(&self) -> Result<WriterLock, OpenError> {
        self.check_not_moved()?;
        self.acquire_lock_even_if_moved().await
    }

    /// Takes the writer lock, also of a file whose rows were migrated elsewhere, to restore into
    /// it.
    ///
    /// # Errors
    /// Fails if another process writes, or if the store cannot be reached.
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
        OpenError::Unreachable { url: self.clone(), error }
    }

    /// Returns true if the store exists: a file with content, or a database with the schema.
    ///
    /// # Errors
    /// Fails if the file is unreadable, or if the server does not answer.
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

    /// Returns true if a running process uses the store. Creates and writes nothing. Must be called
    /// before this process opens the store.
    ///
    /// # Errors
    /// Fails if the lock file is unreadable, or if the server does not answer.
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

    /// Runs a query on a separate connection, because it returns the server's own error, where a
    /// pool reports a timeout.
    async fn query_bool(&self, query: &'static str) -> Result<bool, OpenError> {
        let Self::Postgres(url) = self else { return Ok(true) };
        let unreachable = |error| self.unreachable_error(error);
        let options = with_keepalive(server::connect_options(url).map_err(unreachable)?);
        let timed_out = |_| unreachable(sqlx::Error::PoolTimedOut);
        let connecting = tokio::time::timeout(LOCK_TIMEOUT, PgConnection::connect_with(&options));
        let mut connection = connecting.await.map_err(timed_out)?.map_err(unreachable)?;
        let result =
            sqlx::query_scalar(query).fetch_one(&mut connection).await.map_err(unreachable)?;
        connection.close().await.map_err(unreachable)?;
        Ok(result)
    }

    /// Creates or migrates the schema, one process at a time, and checks that commits are durable.
    /// As root, assigns the file to the owner of its folder.
    ///
    /// # Errors
    /// Fails if the database cannot be reached or could lose commits.
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
        // Closing the session also releases the lock.
        Ok(db.close().await?)
    }

    /// Opens a pool of connections.
    ///
    /// # Errors
    /// Fails if the database cannot be reached.
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
            // Connections stay open, because a new one would be set up during a request.
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
            // An acknowledged commit must survive a power failure.
            .synchronous(SqliteSynchronous::Full)
            // Deleted data is overwritten.
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
    // When a disk is full, `SQLite` may roll back a transaction by itself. sqlx then continues with
    // savepoints, because it considers the transaction open, and their "commit" makes nothing
    // durable. Such a connection must not be used again.
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                // The ping runs after everything that is pending, such as a rollback.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    });
}

fn configure_postgres(
    options: &mut ConnectOptions,
    server: PgConnectOptions,
    is_exclusive_writer: bool,
) {
    // The URL alone does not contain a password from a file.
    options.map_sqlx_postgres_opts(move |_| with_keepalive(server.clone()));
    if is_exclusive_writer {
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.after_connect(|connection, _| {
                Box::pin(async move {
                    let locked = try_lock_session(connection).await?;
                    let message = "database is locked by another process";
                    locked.then_some(()).ok_or_else(|| sqlx::Error::Protocol(message.to_owned()))
                })
            })
        });
    }
}

/// With these settings, the server ends the session of a machine that is gone within a minute, so
/// that another process gets its lock.
fn with_keepalive(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("burkindi").options([
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("idle_in_transaction_session_timeout", "60000"),
    ])
}

/// `synchronous_commit` may also be `local` or stricter than `on`: with each of these, the server
/// writes before it answers.
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
