//! Runs the tests of the API, the forms and the relay again, on `PostgreSQL`.
#![expect(clippy::duplicate_mod, reason = "each test file includes the common module")]

#[path = "api.rs"]
mod api;
#[path = "forms.rs"]
mod forms;
#[path = "relay.rs"]
mod relay;
