//! The investigator's side: open a grant and a case, verify what is in it, sign replies, grant to colleagues, rotate.
//!
//! Everything here needs an [`envelope::keys::InvestigatorIdentity`], which only the workbench makes.

mod case;
mod note;
mod reply;
mod rotation;
mod thread;

pub use case::{CaseError, OpenCase, RefusedGrant};
pub use note::{Note, NoteKind};
pub use reply::{ReplyDraft, SealedReply};
pub use rotation::Rotated;
pub use thread::{Entry, Finding, FindingKind, SealedFrame, Thread};
