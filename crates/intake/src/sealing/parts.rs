//! The parts of a `multipart/form-data` body (RFC 2046, RFC 7578) as they come, in bounded memory and linear time.

use axum::body::{Body, BodyDataStream, Bytes};
use bytes::{Buf as _, BytesMut};
use futures_util::StreamExt as _;
use httparse::Status;
use memchr::memmem::Finder;

use super::parameters::Parameters;
use crate::pace::given_up;

/// Most bytes of the headers of one part, and of the preamble.
const HEAD_BYTES: usize = 16 * 1024;
/// Most headers of one part.
const HEADERS: usize = 32;
/// Longest boundary, in bytes (RFC 2046).
const BOUNDARY_BYTES: usize = 70;

/// Why a body is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum PartsError {
    /// The body is not `multipart/form-data`, or it did not come whole.
    #[error("no form, or not all of it")]
    Malformed,
    /// The sender was too slow for a crowded service.
    #[error("the sender was given up")]
    GivenUp,
    /// The body is longer than its limit.
    #[error("the form is too large")]
    TooLarge,
}

/// What the headers of a part say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PartHead {
    /// Of the form's field.
    pub(super) name: String,
    /// `None` for a text field.
    pub(super) file_name: Option<String>,
    /// Type and subtype; empty if there is none.
    pub(super) media_type: String,
}

/// The name of the field that takes files.
const FILES: &str = "files";

impl PartHead {
    /// Is the part a file? One of the field for files is, even if nothing names it.
    pub(super) fn is_file(&self) -> bool {
        self.file_name.is_some() || self.name == FILES
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// In the content of a part.
    Content,
    /// Behind a delimiter.
    Delimiter,
    /// Behind the last delimiter, or after an error.
    End,
}

/// A body that is being read. Every method may be cancelled and called again.
pub(super) struct Parts {
    body: BodyDataStream,
    /// Bytes that may be read.
    limit: u64,
    read: u64,
    delimiter: Finder<'static>,
    /// What came and was not handed out: the last piece of the body and, before it, at most [`HEAD_BYTES`].
    buffer: BytesMut,
    /// How much of the buffer certainly holds no beginning of what is being searched for.
    searched: usize,
    skipped: usize,
    state: State,
}

impl Parts {
    /// The parts of a body whose `Content-Type` header this is. Not more than `limit` bytes are read of them.
    ///
    /// # Errors
    /// [`PartsError::Malformed`] if the header names no form and no boundary.
    pub(super) fn new(content_type: &[u8], body: Body, limit: u64) -> Result<Self, PartsError> {
        let content_type = Parameters::parse(content_type);
        let boundary = content_type.get("boundary").ok_or(PartsError::Malformed)?;
        let is_boundary = (1..=BOUNDARY_BYTES).contains(&boundary.len());
        if content_type.value != "multipart/form-data" || !is_boundary {
            return Err(PartsError::Malformed);
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
            state: State::Preamble,
        })
    }

    /// The head of the next part; `None` behind the last one. What is left of the part before is skipped.
    pub(super) async fn next(&mut self) -> Result<Option<PartHead>, PartsError> {
        loop {
            match self.state {
                State::End => return Ok(None),
                State::Delimiter => return self.head().await,
                State::Content => while self.chunk().await?.is_some() {},
                State::Preamble => {
                    if let Some(skipped) = self.content().await? {
                        self.skipped += skipped.len();
                        if self.skipped > HEAD_BYTES {
                            return Err(self.malformed());
                        }
                    }
                }
            }
        }
    }

    /// The next bytes of the part, never none; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, PartsError> {
        if self.state == State::Content { self.content().await } else { Ok(None) }
    }

    /// Reads and forgets what is left of the body, at most about `most` bytes of it.
    pub(super) async fn drain(mut self, most: u64) {
        let mut drained = 0;
        while drained < most {
            match self.body.next().await {
                Some(Ok(bytes)) => drained += bytes.len() as u64,
                _ => return,
            }
        }
    }

    /// The next bytes before a delimiter. Goes behind the delimiter where it begins.
    async fn content(&mut self) -> Result<Option<Bytes>, PartsError> {
        let delimiter = self.delimiter.needle().len();
        loop {
            if let Some(found) = self.delimiter.find(&self.buffer) {
                if found > 0 {
                    return Ok(Some(self.buffer.split_to(found).freeze()));
                }
                self.buffer.advance(delimiter);
                self.searched = 0;
                self.state = State::Delimiter;
                return Ok(None);
            }
            // The end may be the beginning of a delimiter.
            let certain = (self.buffer.len() + 1).saturating_sub(delimiter);
            if certain > 0 {
                return Ok(Some(self.buffer.split_to(certain).freeze()));
            }
            self.fill().await?;
        }
    }

    /// The headers behind a delimiter, or the end of all parts.
    async fn head(&mut self) -> Result<Option<PartHead>, PartsError> {
        const END: &[u8] = b"\r\n\r\n";
        while self.buffer.len() < 2 {
            self.fill().await?;
        }
        if self.buffer.starts_with(b"--") {
            self.state = State::End;
            return Ok(None);
        }
        loop {
            if let Some(found) = memchr::memmem::find(&self.buffer[self.searched..], END) {
                let block = self.buffer.split_to(self.searched + found + END.len());
                (self.searched, self.state) = (0, State::Content);
                return match read_head(&block) {
                    Some(head) => Ok(Some(head)),
                    None => Err(self.malformed()),
                };
            }
            self.searched = self.buffer.len().saturating_sub(END.len() - 1);
            if self.buffer.len() > HEAD_BYTES {
                return Err(self.malformed());
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), PartsError> {
        let bytes = match self.body.next().await {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) if given_up(&error).is_some() => {
                self.state = State::End;
                return Err(PartsError::GivenUp);
            }
            _ => return Err(self.malformed()),
        };
        self.read += bytes.len() as u64;
        if self.read > self.limit {
            self.state = State::End;
            return Err(PartsError::TooLarge);
        }
        self.buffer.extend_from_slice(&bytes);
        Ok(())
    }

    fn malformed(&mut self) -> PartsError {
        self.state = State::End;
        self.buffer = BytesMut::new();
        PartsError::Malformed
    }
}

/// Reads the bytes between a delimiter and the content: padding, then headers, then an empty line.
fn read_head(block: &[u8]) -> Option<PartHead> {
    let line = memchr::memmem::find(block, b"\r\n")?;
    let (padding, headers) = block.split_at(line);
    if block.len() > HEAD_BYTES || !padding.trim_ascii().is_empty() {
        return None;
    }
    // A line that begins with a space goes on with the one before it.
    let mut unfolded = headers.get(2..)?.to_vec();
    for at in 0..unfolded.len().saturating_sub(2) {
        if matches!(unfolded[at..at + 3], [b'\r', b'\n', b' ' | b'\t']) {
            unfolded[at..at + 2].fill(b' ');
        }
    }
    let mut parsed = [httparse::EMPTY_HEADER; HEADERS];
    let Ok(Status::Complete((_, headers))) = httparse::parse_headers(&unfolded, &mut parsed) else {
        return None;
    };
    let of = |name: &str| headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let disposition = of("content-disposition").map(|header| Parameters::parse(header.value));
    let media_type = of("content-type").map(|header| Parameters::parse(header.value).value);
    Some(PartHead {
        name: disposition.as_ref().and_then(|parameters| parameters.get("name")).unwrap_or_default(),
        file_name: disposition.and_then(|parameters| parameters.file_name()),
        media_type: media_type.unwrap_or_default(),
    })
}
