//! The actions of a case. The page offers exactly the actions that the case rules allow to this
//! member now.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use protocol::{
    Priority,
    case::{
        ActionKind, ActionPayload, CaseState, Decision, Disposition, ReferralConsent,
        ReferralTarget, ReopenReason, RuleViolation, Stage,
    },
};
use rand::rngs::OsRng;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    case_header::{CaseHeader, CasePageContext},
    confirm,
};
use crate::{
    actions::{ActionChoice, ActionError, marks_handled},
    case::{
        VerifiedCase,
        view::{RestrictedCaseView, serde_word},
    },
    l10n::event_text::localize_decision,
    session::HandlerConnection,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        forms::FormInput,
        layout::{PageFrame, render_ok},
    },
};

const AUTHORITIES: [ReferralTarget; 6] = [
    ReferralTarget::Prosecutor,
    ReferralTarget::Police,
    ReferralTarget::AntiCorruption,
    ReferralTarget::Audit,
    ReferralTarget::Ombudsman,
    ReferralTarget::Administration,
];

#[derive(Template)]
#[template(path = "case-actions.html")]
struct CaseActionsTemplate {
    frame: PageFrame,
    head: CaseHeader,
    allowed: Vec<ActionKind>,
    colleagues: Vec<String>,
    /// The unit that the reporter wishes, `woman` or `man`, while such a member may have the case.
    wish: Option<&'static str>,
    /// Whether this member needs a reason to take or reopen the case.
    takes_against_wish: bool,
    /// The members to whom the case can be assigned without a reason.
    assignable: Vec<String>,
    /// The members whose assignment is against the wish and needs a reason.
    against_wish: Vec<String>,
    challenged: Vec<String>,
    removable_readers: Vec<String>,
    higher: Vec<String>,
    lower: Vec<String>,
    /// Dispositions with the reasons that go with them.
    closing_reasons: Vec<(String, Vec<String>)>,
    authorities: Vec<String>,
    /// The open proposal: its author and its text.
    proposed: Option<(String, String)>,
    /// Whether the reporter has an unhandled message.
    unhandled: bool,
    /// What must be done before a closing or a purge.
    blocking_steps: Vec<String>,
}

/// Actions that have a button or a form in another part of the page.
const PLACED_ELSEWHERE: [ActionKind; 5] = [
    ActionKind::Declare,
    ActionKind::Recuse,
    ActionKind::Escalate,
    ActionKind::Withdraw,
    ActionKind::Decline,
];

impl CaseActionsTemplate {
    fn is_allowed(&self, act: ActionKind) -> bool {
        self.allowed.contains(&act)
    }

    fn approve_action(&self) -> Option<ActionKind> {
        self.allowed
            .iter()
            .copied()
            .find(|act| matches!(act.row().payload, ActionPayload::Approval))
    }

    /// Returns the actions that need nothing but a button, in the order of the table, and whether
    /// each is the next step of the case.
    fn buttons(&self) -> impl Iterator<Item = (ActionKind, bool)> {
        let buttons = self.allowed.iter().copied().filter(|act| {
            let is_button = matches!(
                act.row().payload,
                ActionPayload::Fixed(_) | ActionPayload::Stage(_) | ActionPayload::Reopening
            );
            is_button
                && !PLACED_ELSEWHERE.contains(act)
                && (*act != ActionKind::MarkHandled || self.unhandled)
        });
        buttons.map(|act| (act, is_next_step(act)))
    }

    /// Returns the actions of which the member chooses another member.
    fn about_members(&self) -> impl Iterator<Item = ActionKind> {
        self.allowed
            .iter()
            .copied()
            .filter(|act| matches!(act.row().payload, ActionPayload::Member(_)))
    }

    /// Returns the actions of which the member writes the reason.
    fn with_reason(&self) -> impl Iterator<Item = ActionKind> {
        self.allowed.iter().copied().filter(|act| {
            matches!(act.row().payload, ActionPayload::Reason(_)) && !PLACED_ELSEWHERE.contains(act)
        })
    }
}

/// Returns whether the action moves the case to its next stage.
fn is_next_step(act: ActionKind) -> bool {
    matches!(act.row().payload, ActionPayload::Stage(_)) && act != ActionKind::TakeBack
}

#[derive(Template)]
#[template(path = "declare.html")]
struct DeclareTemplate {
    frame: PageFrame,
    head: CaseHeader,
    view: RestrictedCaseView,
    allowed: Vec<ActionKind>,
    /// The unit that the reporter wishes, if this member needs a reason to take the case.
    against_wish: Option<&'static str>,
    /// Whether a conflict of interest of this member is claimed.
    challenged: bool,
}

impl DeclareTemplate {
    fn is_allowed(&self, act: ActionKind) -> bool {
        self.allowed.contains(&act)
    }
}

type CasePath = Path<(String, Uuid)>;

