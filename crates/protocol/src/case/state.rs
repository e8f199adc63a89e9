//! The state of a case: permissions, deadlines, and the effects of events.
//!
//! Both sides apply the same signed events and get the same [`CaseState`]: the case handler before
//! it appends an event, the workbench when it verifies the log. [`CASE_ACTIONS`] states who may
//! take which action at which stage. The conditions and effects of each action are in `transitions`
//! and `proposals`. [`RuleViolation`] names every rule.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::case::{
    actions::{ActionKind, ActorClass, CASE_ACTIONS, CaseAction},
    decision::{Decision, Disposition, Proposal},
    role::Role,
    rule_violation::RuleViolation,
    stage::{
        ACKNOWLEDGE_DAYS, Deadline, DeadlineKind, FEEDBACK_MONTHS, Stage, days_after, months_after,
        triage_days,
    },
};
use crate::{
    Priority,
    case::event::{Action, EVENT_VERSION, Event, HANDLER_ACTOR, ReleaseReason},
    encoding::{hash::Hash, iso_date},
    rotation::{RotationStatement, SignedStatement},
};

/// The state of a case that follows from its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and JSON for people to read"
)]
pub struct CaseState {
    /// The stage.
    pub stage: Stage,
    /// The desk.
    pub desk: String,
    /// The priority.
    pub priority: Priority,
    /// The date of the first event.
    #[serde(with = "iso_date")]
    pub filed: Date,
    /// The generation of the case secret.
    pub generation: u32,
    /// The assignee.
    pub assignee: Option<String>,
    /// The assignee before the case was closed, who may not reopen it.
    pub last_assignee: Option<String>,
    /// The members who declared to have no conflict of interest.
    pub conflict_free: Vec<String>,
    /// The members who recused, or whose conflict of interest was upheld.
    pub recused: Vec<String>,
    /// The open conflict claims.
    pub conflict_claims: Vec<ConflictClaim>,
    /// Whether the report came without a grant for the oversight body. The case is then released
    /// only if the reporter asks for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oversight_refused: bool,
    /// Why the case was released to the oversight body, if it was.
    pub released: Option<ReleaseReason>,
    /// The proposal that waits for a second person.
    pub pending_proposal: Option<Proposal>,
    /// The rotation that waits for a second person. At most one of the two is pending.
    pub pending_rotation: Option<PendingRotation>,
    /// The statement of the current generation. `None` in generation 0.
    pub rotation: Option<RotationStatement>,
    /// The outcome of the case.
    pub disposition: Option<Disposition>,
    /// The date of the closing, while the case is closed.
    #[serde(with = "iso_date::option")]
    pub closed: Option<Date>,
    /// Whether the reporter wrote within 180 days of the closing.
    pub reporter_returned: bool,
    /// Whether a member answered the reporter since the case was received or reopened.
    pub acknowledged: bool,
    /// Whether feedback was given at the current stage.
    pub feedback_given: bool,
    /// The member who extended the investigation last. Another member extends it next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_by: Option<String>,
    /// Whether a legal hold is on the case.
    pub legal_hold: bool,
    /// The months of retention after the closing.
    pub retention_months: u16,
    /// The cases about the same matter.
    pub linked_cases: Vec<Uuid>,
    /// The running deadlines, at most one of each kind.
    pub deadlines: Vec<Deadline>,
    /// The number of the reporter's submissions, including the report.
    pub received: u32,
    /// The number of unhandled submissions.
    pub unhandled: u32,
    /// The sequence number of the next event.
    pub next_seq: u32,
    /// The hash of the newest event.
    pub head: Hash,
}

/// A proposed rotation that waits for a second member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRotation {
    /// The member who proposed it.
    pub by: String,
    /// The hash of the event that proposed it.
    pub proposal: Hash,
    /// The statement for the reporter.
    pub rotation: SignedStatement,
    /// Whether the oversight body could get the new keys when they were proposed.
    pub for_oversight: bool,
}

/// A claim that a member has a conflict of interest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictClaim {
    /// The member with the alleged conflict.
    pub member: String,
    /// The member who claims it.
    pub by: String,
}

