//! The reporter's side: seal a report, open one's own mailbox, go on talking.
//!
//! The form path of the intake uses this crate in memory; a browser does the same in TypeScript.
//! Nothing here can open a report: that needs a grant, and reporters keep none.

mod inbox;
mod report_secrets;
mod seal;

pub use inbox::{Inbox, InboxError, InboxIssue, InboxMessage};
pub use report_secrets::ReportSecrets;
pub use seal::{FollowUpDraft, FollowUpSealer, ReportDraft, ReportSealer};
