//! What happened in a case, in the words of the pages.

use envelope::{
    event::{Action, Event, HANDLER},
    life::{Consent, Decision},
};
use serde_json::Value;
use uuid::Uuid;

use super::{i18n, speech::Speech};
use crate::words::{consent_word, describe};

/// An event in words.
pub(crate) struct Moment {
    pub(crate) when: String,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// Events in the words of the pages, oldest first.
pub(crate) fn moments(speech: &Speech, events: &[Event]) -> Vec<Moment> {
    let moment = |event: &Event| {
        let handler = event.actor == HANDLER;
        Moment {
            // The case handler gives days only, so that none tells when a reporter wrote.
            when: if handler { speech.day(event.at.date()) } else { i18n::moment(speech.words(), event.at) },
            who: if handler { speech.t("the-handler") } else { event.actor.clone() },
            what: what(speech, &event.action),
        }
    };
    events.iter().map(moment).collect()
}

/// What an event's data can be called, and the families of words that its values can be of.
const DATA: [(&str, &[&str]); 8] = [
    ("desk", &["desk"]),
    ("urgency", &[]),
    ("from", &["stage"]),
    ("to", &["stage", "authority"]),
    ("who", &[]),
    ("reason", &["release", "reason"]),
    ("disposition", &["disposition"]),
    ("generation", &[]),
];

/// What belongs to a decision besides what is decided: which case has the matter of a duplicate, and by what the reporter agreed.
pub(crate) fn terms(speech: &Speech, decision: &Decision) -> Option<String> {
    match decision {
        Decision::Close { duplicate_of: Some(case), .. } => {
            Some(speech.with("decision-duplicate", "case", short(*case)))
        }
        Decision::Refer { consent: Consent::Asked { message }, .. } => {
            Some(speech.with("decision-consent-asked", "message", message.to_string()))
        }
        Decision::Refer { consent, .. } => {
            let how = speech.one_of("consent", consent_word(*consent));
            Some(speech.with("decision-consent", "how", how))
        }
        _ => None,
    }
}

fn short(case: Uuid) -> String {
    case.to_string()[..8].to_owned()
}

/// An event in the page's language.
pub(crate) fn what(speech: &Speech, action: &Action) -> String {
    let terms = match action {
        Action::Proposed(decision) | Action::Approved(decision) => terms(speech, decision),
        _ => None,
    };
    [Some(happened(speech, action)), terms].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// In the program's own words where the pages have none for it.
fn happened(speech: &Speech, action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap_or_default();
    let data = &json["data"];
    let mut key = format!("event-{}", json["action"].as_str().unwrap_or_default());
    // A decision of two, and a judgement, are told apart by what they say.
    for value in [data["decision"].as_str(), flag(&data["upheld"])].into_iter().flatten() {
        key = format!("{key}-{value}");
    }
    if !speech.words().has(&key) {
        return describe(action);
    }
    let values = DATA.map(|(name, families)| {
        let value = match &data[name] {
            Value::String(id) if families == ["desk"] => speech.desk(id),
            Value::String(id) if Uuid::parse_str(id).is_ok() => id[..8].to_owned(),
            Value::String(word) => {
                let family = families.iter().find(|family| speech.has(family, word));
                family.map_or_else(|| word.clone(), |family| speech.one_of(family, word))
            }
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        (name, value)
    });
    let arguments = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    speech.words().with(&key, &arguments)
}

fn flag(value: &Value) -> Option<&'static str> {
    value.as_bool().map(|flag| if flag { "yes" } else { "no" })
}
