//! The conditions of each action besides its row in the permission table, and its effects.

use time::Date;
use uuid::Uuid;

use super::{
    decision::{Decision, Disposition, ReopenReason},
    event::{Action, Event, ReleaseReason},
    role::Role,
    rule_violation::RuleViolation,
    stage::{
        ASSESS_DAYS, CLAIM_DAYS, DeadlineKind, FEEDBACK_MONTHS, INVESTIGATE_DAYS, REFERRAL_DAYS,
        REOPEN_DAYS, Stage, days_after, months_after, triage_days,
    },
    state::{CaseState, ConflictClaim},
};
use crate::{Priority, encoding::hash::Hash};

impl CaseState {
    /// Applies an event of the case handler.
    pub(super) fn apply_handler_action(&mut self, event: &Event) -> Result<(), RuleViolation> {
        let day = event.at.date();
        match event.action {
            Action::FollowedUp(_) => {
                self.received += 1;
                if self.disposition == Some(Disposition::Unreadable) {
                    // No member can answer it. The oversight body has the case and can try to open
                    // it again.
                    return Ok(());
                }
                self.unhandled += 1;
                if self.closed.is_some_and(|closed| day <= days_after(closed, REOPEN_DAYS)) {
                    self.reporter_returned = true;
                    if !self.is_running(DeadlineKind::Reopen) {
                        self.start_deadline(DeadlineKind::Reopen, days_after(day, CLAIM_DAYS));
                    }
                }
                Ok(())
            }
            Action::Released { reason } => {
                if reason == ReleaseReason::MissedDeadline && self.overdue_deadline(day).is_none() {
                    return Err(RuleViolation::NotOverdue);
                }
                self.release_to_oversight(reason)?;
                self.expect_oversight_keys(day);
                Ok(())
            }
            _ => Err(RuleViolation::MemberOnly),
        }
    }

    /// Applies an event of a member that the permission table allows.
    pub(super) fn apply_member_action(
        &mut self,
        event: &Event,
        hash: Hash,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let (actor, day) = (event.actor.as_str(), event.at.date());
        if role.oversight {
            // Only a member with keys can sign an event of the case.
            self.stop_deadline(DeadlineKind::OversightKeys);
        }
        match &event.action {
            Action::Declared => self.record_no_conflict(actor),
            Action::Claimed | Action::ClaimedWithReason { .. } => self.claim(actor, role),
            Action::Assigned { to, .. } => self.assign_to(to),
            Action::Recused => {
                self.remove_member(actor);
                Ok(())
            }
            Action::Challenged { who } => self.add_conflict_claim(who, actor, day),
            Action::ChallengeResolved { who, upheld } => {
                self.resolve_conflict_claim(who, *upheld, actor)
            }
            Action::StageChanged { to, reason, .. } => {
                if reason.as_deref().is_some_and(|reason| !is_reason_code(reason)) {
                    return Err(RuleViolation::InvalidReasonCode);
                }
                self.change_stage(*to, day);
                Ok(())
            }
            Action::Reopened { ground, .. } => self.reopen(*ground, actor, day),
            Action::DeadlineExtended { .. } => {
                self.check_extension(actor)?;
                self.extended_by = Some(actor.to_owned());
                self.record_reply(day, false);
                self.start_deadline(DeadlineKind::Investigate, days_after(day, INVESTIGATE_DAYS));
                Ok(())
            }
            Action::ReferralFollowedUp => {
                self.start_deadline(DeadlineKind::Referral, days_after(day, REFERRAL_DAYS));
                Ok(())
            }
            Action::Replied { feedback, .. } => {
                self.record_reply(day, *feedback);
                Ok(())
            }
            Action::NoteAdded { .. } => Ok(()),
            Action::MarkedHandled => {
                self.mark_handled();
                Ok(())
            }
            Action::PriorityRaised { priority } => self.raise_priority(*priority),
            Action::Linked { to } => self.link_case(*to, event.case),
            Action::Escalated => self.release_to_oversight(ReleaseReason::DeskAsked),
            Action::LegalHoldPlaced => self.place_legal_hold(),
            Action::RotationProposed { rotation, .. } => {
                self.propose_rotation(rotation, event, hash)
            }
            Action::RotationApproved { proposal } => self.approve_rotation(*proposal, actor),
            Action::Proposed(decision) => self.propose(*decision, event, role),
            Action::Approved(decision) => self.approve(*decision, event, role),
            Action::Withdrawn => self.withdraw(actor, role),
            Action::Declined { .. } => self.decline(actor, role),
            Action::Received { .. } | Action::FollowedUp(_) | Action::Released { .. } => {
                Err(RuleViolation::HandlerOnly)
            }
        }
    }

