//! Acting on a case: each act is an event that follows the newest, checked here against the same
//! rules as at the case handler, signed with the device key.

mod colleagues;
pub mod exposure_check;
mod messages;
pub mod reply_templates;
mod unreadable_cases;
mod workflow;

use std::collections::BTreeSet;

use protocol::{
    api::workbench::{EventPayload, NewEvent},
    case::{
        ActionKind, Role, RuleViolation,
        event::{Action, Event, HANDLER_ACTOR},
        next_event,
    },
    directory::Member,
    submission::report_body::ReportBody,
};
use rand::{CryptoRng, RngCore};
use time::Date;

use crate::{
    audit,
    case::{CaseReadError, VerifiedCase},
    l10n::event_text::describe_action,
    private_files::FileError,
    session::{HandlerConnection, client::ClientError, profile::PinnedCaseHead},
};

pub use messages::ReplyInput;
pub use unreadable_cases::DecisionOutcome;
pub use workflow::check_consent_answer;

/// How the case handler says that somebody else acted first.
const STALE_PROBLEM: &str = "stale";

/// Why an act was not done. Nothing has been changed then.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The rules.
    #[error(transparent)]
    Refused(#[from] RuleViolation),
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The case, read again.
    #[error(transparent)]
    Read(#[from] CaseReadError),
    /// It opens here, so it is not closed as unreadable.
    #[error("you can read this case: triage it, and close it as any other")]
    CaseIsReadable,
    /// Its events do not hold, so nothing can follow them.
    #[error("the events of this case do not hold; nothing can be added to them")]
    UnverifiedEvents,
    /// What is wrong with it comes first.
    #[error(
        "something is wrong with this case: look at its alarms before you make new keys for it"
    )]
    UnresolvedAlerts,
    /// The reporter said that this person must not read it.
    #[error("the reporter excluded {0}, directly or through a unit or desk")]
    Excluded(String),
    /// The exclusions cannot be read, so they cannot be kept.
    #[error("the report itself cannot be read, so it is not known whom the reporter excluded")]
    UnreadableReport,
    /// It cannot be known who has been taken out since.
    #[error(
        "the directory expired on {0}; new grants wait until the administrator has signed a new one"
    )]
    DirectoryExpired(Date),
    /// Not in the newest directory.
    #[error("{0} is not in the directory")]
    NotInDirectory(String),
    /// Nothing in it.
    #[error("the text is empty")]
    EmptyText,
    /// A letter that was not finished.
    #[error("the text still has a place to fill in: {0}")]
    UnfilledPlaceholder(String),
    /// Does not fit a mailbox.
    #[error("the text is too long by about {over} characters; send it in two parts")]
    TooLong {
        /// Roughly how much.
        over: usize,
    },
    /// The case handler gives a mailbox key that is not the reporter's.
    #[error(transparent)]
    Sealing(#[from] investigator::CaseError),
    /// The outside body keeps its grant, always.
    #[error("{0} sits for the outside body and cannot be left out")]
    IsOversightMember(String),
    /// Who has the case must be able to read it.
    #[error("{0} has the case: give it to somebody who stays first")]
    IsAssignee(String),
    /// What one writes would be sealed to an older generation, which people who were left out can
    /// read.
    #[error(
        "your grant of the newest generation ({0}) of this case is missing or does not open: ask a colleague for a new one before you write"
    )]
    MissingNewestGrant(u32),
    /// Somebody else acted first.
    #[error("somebody acted on this case before you, and nothing of yours was filed: {}. Look at it again", summarize_events(.0))]
    Conflict(Vec<Event>),
    /// A form came without the choice that the act consists of.
    #[error("nothing was chosen, so nothing was signed")]
    NothingChosen,
    /// What would be signed off was never on this person's screen.
    #[error("the reporter sent {} that you have not been shown; nothing was signed", count_submissions(*.0))]
    UnseenSubmissions(usize),
    /// What the reporter said about other authorities.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// Nobody would be left out.
    #[error("{0} holds no grant of this case")]
    NotAGrantHolder(String),
    /// The answer to the event is another event than the one that was sent.
    #[error(
        "the case handler answers with another event than the one that was signed: it may not have been filed"
    )]
    NotRecorded,
}

/// What stands against a referral in what the reporter said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// Said no in the report.
    #[error(
        "the reporter does not want it to go to another authority, unless a law demands it: ask in a message, or name the law"
    )]
    Refused,
    /// Agreed to less.
    #[error("the reporter agreed to a summary only")]
    SummaryOnly,
    /// Said nothing of it.
    #[error(
        "the reporter did not agree in the report: ask in a message, and name the number of the message that agrees"
    )]
    NotAsked,
    /// The message that is to agree does not exist.
    #[error("there is no message of the reporter with this number")]
    MessageNotFound,
}

fn count_submissions(count: usize) -> String {
    if count == 1 { "1 submission".to_owned() } else { format!("{count} submissions") }
}

