//! The shared words of Burkindi: everything that reporter, intake, case handler and workbench say to each other.
//!
//! No I/O beyond reading and writing what the caller hands in; no clock; randomness is an argument. The specification is
//! `docs/PROTOCOL.md`; every format's source is the module that implements it.
//!
//! A report's way: [`receipt`] and [`keys`] → [`directory`] (who gets it) → [`grant`], [`capsule`], [`frame`] → [`submission`]
//! on the [`ladder`] → [`relay`] → [`event`] and [`life`] → [`desk_api`] → [`mailbox`].

pub mod came;
pub mod canonical;
pub mod capsule;
pub mod desk_api;
pub mod directory;
pub mod earlier;
pub mod event;
pub mod frame;
pub mod grant;
pub mod hash;
pub mod iso_date;
pub mod keys;
pub mod ladder;
pub mod life;
pub mod mailbox;
pub mod receipt;
pub mod relay;
pub mod report;
pub mod submission;
pub mod treatment;
mod wire;

pub use hash::Hash;
pub use wire::RecordType;
pub use wire::WireError;
