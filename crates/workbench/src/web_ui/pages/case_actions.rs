//! What can be done with a case now, by this person: the rules of `protocol::workflow` are asked,
//! and nothing else is offered.

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
    /// What waits for a second person: who proposed, and what.
    proposed: Option<(String, String)>,
    /// Has the reporter written something that waits?
    unhandled: bool,
    /// What must come before a closing or a purge, in words.
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
    face: RestrictedCaseView,
    allowed: Vec<ActionKind>,
    /// Does somebody claim that this person has a conflict of interest?
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

/// Before anything of a case is shown: has this person a conflict of interest in it?
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
    let face = RestrictedCaseView::from_case_view(view);
    Ok(render_ok(&DeclareTemplate { frame, head, face, allowed, challenged }))
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
    // What is shown here can be read.
    let endings = Disposition::ALL
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
        // Nobody judges a claim of their own.
        challenged: state
            .conflict_claims
            .iter()
            .filter(|challenge| challenge.by != session.connection().handle())
            .map(|challenge| challenge.member.clone())
            .collect(),
        removable_readers: session.connection().removable_readers(case),
        higher: urgencies(&|urgency| urgency < state.urgency),
        lower: urgencies(&|urgency| urgency > state.urgency),
        closing_reasons: endings.collect(),
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

/// What must be done or awaited before this can be proposed.
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

/// A decision of two, in words.
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

/// Does one of the acts, and leads on. What the rules refuse is a page that says so.
pub(super) async fn post_action(
    mut session: SignedInSession,
    Path((_, id, act)): Path<(String, Uuid, String)>,
    form: FormInput,
) -> Result<Response, PageError> {
    let known = PERMISSIONS.iter().map(|row| row.action).find(|known| serde_word(known) == act);
    let act = known.ok_or_else(PageError::not_found)?;
    let mut case = session.read_case_unchecked(id).await?;
    // What only concerns oneself is right whatever happened.
    if !matches!(act, ActionKind::Declare | ActionKind::Recuse) {
        case.check_version(form.shown_event_count())?;
    }
    session.connection().dry_run(&case, act).map_err(ActionError::from)?;
    // Such an act also signs that what the reporter sent was dealt with.
    if marks_handled(act) {
        session.connection().check_unhandled_seen(&case)?;
    }
    if let Some(question) = confirm::confirmation_page(&session, &case, act, &form) {
        return Ok(question);
    }
    let gone = matches!(act, ActionKind::Recuse | ActionKind::ApprovePurge);
    perform_action(&mut session, &mut case, act, &form).await?;
    let (to, done) = match act {
        _ if gone => ("/queue/mine".to_owned(), "gone"),
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
    let me = session.connection_mut();
    let done: Result<(), ActionError> = match act {
        ActionKind::Declare => me.declare(case).await,
        ActionKind::Claim => me.claim(case).await,
        ActionKind::Recuse => me.recuse(case).await,
        ActionKind::Assign => me.assign(case, form.get("to")).await,
        ActionKind::Challenge => me.challenge(case, form.get("who")).await,
        ActionKind::ResolveChallenge => {
            me.resolve_challenge(case, form.get("who"), form.get("upheld") == "yes").await
        }
        ActionKind::Triage => me.change_stage(case, Stage::Triaged, None).await,
        ActionKind::Assess | ActionKind::TakeBack => {
            me.change_stage(case, Stage::Assessing, None).await
        }
        ActionKind::Investigate => me.change_stage(case, Stage::Investigating, None).await,
        ActionKind::Decide => me.change_stage(case, Stage::Decided, None).await,
        ActionKind::FollowUpReferral => me.follow_up_referral(case).await,
        ActionKind::Reopen => {
            let asked = case.state.as_ref().is_some_and(|state| state.reporter_returned);
            me.reopen(case, if asked { ReopenReason::Reporter } else { ReopenReason::NewEvidence })
                .await
        }
        ActionKind::MarkHandled => me.mark_handled(case).await.map(drop),
        ActionKind::Raise => me.raise_priority(case, parse_word(form.get("urgency"))?).await,
        ActionKind::Link => me.link_case(case, me.find_case(form.get("other")).await?).await,
        ActionKind::Escalate => me.escalate(case).await,
        ActionKind::Hold => me.place_legal_hold(case).await,
        ActionKind::Rotate => {
            me.rotate_keys(case, &form.values("without"), &mut OsRng).await.map(drop)
        }
        ActionKind::ProposeClose => {
            let ending = form.non_empty("ending").ok_or(ActionError::NothingChosen)?;
            let (disposition, reason) = ending.split_once('/').ok_or_else(PageError::not_found)?;
            let duplicate_of = match form.non_empty("other") {
                Some(other) => Some(me.find_case(&other).await?),
                None => None,
            };
            let close = Decision::Close {
                disposition: parse_word(disposition)?,
                reason: parse_word(reason)?,
                duplicate_of,
            };
            me.propose(case, close).await
        }
        ActionKind::ProposeLower => {
            me.propose(case, Decision::Lower { urgency: parse_word(form.get("urgency"))? }).await
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
            me.propose(case, Decision::Refer { to: parse_word(form.get("authority"))?, consent })
                .await
        }
        ActionKind::ProposeLiftHold => me.propose(case, Decision::LiftHold).await,
        ActionKind::ProposePurge => me.propose(case, Decision::Purge).await,
        ActionKind::ApproveClose
        | ActionKind::ApproveLower
        | ActionKind::ApproveRefer
        | ActionKind::ApproveLiftHold
        | ActionKind::ApprovePurge => {
            let proposed = case.state.as_ref().and_then(|state| state.pending_proposal.clone());
            me.approve(case, proposed.ok_or_else(PageError::not_found)?.decision).await
        }
        ActionKind::Withdraw => me.withdraw(case).await,
        ActionKind::Decline => me.decline_proposal(case, form.get("text")).await,
        ActionKind::FollowUp
        | ActionKind::Release
        | ActionKind::Renew
        | ActionKind::Reply
        | ActionKind::Note
        | ActionKind::ProposeUnreadable
        | ActionKind::ApproveUnreadable => return Err(PageError::not_found()),
    };
    Ok(done?)
}

/// A word of the protocol.
fn parse_word<T: DeserializeOwned>(word: &str) -> Result<T, PageError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|_| PageError::not_found())
}
