//! Acts that move a case through its life and bring nothing along.

use protocol::{
    Hash,
    api::workbench::EventPayload,
    case::{
        ActionKind, CaseState, ClosingReason, Decision, Disposition, ReferralConsent,
        ReferralTarget, ReopenReason, Role, RuleViolation, Stage, event::Action, next_event,
    },
    submission::{
        envelope::Urgency,
        report_body::{ReportAnswer, ReportBody},
    },
};
use uuid::Uuid;

use super::{ActionError, ConsentError};
use crate::{case::VerifiedCase, session::HandlerConnection};

/// How two who cannot open a case close it.
pub(crate) const CLOSE_AS_UNREADABLE: Decision = Decision::Close {
    disposition: Disposition::Unreadable,
    reason: ClosingReason::AsItCame,
    duplicate_of: None,
};

/// The question about other authorities.
const REFERRAL_QUESTION: &str = "referral_consent";

impl HandlerConnection {
    /// Everything that this person can do with this case now. Acts are tried on a copy of the case,
    /// so that none is offered only to be refused; what is still to be chosen, such as a colleague,
    /// is not known yet.
    pub fn allowed_actions(&self, case: &VerifiedCase) -> Vec<ActionKind> {
        let Some(state) = &case.state else { return Vec::new() };
        let table = state.permitted_actions(
            self.handle(),
            Role::of_member(self.directory(), self.handle(), &state.desk),
        );
        // A case that opens is not closed as one that does not.
        let readable = |act: &ActionKind| {
            !matches!(act, ActionKind::ProposeUnreadable | ActionKind::ApproveUnreadable)
        };
        table.into_iter().filter(readable).filter(|act| self.dry_run(case, *act).is_ok()).collect()
    }

    /// What the rules would say to an act, with whatever is to be chosen chosen well.
    pub fn dry_run(&self, case: &VerifiedCase, act: ActionKind) -> Result<(), RuleViolation> {
        let (Some(state), Some(action)) =
            (&case.state, case.state.as_ref().and_then(|state| sample_action(act, state)))
        else {
            return Ok(());
        };
        if ActionKind::from_action(&action)? != act {
            return Err(RuleViolation::NotProposed);
        }
        let role = Role::of_member(self.directory(), self.handle(), &state.desk);
        let event = next_event(case.id(), state, self.handle(), self.now, action);
        state.clone().apply(&event, state.head, role)
    }

    /// Refused until this person has declared: before, nothing of the content is shown but what
    /// tells whether there is a conflict.
    pub fn check_declared(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let state = case.state.as_ref().unwrap_or(&case.file.row.state);
        if state.has_declared(self.handle()) {
            Ok(())
        } else {
            Err(RuleViolation::Undeclared.into())
        }
    }

    /// Declares to have no conflict of interest, so that the content is shown.
    pub async fn declare(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.sign_and_submit(case, Action::Declared, EventPayload::default()).await
    }

