//! Tests of the transparency log.

mod adversaries;
mod common;
mod notes;
mod rfc6962;
mod witness;
