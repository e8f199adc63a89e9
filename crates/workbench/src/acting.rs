//! Acting on a case: each act is an event that follows the newest, checked here against the same rules as at the case
//! handler, signed with the device key.

use std::collections::BTreeSet;

use envelope::{
    desk_api::{Brings, MAX_REPLY, NewEvent, Sealed},
    directory::Member,
    event::Action,
    frame::FrameKind,
    life::{Disposition, Refusal, Stage, next_event},
    report::ReportBody,
    submission::Urgency,
};
use investigator::{Note, ReplyDraft};
use rand::{CryptoRng, RngCore};
use time::Date;

use crate::{
    cases::Case, client::ClientError, connection::Connection, files::FileError, home::SeenCase, roll::role,
};

/// Why an act was not done. Nothing has been changed then.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The rules.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The case handler.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The home folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its events do not hold, so nothing can follow them.
    #[error("the events of this case do not hold; nothing can be added to them")]
    Unverified,
    /// The reporter said that this person must not read it.
    #[error("the reporter excluded {0}, directly or through a unit or desk")]
    Excluded(String),
    /// The exclusions cannot be read, so they cannot be kept.
    #[error("the report itself cannot be read, so it is not known whom the reporter excluded")]
    NoReport,
    /// It cannot be known who has been taken out since.
    #[error("the directory expired on {0}; new grants wait until the administrator has signed a new one")]
    Expired(Date),
    /// Not in the newest directory.
    #[error("{0} is not in the directory")]
    NotInDirectory(String),
    /// Nothing in it.
    #[error("the text is empty")]
    Empty,
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
    Oversight(String),
    /// Who has the case must be able to read it.
    #[error("{0} has the case: give it to somebody who stays first")]
    Assignee(String),
    /// What one writes would be sealed to an older generation, which people who were left out can read.
    #[error(
        "your grant of the newest generation ({0}) of this case is missing or does not open: ask a colleague for a new one before you write"
    )]
    NewestGrant(u32),
    /// Nobody would be left out.
    #[error("{0} holds no grant of this case")]
    NoHolder(String),
    /// The answer to the event is another event than the one that was sent.
    #[error(
        "the case handler answers with another event than the one that was signed: it may not have been filed"
    )]
    NotFiled,
}

/// A reply as the investigator wrote it.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// Its text.
    pub text: &'a str,
    /// Language that it is written in.
    pub lang: &'a str,
}

impl Connection {
    /// Takes the case, declaring to have no conflict of interest.
    pub async fn claim(&mut self, case: &mut Case) -> Result<(), ActError> {
        let me = self.handle().to_owned();
        self.check_not_excluded(case, &me)?;
        self.act(case, Action::Claimed, Brings::default()).await
    }

    /// Gives the case to a colleague, with new grants if they hold none.
    pub async fn assign(&mut self, case: &mut Case, to: &str) -> Result<(), ActError> {
        let colleague = self.member(to)?.recipient.clone();
        self.check_not_excluded(case, to)?;
        let holds_one = case.file.holders.iter().any(|holder| holder == to);
        if !holds_one {
            self.check_current()?;
            check_generation(case)?;
        }
        let grants = if holds_one { Vec::new() } else { case.open.grant_to(&colleague) };
        let granted = grants.first().map(|grant| grant.grant.tag);
        let action = Action::Assigned { to: to.to_owned(), granted };
        self.act(case, action, Brings { grants, ..Brings::default() }).await
    }

    /// Steps back for good: the case handler deletes one's grant and hides the case.
    pub async fn recuse(&mut self, case: &mut Case) -> Result<(), ActError> {
        self.act(case, Action::Recused, Brings::default()).await?;
        self.seen.cases.remove(&case.id());
        Ok(self.home.remember(&self.seen)?)
    }

    /// Answers the reporter.
    pub async fn reply(&mut self, case: &mut Case, reply: Reply<'_>) -> Result<(), ActError> {
        let text = reply.text.trim();
        if text.is_empty() {
            return Err(ActError::Empty);
        }
        check_generation(case)?;
        let draft = ReplyDraft {
            kind: FrameKind::Message,
            text: text.to_owned(),
            lang: reply.lang.to_owned(),
            week: self.week(),
        };
        let sealed = case.open.reply(&draft, &case.thread, &case.file.mailbox_recipient)?;
        check_len(sealed.reply.0.len().max(sealed.copy.0.len()))?;
        let action = Action::Replied { reply: sealed.reply.hash(), copy: sealed.copy.hash() };
        let brings = Brings { reply: Some(sealed.reply), copy: Some(sealed.copy), ..Brings::default() };
        self.act(case, action, brings).await
    }

    /// Adds a note for the team.
    pub async fn note(&mut self, case: &mut Case, note: &Note) -> Result<(), ActError> {
        if note.text.trim().is_empty() {
            return Err(ActError::Empty);
        }
        check_generation(case)?;
        let sealed: Sealed = case.open.seal_note(note);
        check_len(sealed.0.len())?;
        let action = Action::Noted { note: sealed.hash() };
        self.act(case, action, Brings { note: Some(sealed), ..Brings::default() }).await
    }

    /// Moves the case to another stage. The reason is a word or a code, readable to the case handler.
    pub async fn move_to(
        &mut self,
        case: &mut Case,
        to: Stage,
        reason: Option<String>,
    ) -> Result<(), ActError> {
        let from = case.state.as_ref().ok_or(ActError::Unverified)?.stage;
        self.act(case, Action::Moved { from, to, reason }, Brings::default()).await
    }

