//! All of it once more, on `PostgreSQL`.
#![expect(clippy::duplicate_mod, reason = "each test file brings what it shares with the others")]

#[path = "api.rs"]
mod api;
#[path = "forms.rs"]
mod forms;
#[path = "relay.rs"]
mod relay;
