//! The investigator's side: open grants and cases, verify their content, sign replies, share grants
//! with colleagues, and rotate keys.
//!
//! Everything in this crate needs a [`protocol::keys::InvestigatorIdentity`], which only the
//! workbench creates, except a [`PartKey`], which opens one part of an exported case.

mod note;
mod open_case;
mod part_key;
mod reply;
mod reply_check;
mod rotation_proposal;
mod thread;

pub use note::{Note, NoteKind};
pub use open_case::{CaseError, OpenCase, RefusedGrant};
pub use part_key::{PartKey, PartKeyError};
pub use reply::{ReplyDraft, SealedReply};
pub use reply_check::ReplyStatement;
pub use rotation_proposal::{ProposedRotation, RotationFault, RotationProposal};
pub use thread::{SealedFrame, Thread, ThreadIssue, ThreadIssueKind, VerifiedFrame};
