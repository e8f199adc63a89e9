//! The investigators' own program: keys, cases, replies, the audit of the log, and the administration of a directory.
//!
//! This library is the whole of it but the words on the screen: the command line is one face of it, the local web interface
//! another. Time and randomness are arguments; nothing here prints.
//!
//! [`key_file`] → [`connection`] → [`case`] → [`actions`]; [`search`] for searching; [`audit`] for the log; [`admin`] for root keys, desks and signing.

pub mod accepted_restore;
pub mod actions;
pub mod admin;
pub mod alert;
pub mod attachments;
pub mod audit;
pub mod audit_fetch;
pub mod backup_sheet;
pub mod case;
pub mod client;
pub mod collection_check;
pub mod connection;
pub mod directory_history;
pub mod error_kind;
pub mod event_text;
pub mod export;
pub mod exposure_check;
pub mod external_check;
pub mod former_readers;
mod identifiers;
pub mod key_file;
pub mod key_health;
mod mailbox;
pub mod passphrase_encryption;
pub mod passphrase_strength;
pub mod preview;
pub mod private_files;
pub mod profile;
pub mod queue;
pub mod related_report;
pub mod reply_templates;
pub mod risk;
pub mod search;
pub mod terminal_text;
pub mod view;
pub mod web_ui;
