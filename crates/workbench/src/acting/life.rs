//! Acts that move a case through its life and bring nothing along.

use envelope::{
    Hash,
    desk_api::Brings,
    event::Action,
    life::{
        Act, Authority, CaseState, Consent, Decision, Disposition, Ground, Reason, Refusal, Role, Stage,
        next_event,
    },
    report::{Answer, ReportBody},
    submission::Urgency,
};
use uuid::Uuid;

use super::{ActError, NoConsent};
use crate::{cases::Case, connection::Connection};

/// How two who cannot open a case close it.
pub(crate) const UNREADABLE: Decision =
    Decision::Close { disposition: Disposition::Unreadable, reason: Reason::AsItCame, duplicate_of: None };

/// The question about other authorities.
const REFERRAL: &str = "referral_consent";

impl Connection {
    /// Everything that this person can do with this case now. Acts are tried on a copy of the case, so that none is offered only to be
    /// refused; what is still to be chosen, such as a colleague, is not known yet.
    pub fn allowed(&self, case: &Case) -> Vec<Act> {
        let Some(state) = &case.state else { return Vec::new() };
        let table = state.allowed(self.handle(), Role::of(self.directory(), self.handle(), &state.desk));
        // A case that opens is not closed as one that does not.
        let readable = |act: &Act| !matches!(act, Act::ProposeUnreadable | Act::ApproveUnreadable);
        table.into_iter().filter(readable).filter(|act| self.would_pass(case, *act).is_ok()).collect()
    }

    /// What the rules would say to an act, with whatever is to be chosen chosen well.
    pub fn would_pass(&self, case: &Case, act: Act) -> Result<(), Refusal> {
        let (Some(state), Some(action)) =
            (&case.state, case.state.as_ref().and_then(|state| specimen(act, state)))
        else {
            return Ok(());
        };
        if Act::of(&action)? != act {
            return Err(Refusal::NotProposed);
        }
        let role = Role::of(self.directory(), self.handle(), &state.desk);
        let event = next_event(case.id(), state, self.handle(), self.now, action);
        state.clone().apply(&event, state.head, role)
    }

    /// Refused until this person has declared: before, nothing of the content is shown but what tells whether there is a conflict.
    pub fn check_declared(&self, case: &Case) -> Result<(), ActError> {
        let state = case.state.as_ref().unwrap_or(&case.file.row.state);
        if state.has_declared(self.handle()) { Ok(()) } else { Err(Refusal::Undeclared.into()) }
    }

    /// Declares to have no conflict of interest, so that the content is shown.
    pub async fn declare(&mut self, case: &mut Case) -> Result<(), ActError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.act(case, Action::Declared, Brings::default()).await
    }

    /// Steps back for good: the case handler deletes one's grant and hides the case.
    pub async fn recuse(&mut self, case: &mut Case) -> Result<(), ActError> {
        self.act(case, Action::Recused, Brings::default()).await?;
        self.seen.cases.remove(&case.id());
        self.seen.read.remove(&case.id());
        Ok(self.home.remember(&self.seen)?)
    }

    /// Says that a colleague has a conflict of interest.
    pub async fn challenge(&mut self, case: &mut Case, who: &str) -> Result<(), ActError> {
        self.act(case, Action::Challenged { who: who.to_owned() }, Brings::default()).await
    }

    /// Judges that. Upheld, the colleague loses the case; new keys are then made with [`Connection::rotate`].
    pub async fn judge(&mut self, case: &mut Case, who: &str, upheld: bool) -> Result<(), ActError> {
        self.act(case, Action::Judged { who: who.to_owned(), upheld }, Brings::default()).await
    }

    /// Moves the case to another stage that one person decides on. The reason is a code, readable to the case handler.
    pub async fn move_to(
        &mut self,
        case: &mut Case,
        to: Stage,
        reason: Option<String>,
    ) -> Result<(), ActError> {
        let from = case.state.as_ref().ok_or(ActError::Unverified)?.stage;
        self.act(case, Action::Moved { from, to, reason }, Brings::default()).await
    }

    /// Opens a closed case again and takes it.
    pub async fn reopen(&mut self, case: &mut Case, ground: Ground) -> Result<(), ActError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.act(case, Action::Reopened { ground }, Brings::default()).await
    }

    /// The first of two who decide something.
    pub async fn propose(&mut self, case: &mut Case, decision: Decision) -> Result<(), ActError> {
        check_opens(decision)?;
        check_consent(case, decision)?;
        self.act(case, Action::Proposed(decision), Brings::default()).await
    }

    /// The second, who approves the very decision that stands proposed.
    pub async fn approve(&mut self, case: &mut Case, decision: Decision) -> Result<(), ActError> {
        check_opens(decision)?;
        check_consent(case, decision)?;
        self.act(case, Action::Approved(decision), Brings::default()).await?;
        if decision == Decision::Purge {
            self.seen.cases.remove(&case.id());
            self.seen.read.remove(&case.id());
            self.home.remember(&self.seen)?;
        }
        Ok(())
    }

    /// Takes a proposal back.
    pub async fn withdraw(&mut self, case: &mut Case) -> Result<(), ActError> {
        self.act(case, Action::Withdrawn, Brings::default()).await
    }

    /// Makes the case more urgent.
    pub async fn raise(&mut self, case: &mut Case, urgency: Urgency) -> Result<(), ActError> {
        self.act(case, Action::Raised { urgency }, Brings::default()).await
    }

    /// Links the case with another one about the same, which everybody who reads this one can read.
    pub async fn link(&mut self, case: &mut Case, to: Uuid) -> Result<(), ActError> {
        self.act(case, Action::Linked { to }, Brings::default()).await
    }

    /// Gives the case to the outside body.
    pub async fn escalate(&mut self, case: &mut Case) -> Result<(), ActError> {
        self.act(case, Action::Escalated, Brings::default()).await
    }

    /// Puts a legal hold on it; two persons lift it.
    pub async fn hold(&mut self, case: &mut Case) -> Result<(), ActError> {
        self.act(case, Action::Held, Brings::default()).await
    }

    /// Says that what the reporter sent has been dealt with. Gives how many submissions were waiting.
    ///
    /// # Errors
    /// [`ActError::Unshown`] while one of them was not shown to this person; else as every act.
    pub async fn mark_read(&mut self, case: &mut Case) -> Result<u32, ActError> {
        self.check_waiting_shown(case)?;
        let waiting = case.state.as_ref().map_or(0, |state| state.unread);
        self.act(case, Action::Read, Brings::default()).await?;
        Ok(waiting)
    }

    /// Says that the authority which has the matter was asked how it stands.
    pub async fn track(&mut self, case: &mut Case) -> Result<(), ActError> {
        self.act(case, Action::Tracked, Brings::default()).await
    }
}

