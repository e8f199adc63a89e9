//! The life of a case: which act is allowed to whom at which stage, and the deadlines that come with it.
//!
//! Both sides fold the same signed events into the same [`CaseState`]: the case handler before it appends one, the workbench
//! when it verifies the log. [`TABLE`] says who may do what where; what each act requires besides, and what follows from it, is in
//! `acts`; [`Refusal`] names every rule.

mod acts;
mod calendar;
mod decision;
mod refusal;
mod stage;
mod table;

pub use calendar::{Calendar, CalendarError, Holiday};
pub use decision::{Authority, Consent, Decision, Disposition, Ground, Proposal, Reason};
pub use refusal::Refusal;
pub use stage::{Clock, Deadline, REOPEN_DAYS, Stage, days_after, months_after, triage_days};
pub use table::{Act, Role, Row, TABLE, Who};

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::{
    event::{Action, Event, HANDLER, Release},
    hash::Hash,
    iso_date,
    submission::Urgency,
};
use stage::{ACKNOWLEDGE_DAYS, FEEDBACK_MONTHS};

/// A case as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and JSON for people to read")]
pub struct CaseState {
    /// Where it stands.
    pub stage: Stage,
    /// The desk.
    pub desk: String,
    /// How urgent.
    pub urgency: Urgency,
    /// The day of filing.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// Generation of the case secret.
    pub generation: u32,
    /// Who has it.
    pub assignee: Option<String>,
    /// Who had it last when it was closed: somebody else reopens it.
    pub last_assignee: Option<String>,
    /// Who has said to have no conflict of interest.
    pub declared: Vec<String>,
    /// Who stepped back, or had to.
    pub recused: Vec<String>,
    /// Of whom a conflict is claimed.
    pub challenged: Vec<Challenge>,
    /// Why the outside body can read it, once it can.
    pub released: Option<Release>,
    /// What waits for a second person.
    pub proposed: Option<Proposal>,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// When it was closed, as long as it is.
    #[serde(with = "iso_date::option")]
    pub closed: Option<Date>,
    /// The reporter wrote within 180 days of the closing.
    pub asked_again: bool,
    /// Has a person answered the reporter since it was filed or reopened?
    pub acknowledged: bool,
    /// Was feedback given since it stands where it stands?
    pub told: bool,
    /// Is there a legal hold?
    pub held: bool,
    /// How many months it is kept after the closing.
    pub retention_months: u16,
    /// Cases about the same.
    pub linked: Vec<Uuid>,
    /// Clocks that run, at most one of each kind.
    pub deadlines: Vec<Deadline>,
    /// How many submissions of the reporter it holds.
    pub received: u32,
    /// How many of them nobody has dealt with yet.
    pub unread: u32,
    /// The number of the next event.
    pub next_seq: u32,
    /// Hash of the newest event.
    pub head: Hash,
}

/// A claim that somebody has a conflict of interest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Who would have it.
    pub who: String,
    /// Who says so.
    pub by: String,
}

impl CaseState {
    /// The state after a case's first event.
    pub fn begin(first: &Event, hash: Hash) -> Result<Self, Refusal> {
        let Action::Received { desk, urgency, retention_months, .. } = &first.action else {
            return Err(Refusal::Beginning);
        };
        if first.actor != HANDLER {
            return Err(Refusal::HandlerOnly);
        }
        if first.seq != 0 || first.prev.is_some() {
            return Err(Refusal::Beginning);
        }
        let filed = first.at.date();
        let acknowledge = days_after(filed, ACKNOWLEDGE_DAYS);
        Ok(Self {
            stage: Stage::Received,
            desk: desk.clone(),
            urgency: *urgency,
            filed,
            generation: 0,
            assignee: None,
            last_assignee: None,
            declared: Vec::new(),
            recused: Vec::new(),
            challenged: Vec::new(),
            released: None,
            proposed: None,
            disposition: None,
            closed: None,
            asked_again: false,
            acknowledged: false,
            told: false,
            held: false,
            retention_months: *retention_months,
            linked: Vec::new(),
            deadlines: vec![
                Deadline { clock: Clock::Acknowledge, due: acknowledge },
                Deadline { clock: Clock::Triage, due: days_after(filed, triage_days(*urgency)) },
                Deadline { clock: Clock::Feedback, due: months_after(acknowledge, FEEDBACK_MONTHS) },
            ],
            received: 1,
            unread: 1,
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
            next.apply_handlers(event)?;
        } else {
            next.apply_persons(event, role)?;
        }
        next.next_seq += 1;
        next.head = hash;
        *self = next;
        Ok(())
    }

    fn apply_handlers(&mut self, event: &Event) -> Result<(), Refusal> {
        let row = Act::of(&event.action)?.row();
        if row.who != Who::Handler {
            return Err(Refusal::PersonOnly);
        }
        self.check_stage(row)?;
        self.take_handlers(event)
    }

    fn apply_persons(&mut self, event: &Event, role: Role) -> Result<(), Refusal> {
        if let Action::Received { .. } = event.action {
            return Err(Refusal::HandlerOnly);
        }
        if let Action::Moved { from, to, .. } = event.action
            && from != self.stage
        {
            return Err(Refusal::NoSuchMove { from: self.stage, to });
        }
        self.may(Act::of(&event.action)?, &event.actor, role)?;
        self.take_persons(event, role)
    }

    /// Has this person declared to have no conflict of interest?
    pub fn has_declared(&self, who: &str) -> bool {
        self.declared.iter().any(|declared| declared == who)
    }

    /// The day by which something must happen first.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.deadlines.iter().copied().min_by_key(|deadline| deadline.due)
    }

    /// The first clock that has run out before `today`.
    pub fn missed(&self, today: Date) -> Option<Deadline> {
        self.next_deadline().filter(|deadline| deadline.due < today)
    }

    fn runs(&self, clock: Clock) -> bool {
        self.deadlines.iter().any(|deadline| deadline.clock == clock)
    }

    fn start(&mut self, clock: Clock, due: Date) {
        self.stop(clock);
        self.deadlines.push(Deadline { clock, due });
    }

    fn stop(&mut self, clock: Clock) {
        self.deadlines.retain(|deadline| deadline.clock != clock);
    }
}

/// An event that follows the state, ready to be signed.
pub fn next_event(case: Uuid, state: &CaseState, actor: &str, at: OffsetDateTime, action: Action) -> Event {
    Event { v: 1, case, seq: state.next_seq, prev: Some(state.head), at, actor: actor.to_owned(), action }
}
