//! PDF (ISO 32000). A PDF refers to its parts by absolute offsets, so no byte may move: metadata is
//! overwritten in place, in every revision that the file contains.

mod dictionary;
mod information;

use std::io::{Read, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use memchr::memmem;

use crate::{
    formats::{jpeg, pseudonyms::AuthorPseudonyms},
    metadata_kind::{MetadataKind, MetadataKinds},
    rules::{self, PdfKeyRule},
    stream::{ParseResult, StreamRewriter},
    summary::Findings,
};

/// Length in bytes of the window that is held in memory.
const WINDOW_LEN: usize = 384 * 1024;
/// Maximum length in bytes of a value, of XMP metadata, and of a compressed object stream. A longer
/// one is retained and reported as left.
const LOOKAHEAD: usize = 128 * 1024;
/// Maximum distance in bytes back to a referenced value.
const BEHIND: usize = 64 * 1024;
/// Maximum decompressed length of an object stream in bytes.
const MAX_INFLATED: u64 = 2 * 1024 * 1024;
/// Maximum length in bytes of the dictionary before a stream.
const MAX_DESCRIPTION_LEN: usize = 2048;
/// Maximum number of references to values that have not been read yet.
const MAX_PENDING_REFERENCES: usize = 64;

pub(crate) fn overwrite_metadata(
    stream: &mut StreamRewriter<'_>,
    found: &mut Findings,
) -> ParseResult<()> {
    let mut pseudonyms = AuthorPseudonyms::default();
    let mut editor = PdfEditor {
        found,
        pseudonyms: &mut pseudonyms,
        pending_references: Vec::new(),
        in_object_stream: false,
        budget: 0,
        info_end: 0,
    };
    let mut from = 0;
    loop {
        let window = stream.fill_to(WINDOW_LEN)?;
        let is_last = window.len() < WINDOW_LEN;
        let until = if is_last { window.len() } else { window.len() - LOOKAHEAD };
        let done = editor.scrub_window(window, from, until);
        if is_last {
            break;
        }
        let behind = done.min(BEHIND);
        stream.copy((done - behind) as u64)?;
        from = behind;
    }
    let pending = std::mem::take(&mut editor.pending_references);
    for (_, kind) in pending {
        found.left |= kind;
    }
    Ok(stream.copy_rest()?)
}

struct PdfEditor<'f> {
    found: &'f mut Findings,
    pseudonyms: &'f mut AuthorPseudonyms,
    /// The numbers of objects whose string is a value, and its metadata kind.
    pending_references: Vec<(u64, MetadataKind)>,
    /// Whether this is the content of an object stream.
    in_object_stream: bool,
    /// Number of bytes that may still be searched. A malicious file exhausts it, and the rest is
    /// retained as it is.
    budget: usize,
    /// The strings of the document information are overwritten up to this offset in the window.
    info_end: usize,
}

