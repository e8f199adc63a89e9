//! What each act requires besides its row in the table, and what follows from it.

use time::Date;
use uuid::Uuid;

use super::{
    CaseState, Challenge, Clock, Decision, Disposition, Ground, Proposal, Refusal, Role, Stage,
    decision::{check_reason, check_two},
    stage::{
        ASSESS_DAYS, FEEDBACK_MONTHS, INVESTIGATE_DAYS, REFERRAL_DAYS, REOPEN_DAYS, WEEK, days_after,
        months_after, triage_days,
    },
};
use crate::frame::MAX_GENERATION;
use crate::{
    event::{Action, Event, Release},
    submission::Urgency,
};

impl CaseState {
    /// What the case handler writes.
    pub(super) fn take_handlers(&mut self, event: &Event) -> Result<(), Refusal> {
        let day = event.at.date();
        match event.action {
            Action::FollowedUp(_) => {
                self.received += 1;
                if self.disposition == Some(Disposition::Unreadable) {
                    // Nobody can answer it. The oversight body has the case, and can open it again.
                    return Ok(());
                }
                self.unread += 1;
                if self.closed.is_some_and(|closed| day <= days_after(closed, REOPEN_DAYS)) {
                    self.asked_again = true;
                    if !self.runs(Clock::Reopen) {
                        self.start(Clock::Reopen, days_after(day, WEEK));
                    }
                }
                Ok(())
            }
            Action::Released { reason } => {
                if reason == Release::MissedDeadline && self.missed(day).is_none() {
                    return Err(Refusal::NotMissed);
                }
                self.release(reason)
            }
            _ => Err(Refusal::PersonOnly),
        }
    }

    /// What a person signs, once the table has allowed it.
    pub(super) fn take_persons(&mut self, event: &Event, role: Role) -> Result<(), Refusal> {
        let (actor, day) = (event.actor.as_str(), event.at.date());
        match &event.action {
            Action::Declared => self.declare(actor),
            Action::Claimed => self.claim(actor, role),
            Action::Assigned { to, .. } => self.give_to(to),
            Action::Recused => {
                self.leave(actor);
                Ok(())
            }
            Action::Challenged { who } => self.challenge(who, actor, day),
            Action::Judged { who, upheld } => self.judge(who, *upheld, actor),
            Action::Moved { to, reason, .. } => {
                if reason.as_deref().is_some_and(|reason| !is_code(reason)) {
                    return Err(Refusal::NotACode);
                }
                self.go(*to, day);
                Ok(())
            }
            Action::Reopened { ground } => self.reopen(*ground, actor, day),
            Action::Renewed { .. } => {
                self.answered(day, false);
                self.start(Clock::Investigate, days_after(day, INVESTIGATE_DAYS));
                Ok(())
            }
            Action::Tracked => {
                self.start(Clock::Referral, days_after(day, REFERRAL_DAYS));
                Ok(())
            }
            Action::Replied { feedback, .. } => {
                self.answered(day, *feedback);
                Ok(())
            }
            Action::Noted { .. } => Ok(()),
            Action::Read => {
                self.mark_read();
                Ok(())
            }
            Action::Raised { urgency } => self.raise(*urgency),
            Action::Linked { to } => self.link(*to, event.case),
            Action::Escalated => self.release(Release::DeskAsked),
            Action::Held => self.hold(),
            Action::Rotated { generation, .. } => self.rotate(*generation),
            Action::Proposed(decision) => self.propose(*decision, event, role),
            Action::Approved(decision) => self.approve(*decision, event, role),
            Action::Withdrawn => self.withdraw(actor, role),
            Action::Declined { .. } => self.decline(actor, role),
            Action::Received { .. } | Action::FollowedUp(_) | Action::Released { .. } => {
                Err(Refusal::HandlerOnly)
            }
        }
    }

    fn declare(&mut self, actor: &str) -> Result<(), Refusal> {
        if self.has_declared(actor) {
            return Err(Refusal::Declared(actor.to_owned()));
        }
        self.declared.push(actor.to_owned());
        Ok(())
    }

