//! All of it once more, on `PostgreSQL`.
#![expect(clippy::duplicate_mod, reason = "each test file brings what it shares with the others")]

#[path = "clock.rs"]
mod clock;
#[path = "filing.rs"]
mod filing;
#[path = "lives.rs"]
mod lives;
#[path = "members.rs"]
mod members;
#[path = "objects.rs"]
mod objects;
#[path = "queues.rs"]
mod queues;
#[path = "readers.rs"]
mod readers;
#[path = "relay/main.rs"]
mod relay;
#[path = "routing.rs"]
mod routing;
