//! The case handler: collects sealed submissions from the intake, assigns them to members who may
//! read them, writes the event log, and publishes mailboxes. It cannot open a report and knows no
//! reporter.
//!
//! The path of a submission: [`collector`] → [`ingest`] → [`store`] → [`assignment`] → [`api`] →
//! [`collector::mailbox_publisher`].

pub mod api;
pub mod assignment;
pub mod checkpoints;
pub mod cli;
pub mod collector;
pub mod config;
pub mod context;
pub mod directory_cache;
pub mod doctor;
pub mod escalation;
pub mod event_log;
pub mod ingest;
pub mod keys;
pub mod mailbox_logs;
pub mod maintenance;
pub mod metrics;
pub mod notify;
mod outbound;
pub mod readers;
pub mod saved_clock;
pub mod sealed_bytes;
pub mod server;
pub mod state;
pub mod store;
pub mod trusted_date;
pub mod witnesses;

pub use config::Config;
pub use server::{RunningService, run, run_with_confirmed_date};