    /// Declares as well. Who leads the desk or sits for the outside body takes it from somebody too.
    fn claim(&mut self, actor: &str, role: Role) -> Result<(), Refusal> {
        match &self.assignee {
            Some(has) if has != actor && !role.heads() => return Err(Refusal::AssigneeOnly(has.clone())),
            None if !role.desk && !role.oversight => return Err(Refusal::DeskOnly),
            _ => {}
        }
        if !self.has_declared(actor) {
            self.declared.push(actor.to_owned());
        }
        self.give_to(actor)
    }

    fn give_to(&mut self, to: &str) -> Result<(), Refusal> {
        if self.recused.iter().any(|who| who == to) {
            return Err(Refusal::Recused(to.to_owned()));
        }
        if self.challenged.iter().any(|challenge| challenge.who == to) {
            return Err(Refusal::Challenged(to.to_owned()));
        }
        if self.last_assignee.as_deref() == Some(to) {
            return Err(Refusal::AnotherInvestigator(to.to_owned()));
        }
        self.assignee = Some(to.to_owned());
        Ok(())
    }

    fn leave(&mut self, who: &str) {
        self.recused.push(who.to_owned());
        self.declared.retain(|declared| declared != who);
        self.assignee.take_if(|assignee| assignee == who);
        self.proposed.take_if(|proposal| proposal.by == who);
        self.end_challenge(who);
    }

    fn challenge(&mut self, who: &str, actor: &str, day: Date) -> Result<(), Refusal> {
        if who == actor {
            return Err(Refusal::OwnConflict);
        }
        if self.recused.iter().any(|recused| recused == who) {
            return Err(Refusal::Recused(who.to_owned()));
        }
        if self.challenged.iter().any(|challenge| challenge.who == who) {
            return Err(Refusal::Challenged(who.to_owned()));
        }
        self.challenged.push(Challenge { who: who.to_owned(), by: actor.to_owned() });
        if !self.runs(Clock::Challenge) {
            self.start(Clock::Challenge, days_after(day, WEEK));
        }
        Ok(())
    }

    fn judge(&mut self, who: &str, upheld: bool, actor: &str) -> Result<(), Refusal> {
        let open = self.challenged.iter().find(|challenge| challenge.who == who);
        let challenge = open.ok_or_else(|| Refusal::NotChallenged(who.to_owned()))?;
        if challenge.by == actor {
            return Err(Refusal::OwnConflict);
        }
        if upheld {
            self.leave(who);
        } else {
            self.end_challenge(who);
        }
        Ok(())
    }

    fn end_challenge(&mut self, who: &str) {
        self.challenged.retain(|challenge| challenge.who != who);
        if self.challenged.is_empty() {
            self.stop(Clock::Challenge);
        }
    }

    /// The table has only the moves that one person makes.
    fn go(&mut self, to: Stage, day: Date) {
        match to {
            Stage::Triaged => {
                self.stop(Clock::Triage);
                self.start(Clock::Assess, days_after(day, ASSESS_DAYS));
            }
            Stage::Assessing if self.stage == Stage::Referred => {
                self.stop(Clock::Referral);
                self.start(Clock::Assess, days_after(day, ASSESS_DAYS));
            }
            Stage::Investigating => {
                self.stop(Clock::Assess);
                self.start(Clock::Investigate, days_after(day, INVESTIGATE_DAYS));
            }
            Stage::Decided => {
                self.stop(Clock::Investigate);
                if !self.runs(Clock::Feedback) {
                    self.start(Clock::Feedback, days_after(day, ASSESS_DAYS));
                }
            }
            _ => {}
        }
        self.enter(to);
        self.mark_read();
    }

    fn enter(&mut self, to: Stage) {
        self.stage = to;
        self.told = false;
        self.proposed = None;
    }

    fn reopen(&mut self, ground: Ground, actor: &str, day: Date) -> Result<(), Refusal> {
        if ground == Ground::Reporter && !self.asked_again {
            return Err(Refusal::ReporterDidNotAsk);
        }
        self.give_to(actor)?;
        self.enter(Stage::Triaged);
        (self.disposition, self.closed, self.asked_again) = (None, None, false);
        // Not to be closed again without a word to the reporter.
        self.acknowledged = false;
        self.mark_read();
        self.start(Clock::Assess, days_after(day, ASSESS_DAYS));
        self.start(Clock::Feedback, months_after(day, FEEDBACK_MONTHS));
        Ok(())
    }

