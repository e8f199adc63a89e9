//! Reads the records of an envelope, and refuses records that are missing, surplus or in the wrong
//! position.

use std::io::{self, BufRead, Read};

use super::header::{EnvelopeHeader, MAGIC, MAX_HEADER_LEN, SubmissionKind};
use crate::{
    encoding::{
        framing::{self, FramingError, RecordType},
        hash::Hash,
    },
    keys::{CaseRecipient, MailboxRecipient, TransportIdentity},
    submission::{
        frame::MAX_ATTACHMENTS,
        key_grant::{GRANT_SLOTS, SealedGrant},
    },
};

/// Where the attachments of a submission are written while it is opened.
pub trait AttachmentStorage {
    /// A complete attachment.
    type Attachment;

    /// Appends bytes to the attachment that is being read.
    ///
    /// # Errors
    /// If they cannot be written.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Ends the attachment. The next bytes belong to another one.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(&mut self) -> io::Result<Self::Attachment>;
}

/// Stores attachments in memory.
#[derive(Debug, Default)]
pub struct AttachmentsInMemory {
    pending: Vec<u8>,
}

impl AttachmentStorage for AttachmentsInMemory {
    type Attachment = Vec<u8>;

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<Vec<u8>> {
        Ok(std::mem::take(&mut self.pending))
    }
}

/// An opened submission: its routing header and sealed parts. The case handler cannot read any of
/// the parts. `A` is an attachment as an [`AttachmentStorage`] returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSubmission<A = Vec<u8>> {
    /// The routing header.
    pub header: EnvelopeHeader,
    /// Eight grants of a report, none of a follow-up.
    pub grants: Vec<SealedGrant>,
    /// `age(M, capsule)`.
    pub capsule: Vec<u8>,
    /// `M` and `C` of a report.
    pub keys: Option<(MailboxRecipient, CaseRecipient)>,
    /// The files, `age(C, file)` each.
    pub attachments: Vec<A>,
    /// `age(C, frame)`.
    pub body: Vec<u8>,
    /// The sending tag. It is equal for repeated submissions of one frame.
    pub deduplication_tag: Hash,
}

/// Why a submission cannot be ingested. The case handler quarantines such a submission and never
/// drops it silently.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionOpenError {
    /// It is not sealed to this transport key, or damaged.
    #[error("failed to decrypt transport layer: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// The envelope is malformed.
    #[error("malformed envelope: {0}")]
    Wire(#[from] FramingError),
    /// A version that this build does not support.
    #[error("unsupported envelope version {0}")]
    UnsupportedVersion(u8),
    /// A record is missing, surplus or in the wrong position.
    #[error("unexpected record sequence for {0:?}")]
    UnexpectedRecords(SubmissionKind),
    /// `M` or `C` is not a public key.
    #[error("malformed public key in envelope")]
    InvalidKey,
    /// The storage of the attachments failed. The submission itself may be correct.
    #[error("failed to store an attachment: {0}")]
    Storage(io::Error),
}

/// Opens the outer seal and checks the records. The whole seal has been authenticated when this
/// returns a submission.
///
/// # Errors
/// If the submission is not sealed to `identity`, or malformed. A surplus record is refused when it
/// is read, so that memory and time are bounded by the length of the submission.
pub fn open(
    identity: &TransportIdentity,
    sealed: impl BufRead,
) -> Result<OpenedSubmission, SubmissionOpenError> {
    open_into(identity, sealed, AttachmentsInMemory::default())
}

/// Opens the outer seal as [`open`] does, and writes the attachments to a storage while it reads
/// them. Without attachments in memory, memory use is constant.
///
/// # Errors
/// As [`open`], or if the storage fails. What was written is then not authenticated.
pub fn open_into<S: AttachmentStorage>(
    identity: &TransportIdentity,
    sealed: impl BufRead,
    storage: S,
) -> Result<OpenedSubmission<S::Attachment>, SubmissionOpenError> {
    let mut input = age_hybrid::open_reader(identity.as_identity(), sealed)?;
    let header: EnvelopeHeader = framing::read_header(MAGIC, MAX_HEADER_LEN, &mut input)?;
    if header.v != 1 {
        return Err(SubmissionOpenError::UnsupportedVersion(header.v));
    }
    RecordSet::read(&header, &mut input, storage)?.into_opened(header)
}

/// The records of an envelope that were read so far.
struct RecordSet<S: AttachmentStorage> {
    storage: S,
    kind: SubmissionKind,
    grants: Vec<SealedGrant>,
    mailbox: Option<Vec<u8>>,
    case: Option<Vec<u8>>,
    pending_attachment: Option<PendingAttachment>,
    attachments: Vec<S::Attachment>,
    capsule: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    deduplication_tag: Option<Hash>,
}

