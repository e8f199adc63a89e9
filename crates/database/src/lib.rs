//! Opens the databases of the services: `SQLite` by path, `PostgreSQL` by URL. In both, committed
//! data survives a power failure. Copies and backups work between both.
//!
//! ```
//! use database::DatabaseUrl;
//!
//! let small: DatabaseUrl = "sqlite:///var/lib/burkindi/cases.sqlite".parse()?;
//! let large: DatabaseUrl = "postgres://burkindi@db.internal/cases?sslmode=verify-full".parse()?;
//! assert_eq!(large.to_string(), "postgres://db.internal/cases");
//! # Ok::<(), database::DatabaseUrlError>(())
//! ```

mod account;
mod backup;
mod connect;
mod copy;
mod moved_marker;
mod server;
mod url;
mod writer_lock;

pub use account::chown_folder_to_parent_owner;
pub use backup::{BackupError, BackupFolder};
pub use connect::{OpenError, PoolOptions};
pub use copy::{CopyError, TableCopier, TableDigest, copy};
pub use moved_marker::move_rows;
pub use server::ServerFileError;
pub use url::{DatabaseUrl, DatabaseUrlError};
pub use writer_lock::WriterLock;
