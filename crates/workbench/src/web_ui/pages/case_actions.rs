//! The actions of a case. The page offers exactly the actions that the case rules allow to this
//! member now.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use protocol::{
    case::{
        ActionKind, Decision, Disposition, PERMISSIONS, ReferralConsent, ReferralTarget,
        ReopenReason, RuleViolation, Stage,
    },
    submission::envelope::Urgency,
};
use rand::rngs::OsRng;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    case_header::{CaseHeader, CasePageContext},
    confirm,
};
use crate::{
    actions::{ActionError, marks_handled},
    case::{
        VerifiedCase,
        view::{RestrictedCaseView, serde_word},
    },
    l10n::timeline::decision_terms,
    web_ui::{
        error_page::PageError,
        extract::SignedInSession,
        forms::FormInput,
        layout::{PageFrame, render_ok},
    },
};

const URGENCIES: [Urgency; 4] = [Urgency::P1, Urgency::P2, Urgency::P3, Urgency::P4];
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
    allowed: Vec<String>,
    colleagues: Vec<String>,
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

impl CaseActionsTemplate {
    fn is_allowed(&self, act: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == act)
    }

    fn approve_action(&self) -> Option<&String> {
        self.allowed.iter().find(|act| act.starts_with("approve-"))
    }
}

#[derive(Template)]
#[template(path = "declare.html")]
struct DeclareTemplate {
    frame: PageFrame,
    head: CaseHeader,
    view: RestrictedCaseView,
    allowed: Vec<ActionKind>,
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
    let CasePageContext { frame, head, view } = CasePageContext::new(&session, &case, "declare");
    let me = session.connection().handle();
    let challenged = view.state.conflict_claims.iter().any(|challenge| challenge.member == me);
    let view = RestrictedCaseView::from_case_view(view);
    Ok(render_ok(&DeclareTemplate { frame, head, view, allowed, challenged }))
}