/// An attachment whose chunks are being read.
#[derive(Default)]
struct PendingAttachment {
    /// A chunk that is not full is the last one. Otherwise, thousands of tiny records would cost
    /// more to ingest than to send.
    has_last_chunk: bool,
}

impl PendingAttachment {
    /// Returns whether this chunk may follow.
    fn accept_chunk(&mut self, chunk: &[u8]) -> bool {
        let fits = !self.has_last_chunk && !chunk.is_empty();
        self.has_last_chunk = chunk.len() < RecordType::AttachmentChunk.max_len();
        fits
    }
}

impl<S: AttachmentStorage> RecordSet<S> {
    fn read(
        header: &EnvelopeHeader,
        input: &mut impl Read,
        storage: S,
    ) -> Result<Self, SubmissionOpenError> {
        let mut records = Self {
            storage,
            kind: header.kind,
            grants: Vec::new(),
            mailbox: None,
            case: None,
            pending_attachment: None,
            attachments: Vec::new(),
            capsule: None,
            body: None,
            deduplication_tag: None,
        };
        loop {
            let (kind, bytes) = framing::read_record(input)?;
            if kind == RecordType::End {
                return Ok(records);
            }
            if !records.accept(kind, bytes).map_err(SubmissionOpenError::Storage)? {
                return Err(SubmissionOpenError::UnexpectedRecords(header.kind));
            }
        }
    }

    /// Returns `false` for a record that is surplus or in the wrong position.
    fn accept(&mut self, kind: RecordType, bytes: Vec<u8>) -> io::Result<bool> {
        // The body contains the manifest of the records before it, so only the tag may follow.
        let after_body = self.body.is_some() && kind != RecordType::DeduplicationTag;
        let in_attachment = self.pending_attachment.is_some()
            && !matches!(kind, RecordType::AttachmentChunk | RecordType::AttachmentEnd);
        if after_body || in_attachment {
            return Ok(false);
        }
        let report = self.kind == SubmissionKind::Report;
        Ok(match kind {
            RecordType::Grant => {
                report && self.grants.len() < GRANT_SLOTS && self.accept_grant(&bytes)
            }
            RecordType::MailboxRecipient => report && set_once(&mut self.mailbox, bytes),
            RecordType::CaseRecipient => report && set_once(&mut self.case, bytes),
            RecordType::Capsule => set_once(&mut self.capsule, bytes),
            RecordType::AttachmentChunk => {
                let fits = self.attachments.len() < MAX_ATTACHMENTS
                    && self.pending_attachment.get_or_insert_default().accept_chunk(&bytes);
                if fits {
                    self.storage.append(&bytes)?;
                }
                fits
            }
            RecordType::AttachmentEnd => {
                let is_complete = self.pending_attachment.take().is_some();
                if is_complete {
                    self.attachments.push(self.storage.finish()?);
                }
                is_complete
            }
            RecordType::Body => set_once(&mut self.body, bytes),
            RecordType::DeduplicationTag => Hash::try_from(&bytes[..])
                .is_ok_and(|tag| set_once(&mut self.deduplication_tag, tag)),
            RecordType::Reply | RecordType::Log | RecordType::Rotation | RecordType::End => false,
        })
    }

    fn accept_grant(&mut self, bytes: &[u8]) -> bool {
        let Some((tag, sealed)) = bytes.split_first_chunk::<32>() else { return false };
        self.grants.push(SealedGrant { tag: Hash(*tag), sealed: sealed.to_vec() });
        true
    }

    fn into_opened(
        self,
        header: EnvelopeHeader,
    ) -> Result<OpenedSubmission<S::Attachment>, SubmissionOpenError> {
        let wrong = SubmissionOpenError::UnexpectedRecords(header.kind);
        let (Some(capsule), Some(body), Some(deduplication_tag), None) =
            (self.capsule, self.body, self.deduplication_tag, self.pending_attachment)
        else {
            return Err(wrong);
        };
        let keys = match (header.kind, self.grants.len(), &self.mailbox, &self.case) {
            (SubmissionKind::Report, GRANT_SLOTS, Some(mailbox), Some(case)) => Some((
                MailboxRecipient::from_bytes(mailbox)
                    .map_err(|_| SubmissionOpenError::InvalidKey)?,
                CaseRecipient::from_bytes(case).map_err(|_| SubmissionOpenError::InvalidKey)?,
            )),
            (SubmissionKind::FollowUp, 0, None, None) => None,
            _ => return Err(wrong),
        };
        let (grants, attachments) = (self.grants, self.attachments);
        Ok(OpenedSubmission { header, grants, capsule, keys, attachments, body, deduplication_tag })
    }
}

/// Sets a value that is not set yet. Returns `false` if it is set.
fn set_once<T>(slot: &mut Option<T>, value: T) -> bool {
    slot.replace(value).is_none()
}
