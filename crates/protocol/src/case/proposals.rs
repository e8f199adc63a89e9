//! Decisions of two members: proposing, approving, declining and their effects on the state.

use time::Date;

use super::{
    decision::{Decision, Disposition, Proposal, check_reason, check_second_person},
    event::{Event, ReleaseReason},
    role::Role,
    rule_violation::RuleViolation,
    stage::{DeadlineKind, REFERRAL_DAYS, Stage, days_after, months_after},
    state::{CaseState, PendingRotation},
};
use crate::{
    encoding::hash::Hash,
    rotation::{RotationStatement, SignedStatement},
};

impl CaseState {
    pub(super) fn withdraw(&mut self, actor: &str, role: Role) -> Result<(), RuleViolation> {
        if let Some(rotation) = &self.pending_rotation {
            if rotation.by != actor && !role.is_lead_or_oversight() {
                return Err(RuleViolation::LeadOnly);
            }
            self.pending_rotation = None;
            return Ok(());
        }
        let proposal = self.pending_proposal.as_ref().ok_or(RuleViolation::NotProposed)?;
        if proposal.by != actor && !role.is_lead_or_oversight() {
            return Err(RuleViolation::LeadOnly);
        }
        self.pending_proposal = None;
        Ok(())
    }

    /// Declines a proposal. The members who may approve it may decline it.
    pub(super) fn decline(&mut self, actor: &str, role: Role) -> Result<(), RuleViolation> {
        if let Some(rotation) = &self.pending_rotation {
            if rotation.by == actor {
                return Err(RuleViolation::SamePerson(rotation.by.clone()));
            }
            self.pending_rotation = None;
            return Ok(());
        }
        let proposal = self.pending_proposal.as_ref().ok_or(RuleViolation::NotProposed)?;
        if proposal.by == actor {
            return Err(RuleViolation::SamePerson(proposal.by.clone()));
        }
        check_second_person(proposal.decision, proposal.role, role)?;
        self.pending_proposal = None;
        Ok(())
    }

    /// Returns whether a proposal waits for this member, who can approve or decline it. The member
    /// may have to declare first.
    pub fn awaits_decision_by(&self, actor: &str, role: Role) -> bool {
        let is_excluded = self.recused.iter().any(|member| member == actor)
            || self.conflict_claims.iter().any(|claim| claim.member == actor);
        if let Some(rotation) = &self.pending_rotation {
            return !is_excluded && rotation.by != actor;
        }
        let Some(proposal) = &self.pending_proposal else { return false };
        let is_member = role.desk || role.oversight || self.assignee.as_deref() == Some(actor);
        is_member
            && !is_excluded
            && proposal.by != actor
            && check_second_person(proposal.decision, proposal.role, role).is_ok()
    }

    /// Checks that no proposal is pending, neither of a decision nor of a rotation.
    ///
    /// # Errors
    /// [`RuleViolation::ProposalPending`] with the member who proposed.
    pub fn check_no_proposal(&self) -> Result<(), RuleViolation> {
        let decision = self.pending_proposal.as_ref().map(|pending| &pending.by);
        let rotation = self.pending_rotation.as_ref().map(|pending| &pending.by);
        match decision.or(rotation) {
            Some(by) => Err(RuleViolation::ProposalPending(by.clone())),
            None => Ok(()),
        }
    }

    /// Records a proposed rotation. From the second rotation on, the signature is checked here. The
    /// first one is signed with a key that only the readers know.
    pub(super) fn propose_rotation(
        &mut self,
        rotation: &SignedStatement,
        event: &Event,
        hash: Hash,
    ) -> Result<(), RuleViolation> {
        self.check_no_proposal()?;
        let previous = self.rotation.as_ref().map(RotationStatement::hash);
        rotation.statement.check_follows(event.case, self.generation, previous)?;
        if let Some(before) = &self.rotation {
            rotation.verify(&before.replies_key)?;
        }
        self.pending_rotation = Some(PendingRotation {
            by: event.actor.clone(),
            proposal: hash,
            rotation: rotation.clone(),
            for_oversight: self.oversight_may_read(),
        });
        Ok(())
    }

    pub(super) fn approve_rotation(
        &mut self,
        proposal: Hash,
        actor: &str,
    ) -> Result<(), RuleViolation> {
        let pending = self.pending_rotation.take_if(|pending| pending.proposal == proposal);
        let pending = pending.ok_or(RuleViolation::NotProposed)?;
        if pending.by == actor {
            return Err(RuleViolation::SamePerson(pending.by));
        }
        if pending.for_oversight {
            self.stop_deadline(DeadlineKind::OversightKeys);
        }
        self.generation = pending.rotation.statement.generation;
        self.rotation = Some(pending.rotation.statement);
        Ok(())
    }

