//! The errors of the spool. A submission that fails was not acknowledged, so none is lost.

use sea_orm::{DbErr, RuntimeErr, sqlx::postgres::PgDatabaseError};

/// The name that `PostgreSQL` gives to the constraint that the same bytes are stored once.
const DIGEST_CONSTRAINT: &str = "submissions_digest_key";

/// Why the spool failed. It contains nothing of the statement or its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or the spool has reached its limit.
    #[error("the spool is full")]
    Full,
    /// The rest of the spool is reserved for text, or the share of the client's network of the
    /// space for files is used up.
    #[error("the spool has no space for these files; the rest is reserved for text and others")]
    FullForFiles,
    /// Unfinished uploads have used up their share of the spool, or those of the client's network
    /// have used up its share of that space.
    #[error("the space for unfinished uploads is used up")]
    FullForUploads,
    /// The last tenth of the spool is divided between networks, and the share of the client's is
    /// used up.
    #[error("the share of this network of the last tenth of the spool is used up")]
    ShareUsedUp,
    /// The disk cannot be written, or reads and writes fail.
    #[error("I/O error on the disk of the spool")]
    Disk,
    /// Another replica wrote the same first.
    #[error("conflict with a concurrent process")]
    Duplicate,
    /// Stored bytes do not match their digest.
    #[error("the spool is corrupt; check its disk and restore a backup")]
    Corrupt,
    /// Any other failure.
    #[error("unexpected response from the database of the spool")]
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
            Some(postgres) => from_sqlstate(postgres.code(), postgres.constraint()),
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

/// Maps result codes of `SQLite` (sqlite.org/rescode.html). The upper bytes only refine the primary
/// code.
fn from_sqlite_code(code: u32) -> StoreError {
    match code & 0xff {
        13 => StoreError::Full,
        8 | 10 | 14 => StoreError::Disk,
        11 | 26 => StoreError::Corrupt,
        _ => StoreError::Unavailable,
    }
}

/// Maps `SQLSTATE` codes (documentation of `PostgreSQL`, appendix A), with the violated constraint.
fn from_sqlstate(code: &str, constraint: Option<&str>) -> StoreError {
    match code {
        "53100" => StoreError::Full,
        "58030" | "25006" => StoreError::Disk,
        "XX001" | "XX002" => StoreError::Corrupt,
        // The sender may be sent an acknowledgement only if the same bytes are stored. Two rows
        // with the same random key are another conflict.
        "23505" if constraint == Some(DIGEST_CONSTRAINT) => StoreError::Duplicate,
        _ => StoreError::Unavailable,
    }
}
