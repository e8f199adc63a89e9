//! What happened in a case, in the words of the pages.

use protocol::case::{
    Decision, ReferralConsent,
    event::{Action, Event, HANDLER_ACTOR},
};
use serde_json::Value;
use uuid::Uuid;

use crate::l10n::event_text::{consent_word, describe_action};
use crate::l10n::{Localizer, dates};

/// An event in words.
pub(crate) struct TimelineEntry {
    pub(crate) when: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// Events in the words of the pages, oldest first.
pub(crate) fn build_timeline(speech: &Localizer, events: &[Event]) -> Vec<TimelineEntry> {
    let moment = |event: &Event| {
        let handler = event.actor == HANDLER_ACTOR;
        TimelineEntry {
            // The case handler gives days only, so that none tells when a reporter wrote.
            when: if handler {
                speech.format_date(event.at.date())
            } else {
                dates::format_time(speech.catalog(), event.at)
            },
            who: if handler { speech.t("the-handler") } else { event.actor.clone() },
            what: localize_event(speech, &event.action),
        }
    };
    events.iter().map(moment).collect()
}

/// What an event's data can be called, and the families of words that its values can be of.
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

/// What belongs to a decision besides what is decided: which case has the matter of a duplicate,
/// and by what the reporter agreed.
pub(crate) fn decision_terms(speech: &Localizer, decision: &Decision) -> Option<String> {
    match decision {
        Decision::Close { duplicate_of: Some(case), .. } => {
            Some(speech.with("decision-duplicate", "case", short_id(*case)))
        }
        Decision::Refer { consent: ReferralConsent::Asked { message }, .. } => {
            Some(speech.with("decision-consent-asked", "message", message.to_string()))
        }
        Decision::Refer { consent, .. } => {
            let how = speech.t_variant("consent", consent_word(*consent));
            Some(speech.with("decision-consent", "how", how))
        }
        _ => None,
    }
}

fn short_id(case: Uuid) -> String {
    case.to_string()[..8].to_owned()
}

/// An event in the page's language.
pub(crate) fn localize_event(speech: &Localizer, action: &Action) -> String {
    let terms = match action {
        Action::Proposed(decision) | Action::Approved(decision) => decision_terms(speech, decision),
        _ => None,
    };
    [Some(localize_action(speech, action)), terms]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// In the program's own words where the pages have none for it.
fn localize_action(speech: &Localizer, action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap_or_default();
    let data = &json["data"];
    let mut key = format!("event-{}", json["action"].as_str().unwrap_or_default());
    // A decision of two, and a judgement, are told apart by what they say.
    for value in [data["decision"].as_str(), bool_suffix(&data["upheld"])].into_iter().flatten() {
        key = format!("{key}-{value}");
    }
    if !speech.catalog().contains(&key) {
        return describe_action(action);
    }
    let values = EVENT_DATA_FAMILIES.map(|(name, families)| {
        let value = match &data[name] {
            Value::String(id) if families == ["desk"] => speech.desk_label(id),
            Value::String(id) if Uuid::parse_str(id).is_ok() => id[..8].to_owned(),
            Value::String(word) => {
                let family = families.iter().find(|family| speech.has_variant(family, word));
                family.map_or_else(|| word.clone(), |family| speech.t_variant(family, word))
            }
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        (name, value)
    });
    let arguments = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    speech.catalog().with(&key, &arguments)
}

fn bool_suffix(value: &Value) -> Option<&'static str> {
    value.as_bool().map(|flag| if flag { "yes" } else { "no" })
}
