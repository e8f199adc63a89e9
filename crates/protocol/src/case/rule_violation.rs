//! The rules, by what is said when one is broken.

use crate::case::stage::Stage;

/// Why an event is refused. Every variant is one rule; [`RuleViolation::code`] names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleViolation {
    /// The event was made on an older state of the case.
    #[error(
        "somebody else acted on this case first: look at it again (event {expected} comes next, not {found})"
    )]
    Stale {
        /// The case's next number.
        expected: u32,
        /// The event's.
        found: u32,
    },
    /// Only the case handler writes this.
    #[error("only the case handler writes this event")]
    HandlerOnly,
    /// Only a person may do this.
    #[error("the case handler may not do this")]
    MemberOnly,
    /// The first event of a case, and only it, is `received`.
    #[error("a case begins with one received event")]
    InvalidFirstEvent,
    /// Stepped back, or was found to have a conflict.
    #[error("{0} has recused from this case")]
    MemberRecused(String),
    /// Must first say that there is no conflict of interest.
    #[error("declare first that you have no conflict of interest in this case, or recuse from it")]
    Undeclared,
    /// Has said so before.
    #[error("{0} has declared already")]
    AlreadyDeclared(String),
    /// A colleague's claim of a conflict has not been judged yet.
    #[error(
        "a conflict of interest of {0} was claimed: until it is judged, {0} may only step back"
    )]
    ConflictClaimed(String),
    /// There is no claim to judge.
    #[error("no conflict of interest of {0} is claimed")]
    NoConflictClaim(String),
    /// One's own conflict.
    #[error("nobody challenges or judges a conflict of their own: recuse instead")]
    OwnConflict,
    /// Someone must have taken the case first.
    #[error("the case must be claimed or assigned first")]
    Unassigned,
    /// Only the assignee may do this.
    #[error("only {0}, who has the case, may do this")]
    AssigneeOnly(String),
    /// Only who sits at the desk may do this.
    #[error("only members of the desk, or the outside body, may do this")]
    DeskOnly,
    /// Only the lead of the desk may do this.
    #[error("only the lead of the desk, or the outside body, may do this")]
    LeadOnly,
    /// A lead and the outside body must both take part.
    #[error("a referral is decided by the lead of the desk and the outside body together")]
    ReferralRole,
    /// One of two must lead the desk or sit for the outside body.
    #[error("one of the two must be the lead of the desk, or of the outside body")]
    OneLead,
    /// No such way between the stages.
    #[error("a case does not go from {} to {}", from.as_str(), to.as_str())]
    InvalidTransition {
        /// Where it stands.
        from: Stage,
        /// Where it was to go.
        to: Stage,
    },
    /// Not while the case stands here.
    #[error("not while the case is {}", .0.as_str())]
    WrongStage(Stage),
    /// Decided by a proposal and an approval.
    #[error("this takes a proposal, and another person's approval")]
    SecondPersonRequired,
    /// The proposal, or the case before it was closed, is one's own.
    #[error("{0} proposed it: another person must approve")]
    SamePerson(String),
    /// Nothing was proposed, or something else.
    #[error("this has not been proposed")]
    NotProposed,
    /// One proposal at a time.
    #[error("{0} has proposed something already: approve or withdraw that first")]
    ProposalPending(String),
    /// The reporter has had no answer yet.
    #[error("the reporter is told first: {0}")]
    FeedbackFirst(&'static str),
    /// A member declared, took the case or answered the reporter, so the report was opened.
    #[error("a member has opened this case: it is not unreadable")]
    Readable,
    /// What the reporter wrote is waiting.
    #[error("the reporter wrote something that nobody has dealt with yet")]
    UnhandledMessage,
    /// The reason code does not go with the disposition.
    #[error("this reason does not go with this disposition")]
    ReasonMismatch,
    /// Whatever stands in the log is there for ever, for whoever runs the case handler.
    #[error("a reason here is a code: at most 32 small letters, digits and hyphens")]
    InvalidReasonCode,
    /// A duplicate names its case, nothing else does.
    #[error("a duplicate names the case that has the matter, another one, and nothing else does")]
    DuplicateMismatch,
    /// Urgency only rises by one person's decision.
    #[error("one person alone can only raise the urgency")]
    OnlyRaise,
    /// Lowering is lowering.
    #[error("the urgency is not lower than it is now")]
    OnlyLower,
    /// The investigator of before does not reopen or get it again.
    #[error("another investigator than {0} takes a reopened case")]
    AnotherInvestigator(String),
    /// The reporter did not write within 180 days of the closing.
    #[error("the reporter did not write within 180 days of the closing")]
    ReporterDidNotAsk,
    /// The outside body has it already.
    #[error("the outside body has this case already")]
    AlreadyReleased,
    /// The clock releases nothing before its time.
    #[error("no deadline has been missed")]
    NotOverdue,
    /// There is a legal hold.
    #[error("a legal hold is on this case")]
    UnderLegalHold,
    /// There is none.
    #[error("no legal hold is on this case")]
    NoLegalHold,
    /// The retention period runs.
    #[error("the case is kept until {0}")]
    RetentionNotOver(time::Date),
    /// The case is linked already, or with itself.
    #[error("the cases are linked already")]
    AlreadyLinked,
    /// The next generation is one more than the last.
    #[error("the next generation is {0}")]
    WrongGeneration(u32),
}

impl RuleViolation {
    /// The rule's name, for programs.
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
            Self::ReporterDidNotAsk => "reporter-did-not-ask",
            Self::AlreadyReleased => "released",
            Self::NotOverdue => "not-missed",
            Self::UnderLegalHold => "held",
            Self::NoLegalHold => "not-held",
            Self::RetentionNotOver(_) => "retention",
            Self::AlreadyLinked => "linked",
            Self::WrongGeneration(_) => "generation",
        }
    }
}
