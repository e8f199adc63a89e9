//! The investigators' own program: keys, cases, replies, the audit of the log, and the administration of a directory.
//!
//! This library is the whole of it but the words on the screen: the command line is one face of it, the local web interface
//! another. Time and randomness are arguments; nothing here prints.

pub mod admin;
pub mod alarm;
pub mod audit;
pub mod client;
pub mod files;
pub mod home;
pub mod keyfile;
pub mod roll;
pub mod sealed;
pub mod text;
