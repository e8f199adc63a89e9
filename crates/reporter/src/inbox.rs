//! The reporter's mailbox, opened and verified.

use std::collections::BTreeSet;

use crate::log::{LogView, verify_log_record};
use protocol::{
    Hash,
    case::Stage,
    directory::Directory,
    encoding::padding::{REPLY_STEP, unpad_text},
    keys::{CaseRecipient, MailboxIdentity, PublicKey},
    mailbox::{Mailbox, MailboxError, MailboxHeader},
    receipt::Receipt,
    submission::{
        frame::{Frame, FrameContext, FrameDirection, FrameError, FrameKind, FrameRef},
        related_report::RelatedReport,
        reply_capsule::{CapsuleError, ReplyCapsule},
    },
};
use time::Date;
use uuid::Uuid;

use crate::rotations::{RotationOutcome, TrustedKeys};

/// The content of a reporter's mailbox. Everything in it has a valid signature. Faults are in
/// `issues`.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// The stage of the case.
    pub stage: Stage,
    /// Whether the case was released to the oversight body.
    pub released_to_oversight: bool,
    /// Whether the reporter asked for the oversight body, and no member of it has keys yet.
    pub oversight_asked: bool,
    /// Whether the case was closed because no member could open the report.
    pub unreadable: bool,
    /// The date by which the reporter hears something next.
    pub next_update: Option<Date>,
    /// The ISO week in which the mailbox was published.
    pub week: String,
    /// The number of the reporter's submissions that were ingested.
    pub received: u32,
    /// The sequence number of the reporter's newest message that the author of an answer had read.
    /// The report has the number 0. `None` if no answer acknowledges a message of the reporter.
    pub read_up_to: Option<u32>,
    /// The messages to the reporter, the oldest first.
    pub messages: Vec<InboxMessage>,
    /// What the log shows about the reporter's submissions. `None` if the mailbox was opened
    /// without a directory, or the directory defines no signers of the log.
    pub log: Option<LogView>,
    /// The faults of the mailbox. User interfaces state them plainly.
    pub issues: Vec<InboxIssue>,
    pub(crate) case: Uuid,
    pub(crate) generation: u32,
    pub(crate) case_recipient: CaseRecipient,
    pub(crate) replies_keys: Vec<PublicKey>,
    pub(crate) report: Hash,
    /// The newest message of the reporter that was collected.
    pub(crate) collected: FrameRef,
    /// The message that the next one continues.
    pub(crate) last_sent: FrameRef,
    pub(crate) last_seen: Option<FrameRef>,
}

/// One message to the reporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxMessage {
    /// The sequence number, from 0.
    pub seq: u32,
    /// The ISO week of writing.
    pub week: String,
    /// The language of the text.
    pub lang: String,
    /// The kind: message or status.
    pub kind: FrameKind,
    /// The text.
    pub text: String,
}

/// A fault of a mailbox that the reporter should know about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxIssue {
    /// A reply does not open or its signature is invalid. It is not shown.
    Forged,
    /// This number of messages before the oldest one is not in the mailbox any more. The reporter
    /// acknowledged them in a later message.
    EarlierMessagesDropped(u32),
    /// This number of messages before the oldest one is not in the mailbox any more, and the
    /// reporter never acknowledged them. They may be unread, so the reporter should ask for them.
    UnseenMessagesDropped(u32),
    /// This number of messages between others is missing. They are withheld.
    MessagesWithheld(u32),
    /// The investigators have a newer message of the reporter than the reply capsule. They
    /// acknowledge it in a frame that they signed. The case handler published an older reply
    /// capsule.
    RolledBack,
    /// The case handler ingested this number of submissions fewer than the reporter had sent with
    /// the newest one that it ingested. A submission that was not collected yet does not count,
    /// because the capsule in the mailbox is older than it.
    SubmissionsMissing(u32),
    /// The case handler states more submissions than the reply capsule counts. The reporter sent
    /// two messages before the first one was collected, or another party has the receipt, or the
    /// statement is false.
    SurplusSubmissions,
    /// The investigators signed two messages that do not follow each other, or the same message
    /// occurs again. Each message is shown once. A member sent the reporter something else than the
    /// record of the team contains, or the case handler changed the order.
    SequenceConflict,
    /// The case handler offers a key that no trusted key confirms. The reporter must not write.
    UnverifiedKey,
    /// The investigators changed the keys of the case, and fewer than two members of the current
    /// directory have confirmed it. What was sealed with the new keys is not shown, and the
    /// reporter must not write.
    RotationUnconfirmed,
}

impl InboxIssue {
    /// Returns whether the reporter must not write, because no trusted key receives the message.
    pub fn forbids_writing(&self) -> bool {
        matches!(self, Self::UnverifiedKey | Self::RotationUnconfirmed)
    }
}

/// Why a mailbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The mailbox is not sealed to this receipt: its report was never sent, or has not been
    /// collected yet. An attacker who replaces a whole mailbox can produce the same error.
    #[error("no mailbox for this receipt: {0}")]
    NotFound(age_hybrid::OpenError),
    /// It is sealed to this receipt, and damaged or malformed.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// The mailbox opens, but the reporter did not make its reply capsule.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
}

