//! The permission table: which actor may take which action at which stages. Further conditions of
//! an action are in [`crate::case::transitions`].

use crate::case::event::Action;
use crate::case::{
    decision::{Decision, Disposition},
    rule_violation::RuleViolation,
    stage::Stage,
};

use Stage::{Assessing, Closed, Decided, Investigating, Purged, Received, Referred, Triaged};

/// A class of actors. All of them have a grant of the case. A recused member may not take any
/// action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorClass {
    /// The case handler itself.
    Handler,
    /// Any reader, declared or not.
    Reader,
    /// A reader who declared to have no conflict of interest.
    Declared,
    /// A declared reader who is a member of the desk or of the oversight body, or the assignee.
    Desk,
    /// The assignee. Without an assignee, the same as [`ActorClass::Desk`].
    Correspondent,
    /// The assignee, the lead and the oversight body. Without an assignee, the same as
    /// [`ActorClass::Desk`].
    Delegator,
    /// The same as [`ActorClass::Delegator`], declared or not, because the action reveals nothing
    /// of the case.
    UndeclaredDelegator,
    /// Only the assignee.
    Assignee,
    /// The lead of the desk and the oversight body.
    LeadOrOversight,
}

/// An action on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// The reporter sent a follow-up.
    FollowUp,
    /// The case handler releases the case to the oversight body.
    Release,
    /// Declares to have no conflict of interest.
    Declare,
    /// Takes the case and declares.
    Claim,
    /// Assigns the case to a colleague.
    Assign,
    /// Recuses the actor.
    Recuse,
    /// Claims that a colleague has a conflict of interest.
    Challenge,
    /// Decides on such a claim.
    ResolveChallenge,
    /// Changes the stage from received to triaged.
    Triage,
    /// Changes the stage from triaged to assessing.
    Assess,
    /// Changes the stage from assessing to investigating.
    Investigate,
    /// Extends the investigation by 90 days. The reply to the reporter gives the reason.
    Renew,
    /// Changes the stage from investigating to decided.
    Decide,
    /// Takes a referred case back: changes the stage from referred to assessing.
    TakeBack,
    /// Records that a referral was followed up.
    FollowUpReferral,
    /// Reopens a closed case: changes the stage from closed to triaged, with another assignee.
    Reopen,
    /// Sends a message to the reporter.
    Reply,
    /// Adds a note for the team.
    Note,
    /// Marks the reporter's messages as handled.
    MarkHandled,
    /// Raises the priority.
    Raise,
    /// Links the case with another one about the same matter.
    Link,
    /// Escalates the case to the oversight body.
    Escalate,
    /// Places a legal hold.
    Hold,
    /// Rotates the keys of the case.
    Rotate,
    /// Proposes [`Decision::Close`].
    ProposeClose,
    /// Approves [`Decision::Close`].
    ApproveClose,
    /// Proposes to close a case as unreadable.
    ProposeUnreadable,
    /// Approves closing a case as unreadable.
    ApproveUnreadable,
    /// Proposes [`Decision::Lower`].
    ProposeLower,
    /// Approves [`Decision::Lower`].
    ApproveLower,
    /// Proposes [`Decision::Refer`].
    ProposeRefer,
    /// Approves [`Decision::Refer`].
    ApproveRefer,
    /// Proposes [`Decision::LiftHold`].
    ProposeLiftHold,
    /// Approves [`Decision::LiftHold`].
    ApproveLiftHold,
    /// Proposes [`Decision::Purge`].
    ProposePurge,
    /// Approves [`Decision::Purge`].
    ApprovePurge,
    /// Withdraws a proposal.
    Withdraw,
    /// Declines a proposal, with an objection.
    Decline,
}

/// One row of the permission table.
#[derive(Debug, Clone, Copy)]
pub struct PermissionRule {
    /// The action.
    pub action: ActionKind,
    /// Who may take it.
    pub actor_class: ActorClass,
    /// The stages at which it is permitted.
    pub stages: &'static [Stage],
}

