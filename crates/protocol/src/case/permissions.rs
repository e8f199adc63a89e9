//! Which act is allowed to whom at which stage: the table of the life of a case. What else must
//! hold for it is in [`crate::case::transitions`].

use crate::case::event::Action;
use crate::case::{
    decision::{Decision, Disposition},
    rule_violation::RuleViolation,
    stage::Stage,
};

use Stage::{Assessing, Closed, Decided, Investigating, Purged, Received, Referred, Triaged};

/// Who may do something. Everybody here holds a grant of the case; who has recused does nothing at
/// all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorClass {
    /// The case handler itself.
    Handler,
    /// Whoever can read it, before declaring anything.
    Reader,
    /// Whoever has declared to have no conflict.
    Declared,
    /// Of those, who sits at the desk or for the outside body, and whoever has the case.
    Desk,
    /// Who has the case; as long as nobody has it, as [`ActorClass::Desk`].
    Correspondent,
    /// Who has the case, the lead and the outside body; as long as nobody has it, as
    /// [`ActorClass::Desk`].
    Delegator,
    /// The same people as [`ActorClass::Delegator`], before declaring anything too: the act shows
    /// nothing of the case.
    UndeclaredDelegator,
    /// Who has the case, and nobody else.
    Assignee,
    /// The lead of the desk, and the outside body.
    LeadOrOversight,
}

/// What can be done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// The reporter sent something more.
    FollowUp,
    /// The outside body gets the case by the handler's own doing.
    Release,
    /// Saying that there is no conflict of interest.
    Declare,
    /// Taking the case, which declares as well.
    Claim,
    /// Giving it to a colleague.
    Assign,
    /// Stepping back.
    Recuse,
    /// Claiming that a colleague has a conflict of interest.
    Challenge,
    /// Judging such a claim.
    ResolveChallenge,
    /// Received to triaged.
    Triage,
    /// Triaged to assessing.
    Assess,
    /// Assessing to investigating.
    Investigate,
    /// Another 90 days, with a reason that the reporter is told.
    Renew,
    /// Investigating to decided.
    Decide,
    /// Referred to assessing.
    TakeBack,
    /// Having looked after a referral.
    FollowUpReferral,
    /// Closed to triaged, by another investigator.
    Reopen,
    /// Answering the reporter.
    Reply,
    /// A note for the team.
    Note,
    /// Having dealt with what the reporter wrote.
    MarkHandled,
    /// More urgent.
    Raise,
    /// The same matter as another case.
    Link,
    /// Giving it to the outside body.
    Escalate,
    /// A legal hold.
    Hold,
    /// New keys.
    Rotate,
    /// The first of two for [`Decision::Close`].
    ProposeClose,
    /// The second.
    ApproveClose,
    /// The first of two who close a case that came unreadable.
    ProposeUnreadable,
    /// The second.
    ApproveUnreadable,
    /// The first of two for [`Decision::Lower`].
    ProposeLower,
    /// The second.
    ApproveLower,
    /// The first of two for [`Decision::Refer`].
    ProposeRefer,
    /// The second.
    ApproveRefer,
    /// The first of two for [`Decision::LiftHold`].
    ProposeLiftHold,
    /// The second.
    ApproveLiftHold,
    /// The first of two for [`Decision::Purge`].
    ProposePurge,
    /// The second.
    ApprovePurge,
    /// Taking a proposal back.
    Withdraw,
    /// Not approving a proposal, for a reason.
    Decline,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct PermissionRule {
    /// What.
    pub action: ActionKind,
    /// By whom.
    pub actor_class: ActorClass,
    /// While it stands here.
    pub stages: &'static [Stage],
}

const OPEN_STAGES: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided, Referred];
const NOT_PURGED: &[Stage] =
    &[Received, Triaged, Assessing, Investigating, Decided, Referred, Closed];
const NOT_REFERRED: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided];
const CLOSABLE: &[Stage] = &[Triaged, Decided, Referred];

const fn rule(act: ActionKind, who: ActorClass, at: &'static [Stage]) -> PermissionRule {
    PermissionRule { action: act, actor_class: who, stages: at }
}

/// The table. Nothing is allowed that is not in it, and nobody does anything to a purged case.
pub const PERMISSIONS: &[PermissionRule] = &[
    // By the handler
    rule(ActionKind::FollowUp, ActorClass::Handler, NOT_PURGED),
    rule(ActionKind::Release, ActorClass::Handler, NOT_PURGED),
    // Who has it, and who must not
    rule(ActionKind::Declare, ActorClass::Reader, NOT_PURGED),
    rule(ActionKind::Recuse, ActorClass::Reader, NOT_PURGED),
    rule(ActionKind::Claim, ActorClass::Reader, OPEN_STAGES),
    rule(ActionKind::Assign, ActorClass::Delegator, OPEN_STAGES),
    rule(ActionKind::Challenge, ActorClass::Declared, OPEN_STAGES),
    rule(ActionKind::ResolveChallenge, ActorClass::LeadOrOversight, NOT_PURGED),
    rule(ActionKind::Rotate, ActorClass::UndeclaredDelegator, NOT_PURGED),
    // From stage to stage
    rule(ActionKind::Triage, ActorClass::Desk, &[Received]),
    rule(ActionKind::Assess, ActorClass::Assignee, &[Triaged]),
    rule(ActionKind::Investigate, ActorClass::LeadOrOversight, &[Assessing]),
    rule(ActionKind::Renew, ActorClass::Assignee, &[Investigating]),
    rule(ActionKind::Decide, ActorClass::Assignee, &[Investigating]),
    rule(ActionKind::TakeBack, ActorClass::Delegator, &[Referred]),
    rule(ActionKind::FollowUpReferral, ActorClass::Delegator, &[Referred]),
    rule(ActionKind::Reopen, ActorClass::Desk, &[Closed]),
    // On the way
    rule(ActionKind::Reply, ActorClass::Correspondent, NOT_PURGED),
    rule(ActionKind::Note, ActorClass::Declared, NOT_PURGED),
    rule(ActionKind::MarkHandled, ActorClass::Desk, NOT_PURGED),
    rule(ActionKind::Link, ActorClass::Desk, NOT_PURGED),
    rule(ActionKind::Raise, ActorClass::Desk, OPEN_STAGES),
    rule(ActionKind::Escalate, ActorClass::Declared, NOT_PURGED),
    rule(ActionKind::Hold, ActorClass::LeadOrOversight, NOT_PURGED),
    // What nobody decides alone
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
    /// What an action does. Refused: a first event in the middle, a move that there is not, and
    /// what takes two persons.
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

    /// Its row.
    pub fn permission_rule(self) -> &'static PermissionRule {
        PERMISSIONS
            .iter()
            .find(|row| row.action == self)
            .expect("a test holds the table against the acts")
    }
}