impl InboxError {
    /// Returns whether there is a mailbox of this receipt that was damaged or forged. The reporter
    /// must learn of it.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::NotFound(_))
    }
}

impl Inbox {
    /// Opens and verifies a mailbox of [`protocol::mailbox::MAILBOX_LEN`] bytes. `directory` is the
    /// newest one, whose members confirm key rotations. Without it, no rotation is confirmed, and
    /// the inbox contains no status of the log.
    ///
    /// # Errors
    /// [`InboxError::NotFound`] if it is not sealed to this receipt. Any other error is damage.
    pub fn open(
        receipt: &Receipt,
        sealed: &[u8],
        directory: Option<&Directory>,
    ) -> Result<Self, InboxError> {
        let identity = receipt.mailbox_identity();
        let mailbox = Mailbox::open(sealed, &identity).map_err(|error| match error {
            MailboxError::Unopenable(error) if !error.is_damage() => InboxError::NotFound(error),
            error => InboxError::Mailbox(error),
        })?;
        let signer = PublicKey::from(&receipt.signing_key());
        let capsule = ReplyCapsule::open(&mailbox.capsule, &identity, &signer)?;
        let keys = TrustedKeys::follow(&capsule, &mailbox.rotations, directory);
        let mut reading = ReplyReader::new(&capsule, keys, identity.recipient().hash());
        for reply in &mailbox.replies {
            reading.accept(reply, &identity);
        }
        let log = directory
            .and_then(|directory| verify_log_record(mailbox.log.as_deref(), &capsule, directory));
        Ok(Self { log, ..reading.finish(mailbox.header, mailbox.case_recipient) })
    }

    /// Returns the statement that this report, whose receipt is `receipt`, is by the reporter of
    /// the `other` mailbox.
    pub fn related_report_for(&self, receipt: &Receipt, other: &Self) -> RelatedReport {
        RelatedReport::sign(self.case, other.case, &receipt.signing_key())
    }

    /// Returns whether more submissions were collected than the reply capsule counts.
    pub(crate) fn has_surplus_submissions(&self) -> bool {
        self.received > self.collected.seq.saturating_add(1)
    }

    /// Returns whether the reporter may write. It is `false` if the case handler offers a wrong
    /// key, or one that two members have not confirmed.
    pub fn can_write(&self) -> bool {
        !self.issues.iter().any(InboxIssue::forbids_writing)
    }
}

/// Reads replies in order.
struct ReplyReader<'a> {
    capsule: &'a ReplyCapsule,
    keys: TrustedKeys<'a>,
    mailbox_recipient: Hash,
    messages: Vec<InboxMessage>,
    newest: Option<FrameRef>,
    /// The hashes of the frames that were read.
    read: BTreeSet<Hash>,
    /// The newest frame of the reporter that the investigators acknowledge.
    acknowledged: u32,
    /// The newest frame of the reporter that the author of an answer had read.
    read_up_to: Option<u32>,
    issues: Vec<InboxIssue>,
}

impl<'a> ReplyReader<'a> {
    fn new(capsule: &'a ReplyCapsule, keys: TrustedKeys<'a>, own: Hash) -> Self {
        Self {
            capsule,
            keys,
            mailbox_recipient: own,
            messages: Vec::new(),
            newest: None,
            read: BTreeSet::new(),
            acknowledged: 0,
            read_up_to: None,
            issues: Vec::new(),
        }
    }

    fn accept(&mut self, sealed: &[u8], identity: &MailboxIdentity) {
        let opened = identity.open(sealed).ok();
        let frame = opened.as_ref().and_then(|plain| unpad_text(plain, REPLY_STEP).ok());
        if frame.is_some_and(|frame| self.is_of_unconfirmed_rotation(frame)) {
            return;
        }
        let Some(frame) = frame.and_then(|frame| self.verify(frame).ok()) else {
            return self.issues.push(InboxIssue::Forged);
        };
        if !self.read.insert(frame.hash) {
            return self.push_conflict();
        }
        self.check_sequence(&frame);
        self.newest = Some(frame.reference());
        self.acknowledged = self.acknowledged.max(frame.header.ack.map_or(0, |ack| ack.seq));
        match frame.header.kind {
            FrameKind::Report | FrameKind::Facts => self.issues.push(InboxIssue::Forged),
            FrameKind::Message | FrameKind::Status => {
                self.read_up_to = self.read_up_to.max(self.read_through(frame.header.ack));
                self.push_message(frame);
            }
        }
    }

    /// Returns whether a frame claims to be signed with keys that two members have not confirmed.
    /// It is not shown, and is no fault of its own.
    fn is_of_unconfirmed_rotation(&self, plain: &[u8]) -> bool {
        self.keys.outcome == RotationOutcome::Unconfirmed
            && Frame::decode_unverified(plain)
                .is_ok_and(|header| header.generation > self.keys.generation())
    }

