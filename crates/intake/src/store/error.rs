//! Why the spool could not do it. Whatever it is, nothing was acknowledged, so nothing was lost.

use sea_orm::{DbErr, RuntimeErr, sqlx::postgres::PgDatabaseError};

/// What a caller gets to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or the spool has reached its limit.
    #[error("the spool's disk is full")]
    Full,
    /// What is left of the spool is kept for text.
    #[error("the spool has no room for files: what is left is kept for text")]
    FullForFiles,
    /// The disk cannot be written, or reads and writes fail.
    #[error("the spool's disk cannot be read or written")]
    Disk,
    /// Another replica did the same first.
    #[error("another process has done it first")]
    Duplicate,
    /// What is stored is not what was stored.
    #[error("the spool holds something damaged: look at its disk, and restore a backup")]
    Corrupt,
    /// Anything else.
    #[error("the spool does not answer as it should")]
    Unavailable,
}

impl web::LogSafe for StoreError {}

impl From<&DbErr> for StoreError {
    fn from(error: &DbErr) -> Self {
        let (DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
        else {
            return Self::Unavailable;
        };
        let Some(error) = error.as_database_error() else { return Self::Unavailable };
        match error.try_downcast_ref::<PgDatabaseError>() {
            Some(postgres) => from_sqlstate(postgres.code()),
            None => from_sqlite_code(
                error.code().and_then(|code| code.parse().ok()).unwrap_or_default(),
            ),
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::from(&error)
    }
}

/// Primary result codes (sqlite.org/rescode.html); the upper bytes only say more.
fn from_sqlite_code(code: u32) -> StoreError {
    match code & 0xff {
        13 => StoreError::Full,
        8 | 10 | 14 => StoreError::Disk,
        11 | 26 => StoreError::Corrupt,
        _ => StoreError::Unavailable,
    }
}

/// `SQLSTATE` (`PostgreSQL`'s documentation, appendix A).
fn from_sqlstate(code: &str) -> StoreError {
    match code {
        "53100" => StoreError::Full,
        "58030" | "25006" => StoreError::Disk,
        "XX001" | "XX002" => StoreError::Corrupt,
        "23505" => StoreError::Duplicate,
        _ => StoreError::Unavailable,
    }
}
