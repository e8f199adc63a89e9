//! Writes an envelope through the outer seal, in constant memory.

use std::io::{self, Read, Write};

use age_hybrid::SealedWriter;
use sha2::{Digest, Sha256};

use super::header::{EnvelopeHeader, MAGIC};
use crate::{
    encoding::{
        framing::{self, RECORD_OVERHEAD, RecordType},
        hash::Hash,
        padding::{TEXT_STEP, pad_text, padded_file_len},
        size_classes,
    },
    keys::{CaseRecipient, TransportRecipient},
    submission::{commitment::submission_digest, frame::MAX_ATTACHMENTS, key_grant::SealedGrant},
};

/// Why a submission cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Larger than the largest size class, or a record is too long.
    #[error("submission exceeds 256 MiB")]
    TooLarge,
    /// Too many files for one message.
    #[error("too many files: a message has at most {MAX_ATTACHMENTS}")]
    TooManyFiles,
    /// The reporter refused the oversight body, and no desk is left.
    #[error("no reader is left: the reporter refused the oversight body, and no desk is left")]
    NoReader,
    /// The case has the maximum number of messages.
    #[error("the case has the maximum number of messages")]
    NoMoreMessages,
    /// Writing failed.
    #[error("write failed: {0}")]
    Write(#[from] io::Error),
}

/// Writes an envelope through the outer seal, with constant memory.
pub struct SubmissionWriter<W: Write> {
    stream: SealedWriter<W>,
    written: u64,
    /// The hashes of the sealed files.
    attachments: Vec<Hash>,
}

/// A body that is sealed and not written yet.
pub struct SealedBody {
    sealed: Vec<u8>,
    digest: Hash,
}

impl SealedBody {
    /// Returns the submission digest of the submission with this body ([`submission_digest`]).
    pub fn digest(&self) -> Hash {
        self.digest
    }
}

impl<W: Write> SubmissionWriter<W> {
    /// Writes the header of the outer seal and the header of the envelope.
    ///
    /// # Errors
    /// If writing fails.
    pub fn begin(
        to: &TransportRecipient,
        header: &EnvelopeHeader,
        out: W,
    ) -> Result<Self, SealError> {
        let stream = age_hybrid::sealed_writer(to.as_recipient(), out)?;
        let mut writer = Self { stream, written: 0, attachments: Vec::new() };
        writer.write_plaintext(&framing::encode_header(MAGIC, header))?;
        Ok(writer)
    }

    /// Writes one grant.
    ///
    /// # Errors
    /// If the submission gets too large or writing fails.
    pub fn write_grant(&mut self, grant: &SealedGrant) -> Result<(), SealError> {
        self.write_record_parts(RecordType::Grant, &[grant.tag.as_bytes(), &grant.sealed])
    }

    /// Writes a record that is in memory.
    ///
    /// # Errors
    /// If the record or the submission gets too large, or writing fails.
    pub fn write_record(&mut self, kind: RecordType, bytes: &[u8]) -> Result<(), SealError> {
        self.write_record_parts(kind, &[bytes])
    }

