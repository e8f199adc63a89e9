//! Seals a report or a follow-up and streams its files.

use std::io::{self, Read, Write};

use ed25519_dalek::SigningKey;
use protocol::{
    Hash, Priority, RecordType,
    directory::Directory,
    keys::{CaseRecipient, MailboxRecipient, PublicKey},
    receipt::Receipt,
    submission::{
        envelope::{CaseRef, EnvelopeHeader, SealError, SubmissionKind, SubmissionWriter},
        facts_body::FactsBody,
        frame::{
            Attachment, Frame, FrameDirection, FrameHeader, FrameKind, FrameRef, MAX_SEQ,
            follow_up_salt,
        },
        key_grant::{self, Grant},
        related_report::RelatedReport,
        reply_capsule::ReplyCapsule,
        report_body::ReportBody,
        treatment::AttachmentTreatment,
    },
};
use rand::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::{Inbox, ReportSecrets};

/// A report before sealing.
#[derive(Debug, Clone)]
pub struct ReportDraft {
    /// The category, audience, answers and story.
    pub body: ReportBody,
    /// The language that it is written in.
    pub lang: String,
    /// The priority by the rules of the taxonomy.
    pub priority: Priority,
    /// The desks, units and functions that must not receive it.
    pub excluded: Vec<String>,
    /// The ISO week, such as `2026-W48`.
    pub week: String,
}

/// What a follow-up contains.
#[derive(Debug, Clone)]
pub enum FollowUpContent {
    /// The text of a message.
    Text(String),
    /// Facts that the reporter adds to the report.
    Facts(FactsBody),
}

impl FollowUpContent {
    fn kind(&self) -> FrameKind {
        match self {
            Self::Text(_) => FrameKind::Message,
            Self::Facts(_) => FrameKind::Facts,
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Facts(facts) => facts.to_bytes(),
        }
    }
}

/// A follow-up before sealing.
#[derive(Debug, Clone)]
pub struct FollowUpDraft {
    /// The text, or the facts.
    pub content: FollowUpContent,
    /// The language that it is written in.
    pub lang: String,
    /// The ISO week.
    pub week: String,
    /// Whether to ask for the release to the oversight body.
    pub release_to_oversight: bool,
    /// The caller draws it once for each new message. It identifies repeated submissions of the
    /// message.
    pub token: [u8; 32],
    /// A related report of the same person that the reporter wants to connect with this one.
    pub related: Option<RelatedReport>,
}

/// The common part of both sealers, used after the envelope has begun.
struct FrameSealer<W: Write> {
    writer: SubmissionWriter<W>,
    case_recipient: CaseRecipient,
    receipt: Receipt,
    frame: FrameHeader,
    body: Zeroizing<Vec<u8>>,
    token: [u8; 32],
    on_frame: Option<OnFrame>,
}

/// Gets the signed frame of a submission.
type OnFrame = Box<dyn FnOnce(Zeroizing<Vec<u8>>) + Send>;

impl<W: Write> FrameSealer<W> {
    fn attach(
        &mut self,
        name: &str,
        media_type: &str,
        content: &mut impl Read,
    ) -> Result<(), SealError> {
        let (len, sha256) = self.writer.write_attachment(&self.case_recipient, content)?;
        self.record_attachment(name, media_type, len, sha256);
        Ok(())
    }

    fn attach_with<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        let (written, len, sha256) =
            self.writer.write_attachment_with(&self.case_recipient, write)?;
        self.record_attachment(name, media_type, len, sha256);
        Ok(written)
    }

    fn describe_last_attachment(&mut self, name: &str, treatment: AttachmentTreatment) {
        if let Some(last) = self.frame.attachments.last_mut() {
            name.clone_into(&mut last.name);
            last.treatment = Some(treatment);
        }
    }

    fn record_attachment(&mut self, name: &str, media_type: &str, len: u64, sha256: Hash) {
        let (name, media_type) = (name.to_owned(), media_type.to_owned());
        self.frame.attachments.push(Attachment { name, media_type, len, sha256, treatment: None });
    }

    /// Signs the frame and seals it. The reply capsule, which contains the hash of the frame and
    /// the submission digest, precedes it in the envelope.
    fn finish(
        mut self,
        capsule: impl FnOnce(FrameRef, Hash) -> ReplyCapsule,
    ) -> Result<W, SealError> {
        let signing_key = self.receipt.signing_key();
        let frame = Frame::sign(&self.frame, &self.body, &signing_key);
        let sent = FrameRef { seq: self.frame.seq, hash: Frame::hash_of(&frame) };
        let body = self.writer.seal_body(&self.case_recipient, self.frame.generation, &frame);
        let mailbox = self.receipt.mailbox_identity().recipient();
        let capsule = capsule(sent, body.digest()).seal(&mailbox, &signing_key);
        self.writer.write_record(RecordType::Capsule, &capsule)?;
        if let Some(on_frame) = self.on_frame.take() {
            on_frame(frame);
        }
        // A message that also names a related report is a different message.
        let token = match &self.frame.related {
            Some(related) => Hash::of(&[&self.token, related.token.as_bytes()]).0,
            None => self.token,
        };
        let tag = self.receipt.deduplication_tag(&token, &self.body, &self.frame.attachments);
        self.writer.finish(&body, &tag)
    }
}

