//! A file on its way: looked at a little ahead, and passed on, skipped or overwritten from the
//! front.

use std::io::{self, Read, Write};

/// So much is read at once.
const READ_CHUNK: usize = 32 * 1024;
/// Nothing looks further ahead.
pub(crate) const MAX_LOOKAHEAD: usize = 1024 * 1024;

/// Why a format's reader gives up.
#[derive(Debug)]
pub(crate) enum ParseError {
    /// The file is not what it says it is, or was cut off. What is left of it goes on as it came.
    Malformed,
    /// Neither end can be spoken to any more.
    Io(io::Error),
}

impl From<io::Error> for ParseError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Result of a format's reader.
pub(crate) type ParseResult<T> = Result<T, ParseError>;

pub(crate) struct StreamRewriter<'a> {
    pub(crate) source: BufferedSource<'a>,
    pub(crate) sink: CountingSink<'a>,
}

/// Where a file comes from.
pub(crate) struct BufferedSource<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    is_at_end: bool,
    /// Has the reader failed? Then an error is its own, and not one of what is in the file.
    has_failed: bool,
    /// Bytes that have left.
    position: u64,
}

/// Where it goes.
pub(crate) struct CountingSink<'a> {
    output: &'a mut dyn Write,
    /// Bytes that were written.
    written: u64,
}

impl CountingSink<'_> {
    /// How many bytes went out.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}

impl BufferedSource<'_> {
    /// Has the reader failed?
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// What lies ahead: at least `least` bytes, unless the end comes before.
    pub(crate) fn fill_to(&mut self, least: usize) -> io::Result<&mut [u8]> {
        let least = least.min(MAX_LOOKAHEAD);
        if self.buffer.len() - self.start < least && !self.is_at_end {
            self.buffer.drain(..self.start);
            self.start = 0;
            while self.buffer.len() < least {
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

    /// What `n` bytes of what was looked at have become of: nothing more to do with them.
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
        let from = BufferedSource {
            input,
            buffer: Vec::new(),
            start: 0,
            is_at_end: false,
            has_failed: false,
            position: 0,
        };
        Self { source: from, sink: CountingSink { output, written: 0 } }
    }

    /// Where in the input the front is.
    pub(crate) fn position(&self) -> u64 {
        self.source.position
    }

    /// How many bytes went out.
    pub(crate) fn written(&self) -> u64 {
        self.sink.written
    }

    /// What lies ahead: at least `least` bytes, unless the end comes before.
    pub(crate) fn fill_to(&mut self, least: usize) -> io::Result<&mut [u8]> {
        self.source.fill_to(least)
    }

    /// At most so many bytes of what lies ahead.
    pub(crate) fn peek(&mut self, most: u64) -> io::Result<&[u8]> {
        let most = clamp(most);
        let ahead = self.fill_to(most)?;
        let most = most.min(ahead.len());
        Ok(&ahead[..most])
    }

    /// The next bytes, which must be there.
    pub(crate) fn peek_array<const N: usize>(&mut self) -> ParseResult<[u8; N]> {
        self.fill_to(N)?.first_chunk().copied().ok_or(ParseError::Malformed)
    }

    /// Gives bytes on as they came.
    pub(crate) fn copy(&mut self, n: u64) -> ParseResult<()> {
        self.transform(n, |to, bytes| to.write_all(bytes))
    }

    /// Leaves bytes out.
    pub(crate) fn skip(&mut self, n: u64) -> ParseResult<()> {
        self.transform(n, |_, _| Ok(()))
    }

    /// Gives zeros in place of bytes.
    pub(crate) fn zero(&mut self, n: u64) -> ParseResult<()> {
        self.transform(n, |to, bytes| {
            bytes.fill(0);
            to.write_all(bytes)
        })
    }

    /// Writes something of our own.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)
    }

    /// Gives on everything that is left.
    pub(crate) fn copy_rest(&mut self) -> io::Result<()> {
        while let n @ 1.. = self.fill_to(1)?.len() {
            match self.copy(n as u64) {
                Err(ParseError::Io(error)) => return Err(error),
                Err(ParseError::Malformed) | Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Leaves out everything that is left; was there anything?
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
        act: impl Fn(&mut CountingSink<'_>, &mut [u8]) -> io::Result<()>,
    ) -> ParseResult<()> {
        while n > 0 {
            let ahead = self.source.fill_to(1)?;
            let there = ahead.len().min(clamp(n));
            if there == 0 {
                return Err(ParseError::Malformed);
            }
            act(&mut self.sink, &mut ahead[..there])?;
            self.source.consume(there);
            n -= there as u64;
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
            done => return done,
        }
    }
}

fn clamp(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// A number of the file, biggest byte first; `None` beyond the end.
pub(crate) fn read_be(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

/// The same with the smallest byte first.
pub(crate) fn read_le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}
