//! What is written: to the reporter, and to the team.

use envelope::{
    desk_api::{Brings, MAX_REPLY, Sealed},
    event::Action,
    frame::FrameKind,
};
use investigator::{Note, NoteKind, ReplyDraft};

use super::{ActError, check_generation};
use crate::{cases::Case, connection::Connection, letters, text::is_blank};

/// How often a note is tried again because a colleague was faster.
const TRIES: u32 = 4;

/// A reply as the investigator wrote it.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// Its text.
    pub text: &'a str,
    /// Language that it is written in.
    pub lang: &'a str,
}

impl Connection {
    /// Answers the reporter.
    pub async fn reply(&mut self, case: &mut Case, reply: Reply<'_>) -> Result<(), ActError> {
        let (reply, copy, brings) = self.seal_reply(case, reply)?;
        self.act(case, Action::Replied { reply, copy, feedback: false }, brings).await
    }

    /// Tells the reporter what was or will be done, and why: the feedback that must come before a closing.
    pub async fn give_feedback(&mut self, case: &mut Case, reply: Reply<'_>) -> Result<(), ActError> {
        let (reply, copy, brings) = self.seal_reply(case, reply)?;
        self.act(case, Action::Replied { reply, copy, feedback: true }, brings).await
    }

    /// Gives the investigation 90 more days; the reply tells the reporter why.
    pub async fn renew(&mut self, case: &mut Case, reply: Reply<'_>) -> Result<(), ActError> {
        let (reply, copy, brings) = self.seal_reply(case, reply)?;
        self.act(case, Action::Renewed { reply, copy }, brings).await
    }

    /// How many answers that the reporter has not seen would fall out of the mailbox by this one. What is lost already does not count.
    ///
    /// # Errors
    /// As sending it.
    pub fn displaces(&self, case: &Case, reply: Reply<'_>) -> Result<usize, ActError> {
        let (_, _, brings) = self.seal_reply(case, reply)?;
        let len = brings.reply.map_or(0, |sealed| sealed.0.len());
        let lost = case.unseen_outside_mailbox(None).len();
        Ok(case.unseen_outside_mailbox(Some(len)).len().saturating_sub(lost))
    }

    fn seal_reply(
        &self,
        case: &Case,
        reply: Reply<'_>,
    ) -> Result<(envelope::Hash, envelope::Hash, Brings), ActError> {
        let text = reply.text.trim();
        if is_blank(text) {
            return Err(ActError::Empty);
        }
        if let Some(gap) = letters::unfilled(text) {
            return Err(ActError::Unfilled(gap));
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
        let (reply, copy) = (sealed.reply.hash(), sealed.copy.hash());
        Ok((reply, copy, Brings { reply: Some(sealed.reply), copy: Some(sealed.copy), ..Brings::default() }))
    }

    /// Adds a note for the team. It says the same whatever happened meanwhile, so that of two at once neither is lost.
    pub async fn note(&mut self, case: &mut Case, note: &Note) -> Result<(), ActError> {
        if is_blank(&note.text) {
            return Err(ActError::Empty);
        }
        let mut tries = 1;
        loop {
            check_generation(case)?;
            let sealed: Sealed = case.open.seal_note(note);
            check_len(sealed.0.len())?;
            let action = Action::Noted { note: sealed.hash() };
            let brings = Brings { note: Some(sealed), ..Brings::default() };
            match self.act(case, action, brings).await {
                Err(ActError::Overtaken(_)) if tries < TRIES => {
                    *case = self.read_case(case.id()).await?;
                    tries += 1;
                }
                done => return done,
            }
        }
    }
}

impl Connection {
    /// Does not approve what somebody else proposed. The reason is a note for the team, sealed to the case.
    ///
    /// # Errors
    /// [`ActError::Empty`] without a reason; else as every act.
    pub async fn decline(&mut self, case: &mut Case, reason: &str) -> Result<(), ActError> {
        if is_blank(reason) {
            return Err(ActError::Empty);
        }
        check_generation(case)?;
        let note = Note { kind: NoteKind::Objection, text: reason.trim().to_owned() };
        let sealed = case.open.seal_note(&note);
        check_len(sealed.0.len())?;
        let action = Action::Declined { note: sealed.hash() };
        self.act(case, action, Brings { note: Some(sealed), ..Brings::default() }).await
    }
}

fn check_len(sealed: usize) -> Result<(), ActError> {
    match sealed.saturating_sub(MAX_REPLY) {
        0 => Ok(()),
        over => Err(ActError::TooLong { over }),
    }
}