impl CaseState {
    /// Returns the state after the first event of a case.
    ///
    /// # Errors
    /// If the event is not a `received` event of the case handler with sequence number 0.
    pub fn from_first_event(first: &Event, hash: Hash) -> Result<Self, RuleViolation> {
        let Action::Received { desk, priority, retention_months, oversight_refused, .. } =
            &first.action
        else {
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
            priority: *priority,
            filed,
            generation: 0,
            assignee: None,
            last_assignee: None,
            conflict_free: Vec::new(),
            recused: Vec::new(),
            conflict_claims: Vec::new(),
            oversight_refused: *oversight_refused,
            released: None,
            pending_proposal: None,
            pending_rotation: None,
            rotation: None,
            disposition: None,
            closed: None,
            reporter_returned: false,
            acknowledged: false,
            feedback_given: false,
            extended_by: None,
            legal_hold: false,
            retention_months: *retention_months,
            linked_cases: Vec::new(),
            deadlines: vec![
                Deadline { kind: DeadlineKind::Acknowledge, due: acknowledge },
                Deadline {
                    kind: DeadlineKind::Triage,
                    due: days_after(filed, triage_days(*priority)),
                },
                Deadline {
                    kind: DeadlineKind::Feedback,
                    due: months_after(acknowledge, FEEDBACK_MONTHS),
                },
            ],
            received: 1,
            unhandled: 1,
            next_seq: 1,
            head: hash,
        })
    }

    /// Returns whether members of the oversight body may get keys of the case: the reporter did not
    /// refuse it, or asked for it later.
    pub fn oversight_may_read(&self) -> bool {
        !self.oversight_refused || self.released.is_some()
    }

    /// Checks an event against every rule and applies it.
    ///
    /// # Errors
    /// The first rule that the event breaks. The state is unchanged then.
    pub fn apply(&mut self, event: &Event, hash: Hash, role: Role) -> Result<(), RuleViolation> {
        if event.seq != self.next_seq || event.prev != Some(self.head) {
            return Err(RuleViolation::Stale { expected: self.next_seq, found: event.seq });
        }
        let mut next = self.clone();
        if event.actor == HANDLER_ACTOR {
            next.apply_handler_event(event)?;
        } else {
            next.apply_member_event(event, hash, role)?;
        }
        next.next_seq += 1;
        next.head = hash;
        *self = next;
        Ok(())
    }

    fn apply_handler_event(&mut self, event: &Event) -> Result<(), RuleViolation> {
        let row = ActionKind::from_action(&event.action)?.row();
        if row.actor_class != ActorClass::Handler {
            return Err(RuleViolation::MemberOnly);
        }
        self.check_stage(row)?;
        self.apply_handler_action(event)
    }

    fn apply_member_event(
        &mut self,
        event: &Event,
        hash: Hash,
        role: Role,
    ) -> Result<(), RuleViolation> {
        if let Action::Received { .. } = event.action {
            return Err(RuleViolation::HandlerOnly);
        }
        if let Action::StageChanged { from, to, .. } = event.action
            && from != self.stage
        {
            return Err(RuleViolation::InvalidTransition { from: self.stage, to });
        }
        self.check_permission(ActionKind::from_action(&event.action)?, &event.actor, role)?;
        self.apply_member_action(event, hash, role)
    }

    /// Returns whether this member declared to have no conflict of interest.
    pub fn has_declared(&self, who: &str) -> bool {
        self.conflict_free.iter().any(|declared| declared == who)
    }

    /// Returns the deadline that ends first.
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.deadlines.iter().copied().min_by_key(|deadline| deadline.due)
    }

    /// Returns the deadline that ended first, if it was before `today`.
    pub fn overdue_deadline(&self, today: Date) -> Option<Deadline> {
        self.next_deadline().filter(|deadline| deadline.due < today)
    }

    pub(super) fn is_running(&self, kind: DeadlineKind) -> bool {
        self.deadlines.iter().any(|deadline| deadline.kind == kind)
    }

    pub(super) fn start_deadline(&mut self, kind: DeadlineKind, due: Date) {
        self.stop_deadline(kind);
        self.deadlines.push(Deadline { kind, due });
    }

    pub(super) fn stop_deadline(&mut self, kind: DeadlineKind) {
        self.deadlines.retain(|deadline| deadline.kind != kind);
    }
}

impl CaseState {
    /// Checks whether the permission table allows this action now. Conditions outside the table,
    /// such as an existing proposal, are not checked.
    ///
    /// # Errors
    /// The rule that forbids the action.
    pub fn check_permission(
        &self,
        action: ActionKind,
        actor: &str,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let row = action.row();
        if row.actor_class == ActorClass::Handler {
            return Err(RuleViolation::HandlerOnly);
        }
        self.check_not_recused(action, actor)?;
        self.check_stage(row)?;
        self.check_actor_class(self.actor_class_for(row), actor, role)
    }

