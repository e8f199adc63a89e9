//! PDF (ISO 32000). A PDF finds its parts by their distance from the beginning, so nothing changes
//! its place: what tells something is overwritten where it stands, in every revision that the file
//! holds.

mod dictionary;
mod information;

use std::io::{Read, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use memchr::memmem;

use crate::{
    formats::{jpeg, pseudonyms::AuthorPseudonyms},
    rules::{self, PdfKeyRule},
    stream::{ParseResult, StreamRewriter},
    summary::{Findings, MetadataKind, MetadataKinds},
};

/// What is held of a file.
const WINDOW_LEN: usize = 384 * 1024;
/// A value, notes in XMP or a packed store of objects that is longer than this is left, and said to
/// be.
const LOOKAHEAD: usize = 128 * 1024;
/// So far back a value may stand that is pointed at.
const BEHIND: usize = 64 * 1024;
/// A packed store unpacks to so much at most.
const MAX_INFLATED: u64 = 2 * 1024 * 1024;
/// So far back an object's description may begin.
const MAX_DESCRIPTION_LEN: usize = 2048;
/// Most values that are pointed at and still to come.
const MAX_PENDING_REFERENCES: usize = 64;

pub(crate) fn overwrite_metadata(
    pipe: &mut StreamRewriter<'_>,
    found: &mut Findings,
) -> ParseResult<()> {
    let mut names = AuthorPseudonyms::default();
    let mut editor = PdfEditor {
        found,
        pseudonyms: &mut names,
        pending_references: Vec::new(),
        in_object_stream: false,
        budget: 0,
        info_end: 0,
    };
    let mut from = 0;
    loop {
        let window = pipe.fill_to(WINDOW_LEN)?;
        let is_last = window.len() < WINDOW_LEN;
        let until = if is_last { window.len() } else { window.len() - LOOKAHEAD };
        let done = editor.scrub_window(window, from, until);
        if is_last {
            break;
        }
        let behind = done.min(BEHIND);
        pipe.copy((done - behind) as u64)?;
        from = behind;
    }
    let awaited = std::mem::take(&mut editor.pending_references);
    for (_, trace) in awaited {
        found.left |= trace;
    }
    Ok(pipe.copy_rest()?)
}

struct PdfEditor<'f> {
    found: &'f mut Findings,
    pseudonyms: &'f mut AuthorPseudonyms,
    /// Objects whose text is a value, and what it tells.
    pending_references: Vec<(u64, MetadataKind)>,
    /// Is this the inside of a packed store?
    in_object_stream: bool,
    /// Bytes that may still be looked through: a file made to be slow runs out of them, and the
    /// rest of it is left as it is.
    budget: usize,
    /// Up to here, in the window, the texts of the file's information are overwritten.
    info_end: usize,
}

