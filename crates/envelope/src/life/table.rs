//! Which act is allowed to whom at which stage: the table of the life of a case. What else must hold for it is in [`super::acts`].

use super::{CaseState, Decision, Disposition, Refusal, Stage};
use crate::event::Action;

use Stage::{Assessing, Closed, Decided, Investigating, Purged, Received, Referred, Triaged};

/// What a person is to one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Role {
    /// Sits at the desk where the case stands.
    pub desk: bool,
    /// Leads it.
    pub lead: bool,
    /// Sits for the outside body.
    pub oversight: bool,
}

impl Role {
    /// Of a member to the cases of a desk.
    pub fn of(directory: &crate::directory::Directory, handle: &str, desk: &str) -> Self {
        let seats = directory.desk(desk).map_or(&[][..], |desk| &desk.members);
        Self {
            desk: seats.iter().any(|seat| seat == handle),
            lead: seats.first().is_some_and(|lead| lead == handle),
            oversight: directory.is_oversight(handle),
        }
    }

    /// The lead of the desk, or anybody of the outside body.
    pub fn heads(self) -> bool {
        self.lead || self.oversight
    }
}

/// Who may do something. Everybody here holds a grant of the case; who has recused does nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The case handler itself.
    Handler,
    /// Whoever can read it, before declaring anything.
    Reader,
    /// Whoever has declared to have no conflict.
    Declared,
    /// Of those, who sits at the desk or for the outside body, and whoever has the case.
    Desk,
    /// Who has the case; as long as nobody has it, as [`Who::Desk`].
    Speaker,
    /// Who has the case, the lead and the outside body; as long as nobody has it, as [`Who::Desk`].
    Giver,
    /// The same people as [`Who::Giver`], before declaring anything too: the act shows nothing of the case.
    Keeper,
    /// Who has the case, and nobody else.
    Assignee,
    /// The lead of the desk, and the outside body.
    Head,
}

/// What can be done to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
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
    Judge,
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
    Track,
    /// Closed to triaged, by another investigator.
    Reopen,
    /// Answering the reporter.
    Reply,
    /// A note for the team.
    Note,
    /// Having dealt with what the reporter wrote.
    Read,
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
pub struct Row {
    /// What.
    pub act: Act,
    /// By whom.
    pub who: Who,
    /// While it stands here.
    pub at: &'static [Stage],
}

const OPEN: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided, Referred];
const KEPT: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided, Referred, Closed];
const HERE: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided];
const ENDING: &[Stage] = &[Triaged, Decided, Referred];

const fn row(act: Act, who: Who, at: &'static [Stage]) -> Row {
    Row { act, who, at }
}

/// The table. Nothing is allowed that is not in it, and nobody does anything to a purged case.
pub const TABLE: &[Row] = &[
    // By the handler
    row(Act::FollowUp, Who::Handler, KEPT),
    row(Act::Release, Who::Handler, KEPT),
    // Who has it, and who must not
    row(Act::Declare, Who::Reader, KEPT),
    row(Act::Recuse, Who::Reader, KEPT),
    row(Act::Claim, Who::Reader, OPEN),
    row(Act::Assign, Who::Giver, OPEN),
    row(Act::Challenge, Who::Declared, OPEN),
    row(Act::Judge, Who::Head, KEPT),
    row(Act::Rotate, Who::Keeper, KEPT),
    // From stage to stage
    row(Act::Triage, Who::Desk, &[Received]),
    row(Act::Assess, Who::Assignee, &[Triaged]),
    row(Act::Investigate, Who::Head, &[Assessing]),
    row(Act::Renew, Who::Assignee, &[Investigating]),
    row(Act::Decide, Who::Assignee, &[Investigating]),
    row(Act::TakeBack, Who::Giver, &[Referred]),
    row(Act::Track, Who::Giver, &[Referred]),
    row(Act::Reopen, Who::Desk, &[Closed]),
    // On the way
    row(Act::Reply, Who::Speaker, KEPT),
    row(Act::Note, Who::Declared, KEPT),
    row(Act::Read, Who::Desk, KEPT),
    row(Act::Link, Who::Desk, KEPT),
    row(Act::Raise, Who::Desk, OPEN),
    row(Act::Escalate, Who::Declared, KEPT),
    row(Act::Hold, Who::Head, KEPT),
    // What nobody decides alone
    row(Act::ProposeClose, Who::Assignee, ENDING),
    row(Act::ApproveClose, Who::Desk, ENDING),
    row(Act::ProposeUnreadable, Who::Reader, &[Received]),
    row(Act::ApproveUnreadable, Who::Reader, &[Received]),
    row(Act::ProposeLower, Who::Giver, OPEN),
    row(Act::ApproveLower, Who::Desk, OPEN),
    row(Act::ProposeRefer, Who::Head, HERE),
    row(Act::ApproveRefer, Who::Head, HERE),
    row(Act::ProposeLiftHold, Who::Desk, KEPT),
    row(Act::ApproveLiftHold, Who::Desk, KEPT),
    row(Act::ProposePurge, Who::Desk, &[Closed]),
    row(Act::ApprovePurge, Who::Desk, &[Closed]),
    row(Act::Withdraw, Who::Declared, KEPT),
    row(Act::Decline, Who::Desk, KEPT),
];

