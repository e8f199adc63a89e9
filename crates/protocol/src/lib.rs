//! The shared words of Burkindi: everything that reporter, intake, case handler and workbench say
//! to each other.
//!
//! No I/O beyond reading and writing what the caller hands in; no clock; randomness is an argument.
//! The specification is `docs/PROTOCOL.md`; every format's source is the module that implements it.
//!
//! A report's way: [`receipt`] and [`keys`] → [`directory`] (who gets it) → [`key_grant`],
//! [`reply_capsule`], [`frame`] → [`submission`] on the [`size_classes`] → [`relay`] → [`event`]
//! and [`case`] → [`workbench_api`] → [`mailbox`].

pub mod api;
pub mod case;
pub mod directory;
pub mod encoding;
pub mod keys;
pub mod mailbox;
pub mod receipt;
pub mod submission;

pub use encoding::framing::FramingError;
pub use encoding::framing::RecordType;
pub use encoding::hash::Hash;
