//! The lifecycle of a case: what each action requires, and what follows from it.
#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod closing;
mod conflicts;
mod lifecycle;
mod rotations;
mod scenario;
mod unreadable;
