//! A reader that records the bytes that the parser consumes, so that they can be copied byte for
//! byte. It converts UTF-16 to UTF-8.

use std::io::{self, BufRead, Read, Write};

/// Number of bytes that one read requests.
const READ_CHUNK: usize = 16 * 1024;
/// Maximum length of a tag or text in bytes. A longer one ends the parsing.
const MAX_TOKEN_LEN: usize = 256 * 1024;

/// The encoding of the text.
#[derive(Clone, Copy)]
enum TextEncoding {
    /// Nothing has been read yet.
    Unknown,
    /// An encoding that agrees with ASCII where the parser needs it.
    AsciiCompatible,
    /// UTF-16, with the function that reads one code unit.
    Utf16(fn([u8; 2]) -> u16),
}

pub(super) struct RecordingReader<'r> {
    input: &'r mut dyn Read,
    encoding: TextEncoding,
    /// Bytes of an incomplete character.
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

    /// Returns the bytes consumed since the last call.
    pub(super) fn take_recorded(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.recorded)
    }

    /// Returns whether the input is UTF-16.
    pub(super) fn is_utf16(&self) -> bool {
        matches!(self.encoding, TextEncoding::Utf16(_))
    }

    /// Copies the bytes that the parser has not consumed.
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
            let mut chunk = vec![0; READ_CHUNK];
            let n = self.input.read(&mut chunk)?;
            if n == 0 {
                break;
            }
            chunk.truncate(n);
            self.decode(chunk)?;
        }
        Ok(&self.buffer[self.start..])
    }

    fn decode(&mut self, mut chunk: Vec<u8>) -> io::Result<()> {
        if matches!(self.encoding, TextEncoding::Unknown) {
            // Two bytes are needed to detect the encoding.
            while chunk.len() < 2 {
                let mut one = [0];
                if self.input.read(&mut one)? == 0 {
                    break;
                }
                chunk.push(one[0]);
            }
            self.encoding = match chunk[..] {
                [0xFF, 0xFE, ..] | [b'<', 0, ..] => TextEncoding::Utf16(u16::from_le_bytes),
                [0xFE, 0xFF, ..] | [0, b'<', ..] => TextEncoding::Utf16(u16::from_be_bytes),
                _ => TextEncoding::AsciiCompatible,
            };
        }
        let TextEncoding::Utf16(unit) = self.encoding else {
            self.buffer = chunk;
            return Ok(());
        };
        self.incomplete.append(&mut chunk);
        let (pairs, rest) = self.incomplete.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        let mut incomplete = rest.to_vec();
        // The first half of a surrogate pair waits for the second.
        if units.last().is_some_and(|last| (0xD800..0xDC00).contains(last)) {
            units.pop();
            incomplete.splice(0..0, pairs.last().copied().unwrap_or_default());
        }
        let text: String = char::decode_utf16(units)
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .filter(|character| *character != '\u{FEFF}')
            .collect();
        self.incomplete = incomplete;
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
