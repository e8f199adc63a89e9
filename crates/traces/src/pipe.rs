//! A file on its way: looked at a little ahead, and passed on, skipped or overwritten from the front.

use std::io::{self, Read, Write};

/// So much is read at once.
const READ: usize = 32 * 1024;
/// Nothing looks further ahead.
pub(crate) const FURTHEST: usize = 1024 * 1024;

/// Why a format's reader gives up.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file is not what it says it is, or was cut off. What is left of it goes on as it came.
    Broken,
    /// Neither end can be spoken to any more.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Result of a format's reader.
pub(crate) type Step<T> = Result<T, Stop>;

pub(crate) struct Pipe<'a> {
    pub(crate) from: Source<'a>,
    pub(crate) to: Sink<'a>,
}

/// Where a file comes from.
pub(crate) struct Source<'a> {
    input: &'a mut dyn Read,
    held: Vec<u8>,
    start: usize,
    ended: bool,
    /// Has the reader failed? Then an error is its own, and not one of what is in the file.
    failed: bool,
    /// Bytes that have left.
    at: u64,
}

/// Where it goes.
pub(crate) struct Sink<'a> {
    output: &'a mut dyn Write,
    /// Bytes that were written.
    written: u64,
}

impl Sink<'_> {
    /// How many bytes went out.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }
}

impl Source<'_> {
    /// Has the reader failed?
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// What lies ahead: at least `least` bytes, unless the end comes before.
    pub(crate) fn look(&mut self, least: usize) -> io::Result<&mut [u8]> {
        let least = least.min(FURTHEST);
        if self.held.len() - self.start < least && !self.ended {
            self.held.drain(..self.start);
            self.start = 0;
            while self.held.len() < least {
                let len = self.held.len();
                self.held.resize(len + READ, 0);
                let n = read(self.input, &mut self.held[len..]).inspect_err(|_| self.failed = true)?;
                self.held.truncate(len + n);
                if n == 0 {
                    self.ended = true;
                    break;
                }
            }
        }
        Ok(&mut self.held[self.start..])
    }

    /// What `n` bytes of what was looked at have become of: nothing more to do with them.
    pub(crate) fn go(&mut self, n: usize) {
        self.start += n;
        self.at += n as u64;
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.output.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Pipe<'a> {
    pub(crate) fn new(input: &'a mut dyn Read, output: &'a mut dyn Write) -> Self {
        let from = Source { input, held: Vec::new(), start: 0, ended: false, failed: false, at: 0 };
        Self { from, to: Sink { output, written: 0 } }
    }

    /// Where in the input the front is.
    pub(crate) fn at(&self) -> u64 {
        self.from.at
    }

    /// How many bytes went out.
    pub(crate) fn written(&self) -> u64 {
        self.to.written
    }

    /// What lies ahead: at least `least` bytes, unless the end comes before.
    pub(crate) fn look(&mut self, least: usize) -> io::Result<&mut [u8]> {
        self.from.look(least)
    }

    /// At most so many bytes of what lies ahead.
    pub(crate) fn peek(&mut self, most: u64) -> io::Result<&[u8]> {
        let most = clamp(most);
        let ahead = self.look(most)?;
        let most = most.min(ahead.len());
        Ok(&ahead[..most])
    }

    /// The next bytes, which must be there.
    pub(crate) fn need<const N: usize>(&mut self) -> Step<[u8; N]> {
        self.look(N)?.first_chunk().copied().ok_or(Stop::Broken)
    }

    /// Gives bytes on as they came.
    pub(crate) fn pass(&mut self, n: u64) -> Step<()> {
        self.each(n, |to, bytes| to.write_all(bytes))
    }

    /// Leaves bytes out.
    pub(crate) fn skip(&mut self, n: u64) -> Step<()> {
        self.each(n, |_, _| Ok(()))
    }

    /// Gives zeros in place of bytes.
    pub(crate) fn blank(&mut self, n: u64) -> Step<()> {
        self.each(n, |to, bytes| {
            bytes.fill(0);
            to.write_all(bytes)
        })
    }

    /// Writes something of our own.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)
    }

    /// Gives on everything that is left.
    pub(crate) fn pass_rest(&mut self) -> io::Result<()> {
        while let n @ 1.. = self.look(1)?.len() {
            match self.pass(n as u64) {
                Err(Stop::Io(error)) => return Err(error),
                Err(Stop::Broken) | Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Leaves out everything that is left; was there anything?
    pub(crate) fn skip_rest(&mut self) -> io::Result<bool> {
        let mut any = false;
        while let n @ 1.. = self.look(1)?.len() {
            any = true;
            self.from.go(n);
        }
        Ok(any)
    }

    pub(crate) fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(self.look(1)?.is_empty())
    }

    fn each(&mut self, mut n: u64, act: impl Fn(&mut Sink<'_>, &mut [u8]) -> io::Result<()>) -> Step<()> {
        while n > 0 {
            let ahead = self.from.look(1)?;
            let there = ahead.len().min(clamp(n));
            if there == 0 {
                return Err(Stop::Broken);
            }
            act(&mut self.to, &mut ahead[..there])?;
            self.from.go(there);
            n -= there as u64;
        }
        Ok(())
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.look(1)?;
        let n = ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&ahead[..n]);
        self.go(n);
        Ok(n)
    }
}

fn read(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
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
pub(crate) fn be(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}

/// The same with the smallest byte first.
pub(crate) fn le(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
}
