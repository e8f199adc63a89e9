//! The reporter's mailbox, opened and checked.

use protocol::{
    Hash,
    case::Stage,
    keys::{CaseRecipient, MailboxIdentity, PublicKey},
    mailbox::{Mailbox, MailboxError},
    receipt::Receipt,
    submission::{
        frame::{
            Frame, FrameContext, FrameDirection, FrameError, FrameKind, FrameRef, RotationBody,
        },
        related_report::RelatedReport,
        reply_capsule::{CapsuleError, ReplyCapsule},
    },
};
use time::Date;
use uuid::Uuid;

/// What stands in a reporter's mailbox. Everything shown has a valid signature; what has not is in
/// `issues`.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Where the case stands.
    pub stage: Stage,
    /// Has the outside body been given the case?
    pub released_to_oversight: bool,
    /// When something can be expected next.
    pub next_update: Option<Date>,
    /// ISO week in which the mailbox was laid out.
    pub week: String,
    /// How many of the reporter's own submissions have been filed.
    pub received: u32,
    /// Messages to the reporter, oldest first.
    pub messages: Vec<InboxMessage>,
    /// What is wrong, to be said plainly.
    pub issues: Vec<InboxIssue>,
    pub(crate) case: Uuid,
    pub(crate) generation: u32,
    pub(crate) case_recipient: CaseRecipient,
    pub(crate) replies_keys: Vec<PublicKey>,
    pub(crate) last_sent: FrameRef,
    pub(crate) last_seen: Option<FrameRef>,
}

/// One message to the reporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// Counts from 0.
    pub seq: u32,
    /// ISO week of writing.
    pub week: String,
    /// Language of the text.
    pub lang: String,
    /// Message or status.
    pub kind: FrameKind,
    /// The text.
    pub text: String,
}

/// Something that a reporter should know about the mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxIssue {
    /// A reply does not open or its signature does not hold. It is not shown.
    Forged,
    /// Messages before the oldest one shown are not here any more; so many.
    EarlierMessagesDropped(u32),
    /// Messages between those shown are missing; so many. Somebody withholds them.
    MessagesWithheld(u32),
    /// The investigators have a newer message of the reporter than the capsule knows. They
    /// acknowledge it in a frame that they signed. The handler laid out an older capsule, or
    /// collected two messages in another order than they were sent in.
    RolledBack,
    /// The handler offers a key that nobody trusted has vouched for. Do not write.
    UnverifiedKey,
}

/// Why there is no inbox.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Not sealed to this receipt: nothing was filed under it, or it has not been collected yet. An
    /// attacker who replaces a whole mailbox can make it look so too.
    #[error("nothing is laid out under this receipt: {0}")]
    NotFound(age_hybrid::OpenError),
    /// Sealed to this receipt, and damaged or malformed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The mailbox opens, but the reporter did not make what it says about the case.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
}

impl InboxError {
    /// Is there a mailbox of this receipt that was damaged or forged? The reporter must learn of
    /// it.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::NotFound(_))
    }
}

impl Inbox {
    /// Opens and checks a mailbox of [`protocol::mailbox::MAILBOX_LEN`] bytes.
    ///
    /// # Errors
    /// [`InboxError::NotFound`] if it is not sealed to this receipt; else why it cannot be used,
    /// which is damage.
    pub fn open(receipt: &Receipt, sealed: &[u8]) -> Result<Self, InboxError> {
        let identity = receipt.mailbox_identity();
        let mailbox = Mailbox::open(sealed, &identity).map_err(|error| match error {
            MailboxError::Unopenable(error) if !error.is_damage() => InboxError::NotFound(error),
            error => InboxError::Mailbox(error),
        })?;
        let signer = PublicKey::from(&receipt.signing_key());
        let capsule = ReplyCapsule::open(&mailbox.capsule, &identity, &signer)?;
        let mut reading = ReplyReader::new(&capsule, identity.recipient().hash());
        for reply in &mailbox.replies {
            reading.accept(reply, &identity);
        }
        Ok(reading.finish(mailbox))
    }

    /// The word that this report, whose receipt is at hand, is by who wrote the one of the `other`
    /// mailbox.
    pub fn related_report_for(&self, receipt: &Receipt, other: &Self) -> RelatedReport {
        RelatedReport::sign(self.case, other.case, &receipt.signing_key())
    }

    /// May the reporter write? Not if the handler offers a wrong key.
    pub fn can_write(&self) -> bool {
        !self.issues.contains(&InboxIssue::UnverifiedKey)
    }
}

/// Reads replies in order, following rotations from key to key.
struct ReplyReader<'a> {
    capsule: &'a ReplyCapsule,
    mailbox_recipient: Hash,
    /// Of the key that the next frame must be signed with.
    generation: u32,
    case_recipient: Hash,
    replies_keys: Vec<PublicKey>,
    messages: Vec<InboxMessage>,
    newest: Option<FrameRef>,
    /// The newest of the reporter's frames that the investigators acknowledge.
    acknowledged: u32,
    issues: Vec<InboxIssue>,
}

