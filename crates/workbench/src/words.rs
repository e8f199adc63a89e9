//! What events say, in words.

use envelope::{
    event::{Action, Release},
    life::{Consent, Decision, Ground},
};

use crate::view::word;

/// What an event says.
pub fn describe(action: &Action) -> String {
    match action {
        Action::Received { desk, urgency, .. } => format!("report filed at desk {desk} as {urgency:?}"),
        Action::FollowedUp(_) => "the reporter sent something more".into(),
        Action::Released { reason } => format!("released to the outside body: {}", release(*reason)),
        Action::Declared => "declared to have no conflict of interest".into(),
        Action::Claimed => "took the case, declaring no conflict of interest".into(),
        Action::Assigned { to, granted: None } => format!("gave the case to {to}"),
        Action::Assigned { to, granted: Some(_) } => format!("gave the case to {to}, with a new grant"),
        Action::Recused => "stepped back because of a conflict of interest".into(),
        Action::Challenged { who } => format!("said that {who} has a conflict of interest"),
        Action::Judged { who, upheld: true } => {
            format!("found a conflict of interest: {who} has lost the case")
        }
        Action::Judged { who, upheld: false } => format!("found no conflict of interest of {who}"),
        Action::Moved { from, to, reason } => {
            let why = reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
            format!("moved it from {} to {}{why}", from.as_str(), to.as_str())
        }
        Action::Reopened { ground: Ground::Reporter } => "opened it again: the reporter wrote".into(),
        Action::Reopened { ground: Ground::NewEvidence } => "opened it again: there is new evidence".into(),
        Action::Proposed(decision) => format!("proposed {}", decided(decision)),
        Action::Approved(decision) => format!("approved {}", decided(decision)),
        Action::Withdrawn => "took the proposal back".into(),
        Action::Declined { .. } => "did not approve the proposal; a note says why".into(),
        Action::Replied { feedback: false, .. } => "answered the reporter".into(),
        Action::Replied { feedback: true, .. } => "told the reporter what was done".into(),
        Action::Renewed { .. } => "gave the investigation 90 more days, and told the reporter why".into(),
        Action::Noted { .. } => "added a note".into(),
        Action::Read => "dealt with what the reporter wrote".into(),
        Action::Tracked => "asked how the referral stands".into(),
        Action::Raised { urgency } => format!("raised the urgency to {urgency:?}"),
        Action::Linked { to } => format!("linked it with case {to}"),
        Action::Escalated => "gave it to the outside body".into(),
        Action::Held => "put a legal hold on it".into(),
        Action::Rotated { generation, .. } => format!("made new keys (generation {generation})"),
    }
}

/// A decision of two, as what is proposed or approved.
pub fn decided(decision: &Decision) -> String {
    match decision {
        Decision::Close { disposition, reason, duplicate_of } => {
            let of = duplicate_of.map_or_else(String::new, |of| format!(" of case {of}"));
            format!("closing it as {}{of} ({})", word(disposition), word(reason))
        }
        Decision::Lower { urgency } => format!("lowering the urgency to {urgency:?}"),
        Decision::Refer { to, consent } => format!("referring it to {} ({})", word(to), agreed(*consent)),
        Decision::LiftHold => "lifting the legal hold".into(),
        Decision::Purge => "destroying all that it holds".into(),
    }
}

/// By what the reporter agreed, as a word; a message is told by its number besides.
pub fn consent_word(consent: Consent) -> &'static str {
    match consent {
        Consent::Summary => "summary",
        Consent::Full => "full",
        Consent::Asked { .. } => "asked",
        Consent::Law => "law",
    }
}

fn agreed(consent: Consent) -> String {
    match consent {
        Consent::Summary => "the reporter agreed to a summary".into(),
        Consent::Full => "the reporter agreed".into(),
        Consent::Asked { message } => format!("the reporter agreed in message {message}"),
        Consent::Law => "a law demands it".into(),
    }
}

fn release(reason: Release) -> &'static str {
    match reason {
        Release::Filed => "it was filed there",
        Release::MissedDeadline => "a deadline was missed",
        Release::ReporterAsked => "the reporter asked for it",
        Release::DeskConflicted => "too few members without a conflict were left",
        Release::DeskAsked => "a member of the desk asked for it",
        Release::Referral => "it decides on a referral",
        Release::Unreadable => "two members closed it as unreadable",
    }
}
