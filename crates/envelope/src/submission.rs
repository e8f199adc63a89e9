//! A submission: an envelope in its outer seal, on a rung of the size ladder. What the intake stores and the handler opens.

use std::io::{self, BufRead, Read, Write};

use age_hybrid::SealedWriter;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    grant::{GRANTS, SealedGrant},
    hash::Hash,
    keys::{CaseRecipient, MailboxRecipient, TransportIdentity, TransportRecipient},
    ladder,
    wire::{self, RECORD_OVERHEAD, RecordType, WireError},
};

const MAGIC: &str = "BKE1";

/// What a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmissionKind {
    /// The first of a case: brings grants and keys.
    Report,
    /// Anything the reporter sends later.
    FollowUp,
}

/// P1 is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Urgency {
    /// Triage within 24 hours.
    P1,
    /// Within 3 days.
    P2,
    /// Within 7 days.
    P3,
    /// Within 30 days.
    P4,
}

/// The case that a submission belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRef {
    /// UUID version 4.
    pub id: Uuid,
    /// Of the case secret.
    pub generation: u32,
}

/// All that the handler learns of a submission besides sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeHeader {
    /// 1.
    pub v: u8,
    /// Report or follow-up.
    pub kind: SubmissionKind,
    /// The desk that the reporter's side chose.
    pub desk: String,
    /// The reporter's language.
    pub lang: String,
    /// From the taxonomy's rules.
    pub urgency: Urgency,
    /// Under which the handler lays out replies.
    pub mailbox: Hash,
    /// The case.
    pub case: CaseRef,
    /// Hash of the directory that decided who may read.
    pub directory: Hash,
    /// The reporter asks for the outside body to read along.
    #[serde(default)]
    pub ask_oversight: bool,
}

/// Why a submission cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// More than the top of the ladder.
    #[error("too large: a submission holds at most 64 MiB with everything in it")]
    TooLarge,
    /// The place that it is written to failed.
    #[error("could not be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes an envelope through the outer seal, with constant memory.
pub struct SubmissionWriter<W: Write> {
    stream: SealedWriter<W>,
    written: u64,
}

impl<W: Write> SubmissionWriter<W> {
    /// Writes the outer seal's header and the envelope's.
    pub fn begin(to: &TransportRecipient, header: &EnvelopeHeader, out: W) -> Result<Self, SealError> {
        let stream = age_hybrid::sealed_writer(to.as_recipient(), out)?;
        let mut writer = Self { stream, written: 0 };
        writer.put(&wire::head(MAGIC, header))?;
        Ok(writer)
    }

    /// Writes one grant.
    pub fn grant(&mut self, grant: &SealedGrant) -> Result<(), SealError> {
        self.record(RecordType::Grant, &[grant.tag.as_bytes(), &grant.sealed])
    }

    /// Writes any record that fits whole into memory.
    pub fn whole(&mut self, kind: RecordType, bytes: &[u8]) -> Result<(), SealError> {
        self.record(kind, &[bytes])
    }

    /// Seals a file to `C` as it is read. Returns its length and hash for the manifest.
    pub fn attachment(
        &mut self,
        to: &CaseRecipient,
        content: &mut impl Read,
    ) -> Result<(u64, Hash), SealError> {
        let ((), len, hash) = self.attachment_with(to, |out| {
            let mut buffer = zeroize::Zeroizing::new(vec![0; 64 * 1024]);
            loop {
                match content.read(&mut buffer)? {
                    0 => return Ok(()),
                    n => out.write_all(&buffer[..n])?,
                }
            }
        })?;
        Ok((len, hash))
    }

