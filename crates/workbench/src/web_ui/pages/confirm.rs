//! The confirmation page of actions that cannot be undone.

use askama::Template;
use axum::response::Response;
use protocol::case::ActionKind;

use super::case_header::{CaseHeader, CasePageContext};
use crate::{
    case::{VerifiedCase, view::serde_word},
    web_ui::{
        extract::SignedInSession,
        forms::FormInput,
        layout::{PageFrame, render_ok},
    },
};

/// The field with the answer of the page.
const CONFIRMED_FIELD: &str = "confirmed";

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmTemplate {
    frame: PageFrame,
    head: CaseHeader,
    heading: String,
    what: String,
    act: String,
    /// The fields of the form, which the page sends again unchanged.
    fields: Vec<(String, String)>,
    back: String,
}

/// Returns the key of the text that explains the irreversible effect. Returns `None` if the action
/// can be undone or is confirmed.
fn confirmation_text(
    act: ActionKind,
    case: &VerifiedCase,
    form: &FormInput,
) -> Option<&'static str> {
    if form.get(CONFIRMED_FIELD) == "yes" {
        return None;
    }
    let unreleased = case.state.as_ref().is_none_or(|state| state.released.is_none());
    match act {
        ActionKind::Recuse => Some("recuse-what"),
        ActionKind::Escalate => Some("confirm-escalate"),
        ActionKind::Hold => Some("confirm-hold"),
        ActionKind::ApprovePurge => Some("confirm-purge"),
        ActionKind::ProposeRefer if unreleased => Some("confirm-refer"),
        ActionKind::ResolveChallenge if form.get("upheld") == "yes" => Some("confirm-challenge"),
        ActionKind::Rotate if form.has("without") => Some("confirm-rotate"),
        _ => None,
    }
}

/// Returns the confirmation page if the action must be confirmed first.
pub(super) fn confirmation_page(
    session: &SignedInSession,
    case: &VerifiedCase,
    act: ActionKind,
    form: &FormInput,
) -> Option<Response> {
    let key = confirmation_text(act, case, form)?;
    let tab = if session.must_declare(case) { "declare" } else { "actions" };
    let CasePageContext { frame, head, .. } = CasePageContext::new(session, case, tab);
    let who = if act == ActionKind::Rotate {
        form.values("without").join(", ")
    } else {
        form.get("who").to_owned()
    };
    Some(render_ok(&ConfirmTemplate {
        heading: frame.with("confirm-heading", "act", heading(&frame, act)),
        what: frame.with(key, "who", who),
        act: serde_word(&act),
        fields: form.pairs(),
        back: frame.url(&format!("/case/{}/{tab}", head.id)),
        frame,
        head,
    }))
}

fn heading(frame: &PageFrame, act: ActionKind) -> String {
    match act {
        ActionKind::ApprovePurge => frame.t("decision-purge"),
        ActionKind::ProposeRefer => frame.t("decision-refer"),
        ActionKind::ResolveChallenge => frame.t("challenge-upheld"),
        act => frame.t_variant("act", &serde_word(&act)),
    }
}