pub(super) async fn show(
    mut session: SignedInSession,
    Path((_, id)): CasePath,
) -> Result<Response, PageError> {
    let case = session.open_declared_case(id).await?;
    Ok(render_ok(&actions_page(&session, &case)))
}

/// Asks for the declaration, before any content of the case is shown.
pub(super) async fn declare_page(
    mut session: SignedInSession,
    Path((_, id)): CasePath,
) -> Result<Response, PageError> {
    let case = session.read_case_unchecked(id).await?;
    if !session.must_declare(&case) {
        return Ok(Redirect::to(&session.request.url(&format!("/case/{id}"))).into_response());
    }
    let allowed = session.connection().allowed_actions(&case);
    let wish = session.connection().wish(&case).map(|wish| wish.unit);
    let against_wish = wish.filter(|_| session.connection().takes_against_wish(&case));
    let CasePageContext { frame, head, view } = CasePageContext::new(&session, &case, "declare");
    let me = session.connection().handle();
    let challenged = view.state.conflict_claims.iter().any(|challenge| challenge.member == me);
    let view = RestrictedCaseView::from_case_view(view);
    Ok(render_ok(&DeclareTemplate { frame, head, view, allowed, against_wish, challenged }))
}

fn actions_page(session: &SignedInSession, case: &VerifiedCase) -> CaseActionsTemplate {
    let CasePageContext { frame, head, view } = CasePageContext::new(session, case, "actions");
    let state = &view.state;
    let priorities = |wanted: &dyn Fn(Priority) -> bool| -> Vec<String> {
        Priority::ALL
            .into_iter()
            .filter(|priority| wanted(*priority))
            .map(|priority| format!("{priority:?}"))
            .collect()
    };
    // A case that opens cannot be closed as unreadable.
    let closing_reasons = Disposition::ALL
        .into_iter()
        .filter(|disposition| *disposition != Disposition::Unreadable)
        .map(|disposition| {
            (
                serde_word(&disposition),
                disposition.allowed_reasons().iter().map(serde_word).collect::<Vec<_>>(),
            )
        });
    let (assignable, against_wish) = session.connection().assignable(case);
    CaseActionsTemplate {
        wish: session.connection().wish(case).map(|wish| wish.unit),
        takes_against_wish: session.connection().takes_against_wish(case),
        assignable,
        against_wish,
        allowed: session.connection().allowed_actions(case),
        colleagues: session.connection().colleagues(case),
        // A member cannot resolve an own claim.
        challenged: state
            .conflict_claims
            .iter()
            .filter(|challenge| challenge.by != session.connection().handle())
            .map(|challenge| challenge.member.clone())
            .collect(),
        removable_readers: session.connection().removable_readers(case),
        higher: priorities(&|priority| priority < state.priority),
        lower: priorities(&|priority| priority > state.priority),
        closing_reasons: closing_reasons.collect(),
        authorities: AUTHORITIES.iter().map(serde_word).collect(),
        proposed: proposal_text(&frame, state),
        unhandled: state.unhandled > 0,
        blocking_steps: [ActionKind::ProposeClose, ActionKind::ProposePurge]
            .into_iter()
            .filter_map(|act| blocking_step(session, case, &frame, act))
            .collect(),
        frame,
        head,
    }
}

/// Returns the author and the text of the pending proposal.
fn proposal_text(frame: &PageFrame, state: &CaseState) -> Option<(String, String)> {
    let rotation = state.pending_rotation.as_ref();
    let rotation = rotation.map(|pending| (pending.by.clone(), frame.t("act-propose-rotation")));
    let decision = state.pending_proposal.as_ref();
    let decision = decision
        .map(|proposal| (proposal.by.clone(), localize_decision(frame, &proposal.decision)));
    rotation.or(decision)
}

/// Returns what must be done or awaited before a decision can be proposed.
fn blocking_step(
    session: &SignedInSession,
    case: &VerifiedCase,
    frame: &PageFrame,
    act: ActionKind,
) -> Option<String> {
    let state = case.state.as_ref()?;
    match session.connection().dry_run(case, act).err()? {
        RuleViolation::UnhandledMessage => Some(frame.t("first-read")),
        RuleViolation::FeedbackFirst(_) if state.stage == Stage::Triaged => {
            Some(frame.t("first-answer"))
        }
        RuleViolation::FeedbackFirst(_) => Some(frame.t("first-feedback")),
        RuleViolation::RetentionNotOver(until) => {
            Some(frame.with("first-retention", "day", frame.format_date(until)))
        }
        _ => None,
    }
}