fn actions_page(session: &SignedInSession, case: &VerifiedCase) -> CaseActionsTemplate {
    let CasePageContext { frame, head, view } = CasePageContext::new(session, case, "actions");
    let state = &view.state;
    let urgencies = |wanted: &dyn Fn(Urgency) -> bool| -> Vec<String> {
        URGENCIES
            .into_iter()
            .filter(|urgency| wanted(*urgency))
            .map(|urgency| format!("{urgency:?}"))
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
    CaseActionsTemplate {
        allowed: session.connection().allowed_actions(case).iter().map(serde_word).collect(),
        colleagues: session.connection().colleagues(case),
        // A member cannot resolve an own claim.
        challenged: state
            .conflict_claims
            .iter()
            .filter(|challenge| challenge.by != session.connection().handle())
            .map(|challenge| challenge.member.clone())
            .collect(),
        removable_readers: session.connection().removable_readers(case),
        higher: urgencies(&|urgency| urgency < state.urgency),
        lower: urgencies(&|urgency| urgency > state.urgency),
        closing_reasons: closing_reasons.collect(),
        authorities: AUTHORITIES.iter().map(serde_word).collect(),
        proposed: state
            .pending_proposal
            .as_ref()
            .map(|proposal| (proposal.by.clone(), decision_text(&frame, &proposal.decision))),
        unhandled: state.unhandled > 0,
        blocking_steps: [ActionKind::ProposeClose, ActionKind::ProposePurge]
            .into_iter()
            .filter_map(|act| blocking_step(session, case, &frame, act))
            .collect(),
        frame,
        head,
    }
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

/// Returns the text of a decision.
fn decision_text(frame: &PageFrame, decision: &Decision) -> String {
    let (what, how) = match decision {
        Decision::Close { disposition, reason, .. } => (
            "decision-close",
            vec![
                frame.t_variant("disposition", &serde_word(disposition)),
                frame.t_variant("reason", &serde_word(reason)),
            ],
        ),
        Decision::Lower { urgency } => ("decision-lower", vec![format!("{urgency:?}")]),
        Decision::Refer { to, .. } => {
            ("decision-refer", vec![frame.t_variant("authority", &serde_word(to))])
        }
        Decision::LiftHold => ("decision-lift-hold", Vec::new()),
        Decision::Purge => ("decision-purge", Vec::new()),
    };
    let terms = decision_terms(frame, decision).into_iter().collect();
    [vec![frame.t(what)], how, terms].concat().join(" · ")
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
    let known = PERMISSIONS.iter().map(|row| row.action).find(|known| serde_word(known) == act);
    let act = known.ok_or_else(PageError::not_found)?;
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
    let result: Result<(), ActionError> = match act {
        ActionKind::Declare => connection.declare(case).await,
        ActionKind::Claim => connection.claim(case).await,
        ActionKind::Recuse => connection.recuse(case).await,
        ActionKind::Assign => connection.assign(case, form.get("to")).await,
        ActionKind::Challenge => connection.challenge(case, form.get("who")).await,
        ActionKind::ResolveChallenge => {
            connection.resolve_challenge(case, form.get("who"), form.get("upheld") == "yes").await
        }
        ActionKind::Triage => connection.change_stage(case, Stage::Triaged, None).await,
        ActionKind::Assess | ActionKind::TakeBack => {
            connection.change_stage(case, Stage::Assessing, None).await
        }
        ActionKind::Investigate => connection.change_stage(case, Stage::Investigating, None).await,
        ActionKind::Decide => connection.change_stage(case, Stage::Decided, None).await,
        ActionKind::FollowUpReferral => connection.follow_up_referral(case).await,
        ActionKind::Reopen => {
            let reporter_returned =
                case.state.as_ref().is_some_and(|state| state.reporter_returned);
            connection
                .reopen(
                    case,
                    if reporter_returned {
                        ReopenReason::Reporter
                    } else {
                        ReopenReason::NewEvidence
                    },
                )
                .await
        }
        ActionKind::MarkHandled => connection.mark_handled(case).await.map(drop),
        ActionKind::Raise => {
            connection.raise_priority(case, parse_word(form.get("urgency"))?).await
        }
        ActionKind::Link => {
            connection.link_case(case, connection.find_case(form.get("other")).await?).await
        }
        ActionKind::Escalate => connection.escalate(case).await,
        ActionKind::Hold => connection.place_legal_hold(case).await,
        ActionKind::Rotate => {
            connection.rotate_keys(case, &form.values("without"), &mut OsRng).await.map(drop)
        }
        ActionKind::ProposeClose => {
            let ending = form.non_empty("ending").ok_or(ActionError::NothingChosen)?;
            let (disposition, reason) = ending.split_once('/').ok_or_else(PageError::not_found)?;
            let duplicate_of = match form.non_empty("other") {
                Some(other) => Some(connection.find_case(&other).await?),
                None => None,
            };
            let close = Decision::Close {
                disposition: parse_word(disposition)?,
                reason: parse_word(reason)?,
                duplicate_of,
            };
            connection.propose(case, close).await
        }
        ActionKind::ProposeLower => {
            connection
                .propose(case, Decision::Lower { urgency: parse_word(form.get("urgency"))? })
                .await
        }
        ActionKind::ProposeRefer => {
            let consent = match form.get("consent") {
                "summary" => ReferralConsent::Summary,
                "full" => ReferralConsent::Full,
                "law" => ReferralConsent::Law,
                _ => ReferralConsent::Asked {
                    message: form.get("message").trim().parse().unwrap_or(0),
                },
            };
            connection
                .propose(case, Decision::Refer { to: parse_word(form.get("authority"))?, consent })
                .await
        }
        ActionKind::ProposeLiftHold => connection.propose(case, Decision::LiftHold).await,
        ActionKind::ProposePurge => connection.propose(case, Decision::Purge).await,
        ActionKind::ApproveClose
        | ActionKind::ApproveLower
        | ActionKind::ApproveRefer
        | ActionKind::ApproveLiftHold
        | ActionKind::ApprovePurge => {
            let proposed = case.state.as_ref().and_then(|state| state.pending_proposal.clone());
            connection.approve(case, proposed.ok_or_else(PageError::not_found)?.decision).await
        }
        ActionKind::Withdraw => connection.withdraw(case).await,
        ActionKind::Decline => connection.decline_proposal(case, form.get("text")).await,
        ActionKind::FollowUp
        | ActionKind::Release
        | ActionKind::Renew
        | ActionKind::Reply
        | ActionKind::Note
        | ActionKind::ProposeUnreadable
        | ActionKind::ApproveUnreadable => return Err(PageError::not_found()),
    };
    Ok(result?)
}

/// Parses an enum of the protocol.
fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, PageError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| PageError::not_found())
}
