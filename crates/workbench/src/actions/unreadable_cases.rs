//! Closes a case that arrived unreadable, and purges it after its retention. Two members do so who
//! have a grant of the case and cannot open it. No declaration is required.

use protocol::{
    api::workbench::{CaseSummary, EventPayload, NewEvent},
    case::{Decision, Disposition, Role, Stage, event::Action, next_event},
};
use uuid::Uuid;

use super::ActionError;
use crate::{
    case::CaseReadError,
    session::{ConnectError, HandlerConnection, profile::PinnedCaseHead},
};

/// Result of proposing or approving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecisionOutcome {
    /// Proposed; another member must approve.
    Proposed,
    /// Approved by the second member.
    Approved,
}

impl HandlerConnection {
    /// Tries to read the case, then proposes to close it as unreadable, or approves a colleague's
    /// proposal to do so.
    ///
    /// # Errors
    /// [`ActionError::CaseIsReadable`] if the case can be read, [`ActionError::Read`] if it was
    /// altered since its collection, and the errors of every action if the rules or the case
    /// handler reject it.
    pub async fn close_unreadable(&mut self, id: Uuid) -> Result<DecisionOutcome, ActionError> {
        self.propose_or_approve(id, Decision::CLOSE_AS_UNREADABLE).await
    }

    /// Tries to read the case, then proposes to purge a case that was closed as unreadable, or
    /// approves a colleague's proposal to do so.
    ///
    /// # Errors
    /// As [`Self::close_unreadable`]. Also fails before the end of the retention, and if neither of
    /// the two leads the desk or belongs to the oversight body.
    pub async fn purge_unreadable(&mut self, id: Uuid) -> Result<DecisionOutcome, ActionError> {
        let outcome = self.propose_or_approve(id, Decision::Purge).await?;
        if outcome == DecisionOutcome::Approved {
            self.trust_state.cases.remove(&id);
            self.trust_state.read.remove(&id);
            self.save_trust_state()?;
        }
        Ok(outcome)
    }

    /// Returns the cases of the queue that may qualify for [`Self::close_unreadable`], or for
    /// [`Self::purge_unreadable`] if `purge` is set. The selection uses only what the case handler
    /// reports. Cases that need another member's decision are left out.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the request.
    pub async fn unreadable_candidates(&self, purge: bool) -> Result<Vec<Uuid>, ConnectError> {
        let today = self.now.date();
        let is_candidate = |row: &CaseSummary| {
            let state = &row.state;
            let decision = if purge { Decision::Purge } else { Decision::CLOSE_AS_UNREADABLE };
            let undecided = state.pending_proposal.as_ref().is_none_or(|proposal| {
                proposal.by != self.handle() && proposal.decision == decision
            });
            let eligible = if purge {
                state.stage == Stage::Closed
                    && state.disposition == Some(Disposition::Unreadable)
                    && state.retained_until().is_some_and(|until| until <= today)
            } else {
                state.stage == Stage::Received
                    && state.conflict_free.is_empty()
                    && state.assignee.is_none()
            };
            undecided && eligible
        };
        let (rows, _) = self.queue().await?;
        Ok(rows.iter().filter(|row| is_candidate(row)).map(|row| row.id).collect())
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
        let (action, outcome) = match others {
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
        if self.client.add_event(id, &new).await? != signed {
            return Err(ActionError::NotRecorded);
        }
        // Pinning the head reveals a case handler that drops this event later.
        let seen = PinnedCaseHead { events: state.next_seq, head: state.head };
        self.trust_state.cases.insert(id, seen);
        self.save_trust_state()?;
        Ok(outcome)
    }
}