    /// Returns the actor class for an action on this case. Readers who have not declared may purge
    /// an unreadable case and withdraw a proposal about it, because declaring requires that the
    /// case opens. They may withdraw and decline a rotation too, which shows nothing of the case.
    fn actor_class_for(&self, row: &CaseAction) -> ActorClass {
        let proposed = self.pending_proposal.as_ref().map(|proposal| proposal.decision);
        let is_unreadable = self.disposition == Some(Disposition::Unreadable)
            || matches!(
                proposed,
                Some(Decision::Close { disposition: Disposition::Unreadable, .. })
            );
        match row.kind {
            ActionKind::ProposePurge | ActionKind::ApprovePurge | ActionKind::Withdraw
                if is_unreadable =>
            {
                ActorClass::Reader
            }
            ActionKind::Withdraw | ActionKind::Decline if self.pending_rotation.is_some() => {
                ActorClass::Reader
            }
            _ => row.actor_class,
        }
    }

    /// Returns all actions that the table allows a member now. User interfaces offer only these.
    pub fn permitted_actions(&self, actor: &str, role: Role) -> Vec<ActionKind> {
        CASE_ACTIONS
            .iter()
            .map(|row| row.kind)
            .filter(|action| self.check_permission(*action, actor, role).is_ok())
            .collect()
    }

    pub(super) fn check_stage(&self, row: &CaseAction) -> Result<(), RuleViolation> {
        if row.stages.contains(&self.stage) {
            Ok(())
        } else {
            Err(RuleViolation::WrongStage(self.stage))
        }
    }

    /// Refuses members who recused or whose conflict of interest was claimed.
    fn check_not_recused(&self, action: ActionKind, actor: &str) -> Result<(), RuleViolation> {
        if self.recused.iter().any(|member| member == actor) {
            return Err(RuleViolation::MemberRecused(actor.to_owned()));
        }
        if action != ActionKind::Recuse
            && self.conflict_claims.iter().any(|claim| claim.member == actor)
        {
            return Err(RuleViolation::ConflictClaimed(actor.to_owned()));
        }
        Ok(())
    }

    fn check_actor_class(
        &self,
        class: ActorClass,
        actor: &str,
        role: Role,
    ) -> Result<(), RuleViolation> {
        let is_assignee = self.assignee.as_deref() == Some(actor);
        let is_member = role.desk || role.oversight || is_assignee;
        let is_unassigned = self.assignee.is_none();
        let allows_undeclared = matches!(
            class,
            ActorClass::Handler | ActorClass::Reader | ActorClass::UndeclaredDelegator
        );
        if !allows_undeclared && !self.has_declared(actor) {
            return Err(RuleViolation::Undeclared);
        }
        let only_assignee =
            || self.assignee.clone().map_or(RuleViolation::Unassigned, RuleViolation::AssigneeOnly);
        let allowed = match class {
            ActorClass::Handler => return Err(RuleViolation::HandlerOnly),
            ActorClass::Reader | ActorClass::Declared => true,
            ActorClass::Desk => is_member,
            ActorClass::Correspondent => is_assignee || is_unassigned && is_member,
            ActorClass::Delegator | ActorClass::UndeclaredDelegator => {
                is_assignee || role.is_lead_or_oversight() || is_unassigned && is_member
            }
            ActorClass::Assignee => is_assignee,
            ActorClass::LeadOrOversight => role.is_lead_or_oversight(),
        };
        match class {
            _ if allowed => Ok(()),
            ActorClass::LeadOrOversight => Err(RuleViolation::LeadOnly),
            ActorClass::Assignee => Err(only_assignee()),
            ActorClass::Correspondent | ActorClass::Delegator | ActorClass::UndeclaredDelegator
                if !is_unassigned =>
            {
                Err(only_assignee())
            }
            _ => Err(RuleViolation::DeskOnly),
        }
    }
}

/// Returns the next event of a case, ready to be signed.
pub fn next_event(
    case: Uuid,
    state: &CaseState,
    actor: &str,
    at: OffsetDateTime,
    action: Action,
) -> Event {
    Event {
        v: EVENT_VERSION,
        case,
        seq: state.next_seq,
        prev: Some(state.head),
        at,
        actor: actor.to_owned(),
        action,
    }
}