    /// Steps back for good: the case handler deletes one's grant and hides the case.
    pub async fn recuse(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::Recused, EventPayload::default()).await?;
        self.trust_state.cases.remove(&case.id());
        self.trust_state.read.remove(&case.id());
        Ok(self.profile.save_trust_state(&self.trust_state)?)
    }

    /// Says that a colleague has a conflict of interest.
    pub async fn challenge(
        &mut self,
        case: &mut VerifiedCase,
        who: &str,
    ) -> Result<(), ActionError> {
        self.sign_and_submit(
            case,
            Action::Challenged { who: who.to_owned() },
            EventPayload::default(),
        )
        .await
    }

    /// Judges that. Upheld, the colleague loses the case; new keys are then made with
    /// [`HandlerConnection::rotate_keys`].
    pub async fn resolve_challenge(
        &mut self,
        case: &mut VerifiedCase,
        who: &str,
        upheld: bool,
    ) -> Result<(), ActionError> {
        self.sign_and_submit(
            case,
            Action::ChallengeResolved { who: who.to_owned(), upheld },
            EventPayload::default(),
        )
        .await
    }

    /// Moves the case to another stage that one person decides on. The reason is a code, readable
    /// to the case handler.
    pub async fn change_stage(
        &mut self,
        case: &mut VerifiedCase,
        to: Stage,
        reason: Option<String>,
    ) -> Result<(), ActionError> {
        let from = case.state.as_ref().ok_or(ActionError::UnverifiedEvents)?.stage;
        self.sign_and_submit(
            case,
            Action::StageChanged { from, to, reason },
            EventPayload::default(),
        )
        .await
    }

    /// Opens a closed case again and takes it.
    pub async fn reopen(
        &mut self,
        case: &mut VerifiedCase,
        ground: ReopenReason,
    ) -> Result<(), ActionError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.sign_and_submit(case, Action::Reopened { ground }, EventPayload::default()).await
    }

    /// The first of two who decide something.
    pub async fn propose(
        &mut self,
        case: &mut VerifiedCase,
        decision: Decision,
    ) -> Result<(), ActionError> {
        check_not_unreadable(decision)?;
        check_consent(case, decision)?;
        self.sign_and_submit(case, Action::Proposed(decision), EventPayload::default()).await
    }

    /// The second, who approves the very decision that stands proposed.
    pub async fn approve(
        &mut self,
        case: &mut VerifiedCase,
        decision: Decision,
    ) -> Result<(), ActionError> {
        check_not_unreadable(decision)?;
        check_consent(case, decision)?;
        self.sign_and_submit(case, Action::Approved(decision), EventPayload::default()).await?;
        if decision == Decision::Purge {
            self.trust_state.cases.remove(&case.id());
            self.trust_state.read.remove(&case.id());
            self.profile.save_trust_state(&self.trust_state)?;
        }
        Ok(())
    }

    /// Takes a proposal back.
    pub async fn withdraw(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::Withdrawn, EventPayload::default()).await
    }

    /// Makes the case more urgent.
    pub async fn raise_priority(
        &mut self,
        case: &mut VerifiedCase,
        urgency: Urgency,
    ) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::PriorityRaised { urgency }, EventPayload::default())
            .await
    }

    /// Links the case with another one about the same, which everybody who reads this one can read.
    pub async fn link_case(
        &mut self,
        case: &mut VerifiedCase,
        to: Uuid,
    ) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::Linked { to }, EventPayload::default()).await
    }

    /// Gives the case to the outside body.
    pub async fn escalate(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::Escalated, EventPayload::default()).await
    }

    /// Puts a legal hold on it; two persons lift it.
    pub async fn place_legal_hold(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::LegalHoldPlaced, EventPayload::default()).await
    }

    /// Says that what the reporter sent has been dealt with. Gives how many submissions were
    /// waiting.
    ///
    /// # Errors
    /// [`ActionError::UnseenSubmissions`] while one of them was not shown to this person; else as
    /// every act.
    pub async fn mark_handled(&mut self, case: &mut VerifiedCase) -> Result<u32, ActionError> {
        self.check_unhandled_seen(case)?;
        let waiting = case.state.as_ref().map_or(0, |state| state.unhandled);
        self.sign_and_submit(case, Action::MarkedHandled, EventPayload::default()).await?;
        Ok(waiting)
    }

    /// Says that the authority which has the matter was asked how it stands.
    pub async fn follow_up_referral(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::ReferralFollowedUp, EventPayload::default()).await
    }
}

/// A [`VerifiedCase`] opens, so it is not closed as unreadable:
/// [`HandlerConnection::close_unreadable`] does that.
fn check_not_unreadable(decision: Decision) -> Result<(), ActionError> {
    let unreadable =
        matches!(decision, Decision::Close { disposition: Disposition::Unreadable, .. });
    if unreadable { Err(ActionError::CaseIsReadable) } else { Ok(()) }
}

