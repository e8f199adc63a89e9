//! Closing a case that came unreadable, and destroying it after its retention. Two persons do it who hold a grant of it and cannot
//! open it; nobody declares anything.

use envelope::{
    desk_api::{Brings, CaseRow, NewEvent},
    event::Action,
    life::{Decision, Disposition, Role, Stage, next_event},
};
use uuid::Uuid;

use super::{ActError, life::UNREADABLE};
use crate::{
    cases::ReadError,
    connection::{ConnectError, Connection},
    home::SeenCase,
};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedAs {
    /// It was proposed; another person must approve.
    Proposed,
    /// It is decided.
    Approved,
}

impl Connection {
    /// Proposes to close a case as unreadable, or approves what a colleague proposed, after trying to read it.
    ///
    /// # Errors
    /// Fails with [`ActError::Readable`] if the case can be read, with [`ActError::Read`] if it was altered since it was collected,
    /// and as every act does if the rules or the case handler refuse it.
    pub async fn close_unreadable(&mut self, id: Uuid) -> Result<ClosedAs, ActError> {
        self.decide_unreadable(id, UNREADABLE).await
    }

    /// Proposes to destroy a case that was closed as unreadable, or approves what a colleague proposed, after trying to read it.
    ///
    /// # Errors
    /// As [`Self::close_unreadable`]; also before its retention is over, and where neither of the two leads the desk or sits for the
    /// oversight body.
    pub async fn purge_unreadable(&mut self, id: Uuid) -> Result<ClosedAs, ActError> {
        let done = self.decide_unreadable(id, Decision::Purge).await?;
        if done == ClosedAs::Approved {
            self.seen.cases.remove(&id);
            self.seen.read.remove(&id);
            self.remember()?;
        }
        Ok(done)
    }

    /// Returns the cases of the queue that [`Self::close_unreadable`] could be for, or [`Self::purge_unreadable`] if `purge` is set, as
    /// far as the case handler's own rows tell. Those are left out that wait for another person.
    ///
    /// # Errors
    /// If the case handler cannot be asked.
    pub async fn maybe_unreadable(&self, purge: bool) -> Result<Vec<Uuid>, ConnectError> {
        let today = self.now.date();
        let fits = |row: &CaseRow| {
            let state = &row.state;
            let decision = if purge { Decision::Purge } else { UNREADABLE };
            let free = state
                .proposed
                .as_ref()
                .is_none_or(|proposal| proposal.by != self.handle() && proposal.decision == decision);
            let ripe = if purge {
                state.stage == Stage::Closed
                    && state.disposition == Some(Disposition::Unreadable)
                    && state.kept_until().is_some_and(|until| until <= today)
            } else {
                state.stage == Stage::Received && state.declared.is_empty() && state.assignee.is_none()
            };
            free && ripe
        };
        let (rows, _) = self.queue().await?;
        Ok(rows.iter().filter(|row| fits(row)).map(|row| row.id).collect())
    }

    async fn decide_unreadable(&mut self, id: Uuid, decision: Decision) -> Result<ClosedAs, ActError> {
        let unreadable = match self.look_at(id).await {
            Err(ReadError::Unreadable(unreadable)) => unreadable,
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(ActError::Readable),
        };
        let mut state = unreadable.state;
        let others = state.proposed.as_ref().filter(|proposal| proposal.by != self.handle());
        let (action, done) = match others {
            Some(proposal) if proposal.decision == decision => {
                (Action::Approved(decision), ClosedAs::Approved)
            }
            _ => (Action::Proposed(decision), ClosedAs::Proposed),
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
