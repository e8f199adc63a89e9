//! The reporter's mailbox, opened and checked.

use envelope::{
    Hash,
    capsule::{Capsule, CapsuleError},
    earlier::EarlierReport,
    frame::{Direction, Expected, Frame, FrameError, FrameKind, Head, Rotation},
    keys::{CaseRecipient, MailboxIdentity, PublicKey},
    life::Stage,
    mailbox::{Mailbox, MailboxError},
    receipt::Receipt,
};
use time::Date;
use uuid::Uuid;

/// What stands in a reporter's mailbox. Everything shown has a valid signature; what has not is in `findings`.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Where the case stands.
    pub stage: Stage,
    /// Has the outside body been given the case?
    pub with_oversight: bool,
    /// When something can be expected next.
    pub next: Option<Date>,
    /// ISO week in which the mailbox was laid out.
    pub week: String,
    /// How many of the reporter's own submissions have been filed.
    pub received: u32,
    /// Messages to the reporter, oldest first.
    pub messages: Vec<Message>,
    /// What is wrong, to be said plainly.
    pub findings: Vec<Finding>,
    pub(crate) case: Uuid,
    pub(crate) generation: u32,
    pub(crate) case_recipient: CaseRecipient,
    pub(crate) replies_keys: Vec<PublicKey>,
    pub(crate) sent: Head,
    pub(crate) seen: Option<Head>,
}

/// One message to the reporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
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
pub enum Finding {
    /// A reply does not open or its signature does not hold. It is not shown.
    Forged,
    /// Messages before the oldest one shown are not here any more; so many.
    EarlierNotShown(u32),
    /// Messages between those shown are missing; so many. Somebody withholds them.
    Withheld(u32),
    /// The investigators have a newer message of the reporter than the capsule knows. They acknowledge it in a frame that they signed.
    /// The handler laid out an older capsule, or collected two messages in another order than they were sent in.
    OlderState,
    /// The handler offers a key that nobody trusted has vouched for. Do not write.
    WrongKey,
}

/// Why there is no inbox.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Not sealed to this receipt: nothing was filed under it, or it has not been collected yet. An attacker who replaces a whole mailbox can
    /// make it look so too.
    #[error("nothing is laid out under this receipt: {0}")]
    Absent(age_hybrid::OpenError),
    /// Sealed to this receipt, and damaged or malformed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The mailbox opens, but the reporter did not make what it says about the case.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
}

impl InboxError {
    /// Is there a mailbox of this receipt that was damaged or forged? The reporter must learn of it.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::Absent(_))
    }
}

impl Inbox {
    /// Opens and checks a mailbox of [`envelope::mailbox::MAILBOX_LEN`] bytes.
    ///
    /// # Errors
    /// [`InboxError::Absent`] if it is not sealed to this receipt; else why it cannot be used, which is damage.
    pub fn open(receipt: &Receipt, sealed: &[u8]) -> Result<Self, InboxError> {
        let identity = receipt.mailbox_identity();
        let mailbox = Mailbox::open(sealed, &identity).map_err(|error| match error {
            MailboxError::Unopenable(error) if !error.is_damage() => InboxError::Absent(error),
            error => InboxError::Mailbox(error),
        })?;
        let signer = PublicKey::from(&receipt.signing_key());
        let capsule = Capsule::open(&mailbox.capsule, &identity, &signer)?;
        let mut reading = Reading::new(&capsule, identity.recipient().hash());
        for reply in &mailbox.replies {
            reading.take(reply, &identity);
        }
        Ok(reading.finish(mailbox))
    }

    /// The word that this report, whose receipt is at hand, is by who wrote the one of the `other` mailbox.
    pub fn named_in(&self, receipt: &Receipt, other: &Self) -> EarlierReport {
        EarlierReport::sign(self.case, other.case, &receipt.signing_key())
    }

    /// May the reporter write? Not if the handler offers a wrong key.
    pub fn can_write(&self) -> bool {
        !self.findings.contains(&Finding::WrongKey)
    }
}

/// Reads replies in order, following rotations from key to key.
struct Reading<'a> {
    capsule: &'a Capsule,
    own: Hash,
    /// Of the key that the next frame must be signed with.
    generation: u32,
    case_recipient: Hash,
    replies_keys: Vec<PublicKey>,
    messages: Vec<Message>,
    newest: Option<Head>,
    /// The newest of the reporter's frames that the investigators acknowledge.
    acknowledged: u32,
    findings: Vec<Finding>,
}

