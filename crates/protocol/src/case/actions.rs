//! The table of case actions. Permissions, the commands of the workbench, the buttons of its pages
//! and the keys of the texts follow from it. The text of each row states the further conditions and
//! the effects, which [`crate::case::transitions`] implements.

use crate::case::{
    decision::{ClosingReason, Decision, Disposition, ReferralConsent, ReferralTarget},
    event::Action,
    rule_violation::RuleViolation,
    stage::Stage,
};
use crate::{Priority, encoding::hash::Hash};

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

/// What an action's event and its sealed payload contain, and so what the actor chooses.
#[derive(Debug, Clone)]
pub enum ActionPayload {
    /// Data of the case handler.
    Handler,
    /// Nothing: this is the complete event.
    Fixed(Action),
    /// The new stage.
    Stage(Stage),
    /// A member.
    Member(fn(String) -> Action),
    /// A sealed note that states the reason, if the actor takes the case against the reporter's
    /// wish for a woman or a man. Otherwise nothing.
    Claim,
    /// A member, the sealed grants that the member needs, and a note as in
    /// [`ActionPayload::Claim`].
    Assignee,
    /// A member, and whether the claim of a conflict of interest is upheld.
    Verdict,
    /// The reason of a reopening, and a note as in [`ActionPayload::Claim`].
    Reopening,
    /// A priority.
    Priority(fn(Priority) -> Action),
    /// Another case.
    OtherCase,
    /// A sealed message to the reporter.
    Message,
    /// A sealed note for the team, of a kind that the actor chooses.
    Note(fn(Hash) -> Action),
    /// A sealed note for the team that states the reason.
    Reason(fn(Hash) -> Action),
    /// New keys of the case, sealed to the remaining readers.
    Keys,
    /// The approval of the proposed keys.
    KeysApproval,
    /// A decision. This one is an example with valid choices.
    Proposal(Decision),
    /// The decision that was proposed.
    Approval,
}

/// Whether user interfaces ask for a confirmation, because the effect cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// Never.
    Never,
    /// Only for some choices of the actor.
    Sometimes,
    /// Always.
    Always,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub struct CaseAction {
    /// The action.
    pub kind: ActionKind,
    /// Its name in JSON, in addresses and in keys of texts.
    pub name: &'static str,
    /// The actors that may take it.
    pub actor_class: ActorClass,
    /// The stages at which it is permitted.
    pub stages: &'static [Stage],
    /// What its event contains.
    pub payload: ActionPayload,
    /// Whether the actor must confirm it.
    pub confirmation: Confirmation,
    /// The command of the workbench with its arguments in capitals. Empty for the case handler.
    pub command: &'static str,
}

const OPEN_STAGES: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided, Referred];
const NOT_PURGED: &[Stage] =
    &[Received, Triaged, Assessing, Investigating, Decided, Referred, Closed];
const NOT_REFERRED: &[Stage] = &[Received, Triaged, Assessing, Investigating, Decided];
const CLOSABLE: &[Stage] = &[Triaged, Decided, Referred];

const CLOSE: Decision = Decision::Close {
    disposition: Disposition::OutOfScope,
    reason: ClosingReason::OtherBody,
    duplicate_of: None,
};
const REFER: Decision =
    Decision::Refer { to: ReferralTarget::Prosecutor, consent: ReferralConsent::Law };

/// Defines [`ActionKind`] and [`CASE_ACTIONS`] from one list, so that each action has one row.
macro_rules! case_actions {
    ($(
        $(#[$doc:meta])*
        $kind:ident = $name:literal,
        $actor_class:ident, $stages:expr, $payload:expr, $confirmation:ident, $command:literal;
    )*) => {
        /// An action on a case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        pub enum ActionKind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)*
        }

        /// The table of actions, in the order of [`ActionKind`]. No action is permitted on a purged
        /// case.
        pub static CASE_ACTIONS: &[CaseAction] = &[$(CaseAction {
            kind: ActionKind::$kind,
            name: $name,
            actor_class: ActorClass::$actor_class,
            stages: $stages,
            payload: $payload,
            confirmation: Confirmation::$confirmation,
            command: $command,
        },)*];
    };
}