impl PdfEditor<'_> {
    /// Overwrites the metadata that begins in `from..until`. Returns the offset up to which
    /// everything is done.
    fn scrub_window(&mut self, window: &mut [u8], from: usize, until: usize) -> usize {
        if !self.in_object_stream {
            self.budget = self.budget.min(WINDOW_LEN) + 8 * (until - from) + LOOKAHEAD;
        }
        self.info_end = 0;
        let mut at = from;
        while at < until {
            let ahead = &window[at..];
            at += match ahead[0] {
                b'/' => self.scrub_key(window, at),
                b'<' if ahead.starts_with(b"<x:xmpmeta") => {
                    self.scrub_xmp(window, at, b"</x:xmpmeta>")
                }
                b'<' if ahead.starts_with(b"<rdf:RDF") => self.scrub_xmp(window, at, b"</rdf:RDF>"),
                b'o' if ahead.starts_with(b"obj") => self.scrub_object(window, at),
                b's' if ahead.starts_with(b"stream") && !self.in_object_stream => {
                    self.scrub_stream(window, at)
                }
                _ => 1,
            };
        }
        at.min(window.len())
    }

    /// Processes a key. Returns the length of the key and its value.
    fn scrub_key(&mut self, window: &mut [u8], at: usize) -> usize {
        let ahead = &window[at..];
        let is = |key: &[u8]| {
            ahead.starts_with(key)
                && ahead.get(key.len()).is_none_or(|next| !is_regular_char(*next))
        };
        if is(b"/EmbeddedFile") {
            self.found.left |= MetadataKind::Other;
        } else if is(b"/ByteRange") {
            self.found.record_signature();
        } else if is(b"/PieceInfo") {
            // Private data of programs, which can contain paths.
            self.found.left |= MetadataKind::Author;
            self.found.left |= MetadataKind::Other;
        } else if is(b"/T") || is(b"/M") {
            return self.scrub_annotation(window, at, 2);
        } else if is(b"/ID") {
            return self.scrub_file_id(window, at, 3);
        }
        let is_key = |rule: &&PdfKeyRule| {
            let name = rule.key.as_bytes();
            ahead.starts_with(name)
                && ahead.get(name.len()).is_none_or(|next| !is_regular_char(*next))
        };
        let Some(rule) = rules::builtin().pdf.iter().find(is_key) else { return 1 };
        if self.scrub_info_dictionary(window, at, rule.key.len()) {
            return rule.key.len();
        }
        if rule.is_ambiguous && !is_info_key(window, at) {
            return 1;
        }
        if !self.charge_budget(64) {
            self.found.left |= rule.kind;
            return 1;
        }
        let mut value = at + rule.key.len();
        value += whitespace_len(&window[value..]);
        let len = string_len(&window[value..]);
        if len.is_none() && window.get(value) == Some(&b'(') {
            self.charge_budget(LOOKAHEAD / 2);
        }
        let overwritten = match len {
            Some(len) => self.overwrite(&mut window[value..value + len], rule.kind),
            None => self.scrub_reference(window, value, rule.kind),
        };
        rule.key.len() + overwritten
    }

    /// Empties a string in place. Returns its length.
    fn overwrite(&mut self, value: &mut [u8], kind: MetadataKind) -> usize {
        let [open, text @ .., close] = value else { return 0 };
        if text.iter().any(|byte| !byte.is_ascii_whitespace()) {
            self.found.removed |= kind;
            if *open == b'(' {
                text.fill(b' ');
                // The closing parenthesis follows the opening one, and spaces follow it.
                if let [first, ..] = text {
                    std::mem::swap(first, close);
                }
            } else {
                text.fill(b' ');
            }
        }
        value.len()
    }

    /// Overwrites a value that is another object, such as `12 0 R`. Returns the length of the
    /// reference.
    fn scrub_reference(&mut self, window: &mut [u8], at: usize, kind: MetadataKind) -> usize {
        let Some((number, len)) = parse_reference(&window[at..]) else { return 0 };
        self.scrub_referenced(window, at, number, kind);
        len
    }

    /// Overwrites the object with this number if it is before this position, or remembers it until
    /// it comes.
    fn scrub_referenced(&mut self, window: &mut [u8], at: usize, number: u64, kind: MetadataKind) {
        let earliest = at.saturating_sub(2 * BEHIND);
        if !self.charge_budget(at - earliest) {
            self.found.left |= kind;
            return;
        }
        let name = format!("{number} 0 obj");
        let before = memmem::rfind_iter(&window[earliest..at], name.as_bytes())
            .map(|start| earliest + start)
            .find(|start| *start == 0 || !window[start - 1].is_ascii_digit());
        if let Some(start) = before.filter(|_| !self.in_object_stream) {
            self.scrub_object_text(window, start + name.len(), kind);
        } else if self.pending_references.len() < MAX_PENDING_REFERENCES {
            self.pending_references.push((number, kind));
        } else {
            self.found.left |= kind;
        }
    }

    /// Overwrites the string that is the whole object.
    fn scrub_object_text(&mut self, window: &mut [u8], mut at: usize, kind: MetadataKind) {
        at += whitespace_len(&window[at..]);
        match string_len(&window[at..]) {
            Some(len) => drop(self.overwrite(&mut window[at..at + len], kind)),
            None => self.found.left |= kind,
        }
    }

    /// Processes an object, which may be a referenced value.
    fn scrub_object(&mut self, window: &mut [u8], at: usize) -> usize {
        if !self.pending_references.is_empty() {
            let before = &window[at.saturating_sub(24)..at];
            let number = object_number_before(before);
            if let Some(index) =
                self.pending_references.iter().position(|(pending, _)| Some(*pending) == number)
            {
                let (_, kind) = self.pending_references.swap_remove(index);
                self.scrub_object_text(window, at + 3, kind);
            }
        }
        3
    }

    /// Charges the budget with a number of bytes. Returns whether it covered them.
    fn charge_budget(&mut self, bytes: usize) -> bool {
        let enough = self.budget >= bytes;
        self.budget = self.budget.saturating_sub(bytes);
        enough
    }

    fn scrub_xmp(&mut self, window: &mut [u8], at: usize, end: &[u8]) -> usize {
        let ahead = &mut window[at..];
        let limit = ahead.len().min(LOOKAHEAD);
        if self.budget < limit {
            self.found.left |= MetadataKind::Other;
            return 1;
        }
        let Some(len) = memmem::find(&ahead[..limit], end).map(|start| start + end.len()) else {
            self.charge_budget(limit);
            self.found.left |= MetadataKind::Other;
            return 1;
        };
        self.found.removed |= MetadataKinds::classify(&ahead[..len]);
        ahead[..len].fill(b' ');
        len
    }

    /// Processes the beginning of a stream: a JPEG picture, XMP metadata, or an object stream.
    fn scrub_stream(&mut self, window: &mut [u8], at: usize) -> usize {
        let keyword = b"stream".len();
        let dictionary = window[at.saturating_sub(MAX_DESCRIPTION_LEN)..at].trim_ascii_end();
        if !dictionary.ends_with(b">>") || !self.charge_budget(64) {
            return keyword;
        }
        let dictionary =
            memmem::rfind(dictionary, b"obj").map_or(dictionary, |start| &dictionary[start..]);
        let contains = |text: &[u8]| memmem::find(dictionary, text).is_some();
        let is_metadata = contains(b"/Type/Metadata")
            || contains(b"/Type /Metadata")
            || contains(b"/Subtype /XML");
        let is_plain_metadata = is_metadata && !contains(b"/Filter");
        let is_compressed =
            (contains(b"/ObjStm") || contains(b"/Metadata")) && contains(b"/Filter");
        let is_plain_deflate =
            contains(b"/FlateDecode") && !contains(b"/DecodeParms") && !contains(b"/ASCII");
        let mut start = at + keyword;
        start += usize::from(window.get(start) == Some(&b'\r'));
        start += usize::from(window.get(start) == Some(&b'\n'));
        let data = window.get_mut(start..).unwrap_or_default();
        if data.starts_with(&[0xFF, 0xD8, 0xFF]) {
            jpeg::zero_segments(data, self.found);
        } else if is_plain_metadata && !is_xmp(data) {
            // Encrypted, or in an encoding that is not searched.
            self.found.left |= MetadataKind::Author;
            self.found.left |= MetadataKind::Other;
        } else if is_compressed {
            let limit = data.len().min(LOOKAHEAD);
            let len = memmem::find(&data[..limit], b"endstream");
            let edited = len
                .filter(|_| is_plain_deflate)
                .and_then(|len| self.scrub_object_stream(&mut data[..len]));
            match edited {
                Some(references) => {
                    for (number, kind) in references {
                        self.scrub_referenced(window, at, number, kind);
                    }
                }
                None => self.found.left |= MetadataKind::Other,
            }
        }
        start - at
    }

    /// Decompresses an object stream, overwrites metadata, and compresses it again into the same
    /// length. Returns the objects whose string is a value. Returns `None` if the stream cannot be
    /// read.
    fn scrub_object_stream(&mut self, data: &mut [u8]) -> Option<Vec<(u64, MetadataKind)>> {
        let limit = MAX_INFLATED.min(self.budget as u64);
        let mut plain = Vec::new();
        ZlibDecoder::new(&data[..]).take(limit + 1).read_to_end(&mut plain).ok()?;
        if !self.charge_budget(plain.len()) || plain.len() as u64 > limit {
            return None;
        }
        let mut inside = Findings::default();
        let mut editor = PdfEditor {
            found: &mut inside,
            pseudonyms: &mut *self.pseudonyms,
            pending_references: Vec::new(),
            in_object_stream: true,
            budget: 8 * plain.len(),
            info_end: 0,
        };
        let until = plain.len();
        editor.scrub_window(&mut plain, 0, until);
        let pending = std::mem::take(&mut editor.pending_references);
        self.found.left |= inside.left;
        if inside.removed.is_empty() {
            return Some(pending);
        }
        let mut encoder = ZlibEncoder::new(Vec::with_capacity(data.len()), Compression::best());
        encoder.write_all(&plain).ok()?;
        let compressed = encoder.finish().ok()?;
        let Some((start, rest)) = data.split_at_mut_checked(compressed.len()) else {
            self.found.left |= inside.removed;
            return Some(pending);
        };
        start.copy_from_slice(&compressed);
        rest.fill(b'\n');
        self.found.removed |= inside.removed;
        Some(pending)
    }
}