/// A [`Case`] opens, so it is not closed as unreadable: [`Connection::close_unreadable`] does that.
fn check_opens(decision: Decision) -> Result<(), ActError> {
    let unreadable = matches!(decision, Decision::Close { disposition: Disposition::Unreadable, .. });
    if unreadable { Err(ActError::Readable) } else { Ok(()) }
}

/// A referral says by what the reporter agreed; here is the only place where that can be held against the report. Both persons do.
fn check_consent(case: &Case, decision: Decision) -> Result<(), ActError> {
    let Decision::Refer { consent, .. } = decision else { return Ok(()) };
    let report = case.report().ok_or(ActError::NoReport)?;
    match consent {
        Consent::Asked { message } => check_message(case, message),
        _ => Ok(check_answer(&report, consent)?),
    }
}

/// Checks what a referral says of the reporter's consent against the answer in the report.
///
/// # Errors
/// When the reporter agreed to less, or said nothing. A message that agrees later is not looked at here.
pub fn check_answer(report: &ReportBody, consent: Consent) -> Result<(), NoConsent> {
    let answer = match report.answers.get(REFERRAL) {
        Some(Answer::One(answer)) => answer.as_str(),
        _ => "",
    };
    match (consent, answer) {
        (Consent::Law | Consent::Asked { .. }, _)
        | (Consent::Summary, "summary" | "full")
        | (Consent::Full, "full") => Ok(()),
        (_, "no") => Err(NoConsent::Refused),
        (Consent::Full, "summary") => Err(NoConsent::SummaryOnly),
        _ => Err(NoConsent::NotAsked),
    }
}

/// Messages are numbered from 1; 0 is the report.
fn check_message(case: &Case, message: u32) -> Result<(), ActError> {
    let there = |seq| case.thread.incoming.iter().any(|entry| entry.head.seq == seq);
    if message > 0 && there(message) { Ok(()) } else { Err(NoConsent::NoMessage.into()) }
}

/// An act as it could be done now; `None` where it is somebody or something that has to be chosen, or keys have to be made.
fn specimen(act: Act, state: &CaseState) -> Option<Action> {
    let moved = |to| Action::Moved { from: state.stage, to, reason: None };
    let proposed = || state.proposed.as_ref().map_or(Decision::Purge, |proposal| proposal.decision);
    Some(match act {
        Act::Declare => Action::Declared,
        Act::Recuse => Action::Recused,
        Act::Claim => Action::Claimed,
        Act::Triage => moved(Stage::Triaged),
        Act::Assess | Act::TakeBack => moved(Stage::Assessing),
        Act::Investigate => moved(Stage::Investigating),
        Act::Decide => moved(Stage::Decided),
        Act::Reopen => Action::Reopened { ground: Ground::NewEvidence },
        Act::Track => Action::Tracked,
        Act::Raise => Action::Raised { urgency: Urgency::P1 },
        Act::Escalate => Action::Escalated,
        Act::Hold => Action::Held,
        Act::ProposeClose => Action::Proposed(Decision::Close {
            disposition: Disposition::OutOfScope,
            reason: Reason::OtherBody,
            duplicate_of: None,
        }),
        Act::ProposeUnreadable => Action::Proposed(UNREADABLE),
        Act::ProposeLower => Action::Proposed(Decision::Lower { urgency: Urgency::P4 }),
        Act::ProposeRefer => {
            Action::Proposed(Decision::Refer { to: Authority::Prosecutor, consent: Consent::Law })
        }
        Act::ProposeLiftHold => Action::Proposed(Decision::LiftHold),
        Act::ProposePurge => Action::Proposed(Decision::Purge),
        Act::ApproveClose
        | Act::ApproveUnreadable
        | Act::ApproveLower
        | Act::ApproveRefer
        | Act::ApproveLiftHold
        | Act::ApprovePurge => Action::Approved(proposed()),
        Act::Withdraw => Action::Withdrawn,
        Act::Decline => Action::Declined { note: Hash::default() },
        _ => return None,
    })
}