    /// The reporter has been written to.
    fn answered(&mut self, day: Date, feedback: bool) {
        if self.stage.is_open() && !self.acknowledged {
            self.start(Clock::Feedback, months_after(day, FEEDBACK_MONTHS));
        }
        self.stop(Clock::Acknowledge);
        self.acknowledged = true;
        if feedback {
            self.stop(Clock::Feedback);
            self.told = true;
        }
        self.mark_read();
    }

    fn mark_read(&mut self) {
        self.unread = 0;
        self.stop(Clock::Reopen);
    }

    fn raise(&mut self, urgency: Urgency) -> Result<(), Refusal> {
        if urgency >= self.urgency {
            return Err(Refusal::OnlyRaise);
        }
        self.set_urgency(urgency);
        Ok(())
    }

    fn set_urgency(&mut self, urgency: Urgency) {
        if self.runs(Clock::Triage) {
            self.start(Clock::Triage, days_after(self.filed, triage_days(urgency)));
        }
        self.urgency = urgency;
    }

    fn link(&mut self, to: Uuid, this: Uuid) -> Result<(), Refusal> {
        if to == this || self.linked.contains(&to) {
            return Err(Refusal::Linked);
        }
        self.linked.push(to);
        Ok(())
    }

    fn release(&mut self, reason: Release) -> Result<(), Refusal> {
        if self.released.is_some() {
            return Err(Refusal::Released);
        }
        self.released = Some(reason);
        Ok(())
    }

    fn hold(&mut self) -> Result<(), Refusal> {
        if self.held {
            return Err(Refusal::Held);
        }
        self.held = true;
        self.proposed.take_if(|proposal| proposal.decision == Decision::Purge);
        Ok(())
    }

    fn rotate(&mut self, generation: u32) -> Result<(), Refusal> {
        if generation != self.generation + 1 || generation > MAX_GENERATION {
            return Err(Refusal::Generation(self.generation + 1));
        }
        self.generation = generation;
        Ok(())
    }

    fn withdraw(&mut self, actor: &str, role: Role) -> Result<(), Refusal> {
        let proposal = self.proposed.as_ref().ok_or(Refusal::NotProposed)?;
        if proposal.by != actor && !role.heads() {
            return Err(Refusal::LeadOnly);
        }
        self.proposed = None;
        Ok(())
    }

    /// The persons who may approve it may decline it.
    fn decline(&mut self, actor: &str, role: Role) -> Result<(), Refusal> {
        let proposal = self.proposed.as_ref().ok_or(Refusal::NotProposed)?;
        if proposal.by == actor {
            return Err(Refusal::SamePerson(proposal.by.clone()));
        }
        check_two(proposal.decision, proposal.role, role)?;
        self.proposed = None;
        Ok(())
    }

    /// Does a proposal wait for this person, who can approve or decline it? They may have to declare first.
    pub fn awaits(&self, actor: &str, role: Role) -> bool {
        let Some(proposal) = &self.proposed else { return false };
        let seat = role.desk || role.oversight || self.assignee.as_deref() == Some(actor);
        let kept_away = self.recused.iter().any(|who| who == actor)
            || self.challenged.iter().any(|challenge| challenge.who == actor);
        seat && !kept_away
            && proposal.by != actor
            && check_two(proposal.decision, proposal.role, role).is_ok()
    }

    fn propose(&mut self, decision: Decision, event: &Event, role: Role) -> Result<(), Refusal> {
        if let Some(pending) = &self.proposed {
            return Err(Refusal::Pending(pending.by.clone()));
        }
        self.check_decision(decision, event)?;
        if matches!(decision, Decision::Refer { .. }) && self.released.is_none() {
            // It cannot decide on what it cannot read.
            self.released = Some(Release::Referral);
        }
        self.proposed = Some(Proposal { by: event.actor.clone(), role, decision });
        Ok(())
    }

