//! The rules of a case, and the text for each that is broken.

use crate::{case::stage::Stage, rotation::StatementError};

/// Why an event is refused. Every variant is one rule. [`RuleViolation::code`] returns its code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleViolation {
    /// The event is based on an older state of the case.
    #[error(
        "conflict: another user acted on this case first (expected event {expected}, got {found}); reload and retry"
    )]
    Stale {
        /// The sequence number of the next event of the case.
        expected: u32,
        /// The sequence number of the event.
        found: u32,
    },
    /// Only the case handler writes this event.
    #[error("only the case handler writes this event")]
    HandlerOnly,
    /// Only a member may do this.
    #[error("the case handler may not do this")]
    MemberOnly,
    /// The first event of a case, and only the first, is `received`.
    #[error("a case must start with exactly one `received` event")]
    InvalidFirstEvent,
    /// The member recused, or a conflict of interest was upheld.
    #[error("{0} has recused from this case")]
    MemberRecused(String),
    /// The member must declare first to have no conflict of interest.
    #[error("declare first that you have no conflict of interest in this case, or recuse from it")]
    Undeclared,
    /// The member declared before.
    #[error("{0} has already declared")]
    AlreadyDeclared(String),
    /// A conflict claim against the member has not been decided yet.
    #[error("{0}'s conflict of interest is under review; until it is decided, {0} may only recuse")]
    ConflictClaimed(String),
    /// There is no conflict claim to decide.
    #[error("no conflict-of-interest challenge is open against {0}")]
    NoConflictClaim(String),
    /// The claim is about the actor, or was made by the actor.
    #[error("you cannot challenge or decide your own conflict of interest; recuse instead")]
    OwnConflict,
    /// The case needs an assignee first.
    #[error("the case must be claimed or assigned first")]
    Unassigned,
    /// Only the assignee may do this.
    #[error("only the assignee ({0}) may do this")]
    AssigneeOnly(String),
    /// Only members of the desk or the oversight body may do this.
    #[error("only members of the desk or the oversight body may do this")]
    DeskOnly,
    /// Only the lead of the desk or the oversight body may do this.
    #[error("only the lead of the desk or the oversight body may do this")]
    LeadOnly,
    /// The lead and the oversight body must both take part.
    #[error("a referral requires the lead of the desk and the oversight body")]
    ReferralRole,
    /// One of the two members must be the lead or belong to the oversight body.
    #[error("one of the two members must be the lead of the desk or belong to the oversight body")]
    OneLead,
    /// There is no such stage change.
    #[error("invalid transition from {} to {}", from.as_str(), to.as_str())]
    InvalidTransition {
        /// The current stage.
        from: Stage,
        /// The requested stage.
        to: Stage,
    },
    /// Not permitted at the current stage.
    #[error("not allowed while the case is {}", .0.as_str())]
    WrongStage(Stage),
    /// Requires a proposal and an approval.
    #[error("requires a proposal and a second person's approval")]
    SecondPersonRequired,
    /// The actor made the proposal.
    #[error("{0} made this proposal; another member must approve it")]
    SamePerson(String),
    /// There is no such proposal.
    #[error("this has not been proposed")]
    NotProposed,
    /// Only one proposal can be open.
    #[error("{0} already has an open proposal; approve or withdraw it first")]
    ProposalPending(String),
    /// The reporter must be informed first.
    #[error("the reporter must be informed first: {0}")]
    FeedbackFirst(&'static str),
    /// A member declared, took the case or answered the reporter, so the report was opened.
    #[error("a member has opened this case, so it cannot be closed as unreadable")]
    Readable,
    /// The reporter has a message that is unhandled, or that waits for an answer, a reopening or
    /// the keys of the oversight body.
    #[error("the reporter has an unhandled message")]
    UnhandledMessage,
    /// The reason is not allowed for the outcome.
    #[error("this reason is not allowed for this disposition")]
    ReasonMismatch,
    /// The log stores the reason permanently, and the operator of the case handler can read it.
    #[error("invalid reason code (1–32 of a–z, 0–9, hyphen)")]
    InvalidReasonCode,
    /// A duplicate must name another case. Other outcomes must not.
    #[error("`duplicate` requires the id of another case; other dispositions must not name one")]
    DuplicateMismatch,
    /// One member alone can only raise the priority.
    #[error("one member alone can only raise the priority; propose to lower it")]
    OnlyRaise,
    /// The new priority must be lower.
    #[error("new priority must be lower than the current one")]
    OnlyLower,
    /// The previous assignee may not reopen or get the case.
    #[error("a reopened case must be assigned to someone other than {0}")]
    AnotherInvestigator(String),
    /// The same member extended the investigation last.
    #[error(
        "{0} also made the last extension: the next one needs another member, or the oversight body reads the case"
    )]
    AnotherExtends(String),
    /// The reporter did not write within 180 days of the closing.
    #[error("the reporter did not write within 180 days of the closing")]
    ReporterDidNotAsk,
    /// The case was released before.
    #[error("already escalated to the oversight body")]
    AlreadyReleased,
    /// The reporter refused that the oversight body reads the case, and has not asked for it since.
    #[error("the reporter refused that the oversight body reads this case")]
    OversightRefused,
    /// The case handler releases a case only after a deadline.
    #[error("no deadline has been missed")]
    NotOverdue,
    /// The case is under legal hold.
    #[error("case is under legal hold")]
    UnderLegalHold,
    /// The case is not under legal hold.
    #[error("case is not under legal hold")]
    NoLegalHold,
    /// The retention period has not ended.
    #[error("retention period ends {0}")]
    RetentionNotOver(time::Date),
    /// The cases are linked, or are the same case.
    #[error("the cases are already linked")]
    AlreadyLinked,
    /// The statement of a rotation does not follow the current generation.
    #[error("invalid key rotation: {0}")]
    InvalidRotation(#[from] StatementError),
    /// The readers of the case are not those for whom the rotation was proposed.
    #[error(
        "the readers of the case have changed since the rotation was proposed; withdraw it and propose it again"
    )]
    ReadersChanged,
}

