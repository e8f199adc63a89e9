//! Key rotation: a new case secret that excludes a reader from everything that follows.

use protocol::{
    api::workbench::GenerationGrant,
    keys::{CaseRecipient, CaseSecret, InvestigatorRecipient, MailboxRecipient},
    submission::frame::{FrameKind, MAX_GENERATION},
};
use rand::{CryptoRng, RngCore};

use crate::{CaseError, OpenCase, SealedReply, Thread, open_case::KeyGeneration};

/// The result of a rotation, for the case handler.
#[derive(Debug, Clone)]
pub struct KeyRotation {
    /// The new generation.
    pub generation: u32,
    /// The rotation frame, signed with the old `K_c`.
    pub reply: SealedReply,
    /// The new `C`.
    pub case_recipient: CaseRecipient,
    /// One grant of the new generation for each remaining reader.
    pub grants: Vec<GenerationGrant>,
}

impl OpenCase {
    /// Creates the next generation for the remaining readers. A reader of an old grant can still
    /// open what was sealed before, but nothing that is sealed later.
    ///
    /// # Errors
    /// If the mailbox key is not the reporter's, or the case has the maximum number of generations
    /// or messages.
    pub fn rotate_keys(
        &mut self,
        stay: &[&InvestigatorRecipient],
        thread: &Thread,
        mailbox: &MailboxRecipient,
        (lang, week): (&str, &str),
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<KeyRotation, CaseError> {
        if !self.is_reporter_mailbox(mailbox) {
            return Err(CaseError::WrongMailbox);
        }
        let number = self.current_generation().number + 1;
        if number > MAX_GENERATION {
            return Err(CaseError::NoMoreGenerations);
        }
        let next = KeyGeneration::new(number, CaseSecret::generate(rng));
        let rotation = next.rotation_body();
        let header = self.next_header(FrameKind::Rotation, thread, mailbox, (lang, week))?;
        let reply = self.seal_frame(&header, &rotation.to_bytes(), mailbox)?;
        let grants = stay.iter().map(|recipient| self.seal_grant(&next, recipient)).collect();
        let rotated = KeyRotation {
            generation: next.number,
            reply,
            case_recipient: next.recipient.clone(),
            grants,
        };
        self.push_generation(next);
        Ok(rotated)
    }
}
