//! A reader that remembers what was taken from it, so that it can go on byte for byte. UTF-16
//! becomes UTF-8 on the way.

use std::io::{self, BufRead, Read, Write};

/// So much is read at once.
const READ_CHUNK: usize = 16 * 1024;
/// A tag or text that is longer ends the reading of XML.
const MAX_TOKEN_LEN: usize = 256 * 1024;

/// How the letters are written.
#[derive(Clone, Copy)]
enum TextEncoding {
    /// Nothing was read.
    Unknown,
    /// Bytes that are ASCII where it matters.
    AsciiCompatible,
    /// UTF-16 with this reader of two bytes.
    Utf16(fn([u8; 2]) -> u16),
}

pub(super) struct RecordingReader<'r> {
    input: &'r mut dyn Read,
    encoding: TextEncoding,
    /// Bytes of a letter that is not whole.
    incomplete: Vec<u8>,
    buffer: Vec<u8>,
    start: usize,
    recorded: Vec<u8>,
}

impl<'r> RecordingReader<'r> {
    pub(super) fn new(input: &'r mut dyn Read) -> Self {
        Self {
            input,
            encoding: TextEncoding::Unknown,
            incomplete: Vec::new(),
            buffer: Vec::new(),
            start: 0,
            recorded: Vec::new(),
        }
    }

    /// What was taken since this was asked last.
    pub(super) fn take_recorded(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.recorded)
    }

    /// Whether it comes in UTF-16.
    pub(super) fn is_utf16(&self) -> bool {
        matches!(self.encoding, TextEncoding::Utf16(_))
    }

    /// Gives on what was not taken.
    pub(super) fn copy_rest(mut self, out: &mut impl Write) -> io::Result<()> {
        while !self.fill()?.is_empty() {
            out.write_all(&self.buffer[self.start..])?;
            self.start = self.buffer.len();
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
            let mut piece = vec![0; READ_CHUNK];
            let n = self.input.read(&mut piece)?;
            if n == 0 {
                break;
            }
            piece.truncate(n);
            self.decode(piece)?;
        }
        Ok(&self.buffer[self.start..])
    }

    fn decode(&mut self, mut piece: Vec<u8>) -> io::Result<()> {
        if matches!(self.encoding, TextEncoding::Unknown) {
            // Two bytes are needed to see the letters.
            while piece.len() < 2 {
                let mut one = [0];
                if self.input.read(&mut one)? == 0 {
                    break;
                }
                piece.push(one[0]);
            }
            self.encoding = match piece[..] {
                [0xFF, 0xFE, ..] | [b'<', 0, ..] => TextEncoding::Utf16(u16::from_le_bytes),
                [0xFE, 0xFF, ..] | [0, b'<', ..] => TextEncoding::Utf16(u16::from_be_bytes),
                _ => TextEncoding::AsciiCompatible,
            };
        }
        let TextEncoding::Utf16(unit) = self.encoding else {
            self.buffer = piece;
            return Ok(());
        };
        self.incomplete.append(&mut piece);
        let (pairs, rest) = self.incomplete.as_chunks::<2>();
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
        self.incomplete = kept;
        self.buffer = text.into_bytes();
        Ok(())
    }
}

impl Read for RecordingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_buf()?;
        let n = ahead.len().min(buffer.len());
        buffer[..n].copy_from_slice(&ahead[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for RecordingReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.recorded.len() > MAX_TOKEN_LEN {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.fill()
    }

    fn consume(&mut self, n: usize) {
        self.recorded.extend_from_slice(&self.buffer[self.start..self.start + n]);
        self.start += n;
    }
}
