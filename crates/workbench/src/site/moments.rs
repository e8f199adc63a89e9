//! What happened in a case, in the words of the pages.

use envelope::event::{Action, Event, HANDLER};
use serde_json::Value;

use super::{i18n, speech::Speech};
use crate::words::describe;

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

/// An event in the page's language; in the program's own where the pages have no words for it.
pub(crate) fn what(speech: &Speech, action: &Action) -> String {
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
