//! Replies to the reporter, and notes for the team.

use investigator::{Note, NoteKind, ReplyDraft};
use protocol::{
    Hash,
    api::workbench::{EventPayload, SealedBytes},
    case::event::Action,
    submission::frame::FrameKind,
};

use super::{ActionError, check_newest_generation};
use crate::{
    actions::reply_templates, case::VerifiedCase, session::HandlerConnection,
    terminal_text::is_blank,
};

/// Maximum number of attempts to add a note when colleagues act first.
const MAX_NOTE_ATTEMPTS: u32 = 4;

/// A reply as the investigator wrote it.
#[derive(Debug, Clone, Copy)]
pub struct ReplyInput<'a> {
    /// Text of the reply.
    pub text: &'a str,
    /// Language of the text.
    pub lang: &'a str,
}

impl HandlerConnection {
    /// Sends a reply to the reporter.
    ///
    /// # Errors
    /// If the text is blank, too long or contains a placeholder, or the rules or the case handler
    /// reject the action.
    pub async fn send_reply(
        &mut self,
        case: &mut VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(), ActionError> {
        let (reply, copy, payload) = self.seal_reply(case, reply)?;
        self.sign_and_submit(case, Action::Replied { reply, copy, feedback: false }, payload).await
    }

    /// Sends feedback to the reporter: what was or will be done, and why. It is required before a
    /// closing.
    ///
    /// # Errors
    /// As [`Self::send_reply`].
    pub async fn send_feedback(
        &mut self,
        case: &mut VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(), ActionError> {
        let (reply, copy, payload) = self.seal_reply(case, reply)?;
        self.sign_and_submit(case, Action::Replied { reply, copy, feedback: true }, payload).await
    }

    /// Extends the investigation by 90 days. The reply explains the reason to the reporter.
    ///
    /// # Errors
    /// As [`Self::send_reply`].
    pub async fn extend_deadline(
        &mut self,
        case: &mut VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(), ActionError> {
        let (reply, copy, payload) = self.seal_reply(case, reply)?;
        self.sign_and_submit(case, Action::DeadlineExtended { reply, copy }, payload).await
    }

    /// Returns how many replies that the reporter has not seen this reply would displace from the
    /// mailbox. Replies that are already displaced do not count.
    ///
    /// # Errors
    /// As [`Self::send_reply`].
    pub fn count_displaced_replies(
        &self,
        case: &VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<usize, ActionError> {
        let (_, _, payload) = self.seal_reply(case, reply)?;
        let len = payload.reply.map_or(0, |sealed| sealed.0.len());
        let already_displaced = case.displaced_unseen_replies(None).len();
        Ok(case.displaced_unseen_replies(Some(len)).len().saturating_sub(already_displaced))
    }

    fn seal_reply(
        &self,
        case: &VerifiedCase,
        reply: ReplyInput<'_>,
    ) -> Result<(Hash, Hash, EventPayload), ActionError> {
        let text = reply.text.trim();
        if is_blank(text) {
            return Err(ActionError::EmptyText);
        }
        if let Some(placeholder) = reply_templates::unfilled_placeholder(text) {
            return Err(ActionError::UnfilledPlaceholder(placeholder));
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

    /// Adds a note for the team. A note does not depend on other events, so it is sent again if a
    /// colleague acts first, and no note is lost.
    ///
    /// # Errors
    /// If the text is blank or too long, or the rules or the case handler reject the action.
    pub async fn add_note(
        &mut self,
        case: &mut VerifiedCase,
        note: &Note,
    ) -> Result<(), ActionError> {
        if is_blank(&note.text) {
            return Err(ActionError::EmptyText);
        }
        let mut attempts = 1;
        loop {
            check_newest_generation(case)?;
            let sealed = case.open_case.seal_note(note)?;
            let action = Action::NoteAdded { note: sealed.hash() };
            let payload = EventPayload { note: Some(sealed), ..EventPayload::default() };
            match self.sign_and_submit(case, action, payload).await {
                Err(ActionError::Conflict(_)) if attempts < MAX_NOTE_ATTEMPTS => {
                    *case = self.read_case(case.id()).await?;
                    attempts += 1;
                }
                result => return result,
            }
        }
    }
}

impl HandlerConnection {
    /// Takes an action whose reason is a note for the team, sealed to the case.
    ///
    /// # Errors
    /// [`ActionError::EmptyText`] without a reason, and the errors of every action.
    pub(super) async fn take_action_with_reason(
        &mut self,
        case: &mut VerifiedCase,
        with_note: fn(Hash) -> Action,
        reason: &str,
    ) -> Result<(), ActionError> {
        if is_blank(reason) {
            return Err(ActionError::EmptyText);
        }
        let sealed = seal_reason(case, reason)?;
        let action = with_note(sealed.hash());
        let payload = EventPayload { note: Some(sealed), ..EventPayload::default() };
        self.sign_and_submit(case, action, payload).await
    }
}

/// Seals the reason of an action as a note for the team.
pub(super) fn seal_reason(case: &VerifiedCase, reason: &str) -> Result<SealedBytes, ActionError> {
    check_newest_generation(case)?;
    let note = Note { kind: NoteKind::Reason, text: reason.trim().to_owned() };
    Ok(case.open_case.seal_note(&note)?)
}