/// Seals one report.
pub struct ReportSealer<W: Write> {
    sealer: FrameSealer<W>,
    replies_key: PublicKey,
}

impl<W: Write> ReportSealer<W> {
    /// Determines the readers of the report and writes everything that precedes files and body.
    ///
    /// The caller has verified `directory`. `directory_hash` is the hash of its bytes as received.
    ///
    /// # Errors
    /// If the reporter refused the oversight body and excluded every desk, or if `out` cannot be
    /// written to.
    pub fn begin(
        directory: &Directory,
        directory_hash: Hash,
        secrets: &ReportSecrets,
        draft: ReportDraft,
        out: W,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Self, SealError> {
        let mut addressees = directory
            .recipients_for(&draft.body.category, &draft.body.audience, &draft.excluded)
            .preferring(draft.body.preference());
        if draft.body.refuses_oversight() {
            addressees = addressees.without_oversight().ok_or(SealError::NoReader)?;
        }
        let receipt = secrets.receipt().clone();
        let signing_key: SigningKey = receipt.signing_key();
        let case_recipient = secrets.case_secret().identity().recipient();
        let mailbox_recipient: MailboxRecipient = receipt.mailbox_identity().recipient();
        let header = EnvelopeHeader {
            v: 1,
            kind: SubmissionKind::Report,
            desk: addressees.desk.id.clone(),
            lang: draft.lang.clone(),
            priority: draft.priority,
            mailbox: receipt.locator().mailbox_id(),
            case: CaseRef { id: secrets.case_id(), generation: 0 },
            directory: directory_hash,
            release_to_oversight: false,
            seq: 0,
        };
        let routing = header.routing();
        let mut writer = SubmissionWriter::begin(&directory.transport[0], &header, out)?;
        let grant = Grant {
            case: secrets.case_id(),
            generation: 0,
            secret: secrets.case_secret().clone(),
            reporter_key: (&signing_key).into(),
            mailbox_recipient: mailbox_recipient.hash(),
        };
        for grant in key_grant::seal_grants(&grant, &addressees.recipient_keys(), rng) {
            writer.write_grant(&grant)?;
        }
        writer.write_record(RecordType::MailboxRecipient, mailbox_recipient.as_bytes())?;
        writer.write_record(RecordType::CaseRecipient, case_recipient.as_bytes())?;
        let frame = FrameHeader {
            v: 2,
            case: secrets.case_id(),
            generation: 0,
            direction: FrameDirection::In,
            seq: 0,
            prev: None,
            ack: None,
            recipient: case_recipient.hash(),
            kind: FrameKind::Report,
            lang: draft.lang,
            week: draft.week,
            salt: secrets.case_secret().frame_salt(),
            routing: Some(routing),
            program: None,
            attachments: Vec::new(),
            reporter_key: Some((&signing_key).into()),
            related: None,
        };
        let body = Zeroizing::new(draft.body.to_bytes());
        let token = secrets.case_secret().sending_token();
        let sealing =
            FrameSealer { writer, case_recipient, receipt, frame, body, token, on_frame: None };
        Ok(Self { sealer: sealing, replies_key: (&secrets.case_secret().replies_key()).into() })
    }

    /// Hands the signed frame to `on_frame` when the submission is finished, for the
    /// [own copy](crate::OwnCopy) of a reporter who asked for it.
    #[must_use]
    pub fn on_frame(mut self, on_frame: impl FnOnce(Zeroizing<Vec<u8>>) + Send + 'static) -> Self {
        self.sealer.on_frame = Some(Box::new(on_frame));
        self
    }

    /// Seals a file while reading it. Its name and media type come from the sender's device.
    ///
    /// # Errors
    /// If there are too many files, the submission gets too large, or reading or writing fails.
    pub fn attach(
        &mut self,
        name: &str,
        media_type: &str,
        content: &mut impl Read,
    ) -> Result<(), SealError> {
        self.sealer.attach(name, media_type, content)
    }

    /// Seals a file while `write` writes it. Returns the result of `write`.
    ///
    /// # Errors
    /// If there are too many files, the submission gets too large, or `write` fails.
    pub fn attach_with<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        self.sealer.attach_with(name, media_type, write)
    }

    /// Sets the name and the treatment of the last file, which are known only after it was read. A
    /// file without this call has no treatment.
    pub fn describe_last_attachment(&mut self, name: &str, treatment: AttachmentTreatment) {
        self.sealer.describe_last_attachment(name, treatment);
    }

