//! A streaming parser of `multipart/form-data` (RFC 2046, RFC 7578), in bounded memory and linear
//! time.

use axum::body::{Body, BodyDataStream, Bytes};
use bytes::{Buf as _, BytesMut};
use futures_util::StreamExt as _;
use httparse::Status;
use memchr::memmem::Finder;

use super::header_parameters::HeaderParameters;
use crate::admission::body_timeout::retryable_body_error;

/// Maximum size of the headers of one part, and of the preamble, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Maximum number of headers of one part.
const MAX_HEADERS: usize = 32;
/// Maximum length of a boundary, in bytes (RFC 2046).
const MAX_BOUNDARY_BYTES: usize = 70;

/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum MultipartError {
    /// The body is not `multipart/form-data`, or it is incomplete.
    #[error("malformed or incomplete form data")]
    Malformed,
    /// The client was too slow, or was evicted.
    #[error("request body timeout")]
    TimedOut,
    /// The body is longer than its limit.
    #[error("form data too large")]
    TooLarge,
}

/// The headers of a part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    /// The name of the form field.
    pub(super) name: String,
    /// The file name; `None` for a text field.
    pub(super) file_name: Option<String>,
    /// Type and subtype; empty if the header is missing.
    pub(super) media_type: String,
}

/// The name of the field for files.
pub(super) const FILES_FIELD: &str = "files";