impl Act {
    /// What an action does. Refused: a first event in the middle, a move that there is not, and what takes two persons.
    pub fn of(action: &Action) -> Result<Self, Refusal> {
        Ok(match action {
            Action::Received { .. } => return Err(Refusal::Beginning),
            Action::FollowedUp(_) => Self::FollowUp,
            Action::Released { .. } => Self::Release,
            Action::Declared => Self::Declare,
            Action::Claimed => Self::Claim,
            Action::Assigned { .. } => Self::Assign,
            Action::Recused => Self::Recuse,
            Action::Challenged { .. } => Self::Challenge,
            Action::Judged { .. } => Self::Judge,
            Action::Moved { from, to, .. } => return Self::of_move(*from, *to),
            Action::Renewed { .. } => Self::Renew,
            Action::Tracked => Self::Track,
            Action::Reopened { .. } => Self::Reopen,
            Action::Replied { .. } => Self::Reply,
            Action::Noted { .. } => Self::Note,
            Action::Read => Self::Read,
            Action::Raised { .. } => Self::Raise,
            Action::Linked { .. } => Self::Link,
            Action::Escalated => Self::Escalate,
            Action::Held => Self::Hold,
            Action::Rotated { .. } => Self::Rotate,
            Action::Withdrawn => Self::Withdraw,
            Action::Declined { .. } => Self::Decline,
            Action::Proposed(decision) => match decision {
                Decision::Close { disposition: Disposition::Unreadable, .. } => Self::ProposeUnreadable,
                Decision::Close { .. } => Self::ProposeClose,
                Decision::Lower { .. } => Self::ProposeLower,
                Decision::Refer { .. } => Self::ProposeRefer,
                Decision::LiftHold => Self::ProposeLiftHold,
                Decision::Purge => Self::ProposePurge,
            },
            Action::Approved(decision) => match decision {
                Decision::Close { disposition: Disposition::Unreadable, .. } => Self::ApproveUnreadable,
                Decision::Close { .. } => Self::ApproveClose,
                Decision::Lower { .. } => Self::ApproveLower,
                Decision::Refer { .. } => Self::ApproveRefer,
                Decision::LiftHold => Self::ApproveLiftHold,
                Decision::Purge => Self::ApprovePurge,
            },
        })
    }

    fn of_move(from: Stage, to: Stage) -> Result<Self, Refusal> {
        match (from, to) {
            (Received, Triaged) => Ok(Self::Triage),
            (Triaged, Assessing) => Ok(Self::Assess),
            (Assessing, Investigating) => Ok(Self::Investigate),
            (Investigating, Decided) => Ok(Self::Decide),
            (Referred, Assessing) => Ok(Self::TakeBack),
            (_, Closed | Purged | Referred) if from != to => Err(Refusal::TwoPersons),
            _ => Err(Refusal::NoSuchMove { from, to }),
        }
    }

    /// Its row.
    pub fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.act == self).expect("a test holds the table against the acts")
    }
}

impl CaseState {
    /// Does the table allow this now? What it leaves open, such as whether something was proposed, is not looked at.
    pub fn may(&self, act: Act, actor: &str, role: Role) -> Result<(), Refusal> {
        let row = act.row();
        if row.who == Who::Handler {
            return Err(Refusal::HandlerOnly);
        }
        self.check_free(act, actor)?;
        self.check_stage(row)?;
        self.check_who(self.who(row), actor, role)
    }

    /// Who may do it to this case. What came unreadable is purged, and a proposal about it is taken back, by readers who have not
    /// declared: to declare, one has to open the case.
    fn who(&self, row: &Row) -> Who {
        let proposed = self.proposed.as_ref().map(|proposal| proposal.decision);
        let is_unreadable = self.disposition == Some(Disposition::Unreadable)
            || matches!(proposed, Some(Decision::Close { disposition: Disposition::Unreadable, .. }));
        match row.act {
            Act::ProposePurge | Act::ApprovePurge | Act::Withdraw if is_unreadable => Who::Reader,
            _ => row.who,
        }
    }

    /// Everything that the table allows to a person now, for a face that offers nothing else.
    pub fn allowed(&self, actor: &str, role: Role) -> Vec<Act> {
        TABLE.iter().map(|row| row.act).filter(|act| self.may(*act, actor, role).is_ok()).collect()
    }

    pub(super) fn check_stage(&self, row: &Row) -> Result<(), Refusal> {
        if row.at.contains(&self.stage) { Ok(()) } else { Err(Refusal::Stage(self.stage)) }
    }

    /// Nobody who has recused, or of whom a conflict is claimed.
    fn check_free(&self, act: Act, actor: &str) -> Result<(), Refusal> {
        if self.recused.iter().any(|who| who == actor) {
            return Err(Refusal::Recused(actor.to_owned()));
        }
        if act != Act::Recuse && self.challenged.iter().any(|challenge| challenge.who == actor) {
            return Err(Refusal::Challenged(actor.to_owned()));
        }
        Ok(())
    }

    fn check_who(&self, who: Who, actor: &str, role: Role) -> Result<(), Refusal> {
        let has = self.assignee.as_deref() == Some(actor);
        let seat = role.desk || role.oversight || has;
        let free = self.assignee.is_none();
        let undeclared_too = matches!(who, Who::Handler | Who::Reader | Who::Keeper);
        if !undeclared_too && !self.has_declared(actor) {
            return Err(Refusal::Undeclared);
        }
        let only_assignee = || self.assignee.clone().map_or(Refusal::Unassigned, Refusal::AssigneeOnly);
        let allowed = match who {
            Who::Handler => return Err(Refusal::HandlerOnly),
            Who::Reader | Who::Declared => true,
            Who::Desk => seat,
            Who::Speaker => has || free && seat,
            Who::Giver | Who::Keeper => has || role.heads() || free && seat,
            Who::Assignee => has,
            Who::Head => role.heads(),
        };
        match who {
            _ if allowed => Ok(()),
            Who::Head => Err(Refusal::LeadOnly),
            Who::Assignee => Err(only_assignee()),
            Who::Speaker | Who::Giver | Who::Keeper if !free => Err(only_assignee()),
            _ => Err(Refusal::DeskOnly),
        }
    }
}
