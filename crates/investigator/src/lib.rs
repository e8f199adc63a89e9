//! The investigator's side: open grants and cases, verify their content, sign replies, share grants
//! with colleagues, and rotate keys.
//!
//! Everything in this crate needs a [`protocol::keys::InvestigatorIdentity`]. Only the workbench
//! creates one.

mod key_rotation;
mod note;
mod open_case;
mod reply;
mod reply_check;
mod thread;

pub use key_rotation::KeyRotation;
pub use note::{Note, NoteKind};
pub use open_case::{CaseError, OpenCase, RefusedGrant};
pub use reply::{ReplyDraft, SealedReply};
pub use reply_check::ReplyStatement;
pub use thread::{SealedFrame, Thread, ThreadIssue, ThreadIssueKind, VerifiedFrame};