    fn record_no_conflict(&mut self, actor: &str) -> Result<(), RuleViolation> {
        if self.has_declared(actor) {
            return Err(RuleViolation::AlreadyDeclared(actor.to_owned()));
        }
        self.conflict_free.push(actor.to_owned());
        Ok(())
    }

    /// Takes the case and declares. The lead and the oversight body can take it from another
    /// assignee.
    fn claim(&mut self, actor: &str, role: Role) -> Result<(), RuleViolation> {
        match &self.assignee {
            Some(assignee) if assignee != actor && !role.is_lead_or_oversight() => {
                return Err(RuleViolation::AssigneeOnly(assignee.clone()));
            }
            None if !role.desk && !role.oversight => return Err(RuleViolation::DeskOnly),
            _ => {}
        }
        if !self.has_declared(actor) {
            self.conflict_free.push(actor.to_owned());
        }
        self.assign_to(actor)
    }

    fn assign_to(&mut self, to: &str) -> Result<(), RuleViolation> {
        if self.recused.iter().any(|who| who == to) {
            return Err(RuleViolation::MemberRecused(to.to_owned()));
        }
        if self.conflict_claims.iter().any(|claim| claim.member == to) {
            return Err(RuleViolation::ConflictClaimed(to.to_owned()));
        }
        if self.last_assignee.as_deref() == Some(to) {
            return Err(RuleViolation::AnotherInvestigator(to.to_owned()));
        }
        self.assignee = Some(to.to_owned());
        Ok(())
    }

    fn remove_member(&mut self, who: &str) {
        self.recused.push(who.to_owned());
        self.conflict_free.retain(|declared| declared != who);
        self.assignee.take_if(|assignee| assignee == who);
        self.pending_proposal.take_if(|proposal| proposal.by == who);
        self.pending_rotation.take_if(|rotation| rotation.by == who);
        self.remove_conflict_claim(who);
    }

    fn add_conflict_claim(
        &mut self,
        who: &str,
        actor: &str,
        day: Date,
    ) -> Result<(), RuleViolation> {
        if who == actor {
            return Err(RuleViolation::OwnConflict);
        }
        if self.recused.iter().any(|recused| recused == who) {
            return Err(RuleViolation::MemberRecused(who.to_owned()));
        }
        if self.conflict_claims.iter().any(|claim| claim.member == who) {
            return Err(RuleViolation::ConflictClaimed(who.to_owned()));
        }
        self.conflict_claims.push(ConflictClaim { member: who.to_owned(), by: actor.to_owned() });
        if !self.is_running(DeadlineKind::Challenge) {
            self.start_deadline(DeadlineKind::Challenge, days_after(day, CLAIM_DAYS));
        }
        Ok(())
    }

    fn resolve_conflict_claim(
        &mut self,
        who: &str,
        upheld: bool,
        actor: &str,
    ) -> Result<(), RuleViolation> {
        let claim = self.conflict_claims.iter().find(|claim| claim.member == who);
        let claim = claim.ok_or_else(|| RuleViolation::NoConflictClaim(who.to_owned()))?;
        if claim.by == actor {
            return Err(RuleViolation::OwnConflict);
        }
        if upheld {
            self.remove_member(who);
        } else {
            self.remove_conflict_claim(who);
        }
        Ok(())
    }

    fn remove_conflict_claim(&mut self, who: &str) {
        self.conflict_claims.retain(|claim| claim.member != who);
        if self.conflict_claims.is_empty() {
            self.stop_deadline(DeadlineKind::Challenge);
        }
    }

    /// Changes the stage. The permission table allows only changes that one person makes.
    fn change_stage(&mut self, to: Stage, day: Date) {
        match to {
            Stage::Triaged => {
                self.stop_deadline(DeadlineKind::Triage);
                self.start_deadline(DeadlineKind::Assess, days_after(day, ASSESS_DAYS));
            }
            Stage::Assessing if self.stage == Stage::Referred => {
                self.stop_deadline(DeadlineKind::Referral);
                self.start_deadline(DeadlineKind::Assess, days_after(day, ASSESS_DAYS));
            }
            Stage::Investigating => {
                self.stop_deadline(DeadlineKind::Assess);
                self.start_deadline(DeadlineKind::Investigate, days_after(day, INVESTIGATE_DAYS));
                self.extended_by = None;
            }
            Stage::Decided => {
                self.stop_deadline(DeadlineKind::Investigate);
                if !self.is_running(DeadlineKind::Feedback) {
                    self.start_deadline(DeadlineKind::Feedback, days_after(day, ASSESS_DAYS));
                }
            }
            _ => {}
        }
        self.set_stage(to);
        self.mark_handled();
    }

