//! The workbench of investigators and administrators: keys, cases, replies, the audit of the log,
//! and the administration of a directory.
//!
//! The command line and the pages are thin layers over this library. Time and randomness are
//! arguments; nothing here prints.
//!
//! Main path: [`keys`] → [`session`] → [`case`] → [`actions`]. Also: [`search`]; [`audit`] of the
//! log; [`admin`] for root keys, desks and signing; [`l10n`] for texts in the member's language;
//! [`web_ui`] for the pages; [`witness`] for a witness of transparency logs.

pub mod actions;
pub mod admin;
pub mod alert;
pub mod audit;
pub mod case;
pub mod error_kind;
pub mod former_readers;
pub mod keys;
pub mod l10n;
pub mod preview;
pub mod private_files;
mod qr_code;
pub mod recording;
mod sandboxed_decoder;
pub mod search;
pub mod session;
pub mod terminal_text;
pub mod web_ui;
pub mod witness;
