//! The rules, by what is said when one is broken.

use super::Stage;

/// Why an event is refused. Every variant is one rule; [`Refusal::rule`] names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
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
    PersonOnly,
    /// The first event of a case, and only it, is `received`.
    #[error("a case begins with one received event")]
    Beginning,
    /// Stepped back, or was found to have a conflict.
    #[error("{0} has recused from this case")]
    Recused(String),
    /// Must first say that there is no conflict of interest.
    #[error("declare first that you have no conflict of interest in this case, or recuse from it")]
    Undeclared,
    /// Has said so before.
    #[error("{0} has declared already")]
    Declared(String),
    /// A colleague's claim of a conflict has not been judged yet.
    #[error("a conflict of interest of {0} was claimed: until it is judged, {0} may only step back")]
    Challenged(String),
    /// There is no claim to judge.
    #[error("no conflict of interest of {0} is claimed")]
    NotChallenged(String),
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
    NoSuchMove {
        /// Where it stands.
        from: Stage,
        /// Where it was to go.
        to: Stage,
    },
    /// Not while the case stands here.
    #[error("not while the case is {}", .0.as_str())]
    Stage(Stage),
    /// Decided by a proposal and an approval.
    #[error("this takes a proposal, and another person's approval")]
    TwoPersons,
    /// The proposal, or the case before it was closed, is one's own.
    #[error("{0} proposed it: another person must approve")]
    SamePerson(String),
    /// Nothing was proposed, or something else.
    #[error("this has not been proposed")]
    NotProposed,
    /// One proposal at a time.
    #[error("{0} has proposed something already: approve or withdraw that first")]
    Pending(String),
    /// The reporter has had no answer yet.
    #[error("the reporter is told first: {0}")]
    FeedbackFirst(&'static str),
    /// A member declared, took the case or answered the reporter, so the report was opened.
    #[error("a member has opened this case: it is not unreadable")]
    Readable,
    /// What the reporter wrote is waiting.
    #[error("the reporter wrote something that nobody has dealt with yet")]
    Unread,
    /// The reason code does not go with the disposition.
    #[error("this reason does not go with this disposition")]
    Reason,
    /// Whatever stands in the log is there for ever, for whoever runs the case handler.
    #[error("a reason here is a code: at most 32 small letters, digits and hyphens")]
    NotACode,
    /// A duplicate names its case, nothing else does.
    #[error("a duplicate names the case that has the matter, another one, and nothing else does")]
    DuplicateOf,
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
    Released,
    /// The clock releases nothing before its time.
    #[error("no deadline has been missed")]
    NotMissed,
    /// There is a legal hold.
    #[error("a legal hold is on this case")]
    Held,
    /// There is none.
    #[error("no legal hold is on this case")]
    NotHeld,
    /// The retention period runs.
    #[error("the case is kept until {0}")]
    Retention(time::Date),
    /// The case is linked already, or with itself.
    #[error("the cases are linked already")]
    Linked,
    /// The next generation is one more than the last.
    #[error("the next generation is {0}")]
    Generation(u32),
}

impl Refusal {
    /// The rule's name, for programs.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Stale { .. } => "stale",
            Self::HandlerOnly => "handler-only",
            Self::PersonOnly => "person-only",
            Self::Beginning => "beginning",
            Self::Recused(_) => "recused",
            Self::Undeclared => "undeclared",
            Self::Declared(_) => "declared",
            Self::Challenged(_) => "challenged",
            Self::NotChallenged(_) => "not-challenged",
            Self::OwnConflict => "own-conflict",
            Self::Unassigned => "unassigned",
            Self::AssigneeOnly(_) => "assignee-only",
            Self::DeskOnly => "desk-only",
            Self::LeadOnly => "lead-only",
            Self::ReferralRole => "referral-role",
            Self::OneLead => "one-lead",
            Self::NoSuchMove { .. } => "no-such-move",
            Self::Stage(_) => "stage",
            Self::TwoPersons => "two-persons",
            Self::SamePerson(_) => "same-person",
            Self::NotProposed => "not-proposed",
            Self::Pending(_) => "pending",
            Self::FeedbackFirst(_) => "feedback-first",
            Self::Readable => "readable",
            Self::Unread => "unread",
            Self::Reason => "reason",
            Self::NotACode => "not-a-code",
            Self::DuplicateOf => "duplicate-of",
            Self::OnlyRaise => "only-raise",
            Self::OnlyLower => "only-lower",
            Self::AnotherInvestigator(_) => "another-investigator",
            Self::ReporterDidNotAsk => "reporter-did-not-ask",
            Self::Released => "released",
            Self::NotMissed => "not-missed",
            Self::Held => "held",
            Self::NotHeld => "not-held",
            Self::Retention(_) => "retention",
            Self::Linked => "linked",
            Self::Generation(_) => "generation",
        }
    }
}
