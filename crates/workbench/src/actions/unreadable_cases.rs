//! Closing a case that came unreadable, and destroying it after its retention. Two persons do it
//! who hold a grant of it and cannot open it; nobody declares anything.

use protocol::{
    api::workbench::{CaseSummary, EventPayload, NewEvent},
    case::{Decision, Disposition, Role, Stage, event::Action, next_event},
};
use uuid::Uuid;

use super::{ActionError, workflow::CLOSE_AS_UNREADABLE};
use crate::{
    case::CaseReadError,
    session::{ConnectError, HandlerConnection, profile::PinnedCaseHead},
};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// It was proposed; another person must approve.
    Proposed,
    /// It is decided.
    Approved,
}

impl HandlerConnection {
    /// Proposes to close a case as unreadable, or approves what a colleague proposed, after trying
    /// to read it.
    ///
    /// # Errors
    /// Fails with [`ActionError::CaseIsReadable`] if the case can be read, with
    /// [`ActionError::Read`] if it was altered since it was collected, and as every act does if the
    /// rules or the case handler refuse it.
    pub async fn close_unreadable(&mut self, id: Uuid) -> Result<DecisionOutcome, ActionError> {
        self.propose_or_approve(id, CLOSE_AS_UNREADABLE).await
    }

    /// Proposes to destroy a case that was closed as unreadable, or approves what a colleague
    /// proposed, after trying to read it.
    ///
    /// # Errors
    /// As [`Self::close_unreadable`]; also before its retention is over, and where neither of the
    /// two leads the desk or sits for the oversight body.
    pub async fn purge_unreadable(&mut self, id: Uuid) -> Result<DecisionOutcome, ActionError> {
        let done = self.propose_or_approve(id, Decision::Purge).await?;
        if done == DecisionOutcome::Approved {
            self.trust_state.cases.remove(&id);
            self.trust_state.read.remove(&id);
            self.save_trust_state()?;
        }
        Ok(done)
    }

    /// Returns the cases of the queue that [`Self::close_unreadable`] could be for, or
    /// [`Self::purge_unreadable`] if `purge` is set, as far as the case handler's own rows tell.
    /// Those are left out that wait for another person.
    ///
    /// # Errors
    /// If the case handler cannot be asked.
    pub async fn unreadable_candidates(&self, purge: bool) -> Result<Vec<Uuid>, ConnectError> {
        let today = self.now.date();
        let fits = |row: &CaseSummary| {
            let state = &row.state;
            let decision = if purge { Decision::Purge } else { CLOSE_AS_UNREADABLE };
            let free = state.pending_proposal.as_ref().is_none_or(|proposal| {
                proposal.by != self.handle() && proposal.decision == decision
            });
            let ripe = if purge {
                state.stage == Stage::Closed
                    && state.disposition == Some(Disposition::Unreadable)
                    && state.retained_until().is_some_and(|until| until <= today)
            } else {
                state.stage == Stage::Received
                    && state.conflict_free.is_empty()
                    && state.assignee.is_none()
            };
            free && ripe
        };
        let (rows, _) = self.queue().await?;
        Ok(rows.iter().filter(|row| fits(row)).map(|row| row.id).collect())
    }

    async fn propose_or_approve(
        &mut self,
        id: Uuid,
        decision: Decision,
    ) -> Result<DecisionOutcome, ActionError> {
        let unreadable = match self.read_case_without_pinning(id).await {
            Err(CaseReadError::Unreadable(unreadable)) => unreadable,
            Err(error) => return Err(error.into()),
            Ok(_) => return Err(ActionError::CaseIsReadable),
        };
        let mut state = unreadable.state;
        let others =
            state.pending_proposal.as_ref().filter(|proposal| proposal.by != self.handle());
        let (action, done) = match others {
            Some(proposal) if proposal.decision == decision => {
                (Action::Approved(decision), DecisionOutcome::Approved)
            }
            _ => (Action::Proposed(decision), DecisionOutcome::Proposed),
        };
        let at = self.now.replace_nanosecond(0).unwrap_or(self.now);
        let event = next_event(id, &state, self.handle(), at, action);
        let signed = event.sign(self.key.device());
        let role = Role::of_member(self.directory(), self.handle(), &state.desk);
        state.apply(&event, signed.hash(), role)?;
        let new = NewEvent { event: signed.clone(), payload: EventPayload::default() };
        let entry = self.client.add_event(id, &new).await?;
        if entry.event != signed || !entry.verify_link() {
            return Err(ActionError::NotRecorded);
        }
        // A case handler that drops this event later is noticed.
        let seen = PinnedCaseHead { events: state.next_seq, head: state.head };
        self.trust_state.cases.insert(id, seen);
        self.save_trust_state()?;
        Ok(done)
    }
}
