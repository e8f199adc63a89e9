//! The tables, one file each.

#![expect(unreachable_pub, reason = "what sea-orm's macros derive is public")]

pub(super) mod chunk;
pub(super) mod mailbox;
pub(super) mod state;
pub(super) mod submission;
