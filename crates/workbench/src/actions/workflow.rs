//! Actions that change the state of a case without content.

use protocol::{
    Hash, Priority,
    api::workbench::{EventPayload, SealedBytes},
    case::{
        ActionKind, ActionPayload, CaseState, Decision, Disposition, ReferralConsent, ReopenReason,
        Role, RuleViolation, Stage, event::Action, next_event,
    },
    submission::report_body::{ReportAnswer, ReportBody},
};
use uuid::Uuid;

use super::{ActionError, ConsentError};
use crate::{case::VerifiedCase, session::HandlerConnection};

/// Question about the reporter's consent to a referral.
const REFERRAL_QUESTION: &str = "referral_consent";

/// What a member chose for an action. [`ActionPayload`] determines which variant an action needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionChoice {
    /// Nothing but the action.
    Nothing,
    /// The reason, if the member takes the case against the wish of the reporter. Otherwise empty.
    Claim(String),
    /// The handle of a member.
    Member(String),
    /// The new assignee.
    Assignee {
        /// The handle of the member.
        to: String,
        /// The reason, if the assignment is against the wish of the reporter. Otherwise empty.
        reason: String,
    },
    /// Whether the conflict of interest of a member is upheld.
    Verdict {
        /// The handle of the member.
        who: String,
        /// Whether there is a conflict. The caller then rotates the keys with
        /// [`HandlerConnection::propose_rotation`].
        upheld: bool,
    },
    /// The text of the reason.
    Reason(String),
    /// A reopening.
    Reopening {
        /// Why the case is reopened.
        ground: ReopenReason,
        /// The reason, as in [`ActionChoice::Claim`].
        reason: String,
    },
    /// The new priority.
    Priority(Priority),
    /// The other case. Every reader of the case can read its id.
    OtherCase(Uuid),
}

impl HandlerConnection {
    /// Returns the actions that this member can take now. Each action is tried on a copy of the
    /// case, so that the pages offer none that would be refused. Choices that are still open, such
    /// as a colleague, are not checked.
    pub fn allowed_actions(&self, case: &VerifiedCase) -> Vec<ActionKind> {
        let Some(state) = &case.state else { return Vec::new() };
        let table = state.permitted_actions(
            self.handle(),
            Role::of_member(self.directory(), self.handle(), &state.desk),
        );
        // A case that opens cannot be closed as unreadable.
        let readable = |act: &ActionKind| {
            !matches!(act, ActionKind::ProposeUnreadable | ActionKind::ApproveUnreadable)
        };
        table.into_iter().filter(readable).filter(|act| self.dry_run(case, *act).is_ok()).collect()
    }

