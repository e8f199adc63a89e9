//! A new case secret, for when somebody must lose the case for good.

use protocol::{
    api::workbench::GenerationGrant,
    keys::{CaseRecipient, CaseSecret, InvestigatorRecipient, MailboxRecipient},
    submission::frame::{FrameKind, MAX_GENERATION, RotationBody},
};
use rand::{CryptoRng, RngCore};

use crate::{CaseError, OpenCase, SealedReply, Thread, open_case::KeyGeneration};

/// What a rotation brings to the handler.
#[derive(Debug, Clone)]
pub struct KeyRotation {
    /// The new generation.
    pub generation: u32,
    /// The rotation frame, signed with the old `K_c`.
    pub reply: SealedReply,
    /// The new `C`.
    pub case_recipient: CaseRecipient,
    /// One grant of the new generation for each who stays.
    pub grants: Vec<GenerationGrant>,
}

impl OpenCase {
    /// Makes the next generation for those who stay. What was sealed before stays readable to
    /// whoever held the old grant; what comes after is not.
    ///
    /// # Errors
    /// When the mailbox key is not the reporter's, or the case has as many generations or messages
    /// as it can have.
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
        let rotation = RotationBody {
            generation: next.number,
            case_recipient: next.recipient.hash(),
            replies_key: (&next.secret.replies_key()).into(),
        };
        let header = self.next_header(FrameKind::Rotation, thread, mailbox, (lang, week))?;
        let reply = self.seal_frame(&header, &rotation.to_bytes(), mailbox);
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
