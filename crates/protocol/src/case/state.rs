//! The life of a case: which act is allowed to whom at which stage, and the deadlines that come
//! with it.
//!
//! Both sides fold the same signed events into the same [`CaseState`]: the case handler before it
//! appends one, the workbench when it verifies the log. [`PERMISSIONS`] says who may do what where;
//! what each act requires besides, and what follows from it, is in `transitions`; [`RuleViolation`]
//! names every rule.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::case::{
    decision::{Decision, Disposition, Proposal},
    permissions::{ActionKind, ActorClass, PERMISSIONS, PermissionRule},
    role::Role,
    rule_violation::RuleViolation,
    stage::{
        ACKNOWLEDGE_DAYS, Deadline, DeadlineKind, FEEDBACK_MONTHS, Stage, days_after, months_after,
        triage_days,
    },
};
use crate::{
    case::event::{Action, Event, HANDLER_ACTOR, ReleaseReason},
    encoding::{hash::Hash, iso_date},
    submission::envelope::Urgency,
};

/// A case as its events tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and JSON for people to read"
)]
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
    pub conflict_free: Vec<String>,
    /// Who stepped back, or had to.
    pub recused: Vec<String>,
    /// Of whom a conflict is claimed.
    pub conflict_claims: Vec<ConflictClaim>,
    /// Why the outside body can read it, once it can.
    pub released: Option<ReleaseReason>,
    /// What waits for a second person.
    pub pending_proposal: Option<Proposal>,
    /// How it ended.
    pub disposition: Option<Disposition>,
    /// When it was closed, as long as it is.
    #[serde(with = "iso_date::option")]
    pub closed: Option<Date>,
    /// The reporter wrote within 180 days of the closing.
    pub reporter_returned: bool,
    /// Has a person answered the reporter since it was filed or reopened?
    pub acknowledged: bool,
    /// Was feedback given since it stands where it stands?
    pub feedback_given: bool,
    /// Is there a legal hold?
    pub legal_hold: bool,
    /// How many months it is kept after the closing.
    pub retention_months: u16,
    /// Cases about the same.
    pub linked_cases: Vec<Uuid>,
    /// Clocks that run, at most one of each kind.
    pub deadlines: Vec<Deadline>,
    /// How many submissions of the reporter it holds.
    pub received: u32,
    /// How many of them nobody has dealt with yet.
    pub unhandled: u32,
    /// The number of the next event.
    pub next_seq: u32,
    /// Hash of the newest event.
    pub head: Hash,
}

/// A claim that somebody has a conflict of interest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictClaim {
    /// Who would have it.
    pub member: String,
    /// Who says so.
    pub by: String,
}

impl CaseState {
    /// The state after a case's first event.
    pub fn from_first_event(first: &Event, hash: Hash) -> Result<Self, RuleViolation> {
        let Action::Received { desk, urgency, retention_months, .. } = &first.action else {
            return Err(RuleViolation::InvalidFirstEvent);
        };
        if first.actor != HANDLER_ACTOR {
            return Err(RuleViolation::HandlerOnly);
        }
        if first.seq != 0 || first.prev.is_some() {
            return Err(RuleViolation::InvalidFirstEvent);
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
            conflict_free: Vec::new(),
            recused: Vec::new(),
            conflict_claims: Vec::new(),
            released: None,
            pending_proposal: None,
            disposition: None,
            closed: None,
            reporter_returned: false,
            acknowledged: false,
            feedback_given: false,
            legal_hold: false,
            retention_months: *retention_months,
            linked_cases: Vec::new(),
            deadlines: vec![
                Deadline { clock: DeadlineKind::Acknowledge, due: acknowledge },
                Deadline {
                    clock: DeadlineKind::Triage,
                    due: days_after(filed, triage_days(*urgency)),
                },
                Deadline {
                    clock: DeadlineKind::Feedback,
                    due: months_after(acknowledge, FEEDBACK_MONTHS),
                },
            ],
            received: 1,
            unhandled: 1,
            next_seq: 1,
            head: hash,
        })
    }

    /// Checks an event against every rule and takes it in. On a refusal nothing has changed.
    pub fn apply(&mut self, event: &Event, hash: Hash, role: Role) -> Result<(), RuleViolation> {
        if event.seq != self.next_seq || event.prev != Some(self.head) {
            return Err(RuleViolation::Stale { expected: self.next_seq, found: event.seq });
        }
        let mut next = self.clone();
        if event.actor == HANDLER_ACTOR {
            next.apply_handler_event(event)?;
        } else {
            next.apply_member_event(event, role)?;
        }
        next.next_seq += 1;
        next.head = hash;
        *self = next;
        Ok(())
    }

    fn apply_handler_event(&mut self, event: &Event) -> Result<(), RuleViolation> {
        let row = ActionKind::from_action(&event.action)?.permission_rule();
        if row.actor_class != ActorClass::Handler {
            return Err(RuleViolation::MemberOnly);
        }
        self.check_stage(row)?;
        self.apply_handler_action(event)
    }

    fn apply_member_event(&mut self, event: &Event, role: Role) -> Result<(), RuleViolation> {
        if let Action::Received { .. } = event.action {
            return Err(RuleViolation::HandlerOnly);
        }
        if let Action::StageChanged { from, to, .. } = event.action
            && from != self.stage
        {
            return Err(RuleViolation::InvalidTransition { from: self.stage, to });
        }
        self.check_permission(ActionKind::from_action(&event.action)?, &event.actor, role)?;
        self.apply_member_action(event, role)
    }

    /// Has this person declared to have no conflict of interest?
    pub fn has_declared(&self, who: &str) -> bool {
        self.conflict_free.iter().any(|declared| declared == who)
    }

    /// The day by which something must happen first.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.deadlines.iter().copied().min_by_key(|deadline| deadline.due)
    }

    /// The first clock that has run out before `today`.
    pub fn overdue_deadline(&self, today: Date) -> Option<Deadline> {
        self.next_deadline().filter(|deadline| deadline.due < today)
    }

    pub(super) fn is_running(&self, clock: DeadlineKind) -> bool {
        self.deadlines.iter().any(|deadline| deadline.clock == clock)
    }

    pub(super) fn start_deadline(&mut self, clock: DeadlineKind, due: Date) {
        self.stop_deadline(clock);
        self.deadlines.push(Deadline { clock, due });
    }

    pub(super) fn stop_deadline(&mut self, clock: DeadlineKind) {
        self.deadlines.retain(|deadline| deadline.clock != clock);
    }
}

