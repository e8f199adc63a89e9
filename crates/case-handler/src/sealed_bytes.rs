//! Sealed bytes of submissions: in memory, or in a file without a name if they are many, so that
//! the size of a submission does not determine the memory of the case handler.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    sync::Arc,
};

use bytes::{Bytes, BytesMut};
use protocol::{
    Hash,
    submission::envelope::{AttachmentStorage, AttachmentsInMemory},
};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

/// Maximum length of a submission that is held in memory. A longer one is in a file of the folder
/// for temporary files.
pub const MAX_LEN_IN_MEMORY: u64 = 1024 * 1024;
/// Length of the parts that are written to a file.
const WRITE_LEN: usize = 256 * 1024;
/// Length of the buffer of a reader.
const READ_LEN: usize = 64 * 1024;

/// A large submission could not be written to a temporary file, or read from it. It stays where it
/// was.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to use a file in the folder for temporary files: {0}. Free space there, or set TMPDIR to another folder"
)]
pub struct TemporaryFileError(#[from] io::Error);

/// Bytes that can be read in any order and any number of times.
pub trait SealedSource: Send + Sync {
    /// Returns the number of bytes.
    fn byte_len(&self) -> u64;

    /// Returns the hash of all bytes.
    fn sha256(&self) -> Hash;

    /// Returns the `len` bytes at an offset. It fails if they do not exist.
    fn read_at(
        &self,
        offset: u64,
        len: usize,
    ) -> impl Future<Output = Result<Bytes, TemporaryFileError>> + Send + use<Self>
    where
        Self: Sized;
}

/// Returns the bytes of a source in chunks of `chunk_len` bytes: the offset and the length of each.
pub(crate) fn chunk_ranges(len: u64, chunk_len: usize) -> impl Iterator<Item = (u64, usize)> {
    (0..len.div_ceil(chunk_len as u64)).map(move |number| {
        let offset = number * chunk_len as u64;
        let rest = usize::try_from(len - offset).unwrap_or(usize::MAX);
        (offset, rest.min(chunk_len))
    })
}

fn out_of_range() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "sealed bytes end before the requested range")
}

/// Sealed bytes in memory or in a file.
#[derive(Debug, Clone)]
pub enum SealedBytes {
    /// In memory.
    Memory(Bytes),
    /// In a file.
    File(FileRange),
}

/// A range of a file. A temporary file has no name, so that the system deletes it after its last
/// use, also after a kill.
#[derive(Debug, Clone)]
pub struct FileRange {
    file: Arc<File>,
    offset: u64,
    len: u64,
    sha256: Hash,
}

impl FileRange {
    /// Returns bytes of this range. The file may contain other bytes after it.
    fn read_exact(&self, offset: u64, len: usize) -> Result<Bytes, TemporaryFileError> {
        if offset.checked_add(len as u64).is_none_or(|end| end > self.len) {
            return Err(out_of_range().into());
        }
        let mut read = vec![0; len];
        self.file.read_exact_at(&mut read, self.offset + offset)?;
        Ok(read.into())
    }
}

impl<B: Into<Bytes>> From<B> for SealedBytes {
    fn from(bytes: B) -> Self {
        Self::Memory(bytes.into())
    }
}

impl SealedBytes {
    /// Returns the bytes of a file, which must not change while they are used.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn from_file(mut file: File) -> io::Result<Self> {
        let (mut digest, mut buffer, mut len) = (Sha256::new(), vec![0; READ_LEN], 0);
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            len += read as u64;
        }
        let sha256 = Hash(digest.finalize().into());
        Ok(Self::File(FileRange { file: Arc::new(file), offset: 0, len, sha256 }))
    }

    /// Returns a reader of all bytes, for blocking threads.
    pub(crate) fn reader(&self) -> BufReader<SealedReader> {
        BufReader::with_capacity(READ_LEN, SealedReader { bytes: self.clone(), position: 0 })
    }
}

impl SealedSource for SealedBytes {
    fn byte_len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(range) => range.len,
        }
    }

    fn sha256(&self) -> Hash {
        match self {
            Self::Memory(bytes) => Hash::of(&[bytes]),
            Self::File(range) => range.sha256,
        }
    }

    fn read_at(
        &self,
        offset: u64,
        len: usize,
    ) -> impl Future<Output = Result<Bytes, TemporaryFileError>> + Send + use<> {
        let bytes = self.clone();
        async move {
            match bytes {
                Self::Memory(bytes) => Ok(slice(&bytes, offset, len)?),
                Self::File(range) => spawn_blocking(move || range.read_exact(offset, len))
                    .await
                    .map_err(io::Error::other)?,
            }
        }
    }
}

impl SealedSource for Vec<u8> {
    fn byte_len(&self) -> u64 {
        self.len() as u64
    }

    fn sha256(&self) -> Hash {
        Hash::of(&[self])
    }

    fn read_at(
        &self,
        offset: u64,
        len: usize,
    ) -> impl Future<Output = Result<Bytes, TemporaryFileError>> + Send + use<> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let range = self.get(start..start.saturating_add(len));
        let bytes = range.map(Bytes::copy_from_slice);
        std::future::ready(bytes.ok_or_else(|| TemporaryFileError(out_of_range())))
    }
}

fn slice(bytes: &Bytes, offset: u64, len: usize) -> io::Result<Bytes> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.checked_add(len).filter(|end| *end <= bytes.len()).ok_or_else(out_of_range)?;
    Ok(bytes.slice(start..end))
}

/// Reads sealed bytes from their beginning.
pub(crate) struct SealedReader {
    bytes: SealedBytes,
    position: u64,
}

