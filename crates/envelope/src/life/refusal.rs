//! The rules, by what is said when one is broken.

use super::Stage;

/// Why an event is refused. Every variant names one rule.
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
    /// Stepped back before.
    #[error("{0} has recused from this case")]
    Recused(String),
    /// Someone must have taken the case first.
    #[error("the case must be claimed or assigned first")]
    Unassigned,
    /// Only the assignee may do this.
    #[error("only {0}, who has the case, may do this")]
    AssigneeOnly(String),
    /// Only the lead of the desk may do this.
    #[error("only the lead of the desk, or the outside body, may do this")]
    LeadOnly,
    /// A lead and the outside body must both take part.
    #[error("a referral is decided by the lead of the desk or the outside body")]
    ReferralRole,
    /// No such way between the stages.
    #[error("a case does not go from {} to {}", from.as_str(), to.as_str())]
    NoSuchMove {
        /// Where it stands.
        from: Stage,
        /// Where it was to go.
        to: Stage,
    },
    /// Closing goes through a proposal and an approval.
    #[error("closing needs a proposal, and another person's approval")]
    TwoPersons,
    /// The proposal is one's own.
    #[error("{0} proposed the closing: another person must approve it")]
    SamePerson(String),
    /// Nothing was proposed, or something else.
    #[error("no closing with this disposition has been proposed")]
    NotProposed,
    /// The reporter has had no answer yet.
    #[error("the reporter gets an answer before the case is decided or closed")]
    FeedbackFirst,
    /// Urgency only rises by one person's decision.
    #[error("one person alone can only raise the urgency")]
    OnlyRaise,
    /// Nothing happens to a closed case but its reopening.
    #[error("the case is closed")]
    Closed,
    /// The next generation is one more than the last.
    #[error("the next generation is {0}")]
    Generation(u32),
}
