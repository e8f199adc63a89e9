//! Compares what members sent to the reporter with the copies of the team.
//!
//! A member seals each reply twice: to the reporter, and to the team. Only the reporter can open
//! the first. Sealing is deterministic, so that each reader of the case can seal the frame of the
//! copy to the reporter again, and compares the result with the hash in the signed event.

use protocol::{Hash, keys::MailboxRecipient, submission::frame::FrameDirection};

use crate::{CaseError, OpenCase, Thread, ThreadIssue, ThreadIssueKind, VerifiedFrame};

/// What the signed event of a reply states.
#[derive(Debug, Clone, Copy)]
pub struct ReplyStatement<'a> {
    /// The handle of the member who signed the event.
    pub signer: &'a str,
    /// SHA-256 of the reply, sealed to `M`.
    pub reply: Hash,
    /// SHA-256 of the copy, sealed to `C`.
    pub copy: Hash,
}

impl OpenCase {
    /// Compares each reply with its copy. Adds an issue to the thread for each difference. A copy
    /// that is missing or failed verification has its own issue, and is skipped.
    ///
    /// # Errors
    /// [`CaseError::WrongMailbox`] if the mailbox key is not the reporter's. Nothing was compared
    /// then.
    pub fn check_replies<'a>(
        &self,
        thread: &mut Thread,
        mailbox: &MailboxRecipient,
        statements: impl IntoIterator<Item = ReplyStatement<'a>>,
    ) -> Result<(), CaseError> {
        if !self.is_reporter_mailbox(mailbox) {
            return Err(CaseError::WrongMailbox);
        }
        let mut issues = Vec::new();
        for statement in statements {
            let recorded = thread.outgoing.iter().find(|entry| entry.sealed_hash == statement.copy);
            let Some(recorded) = recorded else { continue };
            if self.reseal_reply(recorded, mailbox) != Some(statement.reply) {
                issues.push(ThreadIssue {
                    direction: FrameDirection::Out,
                    batch: Some(recorded.batch),
                    kind: ThreadIssueKind::ReplyDiffers { signer: statement.signer.to_owned() },
                });
            }
        }
        thread.issues.extend(issues);
        Ok(())
    }

    /// Returns the hash of the frame of a copy, sealed to the reporter. Returns `None` if the frame
    /// is too long for a reply, so that no honest member can have sent it.
    fn reseal_reply(&self, copy: &VerifiedFrame, mailbox: &MailboxRecipient) -> Option<Hash> {
        let generation = self.generation(copy.header.generation).ok()?;
        generation.seal_to_reporter(&copy.frame, mailbox).ok().map(|sealed| sealed.hash())
    }
}
