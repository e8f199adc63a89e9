//! The life of a case: which move is allowed to whom at which stage, and the deadlines that come with it.
//!
//! Both sides fold the same signed events into the same [`CaseState`]: the case handler before it appends one, the workbench
//! when it verifies the log.

mod refusal;
mod stage;

pub use refusal::Refusal;
pub use stage::{Clock, Deadline, Disposition, Stage, triage_days};

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};

use crate::{
    event::{Action, Event, HANDLER, Release},
    hash::Hash,
    submission::Urgency,
};

/// What a person is to one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Role {
    /// Leads the desk where the case stands.
    pub lead: bool,
    /// Sits for the outside body.
    pub oversight: bool,
}

/// A case as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseState {
    /// Where it stands.
    pub stage: Stage,
    /// The desk.
    pub desk: String,
    /// How urgent.
    pub urgency: Urgency,
    /// Generation of the case secret.
    pub generation: u32,
    /// Who has it.
    pub assignee: Option<String>,
    /// Who had it last when it was closed: somebody else reopens it.
    pub last_assignee: Option<String>,
    /// Who stepped back.
    pub recused: Vec<String>,
    /// Why the outside body can read it, once it can.
    pub released: Option<Release>,
    /// Who proposed which closing.
    pub proposed: Option<(String, Disposition)>,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// Has a person answered the reporter?
    pub acknowledged: bool,
    /// Clocks that run, at most one of each kind.
    pub deadlines: Vec<Deadline>,
    /// How many submissions of the reporter it holds.
    pub received: u32,
    /// The number of the next event.
    pub next_seq: u32,
    /// Hash of the newest event.
    pub head: Hash,
}

impl CaseState {
    /// The state after a case's first event.
    pub fn begin(first: &Event, hash: Hash) -> Result<Self, Refusal> {
        let Action::Received { desk, urgency } = &first.action else {
            return Err(Refusal::Beginning);
        };
        if first.actor != HANDLER {
            return Err(Refusal::HandlerOnly);
        }
        if first.seq != 0 || first.prev.is_some() {
            return Err(Refusal::Beginning);
        }
        let day = first.at.date();
        Ok(Self {
            stage: Stage::Received,
            desk: desk.clone(),
            urgency: *urgency,
            generation: 0,
            assignee: None,
            last_assignee: None,
            recused: Vec::new(),
            released: None,
            proposed: None,
            disposition: None,
            acknowledged: false,
            deadlines: vec![
                Deadline { clock: Clock::Acknowledge, due: day + Duration::days(7) },
                Deadline { clock: Clock::Triage, due: day + Duration::days(triage_days(*urgency)) },
            ],
            received: 1,
            next_seq: 1,
            head: hash,
        })
    }

    /// Checks an event against every rule and takes it in. On a refusal nothing has changed.
    pub fn apply(&mut self, event: &Event, hash: Hash, role: Role) -> Result<(), Refusal> {
        if event.seq != self.next_seq || event.prev != Some(self.head) {
            return Err(Refusal::Stale { expected: self.next_seq, found: event.seq });
        }
        let mut next = self.clone();
        if event.actor == HANDLER {
            next.apply_handler(&event.action)?;
        } else {
            next.check_person(event, role)?;
            next.apply_person(event, role)?;
        }
        next.next_seq += 1;
        next.head = hash;
        *self = next;
        Ok(())
    }