const OPEN_STAGES: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided, Referred];
const NOT_PURGED: &[Stage] =
    &[Received, Triaged, Assessing, Investigating, Decided, Referred, Closed];
const NOT_REFERRED: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided];
const CLOSABLE: &[Stage] = &[Triaged, Decided, Referred];

const fn rule(
    action: ActionKind,
    actor_class: ActorClass,
    stages: &'static [Stage],
) -> PermissionRule {
    PermissionRule { action, actor_class, stages }
}

/// The permission table. An action that is not in it is not permitted, and no action is permitted
/// on a purged case.
pub const PERMISSIONS: &[PermissionRule] = &[
    // Actions of the case handler
    rule(ActionKind::FollowUp, ActorClass::Handler, NOT_PURGED),
    rule(ActionKind::Release, ActorClass::Handler, NOT_PURGED),
    // Assignment and conflicts of interest
    rule(ActionKind::Declare, ActorClass::Reader, NOT_PURGED),
    rule(ActionKind::Recuse, ActorClass::Reader, NOT_PURGED),
    rule(ActionKind::Claim, ActorClass::Reader, OPEN_STAGES),
    rule(ActionKind::Assign, ActorClass::Delegator, OPEN_STAGES),
    rule(ActionKind::Challenge, ActorClass::Declared, OPEN_STAGES),
    rule(ActionKind::ResolveChallenge, ActorClass::LeadOrOversight, NOT_PURGED),
    rule(ActionKind::Rotate, ActorClass::UndeclaredDelegator, NOT_PURGED),
    // Stages
    rule(ActionKind::Triage, ActorClass::Desk, &[Received]),
    rule(ActionKind::Assess, ActorClass::Assignee, &[Triaged]),
    rule(ActionKind::Investigate, ActorClass::LeadOrOversight, &[Assessing]),
    rule(ActionKind::Renew, ActorClass::Assignee, &[Investigating]),
    rule(ActionKind::Decide, ActorClass::Assignee, &[Investigating]),
    rule(ActionKind::TakeBack, ActorClass::Delegator, &[Referred]),
    rule(ActionKind::FollowUpReferral, ActorClass::Delegator, &[Referred]),
    rule(ActionKind::Reopen, ActorClass::Desk, &[Closed]),
    // Handling
    rule(ActionKind::Reply, ActorClass::Correspondent, NOT_PURGED),
    rule(ActionKind::Note, ActorClass::Declared, NOT_PURGED),
    rule(ActionKind::MarkHandled, ActorClass::Desk, NOT_PURGED),
    rule(ActionKind::Link, ActorClass::Desk, NOT_PURGED),
    rule(ActionKind::Raise, ActorClass::Desk, OPEN_STAGES),
    rule(ActionKind::Escalate, ActorClass::Declared, NOT_PURGED),
    rule(ActionKind::Hold, ActorClass::LeadOrOversight, NOT_PURGED),
    // Decisions of two members
    rule(ActionKind::ProposeClose, ActorClass::Assignee, CLOSABLE),
    rule(ActionKind::ApproveClose, ActorClass::Desk, CLOSABLE),
    rule(ActionKind::ProposeUnreadable, ActorClass::Reader, &[Received]),
    rule(ActionKind::ApproveUnreadable, ActorClass::Reader, &[Received]),
    rule(ActionKind::ProposeLower, ActorClass::Delegator, OPEN_STAGES),
    rule(ActionKind::ApproveLower, ActorClass::Desk, OPEN_STAGES),
    rule(ActionKind::ProposeRefer, ActorClass::LeadOrOversight, NOT_REFERRED),
    rule(ActionKind::ApproveRefer, ActorClass::LeadOrOversight, NOT_REFERRED),
    rule(ActionKind::ProposeLiftHold, ActorClass::Desk, NOT_PURGED),
    rule(ActionKind::ApproveLiftHold, ActorClass::Desk, NOT_PURGED),
    rule(ActionKind::ProposePurge, ActorClass::Desk, &[Closed]),
    rule(ActionKind::ApprovePurge, ActorClass::Desk, &[Closed]),
    rule(ActionKind::Withdraw, ActorClass::Declared, NOT_PURGED),
    rule(ActionKind::Decline, ActorClass::Desk, NOT_PURGED),
];