/// What happened, in words.
fn summarize_events(events: &[Event]) -> String {
    let told = events.iter().map(|Event { actor, action, .. }| match describe_action(action) {
        what if actor == HANDLER_ACTOR => what,
        what => format!("{actor} {what}"),
    });
    told.collect::<Vec<_>>().join("; ")
}

impl HandlerConnection {
    /// Takes the case, declaring to have no conflict of interest.
    pub async fn claim(&mut self, case: &mut VerifiedCase) -> Result<(), ActionError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.sign_and_submit(case, Action::Claimed, EventPayload::default()).await
    }

    /// Gives the case to a colleague, with new grants if they hold none, or may hold none that they
    /// can still open.
    pub async fn assign(&mut self, case: &mut VerifiedCase, to: &str) -> Result<(), ActionError> {
        let colleague = self.member(to)?.recipient.clone();
        self.check_not_excluded(case, to)?;
        let renewed = self.directory_history.has_replaced_key(to, case.file.row.filed);
        let holds_one = !renewed && case.file.holders.iter().any(|holder| holder == to);
        if !holds_one {
            self.check_directory_current()?;
            check_newest_generation(case)?;
        }
        let grants =
            if holds_one { Vec::new() } else { case.open_case.seal_grants_for(&colleague) };
        let granted = grants.first().map(|grant| grant.grant.tag);
        let action = Action::Assigned { to: to.to_owned(), granted };
        self.sign_and_submit(case, action, EventPayload { grants, ..EventPayload::default() }).await
    }

    /// Makes a new case secret for everyone who stays, and opens what is there to the new keys of
    /// those who have other ones now. Gives the handles of everyone who stays.
    pub async fn rotate_keys(
        &mut self,
        case: &mut VerifiedCase,
        without: &[String],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<String>, ActionError> {
        self.check_directory_current()?;
        check_newest_generation(case)?;
        if !without.is_empty() {
            self.check_declared(case)?;
        }
        let stay = self.remaining_readers(case, without)?;
        let members =
            stay.iter().map(|handle| self.member(handle)).collect::<Result<Vec<_>, _>>()?;
        let recipients: Vec<_> = members.iter().map(|member| &member.recipient).collect();
        let (lang, week) = (case.file.row.lang.clone(), self.current_week());
        // Who has another key than at the filing gets the older generations too: the new one alone
        // opens nothing that is there.
        let old_keys = members.iter().filter(|member| {
            !self.directory().is_oversight(&member.handle)
                && self.directory_history.has_replaced_key(&member.handle, case.file.row.filed)
        });
        let again: Vec<_> =
            old_keys.flat_map(|member| case.open_case.seal_grants_for(&member.recipient)).collect();
        let rotated = case.open_case.rotate_keys(
            &recipients,
            &case.thread,
            &case.file.mailbox_recipient,
            (&lang, &week),
            rng,
        )?;
        let (reply, copy) = (rotated.reply.reply, rotated.reply.copy);
        let action = Action::KeysRotated {
            generation: rotated.generation,
            reply: reply.hash(),
            copy: copy.hash(),
        };
        let brings = EventPayload {
            reply: Some(reply),
            copy: Some(copy),
            grants: [rotated.grants, again].concat(),
            case_recipient: Some(rotated.case_recipient),
            note: None,
        };
        self.sign_and_submit(case, action, brings).await?;
        Ok(stay)
    }

    /// Everyone who holds a grant and is still in the directory, and the outside body always; less
    /// those to be left out.
    fn remaining_readers(
        &self,
        case: &VerifiedCase,
        without: &[String],
    ) -> Result<Vec<String>, ActionError> {
        for handle in without {
            if self.directory().is_oversight(handle) {
                return Err(ActionError::IsOversightMember(handle.clone()));
            }
            if case.state.as_ref().and_then(|state| state.assignee.as_ref()) == Some(handle) {
                return Err(ActionError::IsAssignee(handle.clone()));
            }
            if !case.file.holders.contains(handle) {
                return Err(ActionError::NotAGrantHolder(handle.clone()));
            }
        }
        let report = case.report().ok_or(ActionError::UnreadableReport)?;
        let excluded = report.exclusions();
        let excluded = self.directory().excluded_members(&excluded);
        let oversight = self
            .directory()
            .desk(&self.directory().oversight)
            .into_iter()
            .flat_map(|desk| &desk.members);
        let everyone: BTreeSet<&String> = case.file.holders.iter().chain(oversight).collect();
        let stays = |handle: &&String| {
            !without.contains(handle)
                && !excluded.contains(handle.as_str())
                && self.directory().member(handle).is_some()
        };
        Ok(everyone.into_iter().filter(stays).cloned().collect())
    }

    /// Signs and files an event, after the same rules have allowed it here.
    async fn sign_and_submit(
        &mut self,
        case: &mut VerifiedCase,
        action: Action,
        brings: EventPayload,
    ) -> Result<(), ActionError> {
        let state = case.state.as_mut().ok_or(ActionError::UnverifiedEvents)?;
        let at = self.now.replace_nanosecond(0).unwrap_or(self.now);
        let event = next_event(case.file.row.id, state, self.key.handle(), at, action);
        let signed = event.sign(self.key.device());
        let role =
            Role::of_member(self.directory_history.latest().0, self.key.handle(), &state.desk);
        let mut next = state.clone();
        next.apply(&event, signed.hash(), role)?;
        let filed = self
            .client
            .add_event(case.file.row.id, &NewEvent { event: signed.clone(), payload: brings })
            .await;
        let entry = match filed {
            Err(ClientError::Refused(problem)) if problem.kind == STALE_PROBLEM => {
                return Err(ActionError::Conflict(self.events_since(case).await?));
            }
            filed => filed?,
        };
        if entry.event != signed || !entry.verify_link() {
            return Err(ActionError::NotRecorded);
        }
        *state = next;
        let seen = PinnedCaseHead { events: state.next_seq, head: state.head };
        case.events.push(event);
        case.file.log.push(entry);
        // A case whose reading raised an alarm is not pinned, so that the alarm stays.
        if let Some(known) = self.trust_state.cases.get_mut(&case.file.row.id) {
            *known = seen;
            // One's own act is no news.
            if let Some(read) = self.trust_state.read.get_mut(&case.file.row.id)
                && *read + 1 == seen.events
            {
                *read = seen.events;
            }
            self.profile.save_trust_state(&self.trust_state)?;
        }
        Ok(())
    }

    /// What colleagues, the reporter or the clock did since this case was read.
    async fn events_since(&self, case: &VerifiedCase) -> Result<Vec<Event>, ActionError> {
        let log = self.client.case_log(case.id()).await?;
        let mut events = audit::audit_partial_log(&log, &self.directory_history)
            .events
            .remove(&case.id())
            .unwrap_or_default();
        let known = case.state.as_ref().map_or(0, |state| state.next_seq);
        events.retain(|event| event.seq >= known);
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

/// Such as `2026-W48`.
fn iso_week(day: Date) -> String {
    let (year, week, _) = day.to_iso_week_date();
    format!("{year}-W{week:02}")
}

impl HandlerConnection {
    /// Refuses while the reporter sent a message that this person was not shown, whoever has dealt
    /// with it: an answer says that all before it was read.
    ///
    /// # Errors
    /// [`ActionError::UnseenSubmissions`] with the number of such messages.
    pub fn check_messages_seen(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let messages =
            case.events.iter().filter(|event| matches!(event.action, Action::FollowedUp(_)));
        self.check_events_seen(case, messages)
    }

    /// Refuses while this person was not shown what waits to be dealt with, the report or a
    /// message: an act that signs it off says that it was read.
    ///
    /// # Errors
    /// [`ActionError::UnseenSubmissions`] with the number of submissions that were not shown.
    pub fn check_unhandled_seen(&self, case: &VerifiedCase) -> Result<(), ActionError> {
        let waiting = case.state.as_ref().map_or(0, |state| state.unhandled);
        let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
        let sent = case.events.iter().rev().filter(|event| event.action.is_from_reporter());
        self.check_events_seen(case, sent.take(waiting))
    }

    fn check_events_seen<'a>(
        &self,
        case: &VerifiedCase,
        sent: impl Iterator<Item = &'a Event>,
    ) -> Result<(), ActionError> {
        let looked_at = self.trust_state.read.get(&case.id()).copied().unwrap_or(0);
        match sent.filter(|event| event.seq >= looked_at).count() {
            0 => Ok(()),
            unshown => Err(ActionError::UnseenSubmissions(unshown)),
        }
    }
}

/// Does this act also say that everything the reporter sent before was dealt with?
pub fn marks_handled(act: ActionKind) -> bool {
    matches!(
        act,
        ActionKind::Triage
            | ActionKind::Assess
            | ActionKind::Investigate
            | ActionKind::Decide
            | ActionKind::TakeBack
            | ActionKind::Reopen
            | ActionKind::ApproveRefer
    )
}

impl VerifiedCase {
    /// Is it still what somebody was shown when it had so many events? Notes do not count: they
    /// change nothing that is decided on.
    pub fn check_version(&self, shown: u32) -> Result<(), ActionError> {
        let changes = |event: &&Event| {
            event.seq >= shown && !matches!(event.action, Action::NoteAdded { .. })
        };
        let newer: Vec<Event> = self.events.iter().filter(changes).cloned().collect();
        if newer.is_empty() { Ok(()) } else { Err(ActionError::Conflict(newer)) }
    }
}

/// What one seals must be to the generation that the case is in.
fn check_newest_generation(case: &VerifiedCase) -> Result<(), ActionError> {
    let current = case.state.as_ref().ok_or(ActionError::UnverifiedEvents)?.generation;
    if case.open_case.newest_generation() == current {
        Ok(())
    } else {
        Err(ActionError::MissingNewestGrant(current))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn weeks_are_those_of_iso_8601() {
        assert_eq!(iso_week(date!(2026 - 11 - 23)), "2026-W48");
        assert_eq!(iso_week(date!(2027 - 01 - 01)), "2026-W53");
    }
}