    /// Seals a file to `C` as `write` writes it. Returns what `write` returned, and length and hash for the manifest.
    pub fn attachment_with<T>(
        &mut self,
        to: &CaseRecipient,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<(T, u64, Hash), SealError> {
        use sha2::{Digest, Sha256};
        let sealed = age_hybrid::sealed_writer(to.as_recipient(), AttachmentChunks::new(self))?;
        let mut counted = Counted { hasher: Sha256::new(), len: 0, sealed };
        let written = write(&mut counted).map_err(too_large_or_io)?;
        let Counted { hasher, len, sealed } = counted;
        sealed.finish().map_err(too_large_or_io)?.finish().map_err(too_large_or_io)?;
        self.record(RecordType::AttachmentEnd, &[])?;
        Ok((written, len, Hash(hasher.finalize().into())))
    }

    /// Writes the body, the tag by which a second sending is known, and the padding up to the rung.
    pub fn finish(mut self, to: &CaseRecipient, frame: &[u8], sending_tag: &Hash) -> Result<W, SealError> {
        self.whole(RecordType::Body, &to.seal(frame))?;
        self.whole(RecordType::SendingTag, sending_tag.as_bytes())?;
        self.pad()
    }

    /// Ends the envelope without a body: for tests of readers. [`Self::finish`] is what senders call.
    #[doc(hidden)]
    pub fn pad(mut self) -> Result<W, SealError> {
        self.whole(RecordType::End, &[])?;
        let sealed = self.sealed_len(self.written);
        let rung = ladder::rung_for(sealed).ok_or(SealError::TooLarge)?;
        let target =
            ladder::plaintext_len_for(rung, self.stream.header_len() as u64).expect("each rung can be met");
        let mut missing = target - self.written;
        let zeros = [0; 8192];
        while missing > 0 {
            let n = missing.min(zeros.len() as u64);
            self.stream.write_all(&zeros[..usize::try_from(n).expect("at most 8,192")])?;
            missing -= n;
        }
        Ok(self.stream.finish()?)
    }

    fn record(&mut self, kind: RecordType, parts: &[&[u8]]) -> Result<(), SealError> {
        let len = parts.iter().map(|part| part.len()).sum();
        if len > wire::MAX_RECORD {
            return Err(SealError::TooLarge);
        }
        // Stop as soon as it is certain, not after the last byte of a file that was too large all along.
        let then = self.written + (RECORD_OVERHEAD + len) as u64;
        if self.sealed_len(then) > ladder::TOP {
            return Err(SealError::TooLarge);
        }
        self.put(&wire::record_head(kind, len))?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    fn sealed_len(&self, plaintext_len: u64) -> u64 {
        age_hybrid::sealed_len(self.stream.header_len(), plaintext_len)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        self.stream.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// Cuts the bytes of an inner seal into attachment records.
struct AttachmentChunks<'a, W: Write> {
    outer: &'a mut SubmissionWriter<W>,
    buffer: Vec<u8>,
}

const ATTACHMENT_CHUNK: usize = 64 * 1024;

impl<'a, W: Write> AttachmentChunks<'a, W> {
    fn new(outer: &'a mut SubmissionWriter<W>) -> Self {
        Self { outer, buffer: Vec::with_capacity(ATTACHMENT_CHUNK) }
    }

    fn emit(&mut self) -> io::Result<()> {
        self.outer.whole(RecordType::AttachmentChunk, &self.buffer).map_err(io::Error::other)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.emit() }
    }
}

impl<W: Write> Write for AttachmentChunks<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(ATTACHMENT_CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..n]);
        if self.buffer.len() == ATTACHMENT_CHUNK {
            self.emit()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts and hashes what goes into an inner seal.
struct Counted<W: Write> {
    hasher: sha2::Sha256,
    len: u64,
    sealed: SealedWriter<W>,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use sha2::Digest;
        let n = self.sealed.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A [`SealError`] travels through the inner seal as an `io::Error`; take it out again.
fn too_large_or_io(error: io::Error) -> SealError {
    match error.downcast::<SealError>() {
        Ok(error) => error,
        Err(error) => SealError::Write(error),
    }
}

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

/// Opens the outer seal and checks the shape. The whole seal has been authenticated when this returns.
pub fn open(identity: &TransportIdentity, sealed: impl BufRead) -> Result<Opened, OpenError> {
    let mut input = age_hybrid::open_reader(identity.as_identity(), sealed)?;
    let header: EnvelopeHeader = wire::read_head(MAGIC, &mut input)?;
    if header.v != 1 {
        return Err(OpenError::Version(header.v));
    }
    Records::read(&mut input)?.into_opened(header)
}

/// The records of an envelope as they come, before they are held against the kind of submission.
#[derive(Default)]
struct Records {
    grants: Vec<SealedGrant>,
    capsule: Vec<Vec<u8>>,
    mailbox: Vec<Vec<u8>>,
    case: Vec<Vec<u8>>,
    open_attachment: Option<Vec<u8>>,
    attachments: Vec<Vec<u8>>,
    body: Vec<Vec<u8>>,
    sending_tag: Vec<Vec<u8>>,
    misplaced: bool,
}

impl Records {
    fn read(input: &mut impl Read) -> Result<Self, OpenError> {
        let mut records = Self::default();
        loop {
            let (kind, bytes) = wire::read_record(input)?;
            if kind == RecordType::End {
                records.misplaced |= !bytes.is_empty();
                return Ok(records);
            }
            records.take(kind, bytes)?;
        }
    }

    fn take(&mut self, kind: RecordType, bytes: Vec<u8>) -> Result<(), OpenError> {
        // The body seals the manifest of what came before it, so nothing but the tag may follow.
        let after_body = !self.body.is_empty() && kind != RecordType::SendingTag;
        let in_attachment = self.open_attachment.is_some()
            && !matches!(kind, RecordType::AttachmentChunk | RecordType::AttachmentEnd);
        self.misplaced |= after_body || in_attachment;
        match kind {
            RecordType::Grant if self.grants.len() < GRANTS => {
                let (tag, sealed) = bytes.split_first_chunk::<32>().ok_or(WireError::Truncated)?;
                self.grants.push(SealedGrant { tag: Hash(*tag), sealed: sealed.to_vec() });
            }
            RecordType::Capsule => self.capsule.push(bytes),
            RecordType::AttachmentChunk => self.open_attachment.get_or_insert_default().extend(bytes),
            RecordType::AttachmentEnd => match self.open_attachment.take() {
                Some(attachment) => self.attachments.push(attachment),
                None => self.misplaced = true,
            },
            RecordType::Body => self.body.push(bytes),
            RecordType::MailboxRecipient => self.mailbox.push(bytes),
            RecordType::CaseRecipient => self.case.push(bytes),
            RecordType::SendingTag => self.sending_tag.push(bytes),
            RecordType::Grant | RecordType::Reply | RecordType::End => self.misplaced = true,
        }
        Ok(())
    }

    fn into_opened(self, header: EnvelopeHeader) -> Result<Opened, OpenError> {
        let wrong = OpenError::Records(header.kind);
        let whole = !self.misplaced && self.open_attachment.is_none();
        let ([capsule], [body], [tag]) = (&self.capsule[..], &self.body[..], &self.sending_tag[..]) else {
            return Err(wrong);
        };
        let Ok(sending_tag) = Hash::try_from(&tag[..]) else {
            return Err(wrong);
        };
        let keys = match (header.kind, self.grants.len(), &self.mailbox[..], &self.case[..]) {
            (SubmissionKind::Report, GRANTS, [mailbox], [case]) if whole => Some((
                MailboxRecipient::from_bytes(mailbox).map_err(|_| OpenError::Key)?,
                CaseRecipient::from_bytes(case).map_err(|_| OpenError::Key)?,
            )),
            (SubmissionKind::FollowUp, 0, [], []) if whole => None,
            _ => return Err(wrong),
        };
        Ok(Opened {
            header,
            grants: self.grants,
            capsule: capsule.clone(),
            keys,
            attachments: self.attachments,
            body: body.clone(),
            sending_tag,
        })
    }
}
