//! Opening the services' databases: `SQLite` by path, `PostgreSQL` by URL. In either, what was committed outlives a power cut.
//! Copying one into another, and backups, work across both.
//!
//! ```
//! use database::Place;
//!
//! let small: Place = "sqlite:///var/lib/burkindi/cases.sqlite".parse()?;
//! let large: Place = "postgres://burkindi@db.internal/cases?sslmode=verify-full".parse()?;
//! assert_eq!(large.to_string(), "postgres://db.internal/cases");
//! # Ok::<(), database::PlaceError>(())
//! ```

mod account;
mod alone;
mod backup;
mod copy;
mod moved;
mod open;
mod place;
mod server;

pub use account::hand_over_folder;
pub use alone::Alone;
pub use backup::{Backup, BackupError};
pub use copy::{CopyError, Table, Tally, copy};
pub use moved::relocate;
pub use open::{OpenError, Pool};
pub use place::{Place, PlaceError};
pub use server::ServerFileError;
