//! The formats and rules that Burkindi's programs share: receipts, keys, directories, submissions,
//! mailboxes, cases with their events, and the JSON of both services' interfaces.
//!
//! This crate reads and writes only the readers and writers that the caller passes in. It has no
//! clock, and the caller passes in the source of randomness. The specification is
//! `docs/PROTOCOL.md`. Each format is implemented in one module.
//!
//! A report passes through the modules in this order:
//!
//! - [`receipt`] and [`keys`]: the reporter's secrets
//! - [`directory`]: who gets the report
//! - [`submission::key_grant`], [`submission::reply_capsule`], [`submission::frame`]: its sealed
//!   parts
//! - [`submission::envelope`], padded to one of the [`encoding::size_classes`]: what is sent
//! - [`api::relay`]: the transfer from the intake to the case handler
//! - [`case`] and [`case::event`]: what happens to the case
//! - [`api::workbench`]: what a member's workbench reads and writes
//! - [`rotation`]: how the keys of a case change
//! - [`mailbox`]: the answers to the reporter
//!
//! [`program`] names the files of the browser program that seals reports.

pub mod api;
pub mod case;
pub mod directory;
pub mod encoding;
pub mod keys;
pub mod mailbox;
mod priority;
pub mod program;
pub mod receipt;
pub mod rotation;
pub mod submission;

pub use encoding::framing::FramingError;
pub use encoding::framing::RecordType;
pub use encoding::hash::Hash;
pub use priority::Priority;
