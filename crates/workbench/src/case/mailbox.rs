//! Which answers still lie in the reporter's mailbox. It has a fixed length: newer answers push
//! older ones out, whether they were read or not. The reporter finds only what lies in it at the
//! next visit.

use ed25519_dalek::SigningKey;
use investigator::VerifiedFrame;
use protocol::{
    Hash,
    api::workbench::PartKind,
    case::Stage,
    mailbox::{Mailbox, MailboxHeader},
    submission::{
        frame::{FrameKind, FrameRef},
        reply_capsule::ReplyCapsule,
    },
};

use crate::case::VerifiedCase;

impl VerifiedCase {
    /// How many of the newest answers a mailbox holds, with one more of this length in bytes behind
    /// them, if there is to be one.
    fn count_fitting_replies(&self, next: Option<usize>) -> usize {
        let Some(recipient) = self.file.case_recipients.last() else { return usize::MAX };
        let replies = self.file.parts.iter().filter(|part| part.kind == PartKind::ReplyCopy);
        // A reply is as long as its copy for the team: both are sealed the same way.
        let lengths = replies.filter_map(|part| usize::try_from(part.len).ok()).chain(next);
        let mailbox = Mailbox {
            header: MailboxHeader {
                v: 1,
                week: "2026-W48".into(),
                stage: Stage::Investigating,
                released_to_oversight: false,
                next_update: Some(time::Date::MAX),
                received: u32::MAX,
            },
            capsule: self.max_size_capsule(recipient.generation),
            case_recipient: recipient.recipient.clone(),
            replies: lengths.map(|len| vec![0; len]).collect(),
        };
        mailbox.fitting_reply_count(&self.file.mailbox_recipient)
    }

    /// Only the reporter's device makes the true one; this has the length of the longest.
    fn max_size_capsule(&self, generation: u32) -> Vec<u8> {
        let head = FrameRef { seq: u32::MAX, hash: Hash::default() };
        let capsule = ReplyCapsule {
            case: self.id(),
            generation,
            case_recipient: Hash::default(),
            replies_keys: vec![*self.open_case.reporter_key(); generation as usize + 1],
            sent: head,
            seen: Some(head),
        };
        // A signature has the same length under every key.
        capsule.seal(&self.file.mailbox_recipient, &SigningKey::from_bytes(&[0; 32]))
    }

    /// Answers that the reporter has not seen and that lie in the mailbox no more, by their
    /// numbers; with a further answer of this length in bytes, those that would not. The first are
    /// lost: nobody has read them, and the reporter will not.
    pub fn displaced_unseen_replies(&self, next: Option<usize>) -> Vec<u32> {
        let held = self.count_fitting_replies(next);
        let held = if next.is_some() { held.saturating_sub(1) } else { held };
        let all = self.thread.outgoing.len();
        let seen = self.thread.last_acknowledged_by_reporter().map(|head| head.seq);
        let unseen = |entry: &&VerifiedFrame| {
            entry.header.kind != FrameKind::Rotation
                && seen.is_none_or(|seen| entry.reference.seq > seen)
        };
        self.thread.outgoing[..all.saturating_sub(held)]
            .iter()
            .filter(unseen)
            .map(|entry| entry.reference.seq)
            .collect()
    }
}