impl PdfEditor<'_> {
    /// Overwrites what begins in `from..until`, and says up to where everything is done.
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

    /// A key of the file's information, and how long it and its value are.
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
            // What programs keep for themselves, paths among it.
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
        if rule.beside && !is_info_key(window, at) {
            return 1;
        }
        if !self.charge_budget(64) {
            self.found.left |= rule.trace;
            return 1;
        }
        let mut value = at + rule.key.len();
        value += whitespace_len(&window[value..]);
        let len = string_len(&window[value..]);
        if len.is_none() && window.get(value) == Some(&b'(') {
            self.charge_budget(LOOKAHEAD / 2);
        }
        let overwritten = match len {
            Some(len) => self.overwrite(&mut window[value..value + len], rule.trace),
            None => self.scrub_reference(window, value, rule.trace),
        };
        rule.key.len() + overwritten
    }

    /// Makes a text an empty one.
    fn overwrite(&mut self, value: &mut [u8], trace: MetadataKind) -> usize {
        let [open, text @ .., close] = value else { return 0 };
        if text.iter().any(|byte| !byte.is_ascii_whitespace()) {
            self.found.removed |= trace;
            if *open == b'(' {
                text.fill(b' ');
                // Nothing between the signs, and the room behind them.
                if let [first, ..] = text {
                    std::mem::swap(first, close);
                }
            } else {
                text.fill(b' ');
            }
        }
        value.len()
    }

    /// A value that is an object of its own: `12 0 R`.
    fn scrub_reference(&mut self, window: &mut [u8], at: usize, trace: MetadataKind) -> usize {
        let Some((number, len)) = parse_reference(&window[at..]) else { return 0 };
        self.scrub_referenced(window, at, number, trace);
        len
    }

    /// Overwrites the object with this number where it stands before this place, or waits for it.
    fn scrub_referenced(&mut self, window: &mut [u8], at: usize, number: u64, trace: MetadataKind) {
        let earliest = at.saturating_sub(2 * BEHIND);
        if !self.charge_budget(at - earliest) {
            self.found.left |= trace;
            return;
        }
        let name = format!("{number} 0 obj");
        let before = memmem::rfind_iter(&window[earliest..at], name.as_bytes())
            .map(|start| earliest + start)
            .find(|start| *start == 0 || !window[start - 1].is_ascii_digit());
        if let Some(start) = before.filter(|_| !self.in_object_stream) {
            self.scrub_object_text(window, start + name.len(), trace);
        } else if self.pending_references.len() < MAX_PENDING_REFERENCES {
            self.pending_references.push((number, trace));
        } else {
            self.found.left |= trace;
        }
    }

    /// The text that is all of an object.
    fn scrub_object_text(&mut self, window: &mut [u8], mut at: usize, trace: MetadataKind) {
        at += whitespace_len(&window[at..]);
        match string_len(&window[at..]) {
            Some(len) => drop(self.overwrite(&mut window[at..at + len], trace)),
            None => self.found.left |= trace,
        }
    }

    /// An object, which may be a value that was pointed at.
    fn scrub_object(&mut self, window: &mut [u8], at: usize) -> usize {
        if !self.pending_references.is_empty() {
            let before = &window[at.saturating_sub(24)..at];
            let number = object_number_before(before);
            if let Some(place) =
                self.pending_references.iter().position(|(awaited, _)| Some(*awaited) == number)
            {
                let (_, trace) = self.pending_references.swap_remove(place);
                self.scrub_object_text(window, at + 3, trace);
            }
        }
        3
    }

    /// Is there enough left to look through so many bytes?
    fn charge_budget(&mut self, bytes: usize) -> bool {
        let enough = self.budget >= bytes;
        self.budget = self.budget.saturating_sub(bytes);
        enough
    }

    fn scrub_xmp(&mut self, window: &mut [u8], at: usize, end: &[u8]) -> usize {
        let ahead = &mut window[at..];
        let within = ahead.len().min(LOOKAHEAD);
        if self.budget < within {
            self.found.left |= MetadataKind::Other;
            return 1;
        }
        let Some(len) = memmem::find(&ahead[..within], end).map(|start| start + end.len()) else {
            self.charge_budget(within);
            self.found.left |= MetadataKind::Other;
            return 1;
        };
        self.found.removed |= MetadataKinds::classify(&ahead[..len]);
        ahead[..len].fill(b' ');
        len
    }

    /// What a stream begins with: a photo with its notes, or a packed store of objects.
    fn scrub_stream(&mut self, window: &mut [u8], at: usize) -> usize {
        let keyword = b"stream".len();
        let description = window[at.saturating_sub(MAX_DESCRIPTION_LEN)..at].trim_ascii_end();
        if !description.ends_with(b">>") || !self.charge_budget(64) {
            return keyword;
        }
        let description =
            memmem::rfind(description, b"obj").map_or(description, |start| &description[start..]);
        let says = |words: &[u8]| memmem::find(description, words).is_some();
        let is_notes =
            says(b"/Type/Metadata") || says(b"/Type /Metadata") || says(b"/Subtype /XML");
        let is_locked = is_notes && !says(b"/Filter");
        let is_packed = (says(b"/ObjStm") || says(b"/Metadata")) && says(b"/Filter");
        let is_plainly_packed = says(b"/FlateDecode") && !says(b"/DecodeParms") && !says(b"/ASCII");
        let mut start = at + keyword;
        start += usize::from(window.get(start) == Some(&b'\r'));
        start += usize::from(window.get(start) == Some(&b'\n'));
        let data = window.get_mut(start..).unwrap_or_default();
        if data.starts_with(&[0xFF, 0xD8, 0xFF]) {
            jpeg::zero_segments(data, self.found);
        } else if is_locked && !is_xmp(data) {
            // Locked, or in letters that are not looked for.
            self.found.left |= MetadataKind::Author;
            self.found.left |= MetadataKind::Other;
        } else if is_packed {
            let within = data.len().min(LOOKAHEAD);
            let len = memmem::find(&data[..within], b"endstream");
            let edited = len
                .filter(|_| is_plainly_packed)
                .and_then(|len| self.scrub_object_stream(&mut data[..len]));
            match edited {
                Some(pointed) => {
                    for (number, trace) in pointed {
                        self.scrub_referenced(window, at, number, trace);
                    }
                }
                None => self.found.left |= MetadataKind::Other,
            }
        }
        start - at
    }

    /// Unpacks, overwrites, and packs again into no more room; gives the objects whose text is a
    /// value. `None` for what cannot be read.
    fn scrub_object_stream(&mut self, data: &mut [u8]) -> Option<Vec<(u64, MetadataKind)>> {
        let most = MAX_INFLATED.min(self.budget as u64);
        let mut plain = Vec::new();
        ZlibDecoder::new(&data[..]).take(most + 1).read_to_end(&mut plain).ok()?;
        if !self.charge_budget(plain.len()) || plain.len() as u64 > most {
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
        let awaited = std::mem::take(&mut editor.pending_references);
        self.found.left |= inside.left;
        if inside.removed.is_empty() {
            return Some(awaited);
        }
        let mut encoder = ZlibEncoder::new(Vec::with_capacity(data.len()), Compression::best());
        encoder.write_all(&plain).ok()?;
        let packed = encoder.finish().ok()?;
        let Some((room, rest)) = data.split_at_mut_checked(packed.len()) else {
            self.found.left |= inside.removed;
            return Some(awaited);
        };
        room.copy_from_slice(&packed);
        rest.fill(b'\n');
        self.found.removed |= inside.removed;
        Some(awaited)
    }
}

