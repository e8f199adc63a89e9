//! Operation of an intake: maintenance commands, metrics and faults.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod maintenance;
mod metrics;
