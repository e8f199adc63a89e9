//! What operators do, see and go through with an intake.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod maintenance;
mod metrics;