/// Whether a stream begins with notes that are found and overwritten, or with nothing.
fn is_xmp(data: &[u8]) -> bool {
    let start = &data[..data.len().min(MAX_DESCRIPTION_LEN)];
    let words = start.trim_ascii_start();
    let has = |what: &[u8]| memmem::find(start, what).is_some();
    words.starts_with(b"endstream")
        || has(b"<x:xmpmeta")
        || has(b"<rdf:RDF")
        || words.starts_with(b"<?xpacket")
}

/// Is the key at this place one of the file's information, and not of its content?
fn is_info_key(window: &[u8], at: usize) -> bool {
    let before = &window[at.saturating_sub(MAX_DESCRIPTION_LEN)..at];
    let after = &window[at..window.len().min(at + MAX_DESCRIPTION_LEN)];
    let (Some(start), closed) = (memmem::rfind(before, b"<<"), memmem::rfind(before, b">>")) else {
        return false;
    };
    // Information holds nothing nested.
    if closed.is_some_and(|closed| closed > start) {
        return false;
    }
    let before = &before[start..];
    let after = memmem::find(after, b">>").map_or(after, |end| &after[..end]);
    let certain = rules::builtin().pdf.iter().filter(|rule| !rule.beside);
    certain.into_iter().any(|rule| {
        let name = rule.key.as_bytes();
        memmem::find(before, name).is_some() || memmem::find(after, name).is_some()
    })
}

/// Length of a text, `(…)` or `<…>`.
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

/// `12 0 R`: the number, and how long that is.
fn parse_reference(ahead: &[u8]) -> Option<(u64, usize)> {
    let text = ahead[..ahead.len().min(24)].utf8_chunks().next()?.valid();
    let (number, rest) = text.split_once(' ')?;
    let rest = rest.strip_prefix("0 R")?;
    Some((number.parse().ok()?, text.len() - rest.len()))
}

/// The number in `12 0 ` at the end.
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
