//! Acts that cannot be undone are confirmed on a page of their own, which says what will be.

use askama::Template;
use axum::response::Response;
use envelope::life::Act;

use super::case::{Head, Shown};
use crate::{
    cases::Case,
    site::{
        forms::Typed,
        frame::{AtWork, Frame, show as laid_out},
    },
    view::word,
};

/// The field by which the page sends its answer.
const CONFIRMED: &str = "confirmed";

#[derive(Template)]
#[template(path = "confirm.html")]
struct Page {
    frame: Frame,
    head: Head,
    heading: String,
    what: String,
    act: String,
    /// What was chosen on the page before, sent along unchanged.
    fields: Vec<(String, String)>,
    back: String,
}

/// The key of the text that says what an act does for good; `None` where the act can be undone, or was confirmed.
fn needed(act: Act, case: &Case, typed: &Typed) -> Option<&'static str> {
    if typed.get(CONFIRMED) == "yes" {
        return None;
    }
    let unreleased = case.state.as_ref().is_none_or(|state| state.released.is_none());
    match act {
        Act::Recuse => Some("recuse-what"),
        Act::Escalate => Some("confirm-escalate"),
        Act::Hold => Some("confirm-hold"),
        Act::ApprovePurge => Some("confirm-purge"),
        Act::ProposeRefer if unreleased => Some("confirm-refer"),
        Act::Judge if typed.get("upheld") == "yes" => Some("confirm-judge"),
        Act::Rotate if typed.has("without") => Some("confirm-rotate"),
        _ => None,
    }
}

/// The page that asks, if this act has to be confirmed first.
pub(super) fn ask(at: &AtWork, case: &Case, act: Act, typed: &Typed) -> Option<Response> {
    let key = needed(act, case, typed)?;
    let tab = if at.must_declare(case) { "declare" } else { "actions" };
    let Shown { frame, head, .. } = Shown::of(at, case, tab);
    let who = if act == Act::Rotate { typed.all("without").join(", ") } else { typed.get("who").to_owned() };
    Some(laid_out(&Page {
        heading: frame.with("confirm-heading", "act", heading(&frame, act)),
        what: frame.with(key, "who", who),
        act: word(&act),
        fields: typed.pairs(),
        back: frame.at(&format!("/case/{}/{tab}", head.id)),
        frame,
        head,
    }))
}

fn heading(frame: &Frame, act: Act) -> String {
    match act {
        Act::ApprovePurge => frame.t("decision-purge"),
        Act::ProposeRefer => frame.t("decision-refer"),
        Act::Judge => frame.t("judge-upheld"),
        act => frame.one_of("act", &word(&act)),
    }
}
