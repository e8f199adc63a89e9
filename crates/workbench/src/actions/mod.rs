//! Actions on a case. Each action is an event that follows the newest one. It is checked here
//! against the same rules as in the case handler, and signed with the device key.
//!
//! - `workflow` contains actions without content; `messages` contains replies, feedback and notes.
//! - `colleagues` selects members for an assignment or removal.
//! - [`exposure_check`] finds text that could expose the reporter; [`reply_templates`] are the
//!   prepared texts.
//! - `rotation` proposes, checks, approves and confirms new keys.
//! - `unreadable_cases` closes and purges cases that arrived unreadable.

mod colleagues;
pub mod exposure_check;
mod messages;
pub mod reply_templates;
mod rotation;
mod unreadable_cases;
mod workflow;

use investigator::{CaseError, RotationFault};
use protocol::{
    api::workbench::{EventPayload, GenerationGrant, NewEvent, SealedBytes},
    case::{
        Role, RuleViolation,
        event::{Action, Event, HANDLER_ACTOR},
        next_event,
    },
    directory::Member,
    encoding::canonical::iso_week,
    submission::report_body::ReportBody,
};
use time::Date;

use crate::{
    audit::events::audit_events,
    case::{CaseReadError, VerifiedCase},
    l10n::event_text::describe_action,
    private_files::FileError,
    session::{HandlerConnection, client::ClientError, profile::PinnedCaseHead},
};

pub use messages::ReplyInput;
pub use rotation::RotationReaders;
pub use unreadable_cases::DecisionOutcome;
pub use workflow::{ActionChoice, check_consent_answer, marks_handled};

/// Kind of the problem with which the case handler reports that another member acted first.
const STALE_PROBLEM: &str = "stale";

/// Why an action failed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The rules do not allow the action.
    #[error(transparent)]
    Refused(#[from] RuleViolation),
    /// The request to the case handler failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The profile could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The case could not be read again.
    #[error(transparent)]
    Read(#[from] CaseReadError),
    /// The case opens, so it cannot be closed as unreadable.
    #[error("this case is readable: triage it and close it like any other case")]
    CaseIsReadable,
    /// The events of the case failed verification, so no event can follow them.
    #[error("event log of this case failed verification; actions are disabled")]
    UnverifiedEvents,
    /// The case has alarms, which must be resolved first.
    #[error("this case has open alarms; resolve them before rotating keys")]
    UnresolvedAlerts,
    /// The reporter excluded this member.
    #[error("the reporter excluded {0}, directly or through a unit or desk")]
    Excluded(String),
    /// The member would get the case against the reporter's wish for a woman or a man, without a
    /// reason.
    #[error(
        "the reporter wishes a {0}, such as {1}: leave or assign the case to one of them, or state a reason"
    )]
    AgainstWish(&'static str, String),
    /// The exclusions cannot be read, so they cannot be respected.
    #[error("report not readable; the reporter's exclusion list is unknown")]
    UnreadableReport,
    /// Without a valid directory it is unknown who has been removed since.
    #[error(
        "the directory expired on {0}; no new grants until the administrator has signed a new one"
    )]
    DirectoryExpired(Date),
    /// The member is not in the newest directory.
    #[error("{0} is not in the directory")]
    NotInDirectory(String),
    /// The text has no visible character.
    #[error("the text is empty")]
    EmptyText,
    /// A placeholder of a template was not replaced.
    #[error("the text still contains a placeholder: {0}")]
    UnfilledPlaceholder(String),
    /// The text does not fit into a mailbox.
    #[error("the text is too long by about {over} characters; send it in two parts")]
    TooLong {
        /// Approximate excess in characters.
        over: usize,
    },
    /// The case handler returned a mailbox key that is not the reporter's, or sealing failed
    /// otherwise.
    #[error(transparent)]
    Sealing(CaseError),
    /// The oversight body always has a grant.
    #[error("{0} belongs to the oversight body and cannot be excluded")]
    IsOversightMember(String),
    /// The assignee must be able to read the case.
    #[error("{0} is the assignee; reassign the case first")]
    IsAssignee(String),
    /// New text would be sealed to an older generation, which excluded members can read.
    #[error(
        "your grant of the newest generation ({0}) of this case is missing or does not open: ask a colleague for a new grant before you write"
    )]
    MissingNewestGrant(u32),
    /// Another member acted first.
    #[error("conflict: another member acted on this case first and your action was not recorded: {}. Read the case again", summarize_events(.0))]
    Conflict(Vec<Event>),
    /// The form contains none of the choices.
    #[error("no choice was made; nothing was signed")]
    NothingChosen,
    /// The action would confirm submissions that were never displayed to the member.
    #[error("nothing was signed: you were not shown {} of the reporter", count_submissions(*.0))]
    UnseenSubmissions(usize),
    /// The reporter's consent does not permit the referral.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The rotation leaves out members of the directory, so it is approved with its case.
    #[error("it leaves out {0}: look at the case, and approve it with burkindi approve-rotation")]
    LeavesOut(String),
    /// The proposed rotation is not what an honest member proposes, or it is outdated.
    #[error(
        "nothing was approved: {0}. Decline the proposal; if it is not outdated, inform the oversight body"
    )]
    Rotation(RotationFault),
    /// The member has no grant to lose.
    #[error("{0} has no grant of this case")]
    NotAGrantHolder(String),
    /// The returned event differs from the submitted one.
    #[error(
        "the case handler acknowledged a different event; the action may not have been recorded"
    )]
    NotRecorded,
}