impl<'a> ReplyReader<'a> {
    fn new(capsule: &'a ReplyCapsule, own: Hash) -> Self {
        Self {
            capsule,
            mailbox_recipient: own,
            generation: capsule.generation,
            case_recipient: capsule.case_recipient,
            replies_keys: capsule.replies_keys.clone(),
            messages: Vec::new(),
            newest: None,
            acknowledged: 0,
            issues: Vec::new(),
        }
    }

    fn accept(&mut self, sealed: &[u8], identity: &MailboxIdentity) {
        let Some(frame) = identity.open(sealed).ok().and_then(|plain| self.verify(&plain).ok())
        else {
            return self.issues.push(InboxIssue::Forged);
        };
        if !self.check_sequence(&frame) {
            return;
        }
        self.newest = Some(frame.reference());
        self.acknowledged = self.acknowledged.max(frame.header.ack.map_or(0, |ack| ack.seq));
        match frame.header.kind {
            FrameKind::Rotation => self.apply_rotation(&frame),
            FrameKind::Report => self.issues.push(InboxIssue::Forged),
            FrameKind::Message | FrameKind::Status => self.push_message(frame),
        }
    }

    fn verify(&mut self, plain: &[u8]) -> Result<Frame, FrameError> {
        let header = Frame::decode_unverified(plain)?;
        let new_to_reporter = self.capsule.seen.is_none_or(|seen| header.seq > seen.seq);
        if self.newest.is_none() && !new_to_reporter && header.generation <= self.generation {
            // The oldest frame still here, known from before: the rotations after it are read once
            // more.
            self.generation = header.generation;
        }
        let signer = self.replies_keys.get(self.generation as usize).ok_or(FrameError::Forged)?;
        let expected = FrameContext {
            case: self.capsule.case,
            generation: self.generation,
            direction: FrameDirection::Out,
            recipient: self.mailbox_recipient,
            signer,
        };
        Frame::verify(plain, &expected)
    }

    /// Notes gaps; a frame that was shown already, or one that pretends another past, is not shown.
    fn check_sequence(&mut self, frame: &Frame) -> bool {
        let head = frame.reference();
        let expected = self.newest.map_or(0, |newest| newest.seq + 1);
        let rewritten =
            self.capsule.seen.is_some_and(|seen| seen.seq == head.seq && seen.hash != head.hash);
        let unchained =
            head.seq == expected && frame.header.prev != self.newest.map(|newest| newest.hash);
        if head.seq < expected || rewritten || unchained {
            self.issues.push(InboxIssue::Forged);
            return false;
        }
        if head.seq > expected {
            let missing = head.seq - expected;
            let earlier = self.newest.is_none();
            self.issues.push(if earlier {
                InboxIssue::EarlierMessagesDropped(missing)
            } else {
                InboxIssue::MessagesWithheld(missing)
            });
        }
        true
    }

    fn apply_rotation(&mut self, frame: &Frame) {
        match RotationBody::from_bytes(&frame.body) {
            Ok(rotation) if rotation.generation == self.generation + 1 => {
                self.generation = rotation.generation;
                if self.replies_keys.len() == rotation.generation as usize {
                    self.replies_keys.push(rotation.replies_key);
                    self.case_recipient = rotation.case_recipient;
                }
            }
            _ => self.issues.push(InboxIssue::Forged),
        }
    }

    fn push_message(&mut self, frame: Frame) {
        let header = frame.header;
        self.messages.push(InboxMessage {
            seq: header.seq,
            week: header.week,
            lang: header.lang,
            kind: header.kind,
            text: String::from_utf8_lossy(&frame.body).into_owned(),
        });
    }

    fn finish(mut self, mailbox: Mailbox) -> Inbox {
        if mailbox.case_recipient.hash() != self.case_recipient {
            self.issues.push(InboxIssue::UnverifiedKey);
        }
        // What the reporter had seen before must still be there, or somebody withholds the newest.
        let shown = self.newest.map_or(0, |newest| newest.seq + 1);
        let seen = self.capsule.seen.map_or(0, |seen| seen.seq + 1);
        if shown < seen {
            self.issues.push(InboxIssue::MessagesWithheld(seen - shown));
        }
        if self.acknowledged > self.capsule.sent.seq {
            self.issues.push(InboxIssue::RolledBack);
        }
        let header = mailbox.header;
        let generation =
            u32::try_from(self.replies_keys.len() - 1).expect("one rotation at a time");
        Inbox {
            stage: header.stage,
            released_to_oversight: header.released_to_oversight,
            next_update: header.next_update,
            week: header.week,
            received: header.received,
            messages: self.messages,
            issues: self.issues,
            case: self.capsule.case,
            generation,
            case_recipient: mailbox.case_recipient,
            replies_keys: self.replies_keys,
            last_sent: self.capsule.sent,
            last_seen: self.newest.or(self.capsule.seen),
        }
    }
}
