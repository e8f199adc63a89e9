//! A case in memory, to which the tests apply events of the members awa, bila, the lead and the
//! oversight body.

use protocol::{
    Hash, Priority,
    case::{
        CaseState, ClosingReason, DeadlineKind, Decision, Disposition, Role, RuleViolation, Stage,
        event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, midnight},
        next_event,
    },
    submission::commitment::ReportCommitment,
};
use time::{Date, macros::date};
use uuid::Uuid;

pub(super) const FILED: Date = date!(2026 - 11 - 23);
pub(super) const CASE: Uuid = Uuid::from_u128(3);

pub(super) fn close(disposition: Disposition, reason: ClosingReason) -> Decision {
    Decision::Close { disposition, reason, duplicate_of: None }
}

pub(super) struct CaseScenario {
    pub(super) state: CaseState,
    pub(super) today: Date,
}

impl CaseScenario {
    pub(super) fn new(priority: Priority) -> Self {
        let action = Action::Received {
            desk: "audit".to_owned(),
            priority,
            retention_months: 60,
            commitment: ReportCommitment::default(),
            oversight_refused: false,
        };
        let event = Event {
            v: EVENT_VERSION,
            case: CASE,
            seq: 0,
            prev: None,
            at: midnight(FILED),
            actor: HANDLER_ACTOR.to_owned(),
            action,
        };
        Self {
            state: CaseState::from_first_event(&event, Hash::of(&[b"0"])).unwrap(),
            today: FILED,
        }
    }

    pub(super) fn apply_action(
        &mut self,
        actor: &str,
        action: Action,
    ) -> Result<(), RuleViolation> {
        let event = next_event(CASE, &self.state, actor, midnight(self.today), action);
        let role =
            Role { desk: actor != "outside", lead: actor == "lead", oversight: actor == "outside" };
        self.state.apply(&event, Hash::of(&[self.state.head.as_bytes(), b"next"]), role)
    }

    pub(super) fn change_stage(&mut self, actor: &str, to: Stage) -> Result<(), RuleViolation> {
        let from = self.state.stage;
        self.apply_action(actor, Action::StageChanged { from, to, reason: None })
    }

    pub(super) fn send_reply(&mut self, actor: &str) -> Result<(), RuleViolation> {
        self.apply_action(
            actor,
            Action::Replied { reply: Hash::default(), copy: Hash::default(), feedback: false },
        )
    }

    pub(super) fn send_feedback(&mut self, actor: &str) -> Result<(), RuleViolation> {
        self.apply_action(
            actor,
            Action::Replied { reply: Hash::default(), copy: Hash::default(), feedback: true },
        )
    }

    /// Returns a case that awa triaged and acknowledged. bila and the lead have declared.
    pub(super) fn triaged() -> Self {
        let mut case = Self::new(Priority::P3);
        case.apply_action("awa", Action::Claimed).unwrap();
        case.apply_action("bila", Action::Declared).unwrap();
        case.apply_action("lead", Action::Declared).unwrap();
        case.send_reply("awa").unwrap();
        case.change_stage("awa", Stage::Triaged).unwrap();
        case
    }

    pub(super) fn closed() -> Self {
        let mut case = Self::triaged();
        let advice = close(Disposition::AdviceGiven, ClosingReason::Answered);
        case.apply_action("awa", Action::Proposed(advice)).unwrap();
        case.apply_action("bila", Action::Approved(advice)).unwrap();
        case
    }

    pub(super) fn due_date(&self, kind: DeadlineKind) -> Option<Date> {
        self.state
            .deadlines
            .iter()
            .find(|deadline| deadline.kind == kind)
            .map(|deadline| deadline.due)
    }
}
