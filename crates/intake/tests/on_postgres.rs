//! Runs the tests of the API, the forms, returning reporters, the relay and uploads again, on
//! `PostgreSQL`.
#![expect(clippy::duplicate_mod, reason = "each test file includes the common module")]

#[path = "api.rs"]
mod api;
#[path = "forms.rs"]
mod forms;
#[path = "relay.rs"]
mod relay;
#[path = "returning.rs"]
mod returning;
#[path = "uploads.rs"]
mod uploads;
