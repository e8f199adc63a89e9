//! The workbench as a whole: administration, casework, the audit of the log, and the program itself.

#![expect(clippy::unwrap_used, reason = "what a test prepares may panic as well")]

mod administration;
mod casework;
mod cheating;
mod common;
mod deciding;
mod first_day;
mod former;
mod handing_on;
mod keepers;
mod log_audit;
mod lost_key;
mod pages;
mod previews;
mod program;
mod promises;
mod retention;
mod searching;
mod site;
mod terminal;
mod treated_files;
mod unreadable;
