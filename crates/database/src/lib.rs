//! Opening the services' databases: `SQLite` by path, `PostgreSQL` by URL. In either, what was committed outlives a power cut.
//!
//! ```
//! use database::Place;
//!
//! let small: Place = "sqlite:///var/lib/burkindi/cases.sqlite".parse()?;
//! let large: Place = "postgres://burkindi@db.internal/cases?sslmode=verify-full".parse()?;
//! assert_eq!(large.to_string(), "postgres://db.internal/cases");
//! # Ok::<(), database::PlaceError>(())
//! ```

mod alone;
mod open;
mod place;

pub use alone::Alone;
pub use open::{OpenError, Pool};
pub use place::{Place, PlaceError};
