//! Key rotations by two members: one proposes new keys, another checks and approves them. Every
//! reader who has checked a rotation confirms it for the reporter, until two members of the current
//! directory have.

use std::collections::BTreeSet;

use investigator::{ProposedRotation, RotationFault};
use protocol::{
    api::workbench::{EventPayload, GenerationGrant},
    case::{
        RuleViolation,
        event::{Action, Event, effective_grants},
    },
    keys::InvestigatorRecipient,
    rotation::{ConfirmedRotation, REQUIRED_CONFIRMATIONS, RotationStatement, SignedStatement},
    submission::key_grant::grant_tag,
};
use rand::{CryptoRng, RngCore};
use serde::Serialize;
use uuid::Uuid;

use super::{ActionError, check_newest_generation};
use crate::{
    alert::blocks_rotation,
    case::{CaseReadError, VerifiedCase},
    session::HandlerConnection,
};

/// Who reads on after a rotation. These fields are also its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RotationReaders {
    /// The members of desks who read on.
    pub readers: Vec<String>,
    /// The members of the oversight body who get the new keys. They can read the case only after it
    /// is released to them.
    pub oversight: Vec<String>,
    /// The members of the directory who lose access.
    pub left_out: Vec<String>,
}

impl HandlerConnection {
    /// Proposes new keys of the case: a new case secret for all remaining readers, and grants of
    /// earlier content for the new keys of members who replaced theirs and for members who joined
    /// the oversight body. They are in effect after another member has approved them.
    ///
    /// # Errors
    /// If a member in `without` cannot be removed, the case has alarms, the directory has expired,
    /// or the rules or the case handler reject the action.
    pub async fn propose_rotation(
        &mut self,
        case: &mut VerifiedCase,
        without: &[String],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<RotationReaders, ActionError> {
        self.check_directory_current()?;
        check_newest_generation(case)?;
        let state = case.state.as_ref().ok_or(ActionError::UnverifiedEvents)?;
        state.check_no_proposal()?;
        let previous = state.rotation.as_ref().map(RotationStatement::hash);
        if !without.is_empty() {
            self.check_declared(case)?;
        }
        let remaining = self.remaining_readers(case, without)?;
        let members =
            remaining.iter().map(|handle| self.member(handle)).collect::<Result<Vec<_>, _>>()?;
        let recipients: Vec<_> = members.iter().map(|member| &member.recipient).collect();
        // The new generation opens nothing earlier. Members whose key changed since the report also
        // get grants of older generations. So do members of the oversight body, who may have joined
        // it later: the case handler ignores grants that they have, and refuses to replace one. An
        // event has room for about 110 grants, so those that are in effect already are left out.
        let without_earlier = members.iter().filter(|member| {
            self.directory_history.has_replaced_key(&member.handle, case.file.row.filed)
                != self.directory().is_oversight(&member.handle)
        });
        let effective = effective_grants(&case.events);
        let is_recorded = |grant: &GenerationGrant| {
            let record = grant.to_record();
            effective.iter().any(|event| event.action.recorded_grants().contains(&record))
        };
        let regrants: Vec<_> = without_earlier
            .flat_map(|member| case.open_case.seal_grants_for(&member.recipient))
            .filter(|grant| !is_recorded(grant))
            .collect();
        let newest_reply = case.thread.newest_outgoing();
        let proposal = case.open_case.propose_rotation(&recipients, previous, newest_reply, rng)?;
        let confirmation = proposal.rotation.statement.confirm(self.key.device());
        let grants = [proposal.grants, regrants].concat();
        let action = Action::RotationProposed {
            rotation: Box::new(proposal.rotation),
            grants: grants.iter().map(GenerationGrant::to_record).collect(),
        };
        let payload = EventPayload {
            grants,
            case_recipient: Some(proposal.case_recipient),
            confirmation: Some(confirmation),
            ..EventPayload::default()
        };
        self.sign_and_submit(case, action, payload).await?;
        Ok(self.rotation_readers(case, &remaining))
    }

    /// Returns who reads on after the proposed rotation of a case. Returns `None` without one.
    pub fn proposed_rotation_readers(&self, case: &VerifiedCase) -> Option<RotationReaders> {
        let (_, records) = case.proposed_rotation()?;
        let generation = case.state.as_ref()?.generation + 1;
        let tags: BTreeSet<_> = records
            .iter()
            .filter(|record| record.generation == generation)
            .map(|record| record.tag)
            .collect();
        let members = self.directory().members.iter();
        let remaining: Vec<String> = members
            .filter(|member| tags.contains(&grant_tag(case.id(), &member.recipient)))
            .map(|member| member.handle.clone())
            .collect();
        Some(self.rotation_readers(case, &remaining))
    }

    /// Approves the proposed rotation of a case after checking it: the member opens their own
    /// grant, makes all grants again, and compares who reads on with the rules. Reads the case
    /// again, with its new keys.
    ///
    /// # Errors
    /// [`ActionError::Rotation`] if the proposal is not what an honest member proposes;
    /// [`ActionError::UnresolvedAlerts`] if the case has alarms that [`blocks_rotation`] names; and
    /// the errors of every action.
    pub async fn approve_rotation(
        &mut self,
        case: &mut VerifiedCase,
    ) -> Result<RotationReaders, ActionError> {
        self.check_directory_current()?;
        check_newest_generation(case)?;
        if blocks_rotation(&case.alarms) {
            return Err(ActionError::UnresolvedAlerts);
        }
        let readers = self.proposed_rotation_readers(case).ok_or(RuleViolation::NotProposed)?;
        if !readers.left_out.is_empty() {
            self.check_declared(case)?;
        }
        let pending = case.state.as_ref().and_then(|state| state.pending_rotation.clone());
        let pending = pending.ok_or(RuleViolation::NotProposed)?;
        self.check_proposed_rotation(case, &pending.rotation, &readers.left_out)?;
        let confirmation = pending.rotation.statement.confirm(self.key.device());
        let action = Action::RotationApproved { proposal: pending.proposal };
        let payload = EventPayload { confirmation: Some(confirmation), ..EventPayload::default() };
        self.sign_and_submit(case, action, payload).await?;
        // New content must be sealed to the new keys.
        *case = self.read_case(case.id()).await?;
        Ok(readers)
    }

    /// Reads a case whose rotation the member may approve. A member with a new key, who has no
    /// grant for it yet, opens the case with the grants of the proposal.
    ///
    /// # Errors
    /// As [`HandlerConnection::read_case`].
    pub async fn read_case_to_approve(&mut self, id: Uuid) -> Result<VerifiedCase, CaseReadError> {
        match self.read_case(id).await {
            Err(CaseReadError::FormerKey(_)) => self.read_case_with_pending_grants(id).await,
            read => read,
        }
    }

    fn check_proposed_rotation(
        &self,
        case: &VerifiedCase,
        rotation: &SignedStatement,
        left_out: &[String],
    ) -> Result<(), ActionError> {
        let (_, records) = case.proposed_rotation().ok_or(RuleViolation::NotProposed)?;
        let expected = self.remaining_readers(case, left_out)?;
        let members =
            expected.iter().map(|handle| self.member(handle)).collect::<Result<Vec<_>, _>>()?;
        let readers: Vec<(&str, &InvestigatorRecipient)> =
            members.iter().map(|member| (member.handle.as_str(), &member.recipient)).collect();
        let state = case.state.as_ref().ok_or(ActionError::UnverifiedEvents)?;
        let proposed = ProposedRotation {
            rotation,
            records,
            previous: state.rotation.as_ref().map(RotationStatement::hash),
            newest_reply: case.thread.newest_outgoing(),
        };
        let own = &case.file.pending_grants;
        Ok(case.open_case.check_proposal(&proposed, own, self.key.identity(), &readers)?)
    }

    /// Adds the member's confirmation to the statement of the current generation, if fewer than two
    /// members of the current directory have confirmed it. The reporter needs two.
    ///
    /// # Errors
    /// If the case handler cannot be reached or rejects the confirmation.
    pub(crate) async fn confirm_rotation(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let Some(rotation) = case.rotation_in_effect() else { return Ok(()) };
        if blocks_rotation(&case.alarms) || case.open_case.check_statement(rotation).is_err() {
            return Ok(());
        }
        let stored = ConfirmedRotation {
            rotation: rotation.clone(),
            confirmations: case.file.confirmations.clone(),
        };
        let devices = self.directory().members.iter().map(|member| &member.device);
        let confirming: Vec<_> = stored.confirming(devices).map(|by| by.device).collect();
        let own = rotation.statement.confirm(self.key.device());
        if confirming.len() >= REQUIRED_CONFIRMATIONS || confirming.contains(&own.device) {
            return Ok(());
        }
        Ok(self.client.add_confirmation(case.id(), &own).await?)
    }

    /// Divides the readers after a rotation.
    fn rotation_readers(&self, case: &VerifiedCase, remaining: &[String]) -> RotationReaders {
        let (oversight, readers) =
            remaining.iter().cloned().partition(|handle| self.directory().is_oversight(handle));
        let is_left_out = |handle: &&String| {
            !remaining.contains(handle) && self.directory().member(handle).is_some()
        };
        let left_out = case.file.holders.iter().filter(is_left_out).cloned().collect();
        RotationReaders { readers, oversight, left_out }
    }

    /// Returns the members with a grant who are still in the directory, and the oversight body,
    /// without the members in `without`.
    fn remaining_readers(
        &self,
        case: &VerifiedCase,
        without: &[String],
    ) -> Result<Vec<String>, ActionError> {
        for handle in without {
            if self.directory().is_oversight(handle) {
                return Err(ActionError::IsOversightMember(handle.clone()));
            }
            if case.state.as_ref().and_then(|state| state.assignee.as_ref()) == Some(handle) {
                return Err(ActionError::IsAssignee(handle.clone()));
            }
            if !case.file.holders.contains(handle) {
                return Err(ActionError::NotAGrantHolder(handle.clone()));
            }
        }
        let report = case.report().ok_or(ActionError::UnreadableReport)?;
        let excluded = report.exclusions();
        let excluded = self.directory().excluded_members(&excluded);
        let oversight = self
            .directory()
            .desk(&self.directory().oversight)
            .into_iter()
            .flat_map(|desk| &desk.members);
        // A reporter who refused the oversight body has not asked for it since.
        let refused = case.state.as_ref().is_some_and(|state| !state.oversight_may_read());
        let oversight = oversight.filter(|_| !refused);
        let candidates: BTreeSet<&String> = case.file.holders.iter().chain(oversight).collect();
        let is_remaining = |handle: &&String| {
            !without.contains(handle)
                && !excluded.contains(handle.as_str())
                && self.directory().member(handle).is_some()
        };
        Ok(candidates.into_iter().filter(is_remaining).cloned().collect())
    }
}

impl VerifiedCase {
    /// Returns the event that proposed the pending rotation, and the grants that it records.
    fn proposed_rotation(&self) -> Option<(&Event, &[protocol::case::event::GrantRecord])> {
        self.state.as_ref()?.pending_rotation.as_ref()?;
        let is_proposal = |event: &&Event| matches!(event.action, Action::RotationProposed { .. });
        let event = self.events.iter().rev().find(is_proposal)?;
        Some((event, event.action.recorded_grants()))
    }

    /// Returns the rotation that led to the current generation. Returns `None` in generation 0.
    fn rotation_in_effect(&self) -> Option<&SignedStatement> {
        effective_grants(&self.events).into_iter().rev().find_map(|event| match &event.action {
            Action::RotationProposed { rotation, .. } => Some(&**rotation),
            _ => None,
        })
    }
}

impl From<RotationFault> for ActionError {
    fn from(fault: RotationFault) -> Self {
        Self::Rotation(fault)
    }
}