    fn verify(&self, plain: &[u8]) -> Result<Frame, FrameError> {
        let header = Frame::decode_unverified(plain)?;
        let signer = self.keys.signer(header.generation, header.seq).ok_or(FrameError::Forged)?;
        let expected = FrameContext {
            case: self.capsule.case,
            generation: header.generation,
            direction: FrameDirection::Out,
            recipient: self.mailbox_recipient,
            signer: &signer,
        };
        Frame::verify(plain, &expected)
    }

    /// Records gaps, and frames that do not follow the frame before them. Such a frame is shown,
    /// because the investigators signed it: if a member sent the reporter another frame than the
    /// record contains, the next message of an honest member follows the record.
    fn check_sequence(&mut self, frame: &Frame) {
        let head = frame.reference();
        let expected = self.newest.map_or(0, |newest| newest.seq + 1);
        let known = [self.capsule.seen, self.keys.newest_before_rotation()];
        let rewritten = known
            .into_iter()
            .flatten()
            .any(|known| known.seq == head.seq && known.hash != head.hash);
        let unchained =
            head.seq == expected && frame.header.prev != self.newest.map(|newest| newest.hash);
        if head.seq < expected || rewritten || unchained {
            self.push_conflict();
        }
        if head.seq > expected {
            let missing = head.seq - expected;
            if self.newest.is_none() {
                self.push_dropped(missing);
            } else {
                self.issues.push(InboxIssue::MessagesWithheld(missing));
            }
        }
    }

    fn push_conflict(&mut self) {
        if !self.issues.contains(&InboxIssue::SequenceConflict) {
            self.issues.push(InboxIssue::SequenceConflict);
        }
    }

    /// Records the first `dropped` messages, which the mailbox does not contain any more.
    fn push_dropped(&mut self, dropped: u32) {
        let seen = self.capsule.seen.map_or(0, |seen| seen.seq + 1).min(dropped);
        if seen > 0 {
            self.issues.push(InboxIssue::EarlierMessagesDropped(seen));
        }
        if dropped > seen {
            self.issues.push(InboxIssue::UnseenMessagesDropped(dropped - seen));
        }
    }

    /// Returns up to which frame the author of an answer had read. The workbench sends an answer
    /// only after it has displayed every message of the reporter that the answer acknowledges.
    fn read_through(&self, ack: Option<FrameRef>) -> Option<u32> {
        let (ack, sent) = (ack?, self.capsule.sent);
        if ack.seq == sent.seq && ack.hash != sent.hash {
            // The reporter sent two messages with this number before the first one was collected.
            // The author had read the other one.
            return ack.seq.checked_sub(1);
        }
        Some(ack.seq)
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

    fn finish(mut self, header: MailboxHeader, case_recipient: CaseRecipient) -> Inbox {
        match self.keys.outcome {
            RotationOutcome::Unconfirmed => self.issues.push(InboxIssue::RotationUnconfirmed),
            RotationOutcome::Followed if case_recipient.hash() == self.keys.case_recipient() => {}
            _ => self.issues.push(InboxIssue::UnverifiedKey),
        }
        // Frames that the reporter has seen, or that a rotation names, must still be there.
        // Otherwise, the newest ones are withheld.
        let shown = self.newest.map_or(0, |newest| newest.seq + 1);
        let known = [self.capsule.seen, self.keys.newest_before_rotation()];
        if let Some(known) = known.into_iter().flatten().max_by_key(|known| known.seq)
            && !self.read.contains(&known.hash)
            && shown < known.seq + 1
        {
            self.issues.push(InboxIssue::MessagesWithheld(known.seq + 1 - shown));
        }
        self.check_sent(header.received);
        Inbox {
            stage: header.stage,
            released_to_oversight: header.released_to_oversight,
            oversight_asked: header.oversight_asked,
            unreadable: header.unreadable,
            next_update: header.next_update,
            week: header.week,
            received: header.received,
            read_up_to: self.read_up_to,
            log: None,
            messages: self.messages,
            issues: self.issues,
            case: self.capsule.case,
            generation: self.keys.generation(),
            case_recipient,
            replies_keys: self.keys.replies_keys(),
            report: self.capsule.report,
            collected: self.capsule.sent,
            last_sent: self.capsule.sent,
            last_seen: self.newest.or(self.capsule.seen),
        }
    }

    /// Compares what the reporter had sent, by the capsule, with what the investigators acknowledge
    /// and with the number of submissions that the case handler states. The capsule arrives with
    /// the newest submission, so both numbers include exactly what was collected.
    fn check_sent(&mut self, received: u32) {
        let sent = self.capsule.sent.seq + 1;
        if self.acknowledged >= sent {
            self.issues.push(InboxIssue::RolledBack);
        } else if received > sent {
            self.issues.push(InboxIssue::SurplusSubmissions);
        }
        if received < sent {
            self.issues.push(InboxIssue::SubmissionsMissing(sent - received));
        }
    }
}