    /// Returns whether the rules would allow the action, with valid choices where it has any.
    ///
    /// # Errors
    /// The rule that the action violates.
    pub fn dry_run(&self, case: &VerifiedCase, act: ActionKind) -> Result<(), RuleViolation> {
        if let (ActionKind::ProposeRotation, Some(state)) = (act, &case.state) {
            return state.check_no_proposal();
        }
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

    /// Checks that this member has declared to have no conflict of interest. Before the
    /// declaration, only answers that indicate a conflict are shown.
    ///
    /// # Errors
    /// [`RuleViolation::Undeclared`].
    pub fn check_declared(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let state = case.state.as_ref().unwrap_or(&case.file.row.state);
        if state.has_declared(self.handle()) {
            Ok(())
        } else {
            Err(RuleViolation::Undeclared.into())
        }
    }

    /// Takes an action with the choice that its row of the table asks for.
    ///
    /// # Errors
    /// [`ActionError::NothingChosen`] if the row asks for another choice, and the errors of every
    /// action.
    pub async fn take_action(
        &mut self,
        case: &mut VerifiedCase,
        act: ActionKind,
        choice: ActionChoice,
    ) -> Result<(), ActionError> {
        let action = match (&act.row().payload, choice) {
            (ActionPayload::Fixed(action), ActionChoice::Nothing) => match act {
                ActionKind::Declare => return self.declare(case).await,
                ActionKind::Recuse => return self.recuse(case).await,
                ActionKind::MarkHandled => return self.mark_handled(case).await.map(drop),
                _ => action.clone(),
            },
            (ActionPayload::Stage(to), ActionChoice::Nothing) => {
                return self.change_stage(case, *to, None).await;
            }
            (ActionPayload::Claim, ActionChoice::Claim(reason)) => {
                return self.claim(case, &reason).await;
            }
            (ActionPayload::Assignee, ActionChoice::Assignee { to, reason }) => {
                return self.assign(case, &to, &reason).await;
            }
            (ActionPayload::Reason(with_note), ActionChoice::Reason(text)) => {
                return self.take_action_with_reason(case, *with_note, &text).await;
            }
            (ActionPayload::Reopening, ActionChoice::Reopening { ground, reason }) => {
                return self.reopen(case, ground, &reason).await;
            }
            (ActionPayload::Member(about), ActionChoice::Member(who)) => about(who),
            (ActionPayload::Verdict, ActionChoice::Verdict { who, upheld }) => {
                Action::ChallengeResolved { who, upheld }
            }
            (ActionPayload::Priority(with_priority), ActionChoice::Priority(priority)) => {
                with_priority(priority)
            }
            (ActionPayload::OtherCase, ActionChoice::OtherCase(to)) => Action::Linked { to },
            _ => return Err(ActionError::NothingChosen),
        };
        self.sign_and_submit(case, action, EventPayload::default()).await
    }

    /// Declares that this member has no conflict of interest, so that the content is shown.
    ///
    /// # Errors
    /// If the reporter excluded the member, or the rules or the case handler reject the action.
    pub async fn declare(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.sign_and_submit(case, Action::Declared, EventPayload::default()).await
    }

    /// Recuses this member permanently. The case handler deletes the member's grant and hides the
    /// case.
    ///
    /// # Errors
    /// If the rules or the case handler reject the action, or the profile cannot be written.
    pub async fn recuse(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        self.sign_and_submit(case, Action::Recused, EventPayload::default()).await?;
        self.trust_state.cases.remove(&case.id());
        self.trust_state.read.remove(&case.id());
        Ok(self.profile.save_trust_state(&self.trust_state)?)
    }

    /// Moves the case to another stage that one member may decide alone. The reason is a code that
    /// the case handler can read.
    ///
    /// # Errors
    /// If the rules or the case handler reject the action.
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

    /// Reopens a closed case and assigns it to this member, who needs a `reason` against the
    /// reporter's wish, as in [`Self::assign`].
    ///
    /// # Errors
    /// [`ActionError::AgainstWish`] without such a reason. Also if the reporter excluded the
    /// member, or the rules or the case handler reject the action.
    pub async fn reopen(
        &mut self,
        case: &mut VerifiedCase,
        ground: ReopenReason,
        reason: &str,
    ) -> Result<(), ActionError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        let note = self.note_against_wish(case, &me, reason)?;
        let action = Action::Reopened { ground, note: note.as_ref().map(SealedBytes::hash) };
        self.sign_and_submit(case, action, EventPayload { note, ..EventPayload::default() }).await
    }

    /// Proposes a decision that needs a second person.
    ///
    /// # Errors
    /// If the reporter's consent does not permit a referral, or the rules or the case handler
    /// reject the action.
    pub async fn propose(
        &mut self,
        case: &mut VerifiedCase,
        decision: Decision,
    ) -> Result<(), ActionError> {
        check_not_unreadable(decision)?;
        check_consent(case, decision)?;
        self.sign_and_submit(case, Action::Proposed(decision), EventPayload::default()).await
    }

    /// Approves exactly the pending decision, as the second person.
    ///
    /// # Errors
    /// As [`Self::propose`]; also if the profile cannot be written after a purge.
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

