//! Runs all tests again, on `PostgreSQL`.
#![expect(clippy::duplicate_mod, reason = "each test file declares the shared module")]

#[path = "assignment.rs"]
mod assignment;
#[path = "clock/main.rs"]
mod clock;
#[path = "hidden_cases.rs"]
mod hidden_cases;
#[path = "ingest.rs"]
mod ingest;
#[path = "lifecycle.rs"]
mod lifecycle;
#[path = "lost_readers.rs"]
mod lost_readers;
#[path = "mailbox_logs.rs"]
mod mailbox_logs;
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
#[path = "rotations.rs"]
mod rotations;
#[path = "transparency_log.rs"]
mod transparency_log;
