//! What each act requires besides its row in the table, and what follows from it.

use time::Date;
use uuid::Uuid;

use super::{
    decision::{check_reason, check_second_person},
    stage::{
        ASSESS_DAYS, CLAIM_DAYS, FEEDBACK_MONTHS, INVESTIGATE_DAYS, REFERRAL_DAYS, REOPEN_DAYS,
        days_after, months_after, triage_days,
    },
};
use crate::case::{
    decision::{Decision, Disposition, Proposal, ReopenReason},
    permissions::Role,
    rule_violation::RuleViolation,
    stage::{DeadlineKind, Stage},
    state::{CaseState, ConflictClaim},
};
use crate::submission::frame::MAX_GENERATION;
use crate::{
    case::event::{Action, Event, ReleaseReason},
    submission::envelope::Urgency,
};

impl CaseState {
    /// What the case handler writes.
    pub(super) fn apply_handler_action(&mut self, event: &Event) -> Result<(), RuleViolation> {
        let day = event.at.date();
        match event.action {
            Action::FollowedUp(_) => {
                self.received += 1;
                if self.disposition == Some(Disposition::Unreadable) {
                    // Nobody can answer it. The oversight body has the case, and can open it again.
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
                self.release_to_oversight(reason)
            }
            _ => Err(RuleViolation::MemberOnly),
        }
    }

    /// What a person signs, once the table has allowed it.
    pub(super) fn apply_member_action(
        &mut self,
        event: &Event,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let (actor, day) = (event.actor.as_str(), event.at.date());
        match &event.action {
            Action::Declared => self.record_no_conflict(actor),
            Action::Claimed => self.claim(actor, role),
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
            Action::Reopened { ground } => self.reopen(*ground, actor, day),
            Action::DeadlineExtended { .. } => {
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
            Action::PriorityRaised { urgency } => self.raise_urgency(*urgency),
            Action::Linked { to } => self.link_case(*to, event.case),
            Action::Escalated => self.release_to_oversight(ReleaseReason::DeskAsked),
            Action::LegalHoldPlaced => self.place_legal_hold(),
            Action::KeysRotated { generation, .. } => self.record_key_rotation(*generation),
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

    /// Declares as well. Who leads the desk or sits for the outside body takes it from somebody
    /// too.
    fn claim(&mut self, actor: &str, role: Role) -> Result<(), RuleViolation> {
        match &self.assignee {
            Some(has) if has != actor && !role.is_lead_or_oversight() => {
                return Err(RuleViolation::AssigneeOnly(has.clone()));
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
        if self.conflict_claims.iter().any(|challenge| challenge.member == to) {
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
        if self.conflict_claims.iter().any(|challenge| challenge.member == who) {
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
        let open = self.conflict_claims.iter().find(|challenge| challenge.member == who);
        let challenge = open.ok_or_else(|| RuleViolation::NoConflictClaim(who.to_owned()))?;
        if challenge.by == actor {
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
        self.conflict_claims.retain(|challenge| challenge.member != who);
        if self.conflict_claims.is_empty() {
            self.stop_deadline(DeadlineKind::Challenge);
        }
    }

    /// The table has only the moves that one person makes.
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

    fn set_stage(&mut self, to: Stage) {
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
        // Not to be closed again without a word to the reporter.
        self.acknowledged = false;
        self.mark_handled();
        self.start_deadline(DeadlineKind::Assess, days_after(day, ASSESS_DAYS));
        self.start_deadline(DeadlineKind::Feedback, months_after(day, FEEDBACK_MONTHS));
        Ok(())
    }

    /// The reporter has been written to.
    fn record_reply(&mut self, day: Date, feedback: bool) {
        if self.stage.is_open() && !self.acknowledged {
            self.start_deadline(DeadlineKind::Feedback, months_after(day, FEEDBACK_MONTHS));
        }
        self.stop_deadline(DeadlineKind::Acknowledge);
        self.acknowledged = true;
        if feedback {
            self.stop_deadline(DeadlineKind::Feedback);
            self.feedback_given = true;
        }
        self.mark_handled();
    }

    fn mark_handled(&mut self) {
        self.unhandled = 0;
        self.stop_deadline(DeadlineKind::Reopen);
    }

    fn raise_urgency(&mut self, urgency: Urgency) -> Result<(), RuleViolation> {
        if urgency >= self.urgency {
            return Err(RuleViolation::OnlyRaise);
        }
        self.set_urgency(urgency);
        Ok(())
    }

    fn set_urgency(&mut self, urgency: Urgency) {
        if self.is_running(DeadlineKind::Triage) {
            self.start_deadline(DeadlineKind::Triage, days_after(self.filed, triage_days(urgency)));
        }
        self.urgency = urgency;
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

    fn record_key_rotation(&mut self, generation: u32) -> Result<(), RuleViolation> {
        if generation != self.generation + 1 || generation > MAX_GENERATION {
            return Err(RuleViolation::WrongGeneration(self.generation + 1));
        }
        self.generation = generation;
        Ok(())
    }

    fn withdraw(&mut self, actor: &str, role: Role) -> Result<(), RuleViolation> {
        let proposal = self.pending_proposal.as_ref().ok_or(RuleViolation::NotProposed)?;
        if proposal.by != actor && !role.is_lead_or_oversight() {
            return Err(RuleViolation::LeadOnly);
        }
        self.pending_proposal = None;
        Ok(())
    }

    /// The persons who may approve it may decline it.
    fn decline(&mut self, actor: &str, role: Role) -> Result<(), RuleViolation> {
        let proposal = self.pending_proposal.as_ref().ok_or(RuleViolation::NotProposed)?;
        if proposal.by == actor {
            return Err(RuleViolation::SamePerson(proposal.by.clone()));
        }
        check_second_person(proposal.decision, proposal.role, role)?;
        self.pending_proposal = None;
        Ok(())
    }

    /// Does a proposal wait for this person, who can approve or decline it? They may have to
    /// declare first.
    pub fn awaits_decision_by(&self, actor: &str, role: Role) -> bool {
        let Some(proposal) = &self.pending_proposal else { return false };
        let seat = role.desk || role.oversight || self.assignee.as_deref() == Some(actor);
        let kept_away = self.recused.iter().any(|who| who == actor)
            || self.conflict_claims.iter().any(|challenge| challenge.member == actor);
        seat && !kept_away
            && proposal.by != actor
            && check_second_person(proposal.decision, proposal.role, role).is_ok()
    }

    fn propose(
        &mut self,
        decision: Decision,
        event: &Event,
        role: Role,
    ) -> Result<(), RuleViolation> {
        if let Some(pending) = &self.pending_proposal {
            return Err(RuleViolation::ProposalPending(pending.by.clone()));
        }
        self.check_decision(decision, event)?;
        if matches!(decision, Decision::Refer { .. }) && self.released.is_none() {
            // It cannot decide on what it cannot read.
            self.released = Some(ReleaseReason::Referral);
        }
        self.pending_proposal = Some(Proposal { by: event.actor.clone(), role, decision });
        Ok(())
    }

    fn approve(
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

    /// What must hold when it is proposed, and still when it is approved.
    fn check_decision(&self, decision: Decision, event: &Event) -> Result<(), RuleViolation> {
        match decision {
            Decision::Close { disposition, reason, duplicate_of } => {
                check_reason(disposition, reason, duplicate_of, event.case)?;
                match disposition {
                    // Nobody declares, takes or answers a case without having opened it.
                    Disposition::Unreadable if self.was_opened() => Err(RuleViolation::Readable),
                    Disposition::Unreadable => Ok(()),
                    _ => self.check_closable(),
                }
            }
            Decision::Lower { urgency } if urgency <= self.urgency => Err(RuleViolation::OnlyLower),
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

    /// The day from which a closed case may be purged.
    pub fn retained_until(&self) -> Option<Date> {
        self.closed.map(|closed| months_after(closed, self.retention_months))
    }

    fn check_purgeable(&self, day: Date) -> Result<(), RuleViolation> {
        if self.legal_hold {
            return Err(RuleViolation::UnderLegalHold);
        }
        if self.unhandled > 0 {
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
                self.deadlines.retain(|deadline| deadline.clock == DeadlineKind::Challenge);
                if disposition == Disposition::Unreadable {
                    self.unhandled = 0;
                    // Two members alone cannot make a report disappear by calling it unreadable.
                    self.released.get_or_insert(ReleaseReason::Unreadable);
                }
            }
            Decision::Lower { urgency } => self.set_urgency(urgency),
            Decision::Refer { .. } => {
                for clock in [DeadlineKind::Triage, DeadlineKind::Assess, DeadlineKind::Investigate]
                {
                    self.stop_deadline(clock);
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

/// Too little for a name or a sentence.
fn is_reason_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(plain)
}
