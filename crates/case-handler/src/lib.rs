//! The case handler: collects sealed submissions from the intake, routes them to the people who may
//! read them, keeps the log of what happens, and lays out mailboxes. It can open no report and
//! knows no reporter.
//!
//! A submission's way: [`collector`] → [`ingest`] → [`store`] → [`assignment`] → [`api`] →
//! [`mailbox_publisher`].

pub mod api;
pub mod assignment;
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
pub mod maintenance;
pub mod metrics;
pub mod notify;
pub mod server;
pub mod store;
pub mod trusted_date;

pub use config::Config;
pub use server::{RunningService, run, run_with_confirmed_date};
