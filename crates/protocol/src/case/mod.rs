//! A case: its events, the state that follows from them, and the permitted actions.

pub(crate) mod actions;
pub(crate) mod calendar;
pub(crate) mod decision;
pub mod event;
pub(crate) mod proposals;
pub(crate) mod role;
pub(crate) mod rule_violation;
pub(crate) mod stage;
pub(crate) mod state;
pub(crate) mod transitions;

pub use actions::{ActionKind, ActionPayload, ActorClass, CASE_ACTIONS, CaseAction, Confirmation};
pub use calendar::{Calendar, CalendarError, Holiday};
pub use decision::{
    ClosingReason, Decision, Disposition, Proposal, ReferralConsent, ReferralTarget, ReopenReason,
};
pub use role::Role;
pub use rule_violation::RuleViolation;
pub use stage::{
    Deadline, DeadlineKind, REOPEN_DAYS, Stage, days_after, months_after, triage_days,
};
pub use state::{CaseState, ConflictClaim, PendingRotation, next_event};