    /// The day by which something must happen first.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.deadlines.iter().copied().min_by_key(|deadline| deadline.due)
    }

    /// The first clock that has run out before `today`.
    pub fn missed(&self, today: Date) -> Option<Deadline> {
        self.next_deadline().filter(|deadline| deadline.due < today)
    }

    fn apply_handler(&mut self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::FollowedUp => self.received += 1,
            Action::Released { reason } => self.released = Some(*reason),
            Action::Received { .. } => return Err(Refusal::Beginning),
            _ => return Err(Refusal::PersonOnly),
        }
        Ok(())
    }

    fn check_person(&self, event: &Event, role: Role) -> Result<(), Refusal> {
        if matches!(event.action, Action::Received { .. } | Action::FollowedUp | Action::Released { .. }) {
            return Err(Refusal::HandlerOnly);
        }
        if self.recused.contains(&event.actor) {
            return Err(Refusal::Recused(event.actor.clone()));
        }
        let reopening = matches!(event.action, Action::Moved { to: Stage::Triaged, .. });
        let annotating =
            matches!(event.action, Action::Noted { .. } | Action::Replied { .. } | Action::Recused);
        if self.stage == Stage::Closed && !reopening && !annotating {
            return Err(Refusal::Closed);
        }
        match event.action {
            Action::Claimed
            | Action::Assigned { .. }
            | Action::Recused
            | Action::Noted { .. }
            | Action::ClosingApproved { .. } => Ok(()),
            _ if reopening && self.stage == Stage::Closed => Ok(()),
            _ => self.check_assignee(&event.actor, role),
        }
    }

    fn check_assignee(&self, actor: &str, role: Role) -> Result<(), Refusal> {
        match &self.assignee {
            None => Err(Refusal::Unassigned),
            Some(assignee) if assignee == actor || role.lead || role.oversight => Ok(()),
            Some(assignee) => Err(Refusal::AssigneeOnly(assignee.clone())),
        }
    }

    fn apply_person(&mut self, event: &Event, role: Role) -> Result<(), Refusal> {
        let day = event.at.date();
        match &event.action {
            Action::Claimed => match &self.assignee {
                Some(assignee) if *assignee != event.actor && !role.lead && !role.oversight => {
                    return Err(Refusal::AssigneeOnly(assignee.clone()));
                }
                _ => self.assignee = Some(event.actor.clone()),
            },
            Action::Assigned { to, .. } => {
                if self.recused.contains(to) {
                    return Err(Refusal::Recused(to.clone()));
                }
                if self.assignee.as_ref().is_some_and(|has| *has != event.actor)
                    && !role.lead
                    && !role.oversight
                {
                    return Err(Refusal::LeadOnly);
                }
                self.assignee = Some(to.clone());
            }
            Action::Recused => {
                self.recused.push(event.actor.clone());
                if self.assignee.as_ref() == Some(&event.actor) {
                    self.assignee = None;
                }
                self.proposed.take_if(|(by, _)| *by == event.actor);
            }
            Action::Moved { from, to, .. } => self.go(*from, *to, event, role)?,
            Action::ClosingProposed { disposition } => {
                self.check_closable()?;
                self.proposed = Some((event.actor.clone(), *disposition));
            }
            Action::ClosingApproved { disposition } => self.close(&event.actor, *disposition)?,
            Action::Replied { .. } => self.answered(day),
            Action::Raised { urgency } => self.raise(*urgency)?,
            Action::Rotated { generation, .. } => {
                if *generation != self.generation + 1 {
                    return Err(Refusal::Generation(self.generation + 1));
                }
                self.generation = *generation;
            }
            Action::Noted { .. } => {}
            Action::Received { .. } | Action::FollowedUp | Action::Released { .. } => {
                return Err(Refusal::HandlerOnly);
            }
        }
        Ok(())
    }

    fn go(&mut self, from: Stage, to: Stage, event: &Event, role: Role) -> Result<(), Refusal> {
        use Stage::{Assessing, Closed, Decided, Investigating, Received, Referred, Triaged};
        let day = event.at.date();
        let no_such_move = Err(Refusal::NoSuchMove { from: self.stage, to });
        if from != self.stage {
            return no_such_move;
        }
        match (from, to) {
            (_, Closed) => return Err(Refusal::TwoPersons),
            (Received, Triaged) => self.stop(Clock::Triage),
            (Triaged, Assessing) => self.start(Clock::Assess, day, 30),
            (Assessing, Investigating) => {
                if !role.lead && !role.oversight {
                    return Err(Refusal::LeadOnly);
                }
                self.stop(Clock::Assess);
                self.start(Clock::Investigate, day, 90);
            }
            (Investigating, Decided) => {
                if !self.acknowledged {
                    return Err(Refusal::FeedbackFirst);
                }
                self.stop(Clock::Investigate);
            }
            (Triaged | Assessing | Investigating | Decided, Referred) => {
                if !role.lead && !role.oversight {
                    return Err(Refusal::ReferralRole);
                }
                self.stop(Clock::Assess);
                self.stop(Clock::Investigate);
                self.start(Clock::Referral, day, 60);
            }
            (Referred, Assessing) => {
                self.stop(Clock::Referral);
                self.start(Clock::Assess, day, 30);
            }
            (Closed, Triaged) => self.reopen(event, day)?,
            _ => return no_such_move,
        }
        self.stage = to;
        self.proposed = None;
        Ok(())
    }

    fn reopen(&mut self, event: &Event, day: Date) -> Result<(), Refusal> {
        if self.last_assignee.as_ref() == Some(&event.actor) {
            return Err(Refusal::SamePerson(event.actor.clone()));
        }
        self.assignee = Some(event.actor.clone());
        self.disposition = None;
        self.start(Clock::Assess, day, 30);
        Ok(())
    }

    fn check_closable(&self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Triaged | Stage::Decided | Stage::Referred if self.acknowledged => Ok(()),
            Stage::Triaged | Stage::Decided | Stage::Referred => Err(Refusal::FeedbackFirst),
            from => Err(Refusal::NoSuchMove { from, to: Stage::Closed }),
        }
    }

    fn close(&mut self, actor: &str, disposition: Disposition) -> Result<(), Refusal> {
        self.check_closable()?;
        match &self.proposed {
            Some((by, _)) if by == actor => Err(Refusal::SamePerson(by.clone())),
            Some((_, proposed)) if *proposed == disposition => {
                self.stage = Stage::Closed;
                self.disposition = Some(disposition);
                self.last_assignee = self.assignee.take();
                self.proposed = None;
                self.deadlines.clear();
                Ok(())
            }
            _ => Err(Refusal::NotProposed),
        }
    }

    fn answered(&mut self, day: Date) {
        self.stop(Clock::Acknowledge);
        if self.acknowledged {
            self.stop(Clock::Feedback);
        } else if self.stage != Stage::Closed {
            self.start(Clock::Feedback, day, 90);
        }
        self.acknowledged = true;
    }

    fn raise(&mut self, urgency: Urgency) -> Result<(), Refusal> {
        if urgency >= self.urgency {
            return Err(Refusal::OnlyRaise);
        }
        let sooner = triage_days(self.urgency) - triage_days(urgency);
        for deadline in self.deadlines.iter_mut().filter(|deadline| deadline.clock == Clock::Triage) {
            deadline.due -= Duration::days(sooner);
        }
        self.urgency = urgency;
        Ok(())
    }

    fn start(&mut self, clock: Clock, day: Date, days: i64) {
        self.stop(clock);
        self.deadlines.push(Deadline { clock, due: day + Duration::days(days) });
    }

    fn stop(&mut self, clock: Clock) {
        self.deadlines.retain(|deadline| deadline.clock != clock);
    }
}

/// An event that follows the state, ready to be signed.
pub fn next_event(
    case: uuid::Uuid,
    state: &CaseState,
    actor: &str,
    at: OffsetDateTime,
    action: Action,
) -> Event {
    Event { v: 1, case, seq: state.next_seq, prev: Some(state.head), at, actor: actor.to_owned(), action }
}
