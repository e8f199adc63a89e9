//! The case handler: collects sealed submissions from the intake, routes them to the people who may read them, keeps the
//! log of what happens, and lays out mailboxes. It can open no report and knows no reporter.
//!
//! A submission's way: [`collect`] → [`filing`] → [`store`] → [`routing`] → [`api`] → [`mailboxes`].

pub mod api;
mod arrivals;
pub mod collect;
pub mod config;
pub mod current;
pub mod deadlines;
pub mod examination;
pub mod figures;
pub mod filing;
pub mod keys;
pub mod log;
pub mod mailboxes;
pub mod notify;
pub mod office;
pub mod program;
pub mod relay;
pub mod routing;
pub mod service;
pub mod store;
pub mod today;
pub mod upkeep;

pub use config::Config;
pub use service::{Service, run, run_confirmed};
