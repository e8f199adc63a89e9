//! Closing a case that came unreadable. Two persons do it who hold a grant of it and cannot open it; nobody declares anything.

use envelope::{
    desk_api::{Brings, NewEvent},
    event::Action,
    life::{Role, next_event},
};
use uuid::Uuid;

use super::{ActError, life::UNREADABLE};
use crate::{cases::ReadError, connection::Connection, home::SeenCase};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedAs {
    /// It was proposed; another person must approve.
    Proposed,
    /// It is closed.
    Approved,
}

impl Connection {
    /// Proposes to close a case as unreadable, or approves what a colleague proposed, after trying to read it.
    ///
    /// # Errors
    /// Fails with [`ActError::Readable`] if the case can be read, with [`ActError::Read`] if it was altered since it was collected,
    /// and as every act does if the rules or the case handler refuse it.
    pub async fn close_unreadable(&mut self, id: Uuid) -> Result<ClosedAs, ActError> {
        let unreadable = match self.look_at(id).await {
            Err(ReadError::Unreadable(unreadable)) => unreadable,
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(ActError::Readable),
        };
        let mut state = unreadable.state;
        let others = state.proposed.as_ref().filter(|proposal| proposal.by != self.handle());
        let (action, done) = match others {
            Some(proposal) if proposal.decision == UNREADABLE => {
                (Action::Approved(UNREADABLE), ClosedAs::Approved)
            }
            _ => (Action::Proposed(UNREADABLE), ClosedAs::Proposed),
        };
        let at = self.now.replace_nanosecond(0).unwrap_or(self.now);
        let event = next_event(id, &state, self.handle(), at, action);
        let signed = event.sign(self.key.device());
        let role = Role::of(self.directory(), self.handle(), &state.desk);
        state.apply(&event, signed.hash(), role)?;
        let new = NewEvent { event: signed.clone(), brings: Brings::default() };
        let entry = self.client.add_event(id, &new).await?;
        if entry.event != signed || !entry.is_tied() {
            return Err(ActError::NotFiled);
        }
        // A case handler that drops this event later is noticed.
        let seen = SeenCase { events: state.next_seq, head: state.head };
        self.seen.cases.insert(id, seen);
        self.remember()?;
        Ok(done)
    }
}