/// Why the reporter's consent does not permit a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// The reporter refused in the report.
    #[error(
        "the reporter refused a referral, unless a law requires it: ask for consent in a message, or refer it by law"
    )]
    Refused,
    /// The reporter agreed to less.
    #[error("the reporter agreed only to a summary")]
    SummaryOnly,
    /// The report contains no answer.
    #[error(
        "the report contains no consent: ask for it in a message, then give the number of the message with the consent"
    )]
    NotAsked,
    /// The message with the consent does not exist.
    #[error("the reporter sent no message with this number")]
    MessageNotFound,
}

fn count_submissions(count: usize) -> String {
    if count == 1 { "1 submission".to_owned() } else { format!("{count} submissions") }
}

/// Describes events in one line.
fn summarize_events(events: &[Event]) -> String {
    let descriptions =
        events.iter().map(|Event { actor, action, .. }| match describe_action(action) {
            what if actor == HANDLER_ACTOR => what,
            what => format!("{actor} {what}"),
        });
    descriptions.collect::<Vec<_>>().join("; ")
}

impl From<CaseError> for ActionError {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::TooLong { over } => Self::TooLong { over },
            error => Self::Sealing(error),
        }
    }
}

impl HandlerConnection {
    /// Claims the case for this member, who thereby declares to have no conflict of interest. The
    /// member needs a `reason` against the reporter's wish, as in [`Self::assign`].
    ///
    /// # Errors
    /// [`ActionError::AgainstWish`] without such a reason. Also if the reporter excluded the
    /// member, or the rules or the case handler reject the action.
    pub async fn claim(
        &mut self,
        case: &mut VerifiedCase,
        reason: &str,
    ) -> Result<(), ActionError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        let note = self.note_against_wish(case, &me, reason)?;
        let action = match &note {
            Some(note) => Action::ClaimedWithReason { note: note.hash() },
            None => Action::Claimed,
        };
        self.sign_and_submit(case, action, EventPayload { note, ..EventPayload::default() }).await
    }

    /// Assigns the case to a member. The event carries new grants if the member has none, or has
    /// none for the present key. A member who does not match the reporter's wish for a woman or a
    /// man gets the case only with a `reason`, while a member who does is left. The reason becomes
    /// a note for the team, and the event names it. Without such a wish it is ignored.
    ///
    /// # Errors
    /// [`ActionError::AgainstWish`] without such a reason. Also if the reporter excluded the
    /// member, a grant is needed and cannot be made, or the rules or the case handler reject the
    /// action.
    pub async fn assign(
        &mut self,
        case: &mut VerifiedCase,
        to: &str,
        reason: &str,
    ) -> Result<(), ActionError> {
        let colleague = self.member(to)?.recipient.clone();
        self.check_not_excluded(case, to)?;
        let note = self.note_against_wish(case, to, reason)?;
        let key_replaced = self.directory_history.has_replaced_key(to, case.file.row.filed);
        let holds_one = !key_replaced && case.file.holders.iter().any(|holder| holder == to);
        if !holds_one {
            self.check_directory_current()?;
            check_newest_generation(case)?;
        }
        let grants =
            if holds_one { Vec::new() } else { case.open_case.seal_grants_for(&colleague) };
        let granted = grants.iter().map(GenerationGrant::to_record).collect();
        let action = Action::Assigned {
            to: to.to_owned(),
            granted,
            note: note.as_ref().map(SealedBytes::hash),
        };
        let payload = EventPayload { grants, note, ..EventPayload::default() };
        self.sign_and_submit(case, action, payload).await
    }

    /// Signs and submits an event after the local rules have allowed it.
    async fn sign_and_submit(
        &mut self,
        case: &mut VerifiedCase,
        action: Action,
        payload: EventPayload,
    ) -> Result<(), ActionError> {
        let state = case.state.as_mut().ok_or(ActionError::UnverifiedEvents)?;
        let at = self.now.replace_nanosecond(0).unwrap_or(self.now);
        let event = next_event(case.file.row.id, state, self.key.handle(), at, action);
        let signed = event.sign(self.key.device());
        let role =
            Role::of_member(self.directory_history.latest().0, self.key.handle(), &state.desk);
        let mut next = state.clone();
        next.apply(&event, signed.hash(), role)?;
        let submitted = self
            .client
            .add_event(case.file.row.id, &NewEvent { event: signed.clone(), payload })
            .await;
        let recorded = match submitted {
            Err(ClientError::Refused(problem)) if problem.kind == STALE_PROBLEM => {
                return Err(ActionError::Conflict(self.events_since(case).await?));
            }
            submitted => submitted?,
        };
        if recorded != signed {
            return Err(ActionError::NotRecorded);
        }
        *state = next;
        let seen = PinnedCaseHead { events: state.next_seq, head: state.head };
        case.events.push(event);
        case.file.log.events.push(recorded);
        // A case with an alarm was not pinned when it was read, and stays unpinned so that the
        // alarm remains.
        if let Some(pinned) = self.trust_state.cases.get_mut(&case.file.row.id) {
            *pinned = seen;
            // The member's own action does not make the case unread.
            if let Some(read) = self.trust_state.read.get_mut(&case.file.row.id)
                && *read + 1 == seen.events
            {
                *read = seen.events;
            }
            self.profile.save_trust_state(&self.trust_state)?;
        }
        Ok(())
    }

    /// Returns the events that were added since the case was read.
    async fn events_since(&self, case: &VerifiedCase) -> Result<Vec<Event>, ActionError> {
        let log = self.client.case_log(case.id()).await?;
        let mut events = audit_events(&log.events, &self.directory_history)
            .events
            .remove(&case.id())
            .unwrap_or_default();
        let pinned = case.state.as_ref().map_or(0, |state| state.next_seq);
        events.retain(|event| event.seq >= pinned);
        Ok(events)
    }

    fn member(&self, handle: &str) -> Result<&Member, ActionError> {
        self.directory()
            .member(handle)
            .ok_or_else(|| ActionError::NotInDirectory(handle.to_owned()))
    }

    fn check_directory_current(&self) -> Result<(), ActionError> {
        if self.days_left() < 0 {
            Err(ActionError::DirectoryExpired(self.directory().expires))
        } else {
            Ok(())
        }
    }

    fn check_not_excluded(&self, case: &VerifiedCase, handle: &str) -> Result<(), ActionError> {
        let report: ReportBody = case.report().ok_or(ActionError::UnreadableReport)?;
        let excluded = report.exclusions();
        if self.directory().excluded_members(&excluded).contains(handle) {
            return Err(ActionError::Excluded(handle.to_owned()));
        }
        Ok(())
    }

    fn current_week(&self) -> String {
        iso_week(self.now.date())
    }
}

