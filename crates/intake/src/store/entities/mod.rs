//! The tables, one in each file.

#![expect(unreachable_pub, reason = "the items that the macros of sea-orm derive are public")]

pub(super) mod chunk;
pub(super) mod mailbox;
pub(super) mod state;
pub(super) mod submission;
pub(super) mod upload;
