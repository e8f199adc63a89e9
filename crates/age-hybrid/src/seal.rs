//! Sealing to one recipient, and opening of files that are sealed to exactly one.

use std::{
    cell::Cell,
    io::{self, BufRead, Cursor, Read, Write},
    iter,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use age::{
    DecryptError, Decryptor, Encryptor,
    stream::{StreamReader, StreamWriter},
};
use age_core::format::{FileKey, Stanza};
use zeroize::Zeroizing;

use crate::{Identity, OpenError, Recipient, recipient::STANZA_TAG};

/// Number of plaintext bytes in one chunk of an age payload.
pub const CHUNK_LEN: u64 = 64 * 1024;
/// Length of the tag after each chunk in bytes.
const TAG_LEN: u64 = 16;
/// Length of the nonce before the first chunk in bytes.
pub(crate) const NONCE_LEN: usize = 16;
/// The suffix with which age marks a grease stanza, which has no meaning.
pub(crate) const GREASE_SUFFIX: &str = "-grease";

/// Maximum header length in bytes that [`open`] and [`open_reader`] accept. Headers of [`seal`]
/// have fewer than 1,900 bytes.
///
/// `age` parses the header again after each line, so that the time grows with the square of the
/// length. Without a limit, a file with a header of 128 KiB takes a minute and a half in a debug
/// build.
pub const MAX_HEADER_LEN: usize = 4096;

/// Returns the length in bytes of an age file with a header of `header_len` bytes and a plaintext
/// of `plaintext_len` bytes.
///
/// ```
/// assert_eq!(age_hybrid::sealed_len(200, 0), 200 + 16 + 16);
/// assert_eq!(age_hybrid::sealed_len(200, 65_536), 200 + 16 + 65_536 + 16);
/// assert_eq!(age_hybrid::sealed_len(200, 65_537), 200 + 16 + 65_537 + 32);
/// ```
pub fn sealed_len(header_len: usize, plaintext_len: u64) -> u64 {
    (header_len + NONCE_LEN) as u64
        + plaintext_len
        + TAG_LEN * plaintext_len.div_ceil(CHUNK_LEN).max(1)
}

/// Seals bytes to one recipient. Returns a complete age file.
///
/// ```
/// use age_hybrid::{Identity, open, seal};
/// let identity = Identity::generate(&mut rand::rngs::OsRng);
/// let sealed = seal(&identity.to_recipient(), b"secret");
/// assert_eq!(&open(&identity, &sealed)?[..], b"secret");
/// # Ok::<(), age_hybrid::OpenError>(())
/// ```
pub fn seal(recipient: &Recipient, plaintext: &[u8]) -> Vec<u8> {
    // The header with the longest grease has about 1,820 bytes.
    let mut sealed = Vec::with_capacity(plaintext.len() + plaintext.len() / 4096 + 2500);
    sealed_writer(recipient, &mut sealed)
        .and_then(|mut writer| {
            writer.write_all(plaintext)?;
            writer.finish().map(drop)
        })
        .expect("writing to memory cannot fail");
    sealed
}

/// Begins an age file to one recipient, for content that does not fit into memory.
///
/// # Errors
///
/// Returns an error if the header cannot be written.
pub fn sealed_writer<W: Write>(recipient: &Recipient, out: W) -> io::Result<SealedWriter<W>> {
    let encryptor = Encryptor::with_recipients(iter::once(recipient as &dyn age::Recipient))
        .map_err(|error| io::Error::other(error.to_string()))?;
    let written = Arc::new(AtomicUsize::new(0));
    let stream = encryptor.wrap_output(CountingWriter { out, written: Arc::clone(&written) })?;
    // Only header and nonce have been written.
    let header_len = written.load(Ordering::Relaxed) - NONCE_LEN;
    Ok(SealedWriter { stream, header_len })
}

/// Writes the payload of an age file. The file is truncated unless [`SealedWriter::finish`] is
/// called.
pub struct SealedWriter<W: Write> {
    stream: StreamWriter<CountingWriter<W>>,
    header_len: usize,
}

impl<W: Write> SealedWriter<W> {
    /// Returns the length in bytes of the written header, without the nonce. It differs from file
    /// to file.
    pub fn header_len(&self) -> usize {
        self.header_len
    }

    /// Writes the last chunk. Returns the underlying writer.
    ///
    /// # Errors
    ///
    /// Returns an error if the writer fails.
    pub fn finish(self) -> io::Result<W> {
        self.stream.finish().map(|counted| counted.out)
    }
}

impl<W: Write> Write for SealedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

struct CountingWriter<W> {
    out: W,
    written: Arc<AtomicUsize>,
}

impl<W: Write> Write for CountingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.written.fetch_add(n, Ordering::Relaxed);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens a file that is sealed to this identity and to no other recipient.
///
/// # Errors
///
/// Returns an error, and no plaintext, if the file is not sealed to this identity alone, or is
/// damaged.
pub fn open(identity: &Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    // Allocated once, so that no reallocation leaves plaintext behind in memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    open_reader(identity, sealed)?.read_to_end(&mut plain).map_err(OpenError::Payload)?;
    Ok(plain)
}

/// Begins to open a file that is sealed to this identity and to no other recipient.
///
/// Each chunk is authenticated before it is returned, but a truncated file is detected only at the
/// end. The caller must not act on the content before the reader reached the end.
///
/// # Errors
///
/// Returns an error if the header is malformed, or if the file is not sealed to this identity
/// alone.
pub fn open_reader<R: BufRead>(
    identity: &Identity,
    mut sealed: R,
) -> Result<SealedReader<R>, OpenError> {
    let header = read_header(&mut sealed)?;
    let strict = SingleRecipientIdentity { identity, saw_other_recipient: Cell::new(false) };
    let opened = Decryptor::new_buffered(Cursor::new(header).chain(sealed))?
        .decrypt(iter::once(&strict as &dyn age::Identity));
    if strict.saw_other_recipient.get() {
        Err(OpenError::MixedRecipients)
    } else {
        Ok(SealedReader(opened?))
    }
}

/// Reads the payload of an age file. The payload is complete only if the reader reached the end
/// without an error.
pub struct SealedReader<R>(StreamReader<io::Chain<Cursor<Vec<u8>>, R>>);

impl<R: Read> Read for SealedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Returns the bytes up to the line of the MAC. A malformed or truncated header is returned as it
/// is, so that `age` reports the error.
pub(crate) fn read_header(input: &mut impl BufRead) -> Result<Vec<u8>, OpenError> {
    let mut header = Vec::with_capacity(2048);
    let mut input = input.take(MAX_HEADER_LEN as u64);
    loop {
        let line = header.len();
        let read = input.read_until(b'\n', &mut header).map_err(DecryptError::Io)?;
        if header[line..].starts_with(b"---") && header.ends_with(b"\n") {
            return Ok(header);
        }
        if input.limit() == 0 {
            return Err(OpenError::HeaderTooLong);
        }
        if read == 0 {
            return Ok(header);
        }
    }
}

/// Returns whether there is another recipient besides one hybrid recipient.
pub(crate) fn has_other_recipients(stanzas: &[Stanza]) -> bool {
    let hybrid = stanzas.iter().filter(|stanza| stanza.tag == STANZA_TAG).count();
    let grease = stanzas.iter().filter(|stanza| stanza.tag.ends_with(GREASE_SUFFIX)).count();
    hybrid > 1 || hybrid == 1 && hybrid + grease < stanzas.len()
}

/// Checks all stanzas of a header at once, to detect other recipients.
struct SingleRecipientIdentity<'a> {
    identity: &'a Identity,
    saw_other_recipient: Cell<bool>,
}

impl age::Identity for SingleRecipientIdentity<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.identity.unwrap_stanza(stanza)
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let mixed = has_other_recipients(stanzas);
        self.saw_other_recipient.set(mixed);
        if mixed {
            return None;
        }
        stanzas.iter().find_map(|stanza| self.identity.unwrap_stanza(stanza))
    }
}