    /// Seals a file to `C` while reading it. Returns its length and hash for the manifest.
    ///
    /// # Errors
    /// If there are too many files, the submission gets too large, or reading or writing fails.
    pub fn write_attachment(
        &mut self,
        to: &CaseRecipient,
        content: &mut impl Read,
    ) -> Result<(u64, Hash), SealError> {
        let ((), len, hash) = self.write_attachment_with(to, |out| {
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

    /// Seals a file to `C` while `write` writes it, and pads it to its size class. Returns the
    /// result of `write`, and the length and the hash of the file for the manifest.
    ///
    /// # Errors
    /// If there are too many files, the submission gets too large, or `write` fails.
    pub fn write_attachment_with<T>(
        &mut self,
        to: &CaseRecipient,
        write: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<(T, u64, Hash), SealError> {
        if self.attachments.len() == MAX_ATTACHMENTS {
            return Err(SealError::TooManyFiles);
        }
        let sealed = age_hybrid::sealed_writer(to.as_recipient(), AttachmentChunks::new(self))?;
        let mut counted = CountingHasher { hasher: Sha256::new(), len: 0, sealed };
        let written = write(&mut counted).map_err(seal_error_from_io)?;
        let CountingHasher { hasher, len, mut sealed } = counted;
        let padding = padded_file_len(len) - len;
        io::copy(&mut io::repeat(0).take(padding), &mut sealed).map_err(seal_error_from_io)?;
        let chunks = sealed.finish().map_err(seal_error_from_io)?;
        let sealed_hash = chunks.finish().map_err(seal_error_from_io)?;
        self.attachments.push(sealed_hash);
        self.write_record_parts(RecordType::AttachmentEnd, &[])?;
        Ok((written, len, Hash(hasher.finalize().into())))
    }

    /// Seals the body in memory, after the last file: the reply capsule, which precedes the body,
    /// contains the submission digest.
    pub fn seal_body(&self, to: &CaseRecipient, generation: u32, frame: &[u8]) -> SealedBody {
        let sealed = to.seal(&pad_text(frame, TEXT_STEP));
        let parts = [&[Hash::of(&[&sealed])], self.attachments.as_slice()].concat();
        SealedBody { digest: submission_digest(generation, &parts), sealed }
    }

    /// Writes the body of [`Self::seal_body`], the sending tag, and the padding up to the size
    /// class.
    ///
    /// # Errors
    /// If the submission gets too large or writing fails.
    pub fn finish(mut self, body: &SealedBody, deduplication_tag: &Hash) -> Result<W, SealError> {
        self.write_record(RecordType::Body, &body.sealed)?;
        self.write_record(RecordType::DeduplicationTag, deduplication_tag.as_bytes())?;
        self.pad_and_finish()
    }

    /// Ends the envelope without a body, for tests of readers. Senders call [`Self::finish`].
    ///
    /// # Errors
    /// If the submission gets too large or writing fails.
    #[doc(hidden)]
    pub fn pad_and_finish(mut self) -> Result<W, SealError> {
        self.write_record(RecordType::End, &[])?;
        let sealed = self.sealed_len(self.written);
        let size = size_classes::size_class_for(sealed).ok_or(SealError::TooLarge)?;
        let target = size_classes::plaintext_len_for(size, self.stream.header_len() as u64)
            .expect("each size class can be reached");
        let mut missing = target - self.written;
        let zeros = [0; 8192];
        while missing > 0 {
            let n = missing.min(zeros.len() as u64);
            self.stream.write_all(&zeros[..usize::try_from(n).expect("at most 8,192")])?;
            missing -= n;
        }
        Ok(self.stream.finish()?)
    }

    fn write_record_parts(&mut self, kind: RecordType, parts: &[&[u8]]) -> Result<(), SealError> {
        let len = parts.iter().map(|part| part.len()).sum();
        if len > kind.max_len() {
            return Err(SealError::TooLarge);
        }
        // Stop at the first record that is too much, not after the last byte of a file that was too
        // large from the start.
        let total = self.written + (RECORD_OVERHEAD + len) as u64;
        if self.sealed_len(total) > size_classes::MAX_SUBMISSION_LEN {
            return Err(SealError::TooLarge);
        }
        self.write_plaintext(&framing::encode_record_header(kind, len))?;
        parts.iter().try_for_each(|part| self.write_plaintext(part))
    }

    fn sealed_len(&self, plaintext_len: u64) -> u64 {
        age_hybrid::sealed_len(self.stream.header_len(), plaintext_len)
    }

    fn write_plaintext(&mut self, bytes: &[u8]) -> Result<(), SealError> {
        self.stream.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// Splits the bytes of an inner seal into attachment records, and hashes them.
struct AttachmentChunks<'a, W: Write> {
    submission: &'a mut SubmissionWriter<W>,
    buffer: Vec<u8>,
    hasher: Sha256,
}

const ATTACHMENT_CHUNK: usize = RecordType::AttachmentChunk.max_len();

impl<'a, W: Write> AttachmentChunks<'a, W> {
    fn new(outer: &'a mut SubmissionWriter<W>) -> Self {
        let buffer = Vec::with_capacity(ATTACHMENT_CHUNK);
        Self { submission: outer, buffer, hasher: Sha256::new() }
    }

    fn write_chunk(&mut self) -> io::Result<()> {
        self.submission
            .write_record(RecordType::AttachmentChunk, &self.buffer)
            .map_err(io::Error::other)?;
        self.hasher.update(&self.buffer);
        self.buffer.clear();
        Ok(())
    }

    /// Writes the last chunk. Returns the hash of the sealed file.
    fn finish(mut self) -> io::Result<Hash> {
        if !self.buffer.is_empty() {
            self.write_chunk()?;
        }
        Ok(Hash(self.hasher.finalize().into()))
    }
}

impl<W: Write> Write for AttachmentChunks<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(ATTACHMENT_CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..n]);
        if self.buffer.len() == ATTACHMENT_CHUNK {
            self.write_chunk()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts and hashes the plaintext of an inner seal.
struct CountingHasher<W: Write> {
    hasher: Sha256,
    len: u64,
    sealed: SealedWriter<W>,
}

impl<W: Write> Write for CountingHasher<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.sealed.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the [`SealError`] inside an `io::Error`. The inner seal wraps it in one.
fn seal_error_from_io(error: io::Error) -> SealError {
    match error.downcast::<SealError>() {
        Ok(error) => error,
        Err(error) => SealError::Write(error),
    }
}