impl PartHead {
    /// Returns whether the part is a file. A part of the field for files is one even without a
    /// name.
    pub(super) fn is_file(&self) -> bool {
        self.file_name.is_some() || self.name == FILES_FIELD
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReaderState {
    /// Before the first delimiter.
    Preamble,
    /// In the content of a part.
    Content,
    /// After a delimiter.
    Delimiter,
    /// After the last delimiter, or after an error.
    End,
}

/// A body that is being read. Every method is cancel safe.
pub(super) struct MultipartReader {
    body: BodyDataStream,
    /// Maximum number of bytes to read.
    limit: u64,
    read: u64,
    delimiter: Finder<'static>,
    /// Received bytes that were not returned yet: the last chunk of the body and, before it, at
    /// most [`MAX_HEAD_BYTES`].
    buffer: BytesMut,
    /// Length of the prefix of the buffer in which the end of the headers certainly does not begin.
    searched: usize,
    skipped: usize,
    state: ReaderState,
}

impl MultipartReader {
    /// Creates a reader of a body with this `Content-Type` header. It reads at most `limit` bytes.
    ///
    /// # Errors
    /// [`MultipartError::Malformed`] if the type is not `multipart/form-data`, or the boundary is
    /// invalid.
    pub(super) fn new(content_type: &[u8], body: Body, limit: u64) -> Result<Self, MultipartError> {
        let content_type = HeaderParameters::parse(content_type);
        let boundary = content_type.get("boundary").ok_or(MultipartError::Malformed)?;
        let is_boundary = (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len());
        if content_type.value != "multipart/form-data" || !is_boundary {
            return Err(MultipartError::Malformed);
        }
        Ok(Self {
            body: body.into_data_stream(),
            limit,
            read: 0,
            delimiter: Finder::new(&format!("\r\n--{boundary}")).into_owned(),
            // The first delimiter may be the beginning of the body.
            buffer: BytesMut::from(&b"\r\n"[..]),
            searched: 0,
            skipped: 0,
            state: ReaderState::Preamble,
        })
    }

    /// Returns the head of the next part, or `None` after the last one. Skips the rest of the
    /// previous part.
    ///
    /// # Errors
    /// If the body is malformed, too large or too slow.
    pub(super) async fn next_part(&mut self) -> Result<Option<PartHead>, MultipartError> {
        loop {
            match self.state {
                ReaderState::End => return Ok(None),
                ReaderState::Delimiter => return self.read_part_head().await,
                ReaderState::Content => while self.next_chunk().await?.is_some() {},
                ReaderState::Preamble => {
                    if let Some(skipped) = self.read_content().await? {
                        self.skipped += skipped.len();
                        if self.skipped > MAX_HEAD_BYTES {
                            return Err(self.fail_malformed());
                        }
                    }
                }
            }
        }
    }

    /// Returns the next bytes of the part, never an empty chunk, or `None` at its end.
    ///
    /// # Errors
    /// If the body is malformed, too large or too slow.
    pub(super) async fn next_chunk(&mut self) -> Result<Option<Bytes>, MultipartError> {
        if self.state == ReaderState::Content { self.read_content().await } else { Ok(None) }
    }

    /// Reads and discards the rest of the body, at most about `limit` bytes.
    pub(super) async fn drain(mut self, limit: u64) {
        let mut drained = 0;
        while drained < limit {
            match self.body.next().await {
                Some(Ok(bytes)) => drained += bytes.len() as u64,
                _ => return,
            }
        }
    }

    /// Returns the next bytes before a delimiter. At the delimiter, skips it and returns `None`.
    async fn read_content(&mut self) -> Result<Option<Bytes>, MultipartError> {
        let delimiter = self.delimiter.needle().len();
        loop {
            if let Some(found) = self.delimiter.find(&self.buffer) {
                if found > 0 {
                    return Ok(Some(self.buffer.split_to(found).freeze()));
                }
                self.buffer.advance(delimiter);
                self.searched = 0;
                self.state = ReaderState::Delimiter;
                return Ok(None);
            }
            // The end of the buffer may be the beginning of a delimiter.
            let certain = (self.buffer.len() + 1).saturating_sub(delimiter);
            if certain > 0 {
                return Ok(Some(self.buffer.split_to(certain).freeze()));
            }
            self.fill().await?;
        }
    }

    /// Returns the headers after a delimiter, or `None` after the last part.
    async fn read_part_head(&mut self) -> Result<Option<PartHead>, MultipartError> {
        const HEAD_END: &[u8] = b"\r\n\r\n";
        while self.buffer.len() < 2 {
            self.fill().await?;
        }
        if self.buffer.starts_with(b"--") {
            self.state = ReaderState::End;
            return Ok(None);
        }
        loop {
            if let Some(found) = memchr::memmem::find(&self.buffer[self.searched..], HEAD_END) {
                let block = self.buffer.split_to(self.searched + found + HEAD_END.len());
                (self.searched, self.state) = (0, ReaderState::Content);
                return match parse_part_head(&block) {
                    Some(head) => Ok(Some(head)),
                    None => Err(self.fail_malformed()),
                };
            }
            self.searched = self.buffer.len().saturating_sub(HEAD_END.len() - 1);
            if self.buffer.len() > MAX_HEAD_BYTES {
                return Err(self.fail_malformed());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), MultipartError> {
        let bytes = match self.body.next().await {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) if retryable_body_error(&error).is_some() => {
                self.state = ReaderState::End;
                return Err(MultipartError::TimedOut);
            }
            _ => return Err(self.fail_malformed()),
        };
        self.read += bytes.len() as u64;
        if self.read > self.limit {
            self.state = ReaderState::End;
            return Err(MultipartError::TooLarge);
        }
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    fn fail_malformed(&mut self) -> MultipartError {
        self.state = ReaderState::End;
        self.buffer = BytesMut::new();
        MultipartError::Malformed
    }
}

/// Parses the bytes between a delimiter and the content: padding, headers, and an empty line.
fn parse_part_head(block: &[u8]) -> Option<PartHead> {
    let line = memchr::memmem::find(block, b"\r\n")?;
    let (padding, headers) = block.split_at(line);
    if block.len() > MAX_HEAD_BYTES || !padding.trim_ascii().is_empty() {
        return None;
    }
    // A line that begins with a space continues the line before it.
    let mut unfolded = headers.get(2..)?.to_vec();
    for at in 0..unfolded.len().saturating_sub(2) {
        if matches!(unfolded[at..at + 3], [b'\r', b'\n', b' ' | b'\t']) {
            unfolded[at..at + 2].fill(b' ');
        }
    }
    let mut parsed = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let Ok(Status::Complete((_, headers))) = httparse::parse_headers(&unfolded, &mut parsed) else {
        return None;
    };
    let find = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let disposition =
        find("content-disposition").map(|header| HeaderParameters::parse(header.value));
    let media_type = find("content-type").map(|header| HeaderParameters::parse(header.value).value);
    Some(PartHead {
        name: disposition
            .as_ref()
            .and_then(|parameters| parameters.get("name"))
            .unwrap_or_default(),
        file_name: disposition.and_then(|parameters| parameters.file_name()),
        media_type: media_type.unwrap_or_default(),
    })
}
