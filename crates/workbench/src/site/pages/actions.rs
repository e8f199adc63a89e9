//! What can be done with a case now, by this person: the rules of `envelope::life` are asked, and nothing else is offered.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use envelope::{
    life::{Act, Authority, Consent, Decision, Disposition, Ground, Refusal, Stage, TABLE},
    submission::Urgency,
};
use rand::rngs::OsRng;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    case::{Head, Shown},
    confirm,
};
use crate::{
    acting::{ActError, signs_off},
    cases::Case,
    site::{
        forms::Typed,
        frame::{AtWork, Frame, show as laid_out},
        moments::terms,
        trouble::Trouble,
    },
    view::{FaceView, word},
};

const URGENCIES: [Urgency; 4] = [Urgency::P1, Urgency::P2, Urgency::P3, Urgency::P4];
const AUTHORITIES: [Authority; 6] = [
    Authority::Prosecutor,
    Authority::Police,
    Authority::AntiCorruption,
    Authority::Audit,
    Authority::Ombudsman,
    Authority::Administration,
];

#[derive(Template)]
#[template(path = "actions.html")]
struct Page {
    frame: Frame,
    head: Head,
    allowed: Vec<String>,
    colleagues: Vec<String>,
    challenged: Vec<String>,
    droppable: Vec<String>,
    higher: Vec<String>,
    lower: Vec<String>,
    /// Dispositions with the reasons that go with them.
    endings: Vec<(String, Vec<String>)>,
    authorities: Vec<String>,
    /// What waits for a second person: who proposed, and what.
    proposed: Option<(String, String)>,
    /// Has the reporter written something that waits?
    unread: bool,
    /// What must come before a closing or a purge, in words.
    first: Vec<String>,
}

impl Page {
    fn may(&self, act: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == act)
    }

    fn approvable(&self) -> Option<&String> {
        self.allowed.iter().find(|act| act.starts_with("approve-"))
    }
}

#[derive(Template)]
#[template(path = "declare.html")]
struct Declare {
    frame: Frame,
    head: Head,
    face: FaceView,
    allowed: Vec<Act>,
    /// Does somebody claim that this person has a conflict of interest?
    challenged: bool,
}

impl Declare {
    fn may(&self, act: Act) -> bool {
        self.allowed.contains(&act)
    }
}

type Where = Path<(String, Uuid)>;

pub(super) async fn show(mut at: AtWork, Path((_, id)): Where) -> Result<Response, Trouble> {
    let case = at.open(id).await?;
    Ok(laid_out(&page(&at, &case)))
}

/// Before anything of a case is shown: has this person a conflict of interest in it?
pub(super) async fn before(mut at: AtWork, Path((_, id)): Where) -> Result<Response, Trouble> {
    let case = at.open_undeclared(id).await?;
    if !at.must_declare(&case) {
        return Ok(Redirect::to(&at.visit.at(&format!("/case/{id}"))).into_response());
    }
    let allowed = at.connection().allowed(&case);
    let Shown { frame, head, view } = Shown::of(&at, &case, "declare");
    let me = at.connection().handle();
    let challenged = view.state.challenged.iter().any(|challenge| challenge.who == me);
    let face = FaceView::of(view);
    Ok(laid_out(&Declare { frame, head, face, allowed, challenged }))
}

fn page(at: &AtWork, case: &Case) -> Page {
    let Shown { frame, head, view } = Shown::of(at, case, "actions");
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
        .map(|disposition| (word(&disposition), disposition.reasons().iter().map(word).collect::<Vec<_>>()));
    Page {
        allowed: at.connection().allowed(case).iter().map(word).collect(),
        colleagues: at.connection().colleagues(case),
        // Nobody judges a claim of their own.
        challenged: state
            .challenged
            .iter()
            .filter(|challenge| challenge.by != at.connection().handle())
            .map(|challenge| challenge.who.clone())
            .collect(),
        droppable: at.connection().droppable(case),
        higher: urgencies(&|urgency| urgency < state.urgency),
        lower: urgencies(&|urgency| urgency > state.urgency),
        endings: endings.collect(),
        authorities: AUTHORITIES.iter().map(word).collect(),
        proposed: state
            .proposed
            .as_ref()
            .map(|proposal| (proposal.by.clone(), decided(&frame, &proposal.decision))),
        unread: state.unread > 0,
        first: [Act::ProposeClose, Act::ProposePurge]
            .into_iter()
            .filter_map(|act| first(at, case, &frame, act))
            .collect(),
        frame,
        head,
    }
}

/// What must be done or awaited before this can be proposed.
fn first(at: &AtWork, case: &Case, frame: &Frame, act: Act) -> Option<String> {
    let state = case.state.as_ref()?;
    match at.connection().would_pass(case, act).err()? {
        Refusal::Unread => Some(frame.t("first-read")),
        Refusal::FeedbackFirst(_) if state.stage == Stage::Triaged => Some(frame.t("first-answer")),
        Refusal::FeedbackFirst(_) => Some(frame.t("first-feedback")),
        Refusal::Retention(until) => Some(frame.with("first-retention", "day", frame.day(until))),
        _ => None,
    }
}