/// Performs an action and redirects.
///
/// # Errors
/// Returns why the action is refused.
pub(super) async fn post_action(
    mut session: SignedInSession,
    Path((_, id, act)): Path<(String, Uuid, String)>,
    form: FormInput,
) -> Result<Response, PageError> {
    let act = ActionKind::from_name(&act).ok_or_else(PageError::not_found)?;
    let mut case = session.read_case_unchecked(id).await?;
    // A declaration and a recusal concern only this member, so newer events do not matter.
    if !matches!(act, ActionKind::Declare | ActionKind::Recuse) {
        case.check_version(form.shown_event_count())?;
    }
    session.connection().dry_run(&case, act).map_err(ActionError::from)?;
    // Such an action also signs that the reporter's messages are handled.
    if marks_handled(act) {
        session.connection().check_unhandled_seen(&case)?;
    }
    if let Some(question) = confirm::confirmation_page(&session, &case, act, &form) {
        return Ok(question);
    }
    let loses_case = matches!(act, ActionKind::Recuse | ActionKind::ApprovePurge);
    perform_action(&mut session, &mut case, act, &form).await?;
    let (to, done) = match act {
        _ if loses_case => ("/queue/mine".to_owned(), "gone"),
        ActionKind::Declare | ActionKind::Claim => (format!("/case/{id}"), "declared"),
        _ => (format!("/case/{id}/actions"), "acted"),
    };
    Ok(session.request.redirect_with_flash(&to, done))
}

async fn perform_action(
    session: &mut SignedInSession,
    case: &mut VerifiedCase,
    act: ActionKind,
    form: &FormInput,
) -> Result<(), PageError> {
    let connection = session.connection_mut();
    let choice = match &act.row().payload {
        ActionPayload::Fixed(_) | ActionPayload::Stage(_) => ActionChoice::Nothing,
        ActionPayload::Claim => ActionChoice::Claim(form.get("text").to_owned()),
        ActionPayload::Member(_) => ActionChoice::Member(form.get("who").to_owned()),
        ActionPayload::Assignee => ActionChoice::Assignee {
            to: form.get("to").to_owned(),
            reason: form.get("text").to_owned(),
        },
        ActionPayload::Verdict => ActionChoice::Verdict {
            who: form.get("who").to_owned(),
            upheld: form.get("upheld") == "yes",
        },
        ActionPayload::Reason(_) => ActionChoice::Reason(form.get("text").to_owned()),
        ActionPayload::Reopening => {
            let state = case.state.as_ref();
            let reporter_returned = state.is_some_and(|state| state.reporter_returned);
            let ground =
                if reporter_returned { ReopenReason::Reporter } else { ReopenReason::NewEvidence };
            ActionChoice::Reopening { ground, reason: form.get("text").to_owned() }
        }
        ActionPayload::Priority(_) => ActionChoice::Priority(parse_word(form.get("priority"))?),
        ActionPayload::OtherCase => {
            ActionChoice::OtherCase(connection.find_case(form.get("other")).await?)
        }
        ActionPayload::Keys => {
            connection.propose_rotation(case, &form.values("without"), &mut OsRng).await?;
            return Ok(());
        }
        ActionPayload::Proposal(example) if act != ActionKind::ProposeUnreadable => {
            let decision = chosen_decision(connection, example, form).await?;
            return Ok(connection.propose(case, decision).await?);
        }
        ActionPayload::Approval if act != ActionKind::ApproveUnreadable => {
            let proposed = case.state.as_ref().and_then(|state| state.pending_proposal.clone());
            let decision = proposed.ok_or_else(PageError::not_found)?.decision;
            return Ok(connection.approve(case, decision).await?);
        }
        // These are no forms of the actions page.
        ActionPayload::KeysApproval
        | ActionPayload::Handler
        | ActionPayload::Message
        | ActionPayload::Note(_)
        | ActionPayload::Proposal(_)
        | ActionPayload::Approval => return Err(PageError::not_found()),
    };
    Ok(connection.take_action(case, act, choice).await?)
}

/// Returns a decision of the same kind as the example, with the choices of the form.
async fn chosen_decision(
    connection: &HandlerConnection,
    example: &Decision,
    form: &FormInput,
) -> Result<Decision, PageError> {
    Ok(match example {
        Decision::Close { .. } => {
            let ending = form.non_empty("ending").ok_or(ActionError::NothingChosen)?;
            let (disposition, reason) = ending.split_once('/').ok_or_else(PageError::not_found)?;
            let duplicate_of = match form.non_empty("other") {
                Some(other) => Some(connection.find_case(&other).await?),
                None => None,
            };
            Decision::Close {
                disposition: parse_word(disposition)?,
                reason: parse_word(reason)?,
                duplicate_of,
            }
        }
        Decision::Lower { .. } => Decision::Lower { priority: parse_word(form.get("priority"))? },
        Decision::Refer { .. } => {
            let consent = match form.get("consent") {
                "summary" => ReferralConsent::Summary,
                "full" => ReferralConsent::Full,
                "law" => ReferralConsent::Law,
                _ => ReferralConsent::Asked {
                    message: form.get("message").trim().parse().unwrap_or(0),
                },
            };
            Decision::Refer { to: parse_word(form.get("authority"))?, consent }
        }
        Decision::LiftHold => Decision::LiftHold,
        Decision::Purge => Decision::Purge,
    })
}

/// Parses an enum of the protocol.
fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, PageError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| PageError::not_found())
}