    /// Writes reply capsule, body and padding. The submission is complete when this returns.
    ///
    /// # Errors
    /// If the submission gets too large or writing fails.
    pub fn finish(self) -> Result<W, SealError> {
        let (case, case_recipient) = (self.sealer.frame.case, self.sealer.case_recipient.hash());
        let replies_keys = vec![self.replies_key];
        self.sealer.finish(|sent, digest| ReplyCapsule {
            case,
            generation: 0,
            case_recipient,
            replies_keys,
            report: digest,
            sent,
            sent_digest: digest,
            seen: None,
        })
    }
}

/// Seals one follow-up.
pub struct FollowUpSealer<W: Write> {
    sealer: FrameSealer<W>,
    replies_keys: Vec<PublicKey>,
    report: Hash,
    last_seen: Option<FrameRef>,
}

impl<W: Write> FollowUpSealer<W> {
    /// Continues from the state of the inbox.
    ///
    /// # Errors
    /// If `out` cannot be written to, or the case has the maximum number of messages.
    pub fn begin(
        directory: &Directory,
        directory_hash: Hash,
        receipt: &Receipt,
        inbox: &Inbox,
        message: FollowUpDraft,
        out: W,
    ) -> Result<Self, SealError> {
        let seq = inbox
            .last_sent
            .seq
            .checked_add(1)
            .filter(|seq| *seq <= MAX_SEQ)
            .ok_or(SealError::NoMoreMessages)?;
        let header = EnvelopeHeader {
            v: 1,
            kind: SubmissionKind::FollowUp,
            // The case has its desk and priority. A follow-up does not repeat them.
            desk: String::new(),
            lang: message.lang.clone(),
            priority: Priority::P4,
            mailbox: receipt.locator().mailbox_id(),
            case: CaseRef { id: inbox.case, generation: inbox.generation },
            directory: directory_hash,
            release_to_oversight: message.release_to_oversight,
            seq,
        };
        let routing = header.routing();
        let writer = SubmissionWriter::begin(&directory.transport[0], &header, out)?;
        let frame = FrameHeader {
            v: 2,
            case: inbox.case,
            generation: inbox.generation,
            direction: FrameDirection::In,
            seq,
            prev: Some(inbox.last_sent.hash),
            ack: inbox.last_seen,
            recipient: inbox.case_recipient.hash(),
            kind: message.content.kind(),
            lang: message.lang,
            week: message.week,
            salt: follow_up_salt(&message.token),
            routing: Some(routing),
            program: None,
            attachments: Vec::new(),
            reporter_key: None,
            related: message.related,
        };
        let sealing = FrameSealer {
            writer,
            case_recipient: inbox.case_recipient.clone(),
            receipt: receipt.clone(),
            frame,
            body: Zeroizing::new(message.content.into_bytes()),
            token: message.token,
            on_frame: None,
        };
        Ok(Self {
            sealer: sealing,
            replies_keys: inbox.replies_keys.clone(),
            report: inbox.report,
            last_seen: inbox.last_seen,
        })
    }

    /// Hands the signed frame to `on_frame` when the submission is finished, for the
    /// [own copy](crate::OwnCopy) of a reporter who asked for it.
    #[must_use]
    pub fn on_frame(mut self, on_frame: impl FnOnce(Zeroizing<Vec<u8>>) + Send + 'static) -> Self {
        self.sealer.on_frame = Some(Box::new(on_frame));
        self
    }

    /// Seals a file while reading it.
    ///
    /// # Errors
    /// If there are too many files, the submission gets too large, or reading or writing fails.
    pub fn attach(
        &mut self,
        name: &str,
        media_type: &str,
        content: &mut impl Read,
    ) -> Result<(), SealError> {
        self.sealer.attach(name, media_type, content)
    }

    /// Seals a file while `write` writes it. Returns the result of `write`.
    ///
    /// # Errors
    /// If there are too many files, the submission gets too large, or `write` fails.
    pub fn attach_with<T>(
        &mut self,
        name: &str,
        media_type: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, SealError> {
        self.sealer.attach_with(name, media_type, write)
    }

    /// Sets the name and the treatment of the last file, which are known only after it was read. A
    /// file without this call has no treatment.
    pub fn describe_last_attachment(&mut self, name: &str, treatment: AttachmentTreatment) {
        self.sealer.describe_last_attachment(name, treatment);
    }

    /// Writes reply capsule, body and padding. The submission is complete when this returns.
    ///
    /// # Errors
    /// If the submission gets too large or writing fails.
    pub fn finish(self) -> Result<W, SealError> {
        let Self { sealer: sealing, replies_keys, report, last_seen: seen } = self;
        let (case, generation) = (sealing.frame.case, sealing.frame.generation);
        let case_recipient = sealing.case_recipient.hash();
        sealing.finish(|sent, sent_digest| ReplyCapsule {
            case,
            generation,
            case_recipient,
            replies_keys,
            report,
            sent,
            sent_digest,
            seen,
        })
    }
}