/// A decision of two, in words.
fn decided(frame: &Frame, decision: &Decision) -> String {
    let (what, how) = match decision {
        Decision::Close { disposition, reason, .. } => (
            "decision-close",
            vec![frame.one_of("disposition", &word(disposition)), frame.one_of("reason", &word(reason))],
        ),
        Decision::Lower { urgency } => ("decision-lower", vec![format!("{urgency:?}")]),
        Decision::Refer { to, .. } => ("decision-refer", vec![frame.one_of("authority", &word(to))]),
        Decision::LiftHold => ("decision-lift-hold", Vec::new()),
        Decision::Purge => ("decision-purge", Vec::new()),
    };
    let terms = terms(frame, decision).into_iter().collect();
    [vec![frame.t(what)], how, terms].concat().join(" · ")
}

/// Does one of the acts, and leads on. What the rules refuse is a page that says so.
pub(super) async fn act(
    mut at: AtWork,
    Path((_, id, act)): Path<(String, Uuid, String)>,
    typed: Typed,
) -> Result<Response, Trouble> {
    let known = TABLE.iter().map(|row| row.act).find(|known| word(known) == act);
    let act = known.ok_or_else(Trouble::nowhere)?;
    let mut case = at.open_undeclared(id).await?;
    // What only concerns oneself is right whatever happened.
    if !matches!(act, Act::Declare | Act::Recuse) {
        case.check_unchanged(typed.shown())?;
    }
    at.connection().would_pass(&case, act).map_err(ActError::from)?;
    // Such an act also signs that what the reporter sent was dealt with.
    if signs_off(act) {
        at.connection().check_waiting_shown(&case)?;
    }
    if let Some(question) = confirm::ask(&at, &case, act, &typed) {
        return Ok(question);
    }
    let gone = matches!(act, Act::Recuse | Act::ApprovePurge);
    carry_out(&mut at, &mut case, act, &typed).await?;
    let (to, done) = match act {
        _ if gone => ("/queue/mine".to_owned(), "gone"),
        Act::Declare | Act::Claim => (format!("/case/{id}"), "declared"),
        _ => (format!("/case/{id}/actions"), "acted"),
    };
    Ok(at.visit.on(&to, done))
}

async fn carry_out(at: &mut AtWork, case: &mut Case, act: Act, typed: &Typed) -> Result<(), Trouble> {
    let me = at.connection_mut();
    let done: Result<(), ActError> = match act {
        Act::Declare => me.declare(case).await,
        Act::Claim => me.claim(case).await,
        Act::Recuse => me.recuse(case).await,
        Act::Assign => me.assign(case, typed.get("to")).await,
        Act::Challenge => me.challenge(case, typed.get("who")).await,
        Act::Judge => me.judge(case, typed.get("who"), typed.get("upheld") == "yes").await,
        Act::Triage => me.move_to(case, Stage::Triaged, None).await,
        Act::Assess | Act::TakeBack => me.move_to(case, Stage::Assessing, None).await,
        Act::Investigate => me.move_to(case, Stage::Investigating, None).await,
        Act::Decide => me.move_to(case, Stage::Decided, None).await,
        Act::Track => me.track(case).await,
        Act::Reopen => {
            let asked = case.state.as_ref().is_some_and(|state| state.asked_again);
            me.reopen(case, if asked { Ground::Reporter } else { Ground::NewEvidence }).await
        }
        Act::Read => me.mark_read(case).await.map(drop),
        Act::Raise => me.raise(case, read(typed.get("urgency"))?).await,
        Act::Link => me.link(case, me.find_case(typed.get("other")).await?).await,
        Act::Escalate => me.escalate(case).await,
        Act::Hold => me.hold(case).await,
        Act::Rotate => me.rotate(case, &typed.all("without"), &mut OsRng).await.map(drop),
        Act::ProposeClose => {
            let ending = typed.some("ending").ok_or(ActError::NotChosen)?;
            let (disposition, reason) = ending.split_once('/').ok_or_else(Trouble::nowhere)?;
            let duplicate_of = match typed.some("other") {
                Some(other) => Some(me.find_case(&other).await?),
                None => None,
            };
            let close =
                Decision::Close { disposition: read(disposition)?, reason: read(reason)?, duplicate_of };
            me.propose(case, close).await
        }
        Act::ProposeLower => me.propose(case, Decision::Lower { urgency: read(typed.get("urgency"))? }).await,
        Act::ProposeRefer => {
            let consent = match typed.get("consent") {
                "summary" => Consent::Summary,
                "full" => Consent::Full,
                "law" => Consent::Law,
                _ => Consent::Asked { message: typed.get("message").trim().parse().unwrap_or(0) },
            };
            me.propose(case, Decision::Refer { to: read(typed.get("authority"))?, consent }).await
        }
        Act::ProposeLiftHold => me.propose(case, Decision::LiftHold).await,
        Act::ProposePurge => me.propose(case, Decision::Purge).await,
        Act::ApproveClose
        | Act::ApproveLower
        | Act::ApproveRefer
        | Act::ApproveLiftHold
        | Act::ApprovePurge => {
            let proposed = case.state.as_ref().and_then(|state| state.proposed.clone());
            me.approve(case, proposed.ok_or_else(Trouble::nowhere)?.decision).await
        }
        Act::Withdraw => me.withdraw(case).await,
        Act::Decline => me.decline(case, typed.get("text")).await,
        Act::FollowUp
        | Act::Release
        | Act::Renew
        | Act::Reply
        | Act::Note
        | Act::ProposeUnreadable
        | Act::ApproveUnreadable => return Err(Trouble::nowhere()),
    };
    Ok(done?)
}

/// A word of the protocol.
fn read<T: DeserializeOwned>(word: &str) -> Result<T, Trouble> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|_| Trouble::nowhere())
}
