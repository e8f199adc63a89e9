//! The reporter's side: seal a report, open the mailbox, send follow-ups.
//!
//! The form of the intake uses this crate in memory. Browsers do the same in TypeScript. This crate
//! cannot open a report, because that needs a grant, and reporters have none.

mod inbox;
mod log;
mod own_copy;
mod report_secrets;
mod rotations;
mod seal;

pub use inbox::{Inbox, InboxError, InboxIssue, InboxMessage};
pub use log::{LogStatus, LogView, verify_log_record};
pub use own_copy::{OwnCopy, OwnCopyError};
pub use report_secrets::ReportSecrets;
pub use seal::{FollowUpContent, FollowUpDraft, FollowUpSealer, ReportDraft, ReportSealer};