    /// The first of two persons who close a case.
    pub async fn propose_close(&mut self, case: &mut Case, disposition: Disposition) -> Result<(), ActError> {
        self.act(case, Action::ClosingProposed { disposition }, Brings::default()).await
    }

    /// The second.
    pub async fn approve_close(&mut self, case: &mut Case, disposition: Disposition) -> Result<(), ActError> {
        self.act(case, Action::ClosingApproved { disposition }, Brings::default()).await
    }

    /// Makes the case more urgent.
    pub async fn raise(&mut self, case: &mut Case, urgency: Urgency) -> Result<(), ActError> {
        self.act(case, Action::Raised { urgency }, Brings::default()).await
    }

    /// Makes a new case secret for everyone who stays. Gives the handles of those.
    pub async fn rotate(
        &mut self,
        case: &mut Case,
        without: &[String],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<String>, ActError> {
        self.check_current()?;
        check_generation(case)?;
        let stay = self.who_stays(case, without)?;
        let members = stay.iter().map(|handle| self.member(handle)).collect::<Result<Vec<_>, _>>()?;
        let recipients: Vec<_> = members.iter().map(|member| &member.recipient).collect();
        let (lang, week) = (case.file.row.lang.clone(), self.week());
        let rotated =
            case.open.rotate(&recipients, &case.thread, &case.file.mailbox_recipient, (&lang, &week), rng)?;
        let (reply, copy) = (rotated.reply.reply, rotated.reply.copy);
        let action =
            Action::Rotated { generation: rotated.generation, reply: reply.hash(), copy: copy.hash() };
        let brings = Brings {
            reply: Some(reply),
            copy: Some(copy),
            grants: rotated.grants,
            case_recipient: Some(rotated.case_recipient),
            note: None,
        };
        self.act(case, action, brings).await?;
        Ok(stay)
    }

    /// Everyone who holds a grant and is still in the directory, and the outside body always; less those to be left out.
    fn who_stays(&self, case: &Case, without: &[String]) -> Result<Vec<String>, ActError> {
        for handle in without {
            if self.directory().is_oversight(handle) {
                return Err(ActError::Oversight(handle.clone()));
            }
            if case.state.as_ref().and_then(|state| state.assignee.as_ref()) == Some(handle) {
                return Err(ActError::Assignee(handle.clone()));
            }
            if !case.file.holders.contains(handle) {
                return Err(ActError::NoHolder(handle.clone()));
            }
        }
        let report = case.report().ok_or(ActError::NoReport)?;
        let excluded = report.excluded();
        let excluded = self.directory().excluded_people(&excluded);
        let oversight =
            self.directory().desk(&self.directory().oversight).into_iter().flat_map(|desk| &desk.members);
        let everyone: BTreeSet<&String> = case.file.holders.iter().chain(oversight).collect();
        let stays = |handle: &&String| {
            !without.contains(handle)
                && !excluded.contains(handle.as_str())
                && self.directory().member(handle).is_some()
        };
        Ok(everyone.into_iter().filter(stays).cloned().collect())
    }

    /// Signs and files an event, after the same rules have allowed it here.
    async fn act(&mut self, case: &mut Case, action: Action, brings: Brings) -> Result<(), ActError> {
        let state = case.state.as_mut().ok_or(ActError::Unverified)?;
        let at = self.now.replace_nanosecond(0).unwrap_or(self.now);
        let event = next_event(case.file.row.id, state, self.key.handle(), at, action);
        let signed = event.sign(self.key.device());
        let role = role(self.roll.newest().0, self.key.handle(), &state.desk);
        let mut next = state.clone();
        next.apply(&event, signed.hash(), role)?;
        let entry =
            self.client.add_event(case.file.row.id, &NewEvent { event: signed.clone(), brings }).await?;
        if entry.event != signed || !entry.is_tied() {
            return Err(ActError::NotFiled);
        }
        *state = next;
        let seen = SeenCase { events: state.next_seq, head: state.head };
        case.events.push(event);
        case.file.log.push(entry);
        // A case whose reading raised an alarm is not pinned, so that the alarm stays.
        if let Some(known) = self.seen.cases.get_mut(&case.file.row.id) {
            *known = seen;
            self.home.remember(&self.seen)?;
        }
        Ok(())
    }

    fn member(&self, handle: &str) -> Result<&Member, ActError> {
        self.directory().member(handle).ok_or_else(|| ActError::NotInDirectory(handle.to_owned()))
    }

    fn check_current(&self) -> Result<(), ActError> {
        if self.days_left() < 0 { Err(ActError::Expired(self.directory().expires)) } else { Ok(()) }
    }

    fn check_not_excluded(&self, case: &Case, handle: &str) -> Result<(), ActError> {
        let report: ReportBody = case.report().ok_or(ActError::NoReport)?;
        let excluded = report.excluded();
        if self.directory().excluded_people(&excluded).contains(handle) {
            return Err(ActError::Excluded(handle.to_owned()));
        }
        Ok(())
    }

    fn week(&self) -> String {
        iso_week(self.now.date())
    }
}

/// Such as `2026-W48`.
fn iso_week(day: Date) -> String {
    let (year, week, _) = day.to_iso_week_date();
    format!("{year}-W{week:02}")
}

/// What one seals must be to the generation that the case is in.
fn check_generation(case: &Case) -> Result<(), ActError> {
    let current = case.state.as_ref().ok_or(ActError::Unverified)?.generation;
    if case.open.newest_generation() == current { Ok(()) } else { Err(ActError::NewestGrant(current)) }
}

fn check_len(sealed: usize) -> Result<(), ActError> {
    match sealed.saturating_sub(MAX_REPLY) {
        0 => Ok(()),
        over => Err(ActError::TooLong { over }),
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