impl RuleViolation {
    /// Returns the code of the rule, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "stale",
            Self::HandlerOnly => "handler-only",
            Self::MemberOnly => "person-only",
            Self::InvalidFirstEvent => "beginning",
            Self::MemberRecused(_) => "recused",
            Self::Undeclared => "undeclared",
            Self::AlreadyDeclared(_) => "declared",
            Self::ConflictClaimed(_) => "challenged",
            Self::NoConflictClaim(_) => "not-challenged",
            Self::OwnConflict => "own-conflict",
            Self::Unassigned => "unassigned",
            Self::AssigneeOnly(_) => "assignee-only",
            Self::DeskOnly => "desk-only",
            Self::LeadOnly => "lead-only",
            Self::ReferralRole => "referral-role",
            Self::OneLead => "one-lead",
            Self::InvalidTransition { .. } => "no-such-move",
            Self::WrongStage(_) => "stage",
            Self::SecondPersonRequired => "two-persons",
            Self::SamePerson(_) => "same-person",
            Self::NotProposed => "not-proposed",
            Self::ProposalPending(_) => "pending",
            Self::FeedbackFirst(_) => "feedback-first",
            Self::Readable => "readable",
            Self::UnhandledMessage => "unread",
            Self::ReasonMismatch => "reason",
            Self::InvalidReasonCode => "not-a-code",
            Self::DuplicateMismatch => "duplicate-of",
            Self::OnlyRaise => "only-raise",
            Self::OnlyLower => "only-lower",
            Self::AnotherInvestigator(_) => "another-investigator",
            Self::AnotherExtends(_) => "another-extends",
            Self::ReporterDidNotAsk => "reporter-did-not-ask",
            Self::AlreadyReleased => "released",
            Self::OversightRefused => "oversight-refused",
            Self::NotOverdue => "not-missed",
            Self::UnderLegalHold => "held",
            Self::NoLegalHold => "not-held",
            Self::RetentionNotOver(_) => "retention",
            Self::AlreadyLinked => "linked",
            Self::InvalidRotation(_) => "rotation",
            Self::ReadersChanged => "readers-changed",
        }
    }
}
