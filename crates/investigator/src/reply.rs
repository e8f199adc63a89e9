//! Replies to the reporter.

use protocol::{
    Hash,
    api::workbench::SealedBytes,
    encoding::{
        canonical::{is_iso_week, is_lang},
        padding::{MAX_PADDED_REPLY, REPLY_STEP, pad_text},
    },
    keys::MailboxRecipient,
    submission::frame::{Frame, FrameDirection, FrameHeader, FrameKind, MAX_SEQ},
};
use rand::{RngCore, rngs::OsRng};

use crate::{
    CaseError, OpenCase, Thread,
    open_case::{KeyGeneration, check_len},
};

/// A reply before sealing.
#[derive(Debug, Clone)]
pub struct ReplyDraft {
    /// The kind: message or status.
    pub kind: FrameKind,
    /// The text.
    pub text: String,
    /// The language that it is written in.
    pub lang: String,
    /// The ISO week.
    pub week: String,
}

/// A reply in two sealed copies: one for the reporter, one for the team.
#[derive(Debug, Clone)]
pub struct SealedReply {
    /// `age(M, frame)`.
    pub reply: SealedBytes,
    /// `age(C, frame)`.
    pub copy: SealedBytes,
}

impl OpenCase {
    /// Signs a reply with `K_c` as the next frame of the thread and seals it to the reporter and to
    /// the team. Every colleague can seal it again and compare
    /// ([`check_replies`](Self::check_replies)).
    ///
    /// # Errors
    /// If the mailbox key is not the reporter's, the language is not a language tag, the text is
    /// too long, or the case has the maximum number of messages.
    pub fn seal_reply(
        &self,
        draft: &ReplyDraft,
        thread: &Thread,
        mailbox: &MailboxRecipient,
    ) -> Result<SealedReply, CaseError> {
        if !self.is_reporter_mailbox(mailbox) {
            return Err(CaseError::WrongMailbox);
        }
        let header = self.next_header(draft.kind, thread, mailbox, (&draft.lang, &draft.week))?;
        self.seal_frame(&header, draft.text.as_bytes(), mailbox)
    }

    pub(crate) fn next_header(
        &self,
        kind: FrameKind,
        thread: &Thread,
        mailbox: &MailboxRecipient,
        (lang, week): (&str, &str),
    ) -> Result<FrameHeader, CaseError> {
        if !is_lang(lang) || !is_iso_week(week) {
            return Err(CaseError::InvalidLanguage(lang.to_owned()));
        }
        let before = thread.newest_outgoing();
        let seq =
            before.map_or(Some(0), |head| head.seq.checked_add(1)).filter(|seq| *seq <= MAX_SEQ);
        Ok(FrameHeader {
            v: 2,
            case: self.id(),
            generation: self.current_generation().number,
            direction: FrameDirection::Out,
            seq: seq.ok_or(CaseError::NoMoreMessages)?,
            prev: before.map(|head| head.hash),
            ack: thread.newest_incoming(),
            recipient: mailbox.hash(),
            kind,
            lang: lang.to_owned(),
            week: week.to_owned(),
            salt: random_salt(),
            routing: None,
            program: None,
            attachments: Vec::new(),
            reporter_key: None,
            related: None,
        })
    }

    pub(crate) fn seal_frame(
        &self,
        header: &FrameHeader,
        body: &[u8],
        mailbox: &MailboxRecipient,
    ) -> Result<SealedReply, CaseError> {
        let newest = self.current_generation();
        let frame = Frame::sign(header, body, &newest.secret.replies_key());
        let seed = newest.secret.copy_seal_seed(&Frame::hash_of(&frame), &newest.recipient);
        let reply = newest.seal_to_reporter(&frame, mailbox)?;
        let copy = newest
            .recipient
            .seal_deterministic(&pad_text(&frame, REPLY_STEP), &seed)
            .expect("a padded reply is shorter than a chunk");
        Ok(SealedReply { reply, copy: SealedBytes(copy) })
    }
}

impl KeyGeneration {
    /// Seals a frame to the reporter. The result depends on the frame, the mailbox key and the case
    /// secret alone.
    ///
    /// # Errors
    /// [`CaseError::TooLong`] if the frame does not fit into the largest size class of a reply.
    pub(crate) fn seal_to_reporter(
        &self,
        frame: &[u8],
        mailbox: &MailboxRecipient,
    ) -> Result<SealedBytes, CaseError> {
        check_len(frame.len(), MAX_PADDED_REPLY)?;
        let seed = self.secret.reply_seal_seed(&Frame::hash_of(frame), mailbox);
        let sealed = mailbox
            .seal_deterministic(&pad_text(frame, REPLY_STEP), &seed)
            .expect("a padded reply is shorter than a chunk");
        Ok(SealedBytes(sealed))
    }
}

/// Returns the salt of a frame to the reporter.
fn random_salt() -> Hash {
    let mut salt = Hash::default();
    OsRng.fill_bytes(&mut salt.0);
    salt
}