    pub(super) fn propose(
        &mut self,
        decision: Decision,
        event: &Event,
        role: Role,
    ) -> Result<(), RuleViolation> {
        self.check_no_proposal()?;
        self.check_decision(decision, event)?;
        if matches!(decision, Decision::Refer { .. }) && self.released.is_none() {
            // The oversight body cannot decide on a case that it cannot read.
            if self.oversight_refused {
                return Err(RuleViolation::OversightRefused);
            }
            self.released = Some(ReleaseReason::Referral);
        }
        self.pending_proposal = Some(Proposal { by: event.actor.clone(), role, decision });
        Ok(())
    }

    pub(super) fn approve(
        &mut self,
        decision: Decision,
        event: &Event,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let proposal =
            self.pending_proposal.clone().filter(|proposal| proposal.decision == decision);
        let proposal = proposal.ok_or(RuleViolation::NotProposed)?;
        if proposal.by == event.actor {
            return Err(RuleViolation::SamePerson(proposal.by));
        }
        self.check_decision(decision, event)?;
        check_second_person(decision, proposal.role, role)?;
        self.pending_proposal = None;
        self.apply_decision(decision, event.at.date());
        Ok(())
    }

    /// Checks the conditions of a decision. They must be met at the proposal and at the approval.
    fn check_decision(&self, decision: Decision, event: &Event) -> Result<(), RuleViolation> {
        match decision {
            Decision::Close { disposition, reason, duplicate_of } => {
                check_reason(disposition, reason, duplicate_of, event.case)?;
                match disposition {
                    // A member who declared, took or answered the case has opened it.
                    Disposition::Unreadable if self.was_opened() => Err(RuleViolation::Readable),
                    Disposition::Unreadable => Ok(()),
                    _ => self.check_closable(),
                }
            }
            Decision::Lower { priority } if priority <= self.priority => {
                Err(RuleViolation::OnlyLower)
            }
            Decision::Lower { .. } | Decision::Refer { .. } => Ok(()),
            Decision::LiftHold => {
                if self.legal_hold {
                    Ok(())
                } else {
                    Err(RuleViolation::NoLegalHold)
                }
            }
            Decision::Purge => self.check_purgeable(event.at.date()),
        }
    }

    fn was_opened(&self) -> bool {
        self.acknowledged
            || self.assignee.is_some()
            || !self.conflict_free.is_empty()
            || self.generation > 0
    }

    fn check_closable(&self) -> Result<(), RuleViolation> {
        if self.unhandled > 0 {
            return Err(RuleViolation::UnhandledMessage);
        }
        match self.stage {
            Stage::Triaged if !self.acknowledged => {
                Err(RuleViolation::FeedbackFirst("answer the report"))
            }
            Stage::Decided if !self.feedback_given => {
                Err(RuleViolation::FeedbackFirst("give feedback on what was decided"))
            }
            Stage::Referred if !self.feedback_given => {
                Err(RuleViolation::FeedbackFirst("give feedback on the referral"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the first date on which a closed case may be purged.
    pub fn retained_until(&self) -> Option<Date> {
        self.closed.map(|closed| months_after(closed, self.retention_months))
    }

    fn check_purgeable(&self, day: Date) -> Result<(), RuleViolation> {
        if self.legal_hold {
            return Err(RuleViolation::UnderLegalHold);
        }
        let waits = [DeadlineKind::Reopen, DeadlineKind::OversightKeys];
        if self.unhandled > 0 || waits.into_iter().any(|kind| self.is_running(kind)) {
            return Err(RuleViolation::UnhandledMessage);
        }
        match self.retained_until() {
            Some(until) if until <= day => Ok(()),
            Some(until) => Err(RuleViolation::RetentionNotOver(until)),
            None => Err(RuleViolation::WrongStage(self.stage)),
        }
    }

    fn apply_decision(&mut self, decision: Decision, day: Date) {
        match decision {
            Decision::Close { disposition, .. } => {
                self.set_stage(Stage::Closed);
                self.disposition = Some(disposition);
                self.closed = Some(day);
                self.last_assignee = self.assignee.take();
                let continues = [DeadlineKind::Challenge, DeadlineKind::OversightKeys];
                self.deadlines.retain(|deadline| continues.contains(&deadline.kind));
                if disposition == Disposition::Unreadable {
                    self.unhandled = 0;
                    // Two members must not be able to hide a report by calling it unreadable. If
                    // the reporter refused the oversight body, it has no key that could open it.
                    if !self.oversight_refused {
                        self.released.get_or_insert(ReleaseReason::Unreadable);
                    }
                }
            }
            Decision::Lower { priority } => self.set_priority(priority),
            Decision::Refer { .. } => {
                for kind in [DeadlineKind::Triage, DeadlineKind::Assess, DeadlineKind::Investigate]
                {
                    self.stop_deadline(kind);
                }
                self.set_stage(Stage::Referred);
                self.mark_handled();
                self.start_deadline(DeadlineKind::Referral, days_after(day, REFERRAL_DAYS));
            }
            Decision::LiftHold => self.legal_hold = false,
            Decision::Purge => {
                self.set_stage(Stage::Purged);
                self.conflict_claims.clear();
                self.deadlines.clear();
            }
        }
    }
}