impl CaseState {
    /// Does the table allow this now? What it leaves open, such as whether something was proposed,
    /// is not looked at.
    pub fn check_permission(
        &self,
        act: ActionKind,
        actor: &str,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let row = act.permission_rule();
        if row.actor_class == ActorClass::Handler {
            return Err(RuleViolation::HandlerOnly);
        }
        self.check_not_recused(act, actor)?;
        self.check_stage(row)?;
        self.check_actor_class(self.actor_class_for(row), actor, role)
    }

    /// Who may do it to this case. What came unreadable is purged, and a proposal about it is taken
    /// back, by readers who have not declared: to declare, one has to open the case.
    fn actor_class_for(&self, row: &PermissionRule) -> ActorClass {
        let proposed = self.pending_proposal.as_ref().map(|proposal| proposal.decision);
        let is_unreadable = self.disposition == Some(Disposition::Unreadable)
            || matches!(
                proposed,
                Some(Decision::Close { disposition: Disposition::Unreadable, .. })
            );
        match row.action {
            ActionKind::ProposePurge | ActionKind::ApprovePurge | ActionKind::Withdraw
                if is_unreadable =>
            {
                ActorClass::Reader
            }
            _ => row.actor_class,
        }
    }

    /// Everything that the table allows to a person now, for a face that offers nothing else.
    pub fn permitted_actions(&self, actor: &str, role: Role) -> Vec<ActionKind> {
        PERMISSIONS
            .iter()
            .map(|row| row.action)
            .filter(|act| self.check_permission(*act, actor, role).is_ok())
            .collect()
    }

    pub(super) fn check_stage(&self, row: &PermissionRule) -> Result<(), RuleViolation> {
        if row.stages.contains(&self.stage) {
            Ok(())
        } else {
            Err(RuleViolation::WrongStage(self.stage))
        }
    }

    /// Nobody who has recused, or of whom a conflict is claimed.
    fn check_not_recused(&self, act: ActionKind, actor: &str) -> Result<(), RuleViolation> {
        if self.recused.iter().any(|who| who == actor) {
            return Err(RuleViolation::MemberRecused(actor.to_owned()));
        }
        if act != ActionKind::Recuse
            && self.conflict_claims.iter().any(|challenge| challenge.member == actor)
        {
            return Err(RuleViolation::ConflictClaimed(actor.to_owned()));
        }
        Ok(())
    }

    fn check_actor_class(
        &self,
        who: ActorClass,
        actor: &str,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let has = self.assignee.as_deref() == Some(actor);
        let seat = role.desk || role.oversight || has;
        let free = self.assignee.is_none();
        let undeclared_too = matches!(
            who,
            ActorClass::Handler | ActorClass::Reader | ActorClass::UndeclaredDelegator
        );
        if !undeclared_too && !self.has_declared(actor) {
            return Err(RuleViolation::Undeclared);
        }
        let only_assignee =
            || self.assignee.clone().map_or(RuleViolation::Unassigned, RuleViolation::AssigneeOnly);
        let allowed = match who {
            ActorClass::Handler => return Err(RuleViolation::HandlerOnly),
            ActorClass::Reader | ActorClass::Declared => true,
            ActorClass::Desk => seat,
            ActorClass::Correspondent => has || free && seat,
            ActorClass::Delegator | ActorClass::UndeclaredDelegator => {
                has || role.is_lead_or_oversight() || free && seat
            }
            ActorClass::Assignee => has,
            ActorClass::LeadOrOversight => role.is_lead_or_oversight(),
        };
        match who {
            _ if allowed => Ok(()),
            ActorClass::LeadOrOversight => Err(RuleViolation::LeadOnly),
            ActorClass::Assignee => Err(only_assignee()),
            ActorClass::Correspondent | ActorClass::Delegator | ActorClass::UndeclaredDelegator
                if !free =>
            {
                Err(only_assignee())
            }
            _ => Err(RuleViolation::DeskOnly),
        }
    }
}

/// An event that follows the state, ready to be signed.
pub fn next_event(
    case: Uuid,
    state: &CaseState,
    actor: &str,
    at: OffsetDateTime,
    action: Action,
) -> Event {
    Event {
        v: 1,
        case,
        seq: state.next_seq,
        prev: Some(state.head),
        at,
        actor: actor.to_owned(),
        action,
    }
}