/// A referral says by what the reporter agreed; here is the only place where that can be held
/// against the report. Both persons do.
fn check_consent(case: &VerifiedCase, decision: Decision) -> Result<(), ActionError> {
    let Decision::Refer { consent, .. } = decision else { return Ok(()) };
    let report = case.report().ok_or(ActionError::UnreadableReport)?;
    match consent {
        ReferralConsent::Asked { message } => check_consent_message(case, message),
        _ => Ok(check_consent_answer(&report, consent)?),
    }
}

/// Checks what a referral says of the reporter's consent against the answer in the report.
///
/// # Errors
/// When the reporter agreed to less, or said nothing. A message that agrees later is not looked at
/// here.
pub fn check_consent_answer(
    report: &ReportBody,
    consent: ReferralConsent,
) -> Result<(), ConsentError> {
    let answer = match report.answers.get(REFERRAL_QUESTION) {
        Some(ReportAnswer::One(answer)) => answer.as_str(),
        _ => "",
    };
    match (consent, answer) {
        (ReferralConsent::Law | ReferralConsent::Asked { .. }, _)
        | (ReferralConsent::Summary, "summary" | "full")
        | (ReferralConsent::Full, "full") => Ok(()),
        (_, "no") => Err(ConsentError::Refused),
        (ReferralConsent::Full, "summary") => Err(ConsentError::SummaryOnly),
        _ => Err(ConsentError::NotAsked),
    }
}

/// Messages are numbered from 1; 0 is the report.
fn check_consent_message(case: &VerifiedCase, message: u32) -> Result<(), ActionError> {
    let there = |seq| case.thread.incoming.iter().any(|entry| entry.reference.seq == seq);
    if message > 0 && there(message) { Ok(()) } else { Err(ConsentError::MessageNotFound.into()) }
}

/// An act as it could be done now; `None` where it is somebody or something that has to be chosen,
/// or keys have to be made.
fn sample_action(act: ActionKind, state: &CaseState) -> Option<Action> {
    let moved = |to| Action::StageChanged { from: state.stage, to, reason: None };
    let proposed =
        || state.pending_proposal.as_ref().map_or(Decision::Purge, |proposal| proposal.decision);
    Some(match act {
        ActionKind::Declare => Action::Declared,
        ActionKind::Recuse => Action::Recused,
        ActionKind::Claim => Action::Claimed,
        ActionKind::Triage => moved(Stage::Triaged),
        ActionKind::Assess | ActionKind::TakeBack => moved(Stage::Assessing),
        ActionKind::Investigate => moved(Stage::Investigating),
        ActionKind::Decide => moved(Stage::Decided),
        ActionKind::Reopen => Action::Reopened { ground: ReopenReason::NewEvidence },
        ActionKind::FollowUpReferral => Action::ReferralFollowedUp,
        ActionKind::Raise => Action::PriorityRaised { urgency: Urgency::P1 },
        ActionKind::Escalate => Action::Escalated,
        ActionKind::Hold => Action::LegalHoldPlaced,
        ActionKind::ProposeClose => Action::Proposed(Decision::Close {
            disposition: Disposition::OutOfScope,
            reason: ClosingReason::OtherBody,
            duplicate_of: None,
        }),
        ActionKind::ProposeUnreadable => Action::Proposed(CLOSE_AS_UNREADABLE),
        ActionKind::ProposeLower => Action::Proposed(Decision::Lower { urgency: Urgency::P4 }),
        ActionKind::ProposeRefer => Action::Proposed(Decision::Refer {
            to: ReferralTarget::Prosecutor,
            consent: ReferralConsent::Law,
        }),
        ActionKind::ProposeLiftHold => Action::Proposed(Decision::LiftHold),
        ActionKind::ProposePurge => Action::Proposed(Decision::Purge),
        ActionKind::ApproveClose
        | ActionKind::ApproveUnreadable
        | ActionKind::ApproveLower
        | ActionKind::ApproveRefer
        | ActionKind::ApproveLiftHold
        | ActionKind::ApprovePurge => Action::Approved(proposed()),
        ActionKind::Withdraw => Action::Withdrawn,
        ActionKind::Decline => Action::Declined { note: Hash::default() },
        _ => return None,
    })
}
