//! The investigator's side: open a grant and a case, verify what is in it, sign replies, grant to
//! colleagues, rotate.
//!
//! Everything here needs an [`protocol::recipients_of::InvestigatorIdentity`], which only the
//! workbench makes.

mod key_rotation;
mod note;
mod open_case;
mod reply;
mod thread;

pub use key_rotation::KeyRotation;
pub use note::{Note, NoteKind};
pub use open_case::{CaseError, OpenCase, RefusedGrant};
pub use reply::{ReplyDraft, SealedReply};
pub use thread::{SealedFrame, Thread, ThreadIssue, ThreadIssueKind, VerifiedFrame};