    /// Marks the reporter's submissions as handled. Returns how many were unhandled.
    ///
    /// # Errors
    /// [`ActionError::UnseenSubmissions`] if one of them was not displayed to this member, and the
    /// errors of every action.
    pub async fn mark_handled(&mut self, case: &mut VerifiedCase) -> Result<u32, ActionError> {
        self.check_unhandled_seen(case)?;
        let unhandled = case.state.as_ref().map_or(0, |state| state.unhandled);
        self.sign_and_submit(case, Action::MarkedHandled, EventPayload::default()).await?;
        Ok(unhandled)
    }
}

/// Returns whether this action also marks everything that the reporter sent before as handled.
pub fn marks_handled(act: ActionKind) -> bool {
    act == ActionKind::ApproveRefer
        || matches!(act.row().payload, ActionPayload::Stage(_) | ActionPayload::Reopening)
}

/// Refuses to close an opened case as unreadable. [`HandlerConnection::close_unreadable`] closes
/// cases that do not open.
fn check_not_unreadable(decision: Decision) -> Result<(), ActionError> {
    let unreadable =
        matches!(decision, Decision::Close { disposition: Disposition::Unreadable, .. });
    if unreadable { Err(ActionError::CaseIsReadable) } else { Ok(()) }
}

/// Compares the consent that a referral states with the report. Only the workbench can do so,
/// because the case handler cannot read the report. Both members check it.
fn check_consent(case: &VerifiedCase, decision: Decision) -> Result<(), ActionError> {
    let Decision::Refer { consent, .. } = decision else { return Ok(()) };
    let report = case.report().ok_or(ActionError::UnreadableReport)?;
    match consent {
        ReferralConsent::Asked { message } => check_consent_message(case, message),
        _ => Ok(check_consent_answer(&report, consent)?),
    }
}

/// Compares the consent that a referral states with the answer in the report.
///
/// # Errors
/// If the reporter agreed to less or did not answer. A message with a later consent is not
/// considered here.
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

/// Checks that the message exists. Messages are numbered from 1; 0 is the report.
fn check_consent_message(case: &VerifiedCase, message: u32) -> Result<(), ActionError> {
    let exists = |seq| case.thread.incoming.iter().any(|entry| entry.reference.seq == seq);
    if message > 0 && exists(message) { Ok(()) } else { Err(ConsentError::MessageNotFound.into()) }
}

/// Returns the action with valid sample choices, or `None` if it needs a member, a case or keys
/// that are not chosen yet.
fn sample_action(act: ActionKind, state: &CaseState) -> Option<Action> {
    match &act.row().payload {
        ActionPayload::Fixed(action) => Some(action.clone()),
        ActionPayload::Claim => Some(Action::Claimed),
        ActionPayload::Stage(to) => {
            Some(Action::StageChanged { from: state.stage, to: *to, reason: None })
        }
        ActionPayload::Reopening => {
            Some(Action::Reopened { ground: ReopenReason::NewEvidence, note: None })
        }
        ActionPayload::Priority(raise) => Some(raise(Priority::P1)),
        ActionPayload::Note(with_note) | ActionPayload::Reason(with_note) => {
            Some(with_note(Hash::default()))
        }
        ActionPayload::Message => {
            let (reply, copy) = (Hash::default(), Hash::default());
            Some(match act {
                ActionKind::Renew => Action::DeadlineExtended { reply, copy },
                _ => Action::Replied { reply, copy, feedback: false },
            })
        }
        ActionPayload::Proposal(decision) => Some(Action::Proposed(*decision)),
        ActionPayload::Approval => {
            let proposal = state.pending_proposal.as_ref();
            Some(Action::Approved(proposal.map_or(Decision::Purge, |proposal| proposal.decision)))
        }
        ActionPayload::Handler
        | ActionPayload::Member(_)
        | ActionPayload::Assignee
        | ActionPayload::Verdict
        | ActionPayload::OtherCase
        | ActionPayload::Keys => None,
        ActionPayload::KeysApproval => {
            let pending = state.pending_rotation.as_ref();
            let proposal = pending.map_or_else(Hash::default, |pending| pending.proposal);
            Some(Action::RotationApproved { proposal })
        }
    }
}
