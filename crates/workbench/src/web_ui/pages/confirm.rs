//! The confirmation page of actions that cannot be undone.

use askama::Template;
use axum::response::Response;
use protocol::case::{ActionKind, Confirmation};

use super::case_header::{CaseHeader, CasePageContext};
use crate::{
    case::VerifiedCase,
    l10n::action_text,
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
    /// The name of the action, on the button that confirms it.
    act_title: String,
    /// What the member chose, with labels.
    choices: Vec<(String, String)>,
    what: String,
    act: &'static str,
    /// The fields of the form, which the page sends again unchanged.
    fields: Vec<(String, String)>,
    back: String,
}

/// Returns whether the action cannot be undone and is not confirmed yet.
fn needs_confirmation(act: ActionKind, case: &VerifiedCase, form: &FormInput) -> bool {
    let irreversible = match act {
        ActionKind::ProposeRefer => {
            case.state.as_ref().is_none_or(|state| state.released.is_none())
        }
        ActionKind::ResolveChallenge => form.get("upheld") == "yes",
        ActionKind::ProposeRotation => form.has("without"),
        act => act.row().confirmation != Confirmation::Never,
    };
    irreversible && form.get(CONFIRMED_FIELD) != "yes"
}

/// Returns the confirmation page if the action must be confirmed first.
pub(super) fn confirmation_page(
    session: &SignedInSession,
    case: &VerifiedCase,
    act: ActionKind,
    form: &FormInput,
) -> Option<Response> {
    if !needs_confirmation(act, case, form) {
        return None;
    }
    let tab = if session.must_declare(case) { "declare" } else { "actions" };
    let CasePageContext { frame, head, .. } = CasePageContext::new(session, case, tab);
    let who = if act == ActionKind::ProposeRotation {
        form.values("without").join(", ")
    } else {
        form.get("who").to_owned()
    };
    Some(render_ok(&ConfirmTemplate {
        heading: frame.with("confirm-heading", "act", act_title(&frame, act)),
        act_title: act_title(&frame, act),
        choices: choices(&frame, act, form),
        what: frame.with(&action_text::confirmation_key(act), "who", who),
        act: act.name(),
        fields: form.pairs(),
        back: frame.url(&format!("/case/{}/{tab}", head.id)),
        frame,
        head,
    }))
}

/// Returns the choices of the form that the text of the confirmation does not contain.
fn choices(frame: &PageFrame, act: ActionKind, form: &FormInput) -> Vec<(String, String)> {
    if act != ActionKind::ProposeRefer {
        return Vec::new();
    }
    vec![
        (frame.t("refer-to"), frame.t_variant("authority", form.get("authority"))),
        (frame.t("refer-consent"), frame.t_variant("consent", form.get("consent"))),
    ]
}

fn act_title(frame: &PageFrame, act: ActionKind) -> String {
    match act {
        ActionKind::ApprovePurge => action_text::localized_title(frame, ActionKind::ProposePurge),
        ActionKind::ResolveChallenge => frame.t("challenge-upheld"),
        act => action_text::localized_title(frame, act),
    }
}
