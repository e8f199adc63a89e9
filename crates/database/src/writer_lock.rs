//! Locks that allow only one process to write into a database.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use sea_orm::sqlx::{self, Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::account;

/// Time that a starting service waits for the previous one to end.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Number of `PostgreSQL`'s advisory lock for migrations: the bytes of `burkmigr`.
pub(crate) const MIGRATION_LOCK_ID: i64 = 0x6275_726b_6d69_6772;
/// Number of the advisory lock of the only writer: the bytes of `burkwrit`.
const WRITER_LOCK_ID: i64 = 0x6275_726b_7772_6974;

/// Held while this process is the only one that writes into an `SQLite` file. In `PostgreSQL` the
/// writing connection itself holds a lock, so that it cannot outlive the lock.
#[derive(Debug)]
pub struct WriterLock {
    _file: Option<File>,
}

impl WriterLock {
    pub(crate) const fn held_by_connection() -> Self {
        Self { _file: None }
    }

    /// Locks a file beside the database. Returns `None` if another process holds the lock.
    pub(crate) async fn acquire_file(path: &Path) -> std::io::Result<Option<Self>> {
        let file = File::options().create(true).append(true).open(lock_file_path(path))?;
        // The service must be able to open the file after a command of root created it.
        account::chown_to_folder_owner(&path.into())?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: Some(file) })),
                Err(TryLockError::WouldBlock) if waited < LOCK_TIMEOUT => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                    waited += POLL_INTERVAL;
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

fn lock_file_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Returns true if a process holds the lock of this file. Creates nothing.
pub(crate) fn is_locked(path: &Path) -> std::io::Result<bool> {
    let file = match File::open(lock_file_path(path)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Takes the writer lock for a session. Returns false if another session has it.
pub(crate) async fn try_lock_session(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(WRITER_LOCK_ID)
        .fetch_one(connection)
        .await
}

/// Waits until no session has the writer lock. Returns false if one still has it after
/// [`LOCK_TIMEOUT`].
pub(crate) async fn wait_for_writer_lock(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let mut waited = Duration::ZERO;
    let free = loop {
        if try_lock_session(&mut connection).await? {
            break true;
        }
        if waited >= LOCK_TIMEOUT {
            break false;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        waited += POLL_INTERVAL;
    };
    connection.close().await?;
    Ok(free)
}
