//! What is written: to the reporter, and to the team.

use investigator::{Note, NoteKind, ReplyDraft};
use protocol::{
    api::workbench::{EventPayload, MAX_REPLY_LEN, SealedBytes},
    case::event::Action,
    submission::frame::FrameKind,
};

use super::{ActionError, check_newest_generation};
use crate::{
    actions::reply_templates, case::VerifiedCase, session::HandlerConnection,
    terminal_text::is_blank,
};

/// How often a note is tried again because a colleague was faster.
const MAX_NOTE_ATTEMPTS: u32 = 4;

/// A reply as the investigator wrote it.
#[derive(Debug, Clone, Copy)]
pub struct ReplyInput<'a> {
    /// Its text.
    pub text: &'a str,
    /// Language that it is written in.
    pub lang: &'a str,
}

impl HandlerConnection {
    /// Answers the reporter.
    pub async fn send_reply(
        &mut self,
        case: &mut VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(), ActionError> {
        let (reply, copy, brings) = self.seal_reply(case, reply)?;
        self.sign_and_submit(case, Action::Replied { reply, copy, feedback: false }, brings).await
    }

    /// Tells the reporter what was or will be done, and why: the feedback that must come before a
    /// closing.
    pub async fn send_feedback(
        &mut self,
        case: &mut VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(), ActionError> {
        let (reply, copy, brings) = self.seal_reply(case, reply)?;
        self.sign_and_submit(case, Action::Replied { reply, copy, feedback: true }, brings).await
    }

    /// Gives the investigation 90 more days; the reply tells the reporter why.
    pub async fn extend_deadline(
        &mut self,
        case: &mut VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(), ActionError> {
        let (reply, copy, brings) = self.seal_reply(case, reply)?;
        self.sign_and_submit(case, Action::DeadlineExtended { reply, copy }, brings).await
    }

    /// How many answers that the reporter has not seen would fall out of the mailbox by this one.
    /// What is lost already does not count.
    ///
    /// # Errors
    /// As sending it.
    pub fn count_displaced_replies(
        &self,
        case: &VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<usize, ActionError> {
        let (_, _, brings) = self.seal_reply(case, reply)?;
        let len = brings.reply.map_or(0, |sealed| sealed.0.len());
        let lost = case.displaced_unseen_replies(None).len();
        Ok(case.displaced_unseen_replies(Some(len)).len().saturating_sub(lost))
    }

    fn seal_reply(
        &self,
        case: &VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(protocol::Hash, protocol::Hash, EventPayload), ActionError> {
        let text = reply.text.trim();
        if is_blank(text) {
            return Err(ActionError::EmptyText);
        }
        if let Some(gap) = reply_templates::unfilled_placeholder(text) {
            return Err(ActionError::UnfilledPlaceholder(gap));
        }
        check_newest_generation(case)?;
        let draft = ReplyDraft {
            kind: FrameKind::Message,
            text: text.to_owned(),
            lang: reply.lang.to_owned(),
            week: self.current_week(),
        };
        let sealed =
            case.open_case.seal_reply(&draft, &case.thread, &case.file.mailbox_recipient)?;
        check_sealed_len(sealed.reply.0.len().max(sealed.copy.0.len()))?;
        let (reply, copy) = (sealed.reply.hash(), sealed.copy.hash());
        Ok((
            reply,
            copy,
            EventPayload {
                reply: Some(sealed.reply),
                copy: Some(sealed.copy),
                ..EventPayload::default()
            },
        ))
    }

    /// Adds a note for the team. It says the same whatever happened meanwhile, so that of two at
    /// once neither is lost.
    pub async fn add_note(
        &mut self,
        case: &mut VerifiedCase,
        note: &Note,
    ) -> Result<(), ActionError> {
        if is_blank(&note.text) {
            return Err(ActionError::EmptyText);
        }
        let mut tries = 1;
        loop {
            check_newest_generation(case)?;
            let sealed: SealedBytes = case.open_case.seal_note(note);
            check_sealed_len(sealed.0.len())?;
            let action = Action::NoteAdded { note: sealed.hash() };
            let brings = EventPayload { note: Some(sealed), ..EventPayload::default() };
            match self.sign_and_submit(case, action, brings).await {
                Err(ActionError::Conflict(_)) if tries < MAX_NOTE_ATTEMPTS => {
                    *case = self.read_case(case.id()).await?;
                    tries += 1;
                }
                done => return done,
            }
        }
    }
}

impl HandlerConnection {
    /// Does not approve what somebody else proposed. The reason is a note for the team, sealed to
    /// the case.
    ///
    /// # Errors
    /// [`ActionError::EmptyText`] without a reason; else as every act.
    pub async fn decline_proposal(
        &mut self,
        case: &mut VerifiedCase,
        reason: &str,
    ) -> Result<(), ActionError> {
        if is_blank(reason) {
            return Err(ActionError::EmptyText);
        }
        check_newest_generation(case)?;
        let note = Note { kind: NoteKind::Objection, text: reason.trim().to_owned() };
        let sealed = case.open_case.seal_note(&note);
        check_sealed_len(sealed.0.len())?;
        let action = Action::Declined { note: sealed.hash() };
        self.sign_and_submit(
            case,
            action,
            EventPayload { note: Some(sealed), ..EventPayload::default() },
        )
        .await
    }
}

fn check_sealed_len(sealed: usize) -> Result<(), ActionError> {
    match sealed.saturating_sub(MAX_REPLY_LEN) {
        0 => Ok(()),
        over => Err(ActionError::TooLong { over }),
    }
}
