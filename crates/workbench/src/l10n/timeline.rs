//! The timeline of a case in the language of the pages.

use protocol::case::{
    Decision, ReferralConsent,
    event::{Action, Event, HANDLER_ACTOR},
};
use serde_json::Value;
use uuid::Uuid;

use crate::l10n::event_text::{consent_word, describe_action};
use crate::l10n::{Localizer, dates};

/// An event as text.
pub(crate) struct TimelineEntry {
    pub(crate) when: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// Returns the events as text, oldest first.
pub(crate) fn build_timeline(localizer: &Localizer, events: &[Event]) -> Vec<TimelineEntry> {
    let to_entry = |event: &Event| {
        let handler = event.actor == HANDLER_ACTOR;
        TimelineEntry {
            // The case handler records dates without times, so that none shows when a reporter
            // wrote.
            when: if handler {
                localizer.format_date(event.at.date())
            } else {
                dates::format_time(localizer.catalog(), event.at)
            },
            who: if handler { localizer.t("the-handler") } else { event.actor.clone() },
            what: localize_event(localizer, &event.action),
        }
    };
    events.iter().map(to_entry).collect()
}

/// Fields of an event's data, and the text families that their values can belong to.
const EVENT_DATA_FAMILIES: [(&str, &[&str]); 8] = [
    ("desk", &["desk"]),
    ("urgency", &[]),
    ("from", &["stage"]),
    ("to", &["stage", "authority"]),
    ("who", &[]),
    ("reason", &["release", "reason"]),
    ("disposition", &["disposition"]),
    ("generation", &[]),
];

/// Returns the terms of a decision: the other case of a duplicate, or the consent of the reporter
/// to a referral.
pub(crate) fn decision_terms(localizer: &Localizer, decision: &Decision) -> Option<String> {
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
        _ => None,
    }
}

fn short_id(case: Uuid) -> String {
    case.to_string()[..8].to_owned()
}

/// Returns an event as text in the language of the pages.
pub(crate) fn localize_event(localizer: &Localizer, action: &Action) -> String {
    let terms = match action {
        Action::Proposed(decision) | Action::Approved(decision) => {
            decision_terms(localizer, decision)
        }
        _ => None,
    };
    [Some(localize_action(localizer, action)), terms]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// Falls back to the built-in English text if the catalog has no text for the event.
fn localize_action(localizer: &Localizer, action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap_or_default();
    let data = &json["data"];
    let mut key = format!("event-{}", json["action"].as_str().unwrap_or_default());
    // Decisions and resolved challenges have a text for each value.
    for value in [data["decision"].as_str(), bool_suffix(&data["upheld"])].into_iter().flatten() {
        key = format!("{key}-{value}");
    }
    if !localizer.catalog().contains(&key) {
        return describe_action(action);
    }
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
    localizer.catalog().with(&key, &arguments)
}

fn bool_suffix(value: &Value) -> Option<&'static str> {
    value.as_bool().map(|flag| if flag { "yes" } else { "no" })
}
