//! Texts of events and decisions, for pages and in English for the command line.

use protocol::case::{Decision, ReferralConsent, ReopenReason, event::Action};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::l10n::Localizer;

/// Returns the text of an event in English. It follows the actor's handle in a sentence.
pub fn describe_action(action: &Action) -> String {
    localize_event(Localizer::english(), action)
}

/// Returns the text of a decision in English.
pub fn describe_decision(decision: &Decision) -> String {
    localize_decision(Localizer::english(), decision)
}

/// Fields of an event's data, and the text families that their values can belong to.
const EVENT_DATA_FAMILIES: [(&str, &[&str]); 8] = [
    ("desk", &["desk"]),
    ("priority", &[]),
    ("from", &["stage"]),
    ("to", &["stage", "authority"]),
    ("who", &[]),
    ("reason", &["release", "reason"]),
    ("disposition", &["disposition"]),
    ("generation", &[]),
];

/// Returns the name of an event's action in JSON.
pub fn action_name(action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap_or_default();
    json["action"].as_str().unwrap_or_default().to_owned()
}

/// Returns the key of the text of an event.
pub(crate) fn event_key(action: &Action) -> String {
    let variant = match action {
        Action::Assigned { note: Some(_), .. } | Action::StageChanged { reason: Some(_), .. } => {
            Some("reason".to_owned())
        }
        Action::Assigned { granted, .. } if !granted.is_empty() => Some("granted".to_owned()),
        Action::ChallengeResolved { upheld: true, .. } => Some("yes".to_owned()),
        Action::ChallengeResolved { upheld: false, .. } => Some("no".to_owned()),
        Action::Reopened { ground, note } => {
            let ground = match ground {
                ReopenReason::Reporter => "reporter",
                ReopenReason::NewEvidence => "new-evidence",
            };
            Some(format!("{ground}{}", if note.is_some() { "-reason" } else { "" }))
        }
        Action::Replied { feedback: true, .. } => Some("feedback".to_owned()),
        Action::Proposed(decision) | Action::Approved(decision) => Some(decision_name(decision)),
        _ => None,
    };
    let name = action_name(action);
    variant.map_or_else(|| format!("event-{name}"), |variant| format!("event-{name}-{variant}"))
}

/// Returns the text of an event.
pub(crate) fn localize_event(localizer: &Localizer, action: &Action) -> String {
    let terms = match action {
        Action::Proposed(decision) | Action::Approved(decision) => {
            decision_terms(localizer, decision)
        }
        _ => None,
    };
    let json = serde_json::to_value(action).unwrap_or_default();
    let data = &json["data"];
    let values = EVENT_DATA_FAMILIES.map(|(name, families)| {
        let value = match &data[name] {
            Value::String(id) if families == ["desk"] => localizer.desk_label(id),
            Value::String(id) if Uuid::parse_str(id).is_ok() => id[..8].to_owned(),
            Value::String(word) => {
                let family = families.iter().find(|family| localizer.has_variant(family, word));
                family.map_or_else(|| word.clone(), |family| localizer.t_variant(family, word))
            }
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        (name, value)
    });
    let arguments = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let text = localizer.catalog().with(&event_key(action), &arguments);
    terms.map_or_else(|| text.clone(), |terms| format!("{text} · {terms}"))
}

/// Returns the text of a decision: its kind, its choices and its terms.
pub(crate) fn localize_decision(localizer: &Localizer, decision: &Decision) -> String {
    let choices = match decision {
        Decision::Close { disposition, reason, .. } => vec![
            localizer.t_variant("disposition", &serde_word(disposition)),
            localizer.t_variant("reason", &serde_word(reason)),
        ],
        Decision::Lower { priority } => vec![format!("{priority:?}")],
        Decision::Refer { to, .. } => vec![localizer.t_variant("authority", &serde_word(to))],
        Decision::LiftHold | Decision::Purge => Vec::new(),
    };
    let kind = localizer.t_variant("act-propose", &decision_name(decision));
    let terms = decision_terms(localizer, decision).into_iter().collect();
    [vec![kind], choices, terms].concat().join(" · ")
}

/// Returns the terms of a decision: the other case of a duplicate, or the consent of the reporter
/// to a referral.
fn decision_terms(localizer: &Localizer, decision: &Decision) -> Option<String> {
    match decision {
        Decision::Close { duplicate_of: Some(case), .. } => {
            Some(localizer.with("decision-duplicate", "case", short_id(*case)))
        }
        Decision::Refer { consent: ReferralConsent::Asked { message }, .. } => {
            Some(localizer.with("decision-consent-asked", "message", message.to_string()))
        }
        Decision::Refer { consent, .. } => {
            let how = localizer.t_variant("consent", consent_word(*consent));
            Some(localizer.with("decision-consent", "how", how))
        }
        Decision::Close { duplicate_of: None, .. }
        | Decision::Lower { .. }
        | Decision::LiftHold
        | Decision::Purge => None,
    }
}

fn decision_name(decision: &Decision) -> String {
    let json = serde_json::to_value(decision).unwrap_or_default();
    json["decision"].as_str().unwrap_or_default().to_owned()
}

fn short_id(case: Uuid) -> String {
    case.to_string()[..8].to_owned()
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

/// Returns the JSON spelling of a value that JSON writes as a string, or an empty string for any
/// other value.
pub fn serde_word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