/// Returns whether a stream begins with XMP metadata that is found and overwritten, or is empty.
fn is_xmp(data: &[u8]) -> bool {
    let start = &data[..data.len().min(MAX_DESCRIPTION_LEN)];
    let text = start.trim_ascii_start();
    let has = |what: &[u8]| memmem::find(start, what).is_some();
    text.starts_with(b"endstream")
        || has(b"<x:xmpmeta")
        || has(b"<rdf:RDF")
        || text.starts_with(b"<?xpacket")
}

/// Returns whether the key at this position belongs to the document information and not to the
/// content.
fn is_info_key(window: &[u8], at: usize) -> bool {
    let before = &window[at.saturating_sub(MAX_DESCRIPTION_LEN)..at];
    let after = &window[at..window.len().min(at + MAX_DESCRIPTION_LEN)];
    let (Some(start), closed) = (memmem::rfind(before, b"<<"), memmem::rfind(before, b">>")) else {
        return false;
    };
    // The document information contains no nested dictionaries.
    if closed.is_some_and(|closed| closed > start) {
        return false;
    }
    let before = &before[start..];
    let after = memmem::find(after, b">>").map_or(after, |end| &after[..end]);
    let unambiguous = rules::builtin().pdf.iter().filter(|rule| !rule.is_ambiguous);
    unambiguous.into_iter().any(|rule| {
        let name = rule.key.as_bytes();
        memmem::find(before, name).is_some() || memmem::find(after, name).is_some()
    })
}

