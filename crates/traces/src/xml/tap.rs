//! A reader that remembers what was taken from it, so that it can go on byte for byte. UTF-16 becomes UTF-8 on the way.

use std::io::{self, BufRead, Read, Write};

/// So much is read at once.
const READ: usize = 16 * 1024;
/// A tag or text that is longer ends the reading of XML.
const LONGEST: usize = 256 * 1024;

/// How the letters are written.
#[derive(Clone, Copy)]
enum Letters {
    /// Nothing was read.
    Unknown,
    /// Bytes that are ASCII where it matters.
    Bytes,
    /// UTF-16 with this reader of two bytes.
    Wide(fn([u8; 2]) -> u16),
}

pub(super) struct Tap<'r> {
    input: &'r mut dyn Read,
    letters: Letters,
    /// Bytes of a letter that is not whole.
    odd: Vec<u8>,
    held: Vec<u8>,
    start: usize,
    taken: Vec<u8>,
}

impl<'r> Tap<'r> {
    pub(super) fn new(input: &'r mut dyn Read) -> Self {
        Self {
            input,
            letters: Letters::Unknown,
            odd: Vec::new(),
            held: Vec::new(),
            start: 0,
            taken: Vec::new(),
        }
    }

    /// What was taken since this was asked last.
    pub(super) fn taken(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.taken)
    }

    /// Whether it comes in UTF-16.
    pub(super) fn is_wide(&self) -> bool {
        matches!(self.letters, Letters::Wide(_))
    }

    /// Gives on what was not taken.
    pub(super) fn pass_rest(mut self, out: &mut impl Write) -> io::Result<()> {
        while !self.fill()?.is_empty() {
            out.write_all(&self.held[self.start..])?;
            self.start = self.held.len();
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.start == self.held.len() {
            self.held.clear();
            self.start = 0;
            let mut piece = vec![0; READ];
            let n = self.input.read(&mut piece)?;
            if n == 0 {
                break;
            }
            piece.truncate(n);
            self.take_in(piece)?;
        }
        Ok(&self.held[self.start..])
    }

    fn take_in(&mut self, mut piece: Vec<u8>) -> io::Result<()> {
        if matches!(self.letters, Letters::Unknown) {
            // Two bytes are needed to see the letters.
            while piece.len() < 2 {
                let mut one = [0];
                if self.input.read(&mut one)? == 0 {
                    break;
                }
                piece.push(one[0]);
            }
            self.letters = match piece[..] {
                [0xFF, 0xFE, ..] | [b'<', 0, ..] => Letters::Wide(u16::from_le_bytes),
                [0xFE, 0xFF, ..] | [0, b'<', ..] => Letters::Wide(u16::from_be_bytes),
                _ => Letters::Bytes,
            };
        }
        let Letters::Wide(unit) = self.letters else {
            self.held = piece;
            return Ok(());
        };
        self.odd.append(&mut piece);
        let (pairs, rest) = self.odd.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let mut kept = rest.to_vec();
        // The first half of a pair waits for the second.
        if units.last().is_some_and(|last| (0xD800..0xDC00).contains(last)) {
            units.pop();
            kept.splice(0..0, pairs.last().copied().unwrap_or_default());
        }
        let text: String = char::decode_utf16(units)
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .filter(|letter| *letter != '\u{FEFF}')
            .collect();
        self.odd = kept;
        self.held = text.into_bytes();
        Ok(())
    }
}

impl Read for Tap<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_buf()?;
        let n = ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&ahead[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Tap<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken.len() > LONGEST {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.fill()
    }

    fn consume(&mut self, n: usize) {
        self.taken.extend_from_slice(&self.held[self.start..self.start + n]);
        self.start += n;
    }
}
