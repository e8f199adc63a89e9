//! A submission as it is sent and stored: an envelope inside its outer seal, padded to a size
//! class.
//!
//! The reporter's side writes it with [`SubmissionWriter`]. The intake stores it, and the case
//! handler reads it with [`open`].

mod header;
mod reader;
mod writer;

pub use header::{CaseRef, EnvelopeHeader, SubmissionKind};
pub use reader::{
    AttachmentStorage, AttachmentsInMemory, OpenedSubmission, SubmissionOpenError, open, open_into,
};
pub use writer::{SealError, SealedBody, SubmissionWriter};