/// Returns the length of a string, `(…)` or `<…>`.
fn string_len(ahead: &[u8]) -> Option<usize> {
    let ahead = &ahead[..ahead.len().min(LOOKAHEAD / 2)];
    match ahead {
        [b'<', b'<', ..] => None,
        [b'<', ..] => memchr::memchr(b'>', ahead).map(|end| end + 1),
        [b'(', ..] => {
            let (mut depth, mut at) = (0u32, 0);
            loop {
                match ahead.get(at)? {
                    b'\\' => at += 1,
                    b'(' => depth += 1,
                    b')' if depth == 1 => return Some(at + 1),
                    b')' => depth -= 1,
                    _ => {}
                }
                at += 1;
            }
        }
        _ => None,
    }
}

/// Returns the object number in `12 0 R`, and the length of the reference.
fn parse_reference(ahead: &[u8]) -> Option<(u64, usize)> {
    let text = ahead[..ahead.len().min(24)].utf8_chunks().next()?.valid();
    let (number, rest) = text.split_once(' ')?;
    let rest = rest.strip_prefix("0 R")?;
    Some((number.parse().ok()?, text.len() - rest.len()))
}

/// Returns the object number in `12 0 ` at the end.
fn object_number_before(before: &[u8]) -> Option<u64> {
    let before = before.trim_ascii_end().strip_suffix(b"0")?.trim_ascii_end();
    let digits = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&before[before.len() - digits..]).ok()?.parse().ok()
}

fn whitespace_len(ahead: &[u8]) -> usize {
    ahead.iter().take_while(|byte| matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)).count()
}

fn is_regular_char(byte: u8) -> bool {
    !matches!(
        byte,
        0 | 9 | 10 | 12 | 13 | 32 | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'/' | b'%'
    )
}
