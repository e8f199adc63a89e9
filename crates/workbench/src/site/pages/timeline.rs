//! What happened in a case, event by signed event.

use askama::Template;
use axum::{extract::Path, response::Response};
use envelope::event::{Action, Event, HANDLER};
use serde_json::Value;
use uuid::Uuid;

use super::case::{Head, Shown};
use crate::{
    site::{
        frame::{AtWork, Frame, show as laid_out},
        i18n,
        trouble::Trouble,
    },
    words::describe,
};

#[derive(Template)]
#[template(path = "timeline.html")]
struct Page {
    frame: Frame,
    head: Head,
    moves: Vec<Moment>,
}

struct Moment {
    when: String,
    who: String,
    what: String,
}

pub(super) async fn show(mut at: AtWork, Path((_, id)): Path<(String, Uuid)>) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    let Shown { frame, head, .. } = Shown::of(&at, &case, "timeline");
    let moves = moments(&frame, &case.events);
    Ok(laid_out(&Page { frame, head, moves }))
}

fn moments(frame: &Frame, events: &[Event]) -> Vec<Moment> {
    let moment = |event: &Event| {
        let handler = event.actor == HANDLER;
        Moment {
            // The case handler gives days only, so that none tells when a reporter wrote.
            when: if handler { frame.day(event.at.date()) } else { i18n::moment(frame.words(), event.at) },
            who: if handler { frame.t("the-handler") } else { event.actor.clone() },
            what: what(frame, &event.action),
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
pub(crate) fn what(frame: &Frame, action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap_or_default();
    let data = &json["data"];
    let mut key = format!("event-{}", json["action"].as_str().unwrap_or_default());
    // A decision of two, and a judgement, are told apart by what they say.
    for value in [data["decision"].as_str(), flag(&data["upheld"])].into_iter().flatten() {
        key = format!("{key}-{value}");
    }
    if !frame.words().has(&key) {
        return describe(action);
    }
    let values = DATA.map(|(name, families)| {
        let value = match &data[name] {
            Value::String(id) if families == ["desk"] => frame.desk(id),
            Value::String(word) => {
                let family = families.iter().find(|family| frame.has(family, word));
                family.map_or_else(|| word.clone(), |family| frame.one_of(family, word))
            }
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        (name, value)
    });
    let arguments = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    frame.words().with(&key, &arguments)
}

fn flag(value: &Value) -> Option<&'static str> {
    value.as_bool().map(|flag| if flag { "yes" } else { "no" })
}
