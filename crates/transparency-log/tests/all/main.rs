//! Tests of the transparency log.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod adversaries;
mod common;
mod notes;
mod rfc6962;
mod witness;