impl HandlerConnection {
    /// Checks that the report and every message of the reporter were displayed to this member, even
    /// if a colleague handled them. A reply states that all of them were read, and the reporter's
    /// page shows it.
    ///
    /// # Errors
    /// [`ActionError::UnseenSubmissions`] with the number of such messages.
    pub fn check_messages_seen(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let sent = case.events.iter().filter(|event| event.action.is_from_reporter());
        self.check_events_seen(case, sent)
    }

    /// Checks that every unhandled submission, the report included, was displayed to this member.
    /// The action that handles it implies that it was read.
    ///
    /// # Errors
    /// [`ActionError::UnseenSubmissions`] with the number of submissions that were not shown.
    pub fn check_unhandled_seen(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let unhandled = case.state.as_ref().map_or(0, |state| state.unhandled);
        let unhandled = usize::try_from(unhandled).unwrap_or(usize::MAX);
        let sent = case.events.iter().rev().filter(|event| event.action.is_from_reporter());
        self.check_events_seen(case, sent.take(unhandled))
    }

    fn check_events_seen<'a>(
        &self,
        case: &VerifiedCase,
        sent: impl Iterator<Item = &'a Event>,
    ) -> Result<(), ActionError> {
        let seen_events = self.trust_state.read.get(&case.id()).copied().unwrap_or(0);
        match sent.filter(|event| event.seq >= seen_events).count() {
            0 => Ok(()),
            unseen => Err(ActionError::UnseenSubmissions(unseen)),
        }
    }
}

impl VerifiedCase {
    /// Checks that no event was added since the case was displayed with `shown` events. Notes are
    /// ignored, because no decision depends on them.
    ///
    /// # Errors
    /// [`ActionError::Conflict`] with the newer events.
    pub fn check_version(&self, shown: u32) -> Result<(), ActionError> {
        let changes = |event: &&Event| {
            event.seq >= shown && !matches!(event.action, Action::NoteAdded { .. })
        };
        let newer: Vec<Event> = self.events.iter().filter(changes).cloned().collect();
        if newer.is_empty() { Ok(()) } else { Err(ActionError::Conflict(newer)) }
    }
}

/// Checks that new content would be sealed to the current generation.
fn check_newest_generation(case: &VerifiedCase) -> Result<(), ActionError> {
    let current = case.state.as_ref().ok_or(ActionError::UnverifiedEvents)?.generation;
    if case.open_case.newest_generation() == current {
        Ok(())
    } else {
        Err(ActionError::MissingNewestGrant(current))
    }
}