    pub(super) fn set_stage(&mut self, to: Stage) {
        self.stage = to;
        self.feedback_given = false;
        self.pending_proposal = None;
    }

    fn reopen(
        &mut self,
        ground: ReopenReason,
        actor: &str,
        day: Date,
    ) -> Result<(), RuleViolation> {
        if ground == ReopenReason::Reporter && !self.reporter_returned {
            return Err(RuleViolation::ReporterDidNotAsk);
        }
        self.assign_to(actor)?;
        self.set_stage(Stage::Triaged);
        (self.disposition, self.closed, self.reporter_returned) = (None, None, false);
        // The case must not be closed again without a message to the reporter.
        self.acknowledged = false;
        self.mark_handled();
        self.stop_deadline(DeadlineKind::Reopen);
        self.start_deadline(DeadlineKind::Assess, days_after(day, ASSESS_DAYS));
        self.start_deadline(DeadlineKind::Feedback, months_after(day, FEEDBACK_MONTHS));
        Ok(())
    }

    /// Records a message to the reporter.
    fn record_reply(&mut self, day: Date, feedback: bool) {
        if self.stage.is_open() && !self.acknowledged {
            self.start_deadline(DeadlineKind::Feedback, months_after(day, FEEDBACK_MONTHS));
        }
        self.stop_deadline(DeadlineKind::Acknowledge);
        self.stop_deadline(DeadlineKind::Reopen);
        self.acknowledged = true;
        if feedback {
            self.stop_deadline(DeadlineKind::Feedback);
            self.feedback_given = true;
        }
        self.mark_handled();
    }

    /// Marks all submissions as handled. The reporter of a closed case still gets an answer or a
    /// reopening in time, because no page shows that a message was handled.
    pub(super) fn mark_handled(&mut self) {
        self.unhandled = 0;
    }

    /// Checks that an extension is the first one, or follows one by another member. No member alone
    /// can keep an investigation from its missed deadline, unless the oversight body reads the case
    /// already.
    fn check_extension(&self, actor: &str) -> Result<(), RuleViolation> {
        if self.released.is_none() && self.extended_by.as_deref() == Some(actor) {
            return Err(RuleViolation::AnotherExtends(actor.to_owned()));
        }
        Ok(())
    }

    /// Starts the deadline for the keys of the oversight body, if the reporter refused it first and
    /// asks for it now. No member could open an unreadable case to give them.
    fn expect_oversight_keys(&mut self, day: Date) {
        if self.oversight_refused && self.disposition != Some(Disposition::Unreadable) {
            self.start_deadline(DeadlineKind::OversightKeys, days_after(day, CLAIM_DAYS));
        }
    }

    fn raise_priority(&mut self, priority: Priority) -> Result<(), RuleViolation> {
        if priority >= self.priority {
            return Err(RuleViolation::OnlyRaise);
        }
        self.set_priority(priority);
        Ok(())
    }

    pub(super) fn set_priority(&mut self, priority: Priority) {
        if self.is_running(DeadlineKind::Triage) {
            self.start_deadline(
                DeadlineKind::Triage,
                days_after(self.filed, triage_days(priority)),
            );
        }
        self.priority = priority;
    }

    fn link_case(&mut self, to: Uuid, this: Uuid) -> Result<(), RuleViolation> {
        if to == this || self.linked_cases.contains(&to) {
            return Err(RuleViolation::AlreadyLinked);
        }
        self.linked_cases.push(to);
        Ok(())
    }

    fn release_to_oversight(&mut self, reason: ReleaseReason) -> Result<(), RuleViolation> {
        if self.released.is_some() {
            return Err(RuleViolation::AlreadyReleased);
        }
        if self.oversight_refused && reason != ReleaseReason::ReporterAsked {
            return Err(RuleViolation::OversightRefused);
        }
        self.released = Some(reason);
        Ok(())
    }

    fn place_legal_hold(&mut self) -> Result<(), RuleViolation> {
        if self.legal_hold {
            return Err(RuleViolation::UnderLegalHold);
        }
        self.legal_hold = true;
        self.pending_proposal.take_if(|proposal| proposal.decision == Decision::Purge);
        Ok(())
    }
}

/// Returns whether a text is a reason code, which is too short for a name or a sentence.
fn is_reason_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(plain)
}
