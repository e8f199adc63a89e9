//! The investigators' own program: keys, cases, replies, the audit of the log, and the administration of a directory.
//!
//! This library is the whole of it but the words on the screen: the command line is one face of it, the local web interface
//! another. Time and randomness are arguments; nothing here prints.
//!
//! [`keyfile`] → [`connection`] → [`cases`] → [`acting`]; [`index`] for searching; [`audit`] for the log; [`admin`] for root keys, desks and signing.

pub mod accepted;
pub mod acting;
pub mod admin;
pub mod alarm;
pub mod as_it_came;
pub mod attachments;
pub mod audit;
pub mod backup;
pub mod cases;
pub mod client;
pub mod connection;
pub mod earlier;
pub mod examination;
pub mod export;
pub mod exposure;
pub mod files;
pub mod former;
pub mod health;
pub mod home;
pub mod index;
pub mod keyfile;
pub mod letters;
pub mod logbook;
mod mailbox;
pub mod outcome;
pub mod preview;
pub mod queue;
pub mod roll;
pub mod sealed;
pub mod site;
pub mod standing;
pub mod strength;
mod telling;
pub mod text;
pub mod view;
pub mod words;