impl ActionKind {
    /// Returns the kind of the action of an event.
    ///
    /// # Errors
    /// For a second `received` event, a stage change that does not exist, and a stage change that
    /// needs a second person.
    pub fn from_action(action: &Action) -> Result<Self, RuleViolation> {
        Ok(match action {
            Action::Received { .. } => return Err(RuleViolation::InvalidFirstEvent),
            Action::FollowedUp(_) => Self::FollowUp,
            Action::Released { .. } => Self::Release,
            Action::Declared => Self::Declare,
            Action::Claimed => Self::Claim,
            Action::Assigned { .. } => Self::Assign,
            Action::Recused => Self::Recuse,
            Action::Challenged { .. } => Self::Challenge,
            Action::ChallengeResolved { .. } => Self::ResolveChallenge,
            Action::StageChanged { from, to, .. } => return Self::from_transition(*from, *to),
            Action::DeadlineExtended { .. } => Self::Renew,
            Action::ReferralFollowedUp => Self::FollowUpReferral,
            Action::Reopened { .. } => Self::Reopen,
            Action::Replied { .. } => Self::Reply,
            Action::NoteAdded { .. } => Self::Note,
            Action::MarkedHandled => Self::MarkHandled,
            Action::PriorityRaised { .. } => Self::Raise,
            Action::Linked { .. } => Self::Link,
            Action::Escalated => Self::Escalate,
            Action::LegalHoldPlaced => Self::Hold,
            Action::KeysRotated { .. } => Self::Rotate,
            Action::Withdrawn => Self::Withdraw,
            Action::Declined { .. } => Self::Decline,
            Action::Proposed(decision) => match decision {
                Decision::Close { disposition: Disposition::Unreadable, .. } => {
                    Self::ProposeUnreadable
                }
                Decision::Close { .. } => Self::ProposeClose,
                Decision::Lower { .. } => Self::ProposeLower,
                Decision::Refer { .. } => Self::ProposeRefer,
                Decision::LiftHold => Self::ProposeLiftHold,
                Decision::Purge => Self::ProposePurge,
            },
            Action::Approved(decision) => match decision {
                Decision::Close { disposition: Disposition::Unreadable, .. } => {
                    Self::ApproveUnreadable
                }
                Decision::Close { .. } => Self::ApproveClose,
                Decision::Lower { .. } => Self::ApproveLower,
                Decision::Refer { .. } => Self::ApproveRefer,
                Decision::LiftHold => Self::ApproveLiftHold,
                Decision::Purge => Self::ApprovePurge,
            },
        })
    }

    fn from_transition(from: Stage, to: Stage) -> Result<Self, RuleViolation> {
        match (from, to) {
            (Received, Triaged) => Ok(Self::Triage),
            (Triaged, Assessing) => Ok(Self::Assess),
            (Assessing, Investigating) => Ok(Self::Investigate),
            (Investigating, Decided) => Ok(Self::Decide),
            (Referred, Assessing) => Ok(Self::TakeBack),
            (_, Closed | Purged | Referred) if from != to => {
                Err(RuleViolation::SecondPersonRequired)
            }
            _ => Err(RuleViolation::InvalidTransition { from, to }),
        }
    }

    /// Returns its row of the table.
    pub fn permission_rule(self) -> &'static PermissionRule {
        PERMISSIONS
            .iter()
            .find(|row| row.action == self)
            .expect("a test checks that each action has a rule")
    }
}
