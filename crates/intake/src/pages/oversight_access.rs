//! What the conversation page states about the oversight body.

use reporter::Inbox;

/// Whether the oversight body can read a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OversightAccess {
    /// The case is not released to it. The reporter can ask for it.
    NotReleased,
    /// The reporter asked for it, and no member of it has keys yet.
    Asked,
    /// The case is released to it.
    Released,
}

impl OversightAccess {
    /// Returns what a mailbox states.
    pub(super) fn of_inbox(inbox: &Inbox) -> Self {
        match (inbox.released_to_oversight, inbox.oversight_asked) {
            (true, _) => Self::Released,
            (false, true) => Self::Asked,
            (false, false) => Self::NotReleased,
        }
    }
}
