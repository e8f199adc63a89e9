//! A streaming rewriter with bounded look-ahead: bytes are copied, skipped or overwritten in order.

use std::io::{self, Read, Write};

/// Number of bytes that one read requests.
const READ_CHUNK: usize = 32 * 1024;
/// Maximum look-ahead in bytes.
pub(crate) const MAX_LOOKAHEAD: usize = 1024 * 1024;

/// Why parsing a format stopped.
#[derive(Debug)]
pub(crate) enum ParseError {
    /// The file violates its format or is truncated. The caller copies the rest unchanged.
    Malformed,
    /// The reader or the writer failed.
    Io(io::Error),
}

impl From<io::Error> for ParseError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The result of parsing a part of a format.
pub(crate) type ParseResult<T> = Result<T, ParseError>;

pub(crate) struct StreamRewriter<'a> {
    pub(crate) source: BufferedSource<'a>,
    pub(crate) sink: CountingSink<'a>,
}

/// The buffered input.
pub(crate) struct BufferedSource<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    is_at_end: bool,
    /// Whether the reader failed. Then an error is not caused by the content of the file.
    has_failed: bool,
    /// Number of bytes consumed so far.
    position: u64,
}

/// The output.
pub(crate) struct CountingSink<'a> {
    output: &'a mut dyn Write,
    /// Number of bytes written so far.
    written: u64,
}

impl CountingSink<'_> {
    /// Returns the number of bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}

impl BufferedSource<'_> {
    /// Returns whether the reader failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Returns the buffered bytes: at least `min` of them, unless the file ends earlier.
    pub(crate) fn fill_to(&mut self, min: usize) -> io::Result<&mut [u8]> {
        let min = min.min(MAX_LOOKAHEAD);
        if self.buffer.len() - self.start < min && !self.is_at_end {
            self.buffer.drain(..self.start);
            self.start = 0;
            while self.buffer.len() < min {
                let len = self.buffer.len();
                self.buffer.resize(len + READ_CHUNK, 0);
                let n = read_retrying(self.input, &mut self.buffer[len..])
                    .inspect_err(|_| self.has_failed = true)?;
                self.buffer.truncate(len + n);
                if n == 0 {
                    self.is_at_end = true;
                    break;
                }
            }
        }
        Ok(&mut self.buffer[self.start..])
    }

    /// Discards `n` buffered bytes, which the caller has processed.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n;
        self.position += n as u64;
    }
}

impl Write for CountingSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.output.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> StreamRewriter<'a> {
    pub(crate) fn new(input: &'a mut dyn Read, output: &'a mut dyn Write) -> Self {
        let source = BufferedSource {
            input,
            buffer: Vec::new(),
            start: 0,
            is_at_end: false,
            has_failed: false,
            position: 0,
        };
        Self { source, sink: CountingSink { output, written: 0 } }
    }

    /// Returns the current position in the input, in bytes.
    pub(crate) fn position(&self) -> u64 {
        self.source.position
    }

    /// Returns the number of bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.sink.written
    }

    /// Returns the buffered bytes: at least `min` of them, unless the file ends earlier.
    pub(crate) fn fill_to(&mut self, min: usize) -> io::Result<&mut [u8]> {
        self.source.fill_to(min)
    }

    /// Returns the next bytes, at most `max`.
    pub(crate) fn peek(&mut self, max: u64) -> io::Result<&[u8]> {
        let max = clamp(max);
        let ahead = self.fill_to(max)?;
        let max = max.min(ahead.len());
        Ok(&ahead[..max])
    }

    /// Returns the next `N` bytes. Fails if the file ends before.
    pub(crate) fn peek_array<const N: usize>(&mut self) -> ParseResult<[u8; N]> {
        self.fill_to(N)?.first_chunk().copied().ok_or(ParseError::Malformed)
    }

    /// Copies `n` bytes unchanged.
    pub(crate) fn copy(&mut self, n: u64) -> ParseResult<()> {
        self.transform(n, |to, bytes| to.write_all(bytes))
    }

    /// Skips `n` bytes.
    pub(crate) fn skip(&mut self, n: u64) -> ParseResult<()> {
        self.transform(n, |_, _| Ok(()))
    }

    /// Writes zeros in place of `n` bytes.
    pub(crate) fn zero(&mut self, n: u64) -> ParseResult<()> {
        self.transform(n, |to, bytes| {
            bytes.fill(0);
            to.write_all(bytes)
        })
    }

    /// Writes bytes that are not part of the input.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)
    }

    /// Copies everything up to the end.
    pub(crate) fn copy_rest(&mut self) -> io::Result<()> {
        while let n @ 1.. = self.fill_to(1)?.len() {
            match self.copy(n as u64) {
                Err(ParseError::Io(error)) => return Err(error),
                Err(ParseError::Malformed) | Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Skips everything up to the end. Returns whether there was anything.
    pub(crate) fn skip_rest(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let n @ 1.. = self.fill_to(1)?.len() {
            any = true;
            self.source.consume(n);
        }
        Ok(any)
    }

    pub(crate) fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.fill_to(1)?.is_empty())
    }

    fn transform(
        &mut self,
        mut n: u64,
        action: impl Fn(&mut CountingSink<'_>, &mut [u8]) -> io::Result<()>,
    ) -> ParseResult<()> {
        while n > 0 {
            let ahead = self.source.fill_to(1)?;
            let available = ahead.len().min(clamp(n));
            if available == 0 {
                return Err(ParseError::Malformed);
            }
            action(&mut self.sink, &mut ahead[..available])?;
            self.source.consume(available);
            n -= available as u64;
        }
        Ok(())
    }
}

impl Read for BufferedSource<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_to(1)?;
        let n = ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&ahead[..n]);
        self.consume(n);
        Ok(n)
    }
}

fn read_retrying(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn clamp(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// Reads a big-endian number. Returns `None` beyond the end of `bytes`.
pub(crate) fn read_be(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

/// Reads a little-endian number. Returns `None` beyond the end of `bytes`.
pub(crate) fn read_le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}
