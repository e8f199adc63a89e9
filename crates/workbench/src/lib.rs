//! The investigators' own program: keys, cases, replies, the audit of the log, and the
//! administration of a directory.
//!
//! This library is the whole of it but the words on the screen: the command line is one face of it,
//! the local web interface another. Time and randomness are arguments; nothing here prints.
//!
//! [`key_file`] → [`connection`] → [`case`] → [`actions`]; [`search`] for searching; [`audit`] for
//! the log; [`admin`] for root keys, desks and signing.

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
pub mod search;
pub mod session;
pub mod terminal_text;
pub mod web_ui;
