//! Reading the records of an envelope: each at its place, as many as there may be, and none beyond.

use std::io::{BufRead, Read};

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

/// An opened submission: sealed parts and routing header. Nothing in it can be read by the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedSubmission {
    /// The routing header.
    pub header: EnvelopeHeader,
    /// Eight for a report, none for a follow-up.
    pub grants: Vec<SealedGrant>,
    /// `age(M, capsule)`.
    pub capsule: Vec<u8>,
    /// `M` and `C`, on a report.
    pub keys: Option<(MailboxRecipient, CaseRecipient)>,
    /// `age(C, file)` each.
    pub attachments: Vec<Vec<u8>>,
    /// `age(C, frame)`.
    pub body: Vec<u8>,
    /// Equal for two sendings of one frame.
    pub deduplication_tag: Hash,
}

/// Why a submission is not filed. The handler sets such a submission aside; it never drops it
/// silently.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionOpenError {
    /// Not sealed to this transport key, or damaged.
    #[error("the outer seal cannot be opened: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// The envelope has another shape.
    #[error("the envelope is malformed: {0}")]
    Wire(#[from] FramingError),
    /// A version of the protocol that this build does not know.
    #[error("envelope version {0} is not known here")]
    UnsupportedVersion(u8),
    /// A record too many, too few or at the wrong place.
    #[error("the envelope's records are not those of a {0:?}")]
    UnexpectedRecords(SubmissionKind),
    /// `M` or `C` is no public key.
    #[error("a public key in the envelope is malformed")]
    InvalidKey,
}

/// Opens the outer seal and checks the shape. The whole seal has been authenticated when this
/// returns a submission.
///
/// # Errors
/// When it is not sealed to `identity`, or has another shape. A record too many is refused when it
/// is read, so that memory and time are bounded by the length of what was sent.
pub fn open(
    identity: &TransportIdentity,
    sealed: impl BufRead,
) -> Result<OpenedSubmission, SubmissionOpenError> {
    let mut input = age_hybrid::open_reader(identity.as_identity(), sealed)?;
    let header: EnvelopeHeader = framing::read_header(MAGIC, MAX_HEADER_LEN, &mut input)?;
    if header.v != 1 {
        return Err(SubmissionOpenError::UnsupportedVersion(header.v));
    }
    RecordSet::read(&header, &mut input)?.into_opened(header)
}

/// The records of an envelope as they come.
struct RecordSet {
    kind: SubmissionKind,
    grants: Vec<SealedGrant>,
    mailbox: Option<Vec<u8>>,
    case: Option<Vec<u8>>,
    pending_attachment: Option<PendingAttachment>,
    attachments: Vec<Vec<u8>>,
    capsule: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    deduplication_tag: Option<Hash>,
}

/// An attachment of which chunks have come.
#[derive(Default)]
struct PendingAttachment {
    bytes: Vec<u8>,
    /// A chunk that was not full is the last one: thousands of tiny records would cost more to file
    /// than to send.
    has_last_chunk: bool,
}

impl PendingAttachment {
    fn append_chunk(&mut self, chunk: &[u8]) -> bool {
        let fits = !self.has_last_chunk && !chunk.is_empty();
        self.bytes.extend_from_slice(chunk);
        self.has_last_chunk = chunk.len() < RecordType::AttachmentChunk.max_len();
        fits
    }
}

impl RecordSet {
    fn read(header: &EnvelopeHeader, input: &mut impl Read) -> Result<Self, SubmissionOpenError> {
        let mut records = Self {
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
            if !records.accept(kind, bytes) {
                return Err(SubmissionOpenError::UnexpectedRecords(header.kind));
            }
        }
    }

    /// False for a record too many, or at the wrong place.
    fn accept(&mut self, kind: RecordType, bytes: Vec<u8>) -> bool {
        // The body seals the manifest of what came before it, so nothing but the tag may follow.
        let after_body = self.body.is_some() && kind != RecordType::DeduplicationTag;
        let in_attachment = self.pending_attachment.is_some()
            && !matches!(kind, RecordType::AttachmentChunk | RecordType::AttachmentEnd);
        if after_body || in_attachment {
            return false;
        }
        let report = self.kind == SubmissionKind::Report;
        match kind {
            RecordType::Grant => {
                report && self.grants.len() < GRANT_SLOTS && self.accept_grant(&bytes)
            }
            RecordType::MailboxRecipient => report && set_once(&mut self.mailbox, bytes),
            RecordType::CaseRecipient => report && set_once(&mut self.case, bytes),
            RecordType::Capsule => set_once(&mut self.capsule, bytes),
            RecordType::AttachmentChunk => {
                self.attachments.len() < MAX_ATTACHMENTS
                    && self.pending_attachment.get_or_insert_default().append_chunk(&bytes)
            }
            RecordType::AttachmentEnd => {
                let whole = self.pending_attachment.take().map(|attachment| attachment.bytes);
                let there = whole.is_some();
                self.attachments.extend(whole);
                there
            }
            RecordType::Body => set_once(&mut self.body, bytes),
            RecordType::DeduplicationTag => Hash::try_from(&bytes[..])
                .is_ok_and(|tag| set_once(&mut self.deduplication_tag, tag)),
            RecordType::Reply | RecordType::End => false,
        }
    }

    fn accept_grant(&mut self, bytes: &[u8]) -> bool {
        let Some((tag, sealed)) = bytes.split_first_chunk::<32>() else { return false };
        self.grants.push(SealedGrant { tag: Hash(*tag), sealed: sealed.to_vec() });
        true
    }

    fn into_opened(self, header: EnvelopeHeader) -> Result<OpenedSubmission, SubmissionOpenError> {
        let wrong = SubmissionOpenError::UnexpectedRecords(header.kind);
        let (Some(capsule), Some(body), Some(sending_tag), None) =
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
        Ok(OpenedSubmission {
            header,
            grants,
            capsule,
            keys,
            attachments,
            body,
            deduplication_tag: sending_tag,
        })
    }
}

/// Fills a place that is empty; false if it is taken.
fn set_once<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}