impl Read for SealedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.bytes.byte_len() - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = &mut buffer[..wanted];
        let read = match &self.bytes {
            SealedBytes::Memory(bytes) => {
                buffer.copy_from_slice(&slice(bytes, self.position, wanted)?);
                wanted
            }
            SealedBytes::File(range) => range.file.read_at(buffer, range.offset + self.position)?,
        };
        self.position += read as u64;
        Ok(read)
    }
}

/// Collects bytes of a known length as they arrive.
pub(crate) struct SealedBytesWriter {
    file: Option<Arc<File>>,
    buffer: BytesMut,
    written: u64,
    digest: Sha256,
}

impl SealedBytesWriter {
    /// Begins to collect `len` bytes.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(crate) fn new(len: u64) -> Result<Self, TemporaryFileError> {
        let file =
            if len > MAX_LEN_IN_MEMORY { Some(Arc::new(tempfile::tempfile()?)) } else { None };
        let capacity = if file.is_some() { WRITE_LEN } else { usize::try_from(len).unwrap_or(0) };
        Ok(Self {
            file,
            buffer: BytesMut::with_capacity(capacity),
            written: 0,
            digest: Sha256::new(),
        })
    }

    /// Returns the number of bytes so far.
    pub(crate) fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), TemporaryFileError> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITE_LEN { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), TemporaryFileError> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        self.digest.update(&self.buffer);
        let (bytes, at) = (std::mem::take(&mut self.buffer), self.written);
        self.written += bytes.len() as u64;
        self.buffer = spawn_blocking(move || {
            file.write_all_at(&bytes, at)?;
            let mut empty = bytes;
            empty.clear();
            Ok::<_, io::Error>(empty)
        })
        .await
        .map_err(io::Error::other)??;
        Ok(())
    }

    /// Returns the bytes.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) async fn finish(mut self) -> Result<SealedBytes, TemporaryFileError> {
        self.flush().await?;
        Ok(match self.file {
            None => SealedBytes::Memory(self.buffer.freeze()),
            Some(file) => SealedBytes::File(FileRange {
                file,
                offset: 0,
                len: self.written,
                sha256: Hash(self.digest.finalize().into()),
            }),
        })
    }
}

/// Stores the attachments of one submission: in memory, or one after the other in a file.
pub(crate) enum CollectedAttachments {
    Memory(AttachmentsInMemory),
    File { file: Arc<File>, begin: u64, end: u64, digest: Sha256 },
}

impl CollectedAttachments {
    /// Returns an empty storage for the attachments of a submission of this length.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(crate) fn for_submission(len: u64) -> io::Result<Self> {
        Ok(if len > MAX_LEN_IN_MEMORY {
            let file = Arc::new(tempfile::tempfile()?);
            Self::File { file, begin: 0, end: 0, digest: Sha256::new() }
        } else {
            Self::Memory(AttachmentsInMemory::default())
        })
    }
}

impl AttachmentStorage for CollectedAttachments {
    type Attachment = SealedBytes;

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(memory) => memory.append(bytes),
            Self::File { file, end, digest, .. } => {
                file.write_all_at(bytes, *end)?;
                digest.update(bytes);
                *end += bytes.len() as u64;
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> io::Result<SealedBytes> {
        match self {
            Self::Memory(memory) => Ok(memory.finish()?.into()),
            Self::File { file, begin, end, digest } => {
                let (offset, len) = (*begin, *end - *begin);
                *begin = *end;
                let sha256 = Hash(digest.finalize_reset().into());
                Ok(SealedBytes::File(FileRange { file: Arc::clone(file), offset, len, sha256 }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_whole(bytes: &SealedBytes) -> Vec<u8> {
        let mut read = Vec::new();
        for (offset, len) in chunk_ranges(bytes.byte_len(), 100_000) {
            read.extend(bytes.read_at(offset, len).await.unwrap());
        }
        let mut by_reader = Vec::new();
        bytes.reader().read_to_end(&mut by_reader).unwrap();
        assert_eq!(read, by_reader);
        read
    }

    #[tokio::test]
    async fn bytes_in_memory_and_in_a_file_read_alike() {
        for len in [0, 1, MAX_LEN_IN_MEMORY, MAX_LEN_IN_MEMORY + 1, 3 * MAX_LEN_IN_MEMORY] {
            let sent: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut writer = SealedBytesWriter::new(len).unwrap();
            for part in sent.chunks(77_777) {
                writer.write(part).await.unwrap();
            }
            assert_eq!(writer.len(), len);
            let bytes = writer.finish().await.unwrap();
            assert_eq!(matches!(bytes, SealedBytes::Memory(_)), len <= MAX_LEN_IN_MEMORY);
            assert_eq!((bytes.byte_len(), bytes.sha256()), (len, Hash::of(&[&sent])));
            assert_eq!(read_whole(&bytes).await, sent);
            assert!(bytes.read_at(len, 1).await.is_err());
        }
    }

    #[tokio::test]
    async fn attachments_in_a_file_do_not_mix() {
        for len in [MAX_LEN_IN_MEMORY, MAX_LEN_IN_MEMORY + 1] {
            let mut storage = CollectedAttachments::for_submission(len).unwrap();
            let mut stored = Vec::new();
            for file in [vec![1; 100_000], vec![2; 5], vec![3; 300_000]] {
                for chunk in file.chunks(65_536) {
                    storage.append(chunk).unwrap();
                }
                stored.push((storage.finish().unwrap(), file));
            }
            for (bytes, file) in &stored {
                let past_end = bytes.read_at(bytes.byte_len() - 1, 2).await;
                assert!(past_end.is_err(), "no byte of the next file is read");
                assert_eq!(bytes.sha256(), Hash::of(&[file]));
                assert_eq!(&read_whole(bytes).await, file);
            }
        }
    }
}
