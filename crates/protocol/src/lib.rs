//! The shared words of Burkindi: everything that reporter, intake, case handler and workbench say to each other.
//!
//! No I/O beyond reading and writing what the caller hands in; no clock; randomness is an argument. The specification is
//! `docs/PROTOCOL.md`; every format's source is the module that implements it.
//!
//! A report's way: [`receipt`] and [`keys`] → [`directory`] (who gets it) → [`key_grant`], [`reply_capsule`], [`frame`] → [`submission`]
//! on the [`size_classes`] → [`relay`] → [`event`] and [`case`] → [`workbench_api`] → [`mailbox`].

pub mod canonical;
pub mod case;
pub mod directory;
pub mod event;
pub mod frame;
mod framing;
pub mod hash;
pub mod iso_date;
pub mod key_grant;
pub mod keys;
pub mod mailbox;
pub mod receipt;
pub mod related_report;
pub mod relay;
pub mod reply_capsule;
pub mod report_body;
pub mod report_digest;
pub mod size_classes;
pub mod submission;
pub mod treatment;
pub mod workbench_api;

pub use framing::FramingError;
pub use framing::RecordType;
pub use hash::Hash;
