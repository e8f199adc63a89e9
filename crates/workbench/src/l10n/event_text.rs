//! Describes events in English, for the command line and for events without a text in the catalog.

use protocol::case::{
    Decision, ReferralConsent, ReopenReason,
    event::{Action, ReleaseReason},
};
use serde::Serialize;

/// Returns the description of an event. It follows the actor's handle in a sentence.
pub fn describe_action(action: &Action) -> String {
    match action {
        Action::Received { desk, urgency, .. } => {
            format!("report received at desk {desk} as {urgency:?}")
        }
        Action::FollowedUp(_) => "the reporter sent something more".into(),
        Action::Released { reason } => {
            format!("released to the oversight body: {}", describe_release(*reason))
        }
        Action::Declared => "declared to have no conflict of interest".into(),
        Action::Claimed => "took the case, declaring no conflict of interest".into(),
        Action::Assigned { to, granted: None } => format!("gave the case to {to}"),
        Action::Assigned { to, granted: Some(_) } => {
            format!("gave the case to {to}, with a new grant")
        }
        Action::Recused => "stepped back because of a conflict of interest".into(),
        Action::Challenged { who } => format!("stated that {who} has a conflict of interest"),
        Action::ChallengeResolved { who, upheld: true } => {
            format!("found a conflict of interest: {who} has lost the case")
        }
        Action::ChallengeResolved { who, upheld: false } => {
            format!("found no conflict of interest of {who}")
        }
        Action::StageChanged { from, to, reason } => {
            let why = reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
            format!("moved it from {} to {}{why}", from.as_str(), to.as_str())
        }
        Action::Reopened { ground: ReopenReason::Reporter } => {
            "opened it again: the reporter wrote".into()
        }
        Action::Reopened { ground: ReopenReason::NewEvidence } => {
            "opened it again: there is new evidence".into()
        }
        Action::Proposed(decision) => format!("proposed {}", describe_decision(decision)),
        Action::Approved(decision) => format!("approved {}", describe_decision(decision)),
        Action::Withdrawn => "took the proposal back".into(),
        Action::Declined { .. } => "did not approve the proposal; a note says why".into(),
        Action::Replied { feedback: false, .. } => "answered the reporter".into(),
        Action::Replied { feedback: true, .. } => "informed the reporter of what was done".into(),
        Action::DeadlineExtended { .. } => {
            "extended the investigation by 90 days, and informed the reporter of the reason".into()
        }
        Action::NoteAdded { .. } => "added a note".into(),
        Action::MarkedHandled => "handled what the reporter wrote".into(),
        Action::ReferralFollowedUp => "asked how the referral stands".into(),
        Action::PriorityRaised { urgency } => format!("raised the urgency to {urgency:?}"),
        Action::Linked { to } => format!("linked it with case {to}"),
        Action::Escalated => "escalated it to the oversight body".into(),
        Action::LegalHoldPlaced => "put a legal hold on it".into(),
        Action::KeysRotated { generation, .. } => {
            format!("made new keys (generation {generation})")
        }
    }
}

/// Returns the description of a decision, as the object of "proposed" or "approved".
pub fn describe_decision(decision: &Decision) -> String {
    match decision {
        Decision::Close { disposition, reason, duplicate_of } => {
            let of = duplicate_of.map_or_else(String::new, |of| format!(" of case {of}"));
            format!("closing it as {}{of} ({})", serde_word(disposition), serde_word(reason))
        }
        Decision::Lower { urgency } => format!("lowering the urgency to {urgency:?}"),
        Decision::Refer { to, consent } => {
            format!("referring it to {} ({})", serde_word(to), describe_consent(*consent))
        }
        Decision::LiftHold => "lifting the legal hold".into(),
        Decision::Purge => "destroying all that it holds".into(),
    }
}

/// Returns the reporter's consent as one word. The number of a message is not part of it.
pub fn consent_word(consent: ReferralConsent) -> &'static str {
    match consent {
        ReferralConsent::Summary => "summary",
        ReferralConsent::Full => "full",
        ReferralConsent::Asked { .. } => "asked",
        ReferralConsent::Law => "law",
    }
}

fn describe_consent(consent: ReferralConsent) -> String {
    match consent {
        ReferralConsent::Summary => "the reporter agreed to a summary".into(),
        ReferralConsent::Full => "the reporter agreed".into(),
        ReferralConsent::Asked { message } => format!("the reporter agreed in message {message}"),
        ReferralConsent::Law => "a law demands it".into(),
    }
}

fn describe_release(reason: ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::Filed => "the report was addressed to it",
        ReleaseReason::MissedDeadline => "a deadline was missed",
        ReleaseReason::ReporterAsked => "the reporter asked for it",
        ReleaseReason::DeskConflicted => "too few members without a conflict were left",
        ReleaseReason::DeskAsked => "a member of the desk asked for it",
        ReleaseReason::Referral => "it decides on a referral",
        ReleaseReason::Unreadable => "two members closed it as unreadable",
    }
}

/// Returns the JSON spelling of a value that JSON writes as a string, or an empty string for any
/// other value.
pub fn serde_word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