impl<'a> Reading<'a> {
    fn new(capsule: &'a Capsule, own: Hash) -> Self {
        Self {
            capsule,
            own,
            generation: capsule.generation,
            case_recipient: capsule.case_recipient,
            replies_keys: capsule.replies_keys.clone(),
            messages: Vec::new(),
            newest: None,
            acknowledged: 0,
            findings: Vec::new(),
        }
    }

    fn take(&mut self, sealed: &[u8], identity: &MailboxIdentity) {
        let Some(frame) = identity.open(sealed).ok().and_then(|plain| self.verify(&plain).ok()) else {
            return self.findings.push(Finding::Forged);
        };
        if !self.follows(&frame) {
            return;
        }
        self.newest = Some(frame.head());
        self.acknowledged = self.acknowledged.max(frame.header.ack.map_or(0, |ack| ack.seq));
        match frame.header.kind {
            FrameKind::Rotation => self.rotate(&frame),
            FrameKind::Report => self.findings.push(Finding::Forged),
            FrameKind::Message | FrameKind::Status => self.show(frame),
        }
    }

    fn verify(&mut self, plain: &[u8]) -> Result<Frame, FrameError> {
        let header = Frame::peek(plain)?;
        let new_to_reporter = self.capsule.seen.is_none_or(|seen| header.seq > seen.seq);
        if self.newest.is_none() && !new_to_reporter && header.generation <= self.generation {
            // The oldest frame still here, known from before: the rotations after it are read once more.
            self.generation = header.generation;
        }
        let signer = self.replies_keys.get(self.generation as usize).ok_or(FrameError::Forged)?;
        let expected = Expected {
            case: self.capsule.case,
            generation: self.generation,
            direction: Direction::Out,
            recipient: self.own,
            signer,
        };
        Frame::verify(plain, &expected)
    }

    /// Notes gaps; a frame that was shown already, or one that pretends another past, is not shown.
    fn follows(&mut self, frame: &Frame) -> bool {
        let head = frame.head();
        let expected = self.newest.map_or(0, |newest| newest.seq + 1);
        let rewritten = self.capsule.seen.is_some_and(|seen| seen.seq == head.seq && seen.hash != head.hash);
        let unchained = head.seq == expected && frame.header.prev != self.newest.map(|newest| newest.hash);
        if head.seq < expected || rewritten || unchained {
            self.findings.push(Finding::Forged);
            return false;
        }
        if head.seq > expected {
            let missing = head.seq - expected;
            let earlier = self.newest.is_none();
            self.findings.push(if earlier {
                Finding::EarlierNotShown(missing)
            } else {
                Finding::Withheld(missing)
            });
        }
        true
    }

    fn rotate(&mut self, frame: &Frame) {
        match Rotation::from_bytes(&frame.body) {
            Ok(rotation) if rotation.generation == self.generation + 1 => {
                self.generation = rotation.generation;
                if self.replies_keys.len() == rotation.generation as usize {
                    self.replies_keys.push(rotation.replies_key);
                    self.case_recipient = rotation.case_recipient;
                }
            }
            _ => self.findings.push(Finding::Forged),
        }
    }

    fn show(&mut self, frame: Frame) {
        let header = frame.header;
        self.messages.push(Message {
            seq: header.seq,
            week: header.week,
            lang: header.lang,
            kind: header.kind,
            text: String::from_utf8_lossy(&frame.body).into_owned(),
        });
    }

    fn finish(mut self, mailbox: Mailbox) -> Inbox {
        if mailbox.case_recipient.hash() != self.case_recipient {
            self.findings.push(Finding::WrongKey);
        }
        // What the reporter had seen before must still be there, or somebody withholds the newest.
        let shown = self.newest.map_or(0, |newest| newest.seq + 1);
        let seen = self.capsule.seen.map_or(0, |seen| seen.seq + 1);
        if shown < seen {
            self.findings.push(Finding::Withheld(seen - shown));
        }
        if self.acknowledged > self.capsule.sent.seq {
            self.findings.push(Finding::OlderState);
        }
        let header = mailbox.header;
        let generation = u32::try_from(self.replies_keys.len() - 1).expect("one rotation at a time");
        Inbox {
            stage: header.stage,
            with_oversight: header.with_oversight,
            next: header.next,
            week: header.week,
            received: header.received,
            messages: self.messages,
            findings: self.findings,
            case: self.capsule.case,
            generation,
            case_recipient: mailbox.case_recipient,
            replies_keys: self.replies_keys,
            sent: self.capsule.sent,
            seen: self.newest.or(self.capsule.seen),
        }
    }
}
