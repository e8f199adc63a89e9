//! Computes which replies are still in the reporter's mailbox. The mailbox has a fixed length, so
//! newer replies displace older ones, whether or not the reporter has read them. At the next visit,
//! the reporter finds only the replies in the mailbox.

use ed25519_dalek::SigningKey;
use investigator::VerifiedFrame;
use protocol::{
    Hash, RecordType,
    api::workbench::PartKind,
    case::{
        Stage,
        event::{Action, Event, SignedEvent, effective_grants},
    },
    mailbox::{Mailbox, MailboxHeader},
    rotation::{ConfirmedRotation, REQUIRED_CONFIRMATIONS},
    submission::{frame::FrameRef, reply_capsule::ReplyCapsule},
};
use transparency_log::mailbox_record::MailboxLogRecord;

use crate::case::VerifiedCase;

impl VerifiedCase {
    /// Returns how many of the newest replies fit into the mailbox, including one more reply of
    /// `next` bytes if given.
    fn count_fitting_replies(&self, next: Option<usize>) -> usize {
        let Some(recipient) = self.file.case_recipients.last() else { return usize::MAX };
        let replies = self.file.parts.iter().filter(|part| part.kind == PartKind::ReplyCopy);
        // A reply is as long as its copy for the team, because both are sealed the same way.
        let lengths = replies.filter_map(|part| usize::try_from(part.len).ok()).chain(next);
        let mailbox = Mailbox {
            header: MailboxHeader {
                v: 1,
                week: "2026-W48".into(),
                stage: Stage::Investigating,
                released_to_oversight: false,
                oversight_asked: false,
                unreadable: false,
                next_update: Some(time::Date::MAX),
                received: u32::MAX,
            },
            capsule: self.max_size_capsule(recipient.generation),
            case_recipient: recipient.recipient.clone(),
            rotations: self.rotations_after_capsule(),
            log: Some(vec![0; self.log_record_len()]),
            replies: lengths.map(|len| vec![0; len]).collect(),
        };
        mailbox.fitting_reply_count(&self.file.mailbox_recipient)
    }

    /// Returns the length in bytes that the log record of the mailbox can have: that of the report
    /// and of the message with the longest event.
    fn log_record_len(&self) -> usize {
        let signed = |event: &Event| SignedEvent {
            bytes: serde_json::to_vec(event).expect("an event holds strings and numbers only"),
            signature: vec![0; 64],
        };
        let mut sent =
            self.events.iter().filter(|event| event.action.is_from_reporter()).map(signed);
        let report = sent.next();
        let longest = sent.max_by_key(|event| event.bytes.len());
        MailboxLogRecord::estimated_len(report.into_iter().chain(longest))
            .min(RecordType::Log.max_len())
    }

    /// Returns the rotations after the newest capsule, with confirmations of the right length. The
    /// reporter knew the generation of the newest message.
    fn rotations_after_capsule(&self) -> Vec<ConfirmedRotation> {
        let known = self.thread.incoming.last().map_or(0, |entry| entry.header.generation);
        let rotations = effective_grants(&self.events).into_iter().filter_map(|event| {
            let Action::RotationProposed { rotation, .. } = &event.action else { return None };
            (rotation.statement.generation > known).then(|| (**rotation).clone())
        });
        let without = |rotation| ConfirmedRotation { rotation, confirmations: Vec::new() };
        let mut rotations: Vec<ConfirmedRotation> = rotations.map(without).collect();
        if let Some(newest) = rotations.last_mut() {
            let sample = newest.rotation.statement.confirm(&SigningKey::from_bytes(&[0; 32]));
            newest.confirmations = vec![sample; REQUIRED_CONFIRMATIONS];
        }
        rotations
    }

    /// Returns a capsule of the maximum length. Only the reporter's device can create the real one.
    fn max_size_capsule(&self, generation: u32) -> Vec<u8> {
        let head = FrameRef { seq: u32::MAX, hash: Hash::default() };
        let capsule = ReplyCapsule {
            case: self.id(),
            generation,
            case_recipient: Hash::default(),
            replies_keys: vec![*self.open_case.reporter_key(); generation as usize + 1],
            report: Hash::default(),
            sent: head,
            sent_digest: Hash::default(),
            seen: Some(head),
        };
        // A signature has the same length under every key.
        capsule.seal(&self.file.mailbox_recipient, &SigningKey::from_bytes(&[0; 32]))
    }

    /// Returns the sequence numbers of replies that the reporter has not seen and that are no
    /// longer in the mailbox. With `next`, returns those that a further reply of that length in
    /// bytes would displace. Such replies are lost, because the reporter cannot read them any more.
    pub fn displaced_unseen_replies(&self, next: Option<usize>) -> Vec<u32> {
        let fitting = self.count_fitting_replies(next);
        let fitting = if next.is_some() { fitting.saturating_sub(1) } else { fitting };
        let all = self.thread.outgoing.len();
        let seen = self.thread.last_acknowledged_by_reporter().map(|head| head.seq);
        let unseen = |entry: &&VerifiedFrame| seen.is_none_or(|seen| entry.reference.seq > seen);
        self.thread.outgoing[..all.saturating_sub(fitting)]
            .iter()
            .filter(unseen)
            .map(|entry| entry.reference.seq)
            .collect()
    }
}