// Name, actor class, stages, payload, confirmation, command.
case_actions! {
    // Actions of the case handler
    /// The reporter sent a follow-up.
    FollowUp = "follow-up", Handler, NOT_PURGED, ActionPayload::Handler, Never, "";
    /// The case handler releases the case to the oversight body.
    Release = "release", Handler, NOT_PURGED, ActionPayload::Handler, Never, "";

    // Assignment and conflicts of interest
    /// Declares to have no conflict of interest.
    ///
    /// A member who has neither declared nor claimed the case can take no other action, except
    /// where a row allows it.
    Declare = "declare", Reader, NOT_PURGED,
        ActionPayload::Fixed(Action::Declared), Never, "declare CASE";
    /// Recuses the actor.
    ///
    /// The case handler deletes the grants of the member, who can take no action after it.
    Recuse = "recuse", Reader, NOT_PURGED,
        ActionPayload::Fixed(Action::Recused), Always, "recuse CASE";
    /// Takes the case and declares.
    ///
    /// A member who has recused, whose conflict is claimed, or who was the assignee before the case
    /// was reopened cannot take it. Once there is an assignee, only the assignee, the lead or the
    /// oversight body can.
    Claim = "claim", Reader, OPEN_STAGES,
        ActionPayload::Claim, Never, "claim CASE";
    /// Assigns the case to a colleague.
    ///
    /// The colleague must be one who could claim it. The event contains the grants that the
    /// colleague needs.
    Assign = "assign", Delegator, OPEN_STAGES,
        ActionPayload::Assignee, Never, "assign CASE --to HANDLE";
    /// Claims that a colleague has a conflict of interest.
    ///
    /// The colleague can only recuse until the claim is resolved, within 7 days.
    Challenge = "challenge", Declared, OPEN_STAGES,
        ActionPayload::Member(|who| Action::Challenged { who }), Never,
        "challenge CASE --who HANDLE";
    /// Decides on such a claim.
    ///
    /// The challenger cannot. If the claim is upheld, the case handler deletes the grants of the
    /// colleague.
    ResolveChallenge = "resolve-challenge", LeadOrOversight, NOT_PURGED,
        ActionPayload::Verdict, Sometimes, "resolve-challenge CASE --who HANDLE upheld|dismissed";
    /// Proposes to rotate the keys of the case.
    ///
    /// Needs no declaration, unless it leaves out a member of the directory. If the lead has
    /// recused and the assignee is challenged, these can do it: another lead whom the directory
    /// names, and the oversight body after the release for [`ActionKind::Escalate`] or after the
    /// missed deadline of the challenge. Brings grants of the new generation, and grants of older
    /// generations for members whose key has changed since and for the oversight body. The case
    /// handler stores such a grant only for a member of the oversight body who has none. No other
    /// proposal may be pending, and none can be made until this one ends.
    ProposeRotation = "propose-rotation", UndeclaredDelegator, NOT_PURGED,
        ActionPayload::Keys, Sometimes, "rotate CASE --without HANDLE";
    /// Approves the proposed rotation, which is then in effect.
    ///
    /// By any other reader. Needs no declaration, unless the rotation leaves out a member of the
    /// directory. The readers must be the same as at the proposal.
    ApproveRotation = "approve-rotation", Reader, NOT_PURGED,
        ActionPayload::KeysApproval, Sometimes, "approve-rotation CASE";

    // Stages
    /// Changes the stage from received to triaged.
    ///
    /// Within 1, 3, 7 or 30 days of the report, by priority.
    Triage = "triage", Desk, &[Received],
        ActionPayload::Stage(Triaged), Never, "move CASE triaged";
    /// Changes the stage from triaged to assessing.
    ///
    /// The assessment ends 30 days after the triage.
    Assess = "assess", Assignee, &[Triaged],
        ActionPayload::Stage(Assessing), Never, "move CASE assessing";
    /// Changes the stage from assessing to investigating.
    ///
    /// The investigation ends 90 days after its start.
    Investigate = "investigate", LeadOrOversight, &[Assessing],
        ActionPayload::Stage(Investigating), Never, "move CASE investigating";
    /// Extends the investigation by 90 days. The reply to the reporter gives the reason.
    ///
    /// No member makes two extensions in a row, unless the case is released to the oversight body.
    Renew = "renew", Delegator, &[Investigating],
        ActionPayload::Message, Never, "renew CASE --text TEXT";
    /// Changes the stage from investigating to decided.
    Decide = "decide", Assignee, &[Investigating],
        ActionPayload::Stage(Decided), Never, "move CASE decided";
    /// Takes a referred case back: changes the stage from referred to assessing.
    ///
    /// The assessment ends 30 days later.
    TakeBack = "take-back", Delegator, &[Referred],
        ActionPayload::Stage(Assessing), Never, "move CASE assessing";
    /// Records that a referral was followed up.
    ///
    /// Required every 60 days.
    FollowUpReferral = "follow-up-referral", Delegator, &[Referred],
        ActionPayload::Fixed(Action::ReferralFollowedUp), Never, "follow-up-referral CASE";
    /// Reopens a closed case: changes the stage from closed to triaged, with another assignee.
    ///
    /// The reporter wrote within 180 days of the closing, or there is new evidence. The last
    /// assignee cannot do it. The message of the reporter is handled within 7 days, and the case
    /// cannot be closed again without an answer.
    Reopen = "reopen", Desk, &[Closed],
        ActionPayload::Reopening, Never, "reopen CASE reporter|new-evidence";

    // Handling
    /// Sends a message to the reporter.
    ///
    /// Also marks everything that the reporter sent as handled. The first answer is due within 7
    /// days of the report.
    Reply = "reply", Correspondent, NOT_PURGED,
        ActionPayload::Message, Never, "reply CASE --text TEXT";
    /// Adds a note for the team.
    Note = "note", Declared, NOT_PURGED,
        ActionPayload::Note(|note| Action::NoteAdded { note }), Never,
        "note CASE --kind fact|hypothesis|task --text TEXT";
    /// Marks the reporter's messages as handled.
    ///
    /// The deadline for the answer to a closed case goes on.
    MarkHandled = "mark-handled", Desk, NOT_PURGED,
        ActionPayload::Fixed(Action::MarkedHandled), Never, "mark-handled CASE";
    /// Links the case with another one about the same matter.
    ///
    /// Every reader of this case must be able to read the other one.
    Link = "link", Desk, NOT_PURGED,
        ActionPayload::OtherCase, Never, "link CASE --to CASE";
    /// Raises the priority.
    ///
    /// One person is enough.
    Raise = "raise", Desk, OPEN_STAGES,
        ActionPayload::Priority(|priority| Action::PriorityRaised { priority }), Never,
        "raise CASE P1|P2|P3";
    /// Escalates the case to the oversight body.
    Escalate = "escalate", Declared, NOT_PURGED,
        ActionPayload::Fixed(Action::Escalated), Always, "escalate CASE";
    /// Places a legal hold.
    ///
    /// Ends a proposal to purge.
    Hold = "hold", LeadOrOversight, NOT_PURGED,
        ActionPayload::Fixed(Action::LegalHoldPlaced), Always, "hold CASE";

    // Decisions of two members
    /// Proposes [`Decision::Close`].
    ///
    /// The reason matches the disposition. No message of the reporter is unhandled. The reporter
    /// was answered; from decided and referred, with feedback.
    ProposeClose = "propose-close", Assignee, CLOSABLE,
        ActionPayload::Proposal(CLOSE), Never, "propose CASE close DISPOSITION --reason REASON";
    /// Approves [`Decision::Close`].
    ///
    /// By another member of the desk than the proposer.
    ApproveClose = "approve-close", Desk, CLOSABLE,
        ActionPayload::Approval, Never, "approve CASE DECISION";
    /// Proposes to close a case as unreadable.
    ///
    /// Before any declaration, without an assignee, an answer or a rotation.
    ProposeUnreadable = "propose-unreadable", Reader, &[Received],
        ActionPayload::Proposal(Decision::CLOSE_AS_UNREADABLE), Never, "unreadable CASE";
    /// Approves closing a case as unreadable.
    ///
    /// By another reader. The oversight body gets the case, unless the reporter refused it. Later
    /// follow-ups do not count as unhandled and start no deadline. The reporter's page says that
    /// the report could not be opened.
    ApproveUnreadable = "approve-unreadable", Reader, &[Received],
        ActionPayload::Approval, Never, "unreadable CASE";
    /// Proposes [`Decision::Lower`].
    ProposeLower = "propose-lower", Delegator, OPEN_STAGES,
        ActionPayload::Proposal(Decision::Lower { priority: Priority::P4 }), Never,
        "propose CASE lower P2|P3|P4";
    /// Approves [`Decision::Lower`].
    ///
    /// By another member of the desk than the proposer.
    ApproveLower = "approve-lower", Desk, OPEN_STAGES,
        ActionPayload::Approval, Never, "approve CASE DECISION";
    /// Proposes [`Decision::Refer`].
    ///
    /// Names the consent of the reporter. The oversight body gets the case with the proposal.
    ProposeRefer = "propose-refer", LeadOrOversight, NOT_REFERRED,
        ActionPayload::Proposal(REFER), Sometimes, "propose CASE refer AUTHORITY --consent CONSENT";
    /// Approves [`Decision::Refer`].
    ///
    /// By the other of the two.
    ApproveRefer = "approve-refer", LeadOrOversight, NOT_REFERRED,
        ActionPayload::Approval, Never, "approve CASE DECISION";
    /// Proposes [`Decision::LiftHold`].
    ProposeLiftHold = "propose-lift-hold", Desk, NOT_PURGED,
        ActionPayload::Proposal(Decision::LiftHold), Never, "propose CASE lift-hold";
    /// Approves [`Decision::LiftHold`].
    ///
    /// By another person. One of the two is the lead or a member of the oversight body.
    ApproveLiftHold = "approve-lift-hold", Desk, NOT_PURGED,
        ActionPayload::Approval, Never, "approve CASE DECISION";
    /// Proposes [`Decision::Purge`].
    ///
    /// The retention is over, there is no legal hold, no unhandled message, no deadline that a
    /// message of the reporter started, and nothing of the case in the quarantine. Readers who have
    /// not declared can purge a case that was closed as unreadable.
    ProposePurge = "propose-purge", Desk, &[Closed],
        ActionPayload::Proposal(Decision::Purge), Never, "propose CASE purge";
    /// Approves [`Decision::Purge`].
    ///
    /// By another person. One of the two is the lead or a member of the oversight body.
    ApprovePurge = "approve-purge", Desk, &[Closed],
        ActionPayload::Approval, Always, "approve CASE DECISION";
    /// Withdraws a proposal.
    ///
    /// By the proposer, the lead or the oversight body. A proposed rotation needs no declaration.
    Withdraw = "withdraw", Declared, NOT_PURGED,
        ActionPayload::Fixed(Action::Withdrawn), Never, "withdraw CASE";
    /// Declines a proposal, with a reason.
    ///
    /// By a member who could approve the proposal of another. A note that is sealed to the case
    /// states the reason. The proposal ends. A proposed rotation needs no declaration.
    Decline = "decline", Desk, NOT_PURGED,
        ActionPayload::Reason(|note| Action::Declined { note }), Never, "decline CASE --text TEXT";
}

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
            Action::Claimed | Action::ClaimedWithReason { .. } => Self::Claim,
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
            Action::RotationProposed { .. } => Self::ProposeRotation,
            Action::RotationApproved { .. } => Self::ApproveRotation,
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
            Action::Approved(decision) => Self::approval_of(decision),
        })
    }

    /// Returns the approval of a proposed decision.
    pub fn approval_of(decision: &Decision) -> Self {
        match decision {
            Decision::Close { disposition: Disposition::Unreadable, .. } => Self::ApproveUnreadable,
            Decision::Close { .. } => Self::ApproveClose,
            Decision::Lower { .. } => Self::ApproveLower,
            Decision::Refer { .. } => Self::ApproveRefer,
            Decision::LiftHold => Self::ApproveLiftHold,
            Decision::Purge => Self::ApprovePurge,
        }
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
    pub fn row(self) -> &'static CaseAction {
        &CASE_ACTIONS[self as usize]
    }

    /// Returns its name in JSON, in addresses and in keys of texts.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the action with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        CASE_ACTIONS.iter().find(|row| row.name == name).map(|row| row.kind)
    }
}

impl CaseAction {
    /// Returns the name of its command, without arguments.
    pub fn command_name(&self) -> &'static str {
        self.command.split(' ').next().unwrap_or_default()
    }
}
