//! Why the spool could not do it. Whatever it is, nothing was acknowledged, so nothing was lost.

use sea_orm::{DbErr, RuntimeErr};

/// What a caller gets to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or the spool has reached its limit.
    #[error("the spool's disk is full")]
    Full,
    /// The disk cannot be written, or reads and writes fail.
    #[error("the spool's disk cannot be read or written")]
    Disk,
    /// Anything else.
    #[error("the spool does not answer as it should")]
    Unavailable,
}

impl web::LogSafe for StoreError {}

impl From<&DbErr> for StoreError {
    fn from(error: &DbErr) -> Self {
        // Primary result codes of SQLite (sqlite.org/rescode.html); the upper bytes only say more.
        match sqlite_code(error).map(|code| code & 0xff) {
            Some(13) => Self::Full,
            Some(8 | 10 | 14) => Self::Disk,
            _ => Self::Unavailable,
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self::from(&error)
    }
}

fn sqlite_code(error: &DbErr) -> Option<u32> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    error.as_database_error()?.code()?.parse().ok()
}
