//! The reporter's side: seal a report, open one's own mailbox, go on talking.
//!
//! The form path of the intake uses this crate in memory; a browser does the same in TypeScript. Nothing here can open a
//! report: that needs a grant, and reporters keep none.

mod filing;
mod inbox;
mod sealer;

pub use filing::Filing;
pub use inbox::{Finding, Inbox, InboxError, Message};
pub use sealer::{Draft, FollowUp, FollowUpSealer, ReportSealer};