    fn approve(&mut self, decision: Decision, event: &Event, role: Role) -> Result<(), Refusal> {
        let proposal = self.proposed.clone().filter(|proposal| proposal.decision == decision);
        let proposal = proposal.ok_or(Refusal::NotProposed)?;
        if proposal.by == event.actor {
            return Err(Refusal::SamePerson(proposal.by));
        }
        self.check_decision(decision, event)?;
        check_two(decision, proposal.role, role)?;
        self.proposed = None;
        self.carry_out(decision, event.at.date());
        Ok(())
    }

    /// What must hold when it is proposed, and still when it is approved.
    fn check_decision(&self, decision: Decision, event: &Event) -> Result<(), Refusal> {
        match decision {
            Decision::Close { disposition, reason, duplicate_of } => {
                check_reason(disposition, reason, duplicate_of, event.case)?;
                match disposition {
                    // Nobody declares, takes or answers a case without having opened it.
                    Disposition::Unreadable if self.was_opened() => Err(Refusal::Readable),
                    Disposition::Unreadable => Ok(()),
                    _ => self.check_closable(),
                }
            }
            Decision::Lower { urgency } if urgency <= self.urgency => Err(Refusal::OnlyLower),
            Decision::Lower { .. } | Decision::Refer { .. } => Ok(()),
            Decision::LiftHold => {
                if self.held {
                    Ok(())
                } else {
                    Err(Refusal::NotHeld)
                }
            }
            Decision::Purge => self.check_purgeable(event.at.date()),
        }
    }

    fn was_opened(&self) -> bool {
        self.acknowledged || self.assignee.is_some() || !self.declared.is_empty() || self.generation > 0
    }

    fn check_closable(&self) -> Result<(), Refusal> {
        if self.unread > 0 {
            return Err(Refusal::Unread);
        }
        match self.stage {
            Stage::Triaged if !self.acknowledged => Err(Refusal::FeedbackFirst("answer the report")),
            Stage::Decided if !self.told => Err(Refusal::FeedbackFirst("give feedback on what was decided")),
            Stage::Referred if !self.told => Err(Refusal::FeedbackFirst("give feedback on the referral")),
            _ => Ok(()),
        }
    }

    /// The day from which a closed case may be purged.
    pub fn kept_until(&self) -> Option<Date> {
        self.closed.map(|closed| months_after(closed, self.retention_months))
    }

    fn check_purgeable(&self, day: Date) -> Result<(), Refusal> {
        if self.held {
            return Err(Refusal::Held);
        }
        if self.unread > 0 {
            return Err(Refusal::Unread);
        }
        match self.kept_until() {
            Some(until) if until <= day => Ok(()),
            Some(until) => Err(Refusal::Retention(until)),
            None => Err(Refusal::Stage(self.stage)),
        }
    }

    fn carry_out(&mut self, decision: Decision, day: Date) {
        match decision {
            Decision::Close { disposition, .. } => {
                self.enter(Stage::Closed);
                self.disposition = Some(disposition);
                self.closed = Some(day);
                self.last_assignee = self.assignee.take();
                self.deadlines.retain(|deadline| deadline.clock == Clock::Challenge);
                if disposition == Disposition::Unreadable {
                    self.unread = 0;
                    // Two members alone cannot make a report disappear by calling it unreadable.
                    self.released.get_or_insert(Release::Unreadable);
                }
            }
            Decision::Lower { urgency } => self.set_urgency(urgency),
            Decision::Refer { .. } => {
                for clock in [Clock::Triage, Clock::Assess, Clock::Investigate] {
                    self.stop(clock);
                }
                self.enter(Stage::Referred);
                self.mark_read();
                self.start(Clock::Referral, days_after(day, REFERRAL_DAYS));
            }
            Decision::LiftHold => self.held = false,
            Decision::Purge => {
                self.enter(Stage::Purged);
                self.challenged.clear();
                self.deadlines.clear();
            }
        }
    }
}

/// Too little for a name or a sentence.
fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(plain)
}
