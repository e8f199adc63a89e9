//! Reading the records of an envelope: each at its place, as many as there may be, and none beyond.

use std::io::{BufRead, Read};

use super::{EnvelopeHeader, MAGIC, MAX_HEADER, SubmissionKind};
use crate::{
    frame::MAX_ATTACHMENTS,
    grant::{GRANTS, SealedGrant},
    hash::Hash,
    keys::{CaseRecipient, MailboxRecipient, TransportIdentity},
    wire::{self, RecordType, WireError},
};

/// An opened submission: sealed parts and routing header. Nothing in it can be read by the handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
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
    pub sending_tag: Hash,
}

/// Why a submission is not filed. The handler sets such a submission aside; it never drops it silently.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not sealed to this transport key, or damaged.
    #[error("the outer seal cannot be opened: {0}")]
    Unopenable(#[from] age_hybrid::OpenError),
    /// The envelope has another shape.
    #[error("the envelope is malformed: {0}")]
    Wire(#[from] WireError),
    /// A version of the protocol that this build does not know.
    #[error("envelope version {0} is not known here")]
    Version(u8),
    /// A record too many, too few or at the wrong place.
    #[error("the envelope's records are not those of a {0:?}")]
    Records(SubmissionKind),
    /// `M` or `C` is no public key.
    #[error("a public key in the envelope is malformed")]
    Key,
}

/// Opens the outer seal and checks the shape. The whole seal has been authenticated when this returns a submission.
///
/// # Errors
/// When it is not sealed to `identity`, or has another shape. A record too many is refused when it is read, so that memory and time
/// are bounded by the length of what was sent.
pub fn open(identity: &TransportIdentity, sealed: impl BufRead) -> Result<Opened, OpenError> {
    let mut input = age_hybrid::open_reader(identity.as_identity(), sealed)?;
    let header: EnvelopeHeader = wire::read_head(MAGIC, MAX_HEADER, &mut input)?;
    if header.v != 1 {
        return Err(OpenError::Version(header.v));
    }
    Records::read(&header, &mut input)?.into_opened(header)
}

/// The records of an envelope as they come.
struct Records {
    kind: SubmissionKind,
    grants: Vec<SealedGrant>,
    mailbox: Option<Vec<u8>>,
    case: Option<Vec<u8>>,
    open_attachment: Option<OpenAttachment>,
    attachments: Vec<Vec<u8>>,
    capsule: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    sending_tag: Option<Hash>,
}

/// An attachment of which chunks have come.
#[derive(Default)]
struct OpenAttachment {
    bytes: Vec<u8>,
    /// A chunk that was not full is the last one: thousands of tiny records would cost more to file than to send.
    last: bool,
}

impl OpenAttachment {
    fn take(&mut self, chunk: &[u8]) -> bool {
        let fits = !self.last && !chunk.is_empty();
        self.bytes.extend_from_slice(chunk);
        self.last = chunk.len() < RecordType::AttachmentChunk.max_len();
        fits
    }
}

impl Records {
    fn read(header: &EnvelopeHeader, input: &mut impl Read) -> Result<Self, OpenError> {
        let mut records = Self {
            kind: header.kind,
            grants: Vec::new(),
            mailbox: None,
            case: None,
            open_attachment: None,
            attachments: Vec::new(),
            capsule: None,
            body: None,
            sending_tag: None,
        };
        loop {
            let (kind, bytes) = wire::read_record(input)?;
            if kind == RecordType::End {
                return Ok(records);
            }
            if !records.take(kind, bytes) {
                return Err(OpenError::Records(header.kind));
            }
        }
    }

    /// False for a record too many, or at the wrong place.
    fn take(&mut self, kind: RecordType, bytes: Vec<u8>) -> bool {
        // The body seals the manifest of what came before it, so nothing but the tag may follow.
        let after_body = self.body.is_some() && kind != RecordType::SendingTag;
        let in_attachment = self.open_attachment.is_some()
            && !matches!(kind, RecordType::AttachmentChunk | RecordType::AttachmentEnd);
        if after_body || in_attachment {
            return false;
        }
        let report = self.kind == SubmissionKind::Report;
        match kind {
            RecordType::Grant => report && self.grants.len() < GRANTS && self.take_grant(&bytes),
            RecordType::MailboxRecipient => report && once(&mut self.mailbox, bytes),
            RecordType::CaseRecipient => report && once(&mut self.case, bytes),
            RecordType::Capsule => once(&mut self.capsule, bytes),
            RecordType::AttachmentChunk => {
                self.attachments.len() < MAX_ATTACHMENTS
                    && self.open_attachment.get_or_insert_default().take(&bytes)
            }
            RecordType::AttachmentEnd => {
                let whole = self.open_attachment.take().map(|attachment| attachment.bytes);
                let there = whole.is_some();
                self.attachments.extend(whole);
                there
            }
            RecordType::Body => once(&mut self.body, bytes),
            RecordType::SendingTag => {
                Hash::try_from(&bytes[..]).is_ok_and(|tag| once(&mut self.sending_tag, tag))
            }
            RecordType::Reply | RecordType::End => false,
        }
    }

    fn take_grant(&mut self, bytes: &[u8]) -> bool {
        let Some((tag, sealed)) = bytes.split_first_chunk::<32>() else { return false };
        self.grants.push(SealedGrant { tag: Hash(*tag), sealed: sealed.to_vec() });
        true
    }

    fn into_opened(self, header: EnvelopeHeader) -> Result<Opened, OpenError> {
        let wrong = OpenError::Records(header.kind);
        let (Some(capsule), Some(body), Some(sending_tag), None) =
            (self.capsule, self.body, self.sending_tag, self.open_attachment)
        else {
            return Err(wrong);
        };
        let keys = match (header.kind, self.grants.len(), &self.mailbox, &self.case) {
            (SubmissionKind::Report, GRANTS, Some(mailbox), Some(case)) => Some((
                MailboxRecipient::from_bytes(mailbox).map_err(|_| OpenError::Key)?,
                CaseRecipient::from_bytes(case).map_err(|_| OpenError::Key)?,
            )),
            (SubmissionKind::FollowUp, 0, None, None) => None,
            _ => return Err(wrong),
        };
        let (grants, attachments) = (self.grants, self.attachments);
        Ok(Opened { header, grants, capsule, keys, attachments, body, sending_tag })
    }
}

/// Fills a place that is empty; false if it is taken.
fn once<T>(place: &mut Option<T>, value: T) -> bool {
    place.replace(value).is_none()
}
