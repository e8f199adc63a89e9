//! PDF (ISO 32000). A PDF finds its parts by their distance from the beginning, so nothing changes its place: what tells something is
//! overwritten where it stands, in every revision that the file holds.

mod dictionary;
mod information;

use std::io::{Read, Write as _};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use memchr::memmem;

use crate::{
    found::{Found, Trace, Traces},
    jpeg,
    names::Names,
    pipe::{Pipe, Step},
    rules::{self, PdfKey},
};

/// What is held of a file.
const WINDOW: usize = 384 * 1024;
/// A value, notes in XMP or a packed store of objects that is longer than this is left, and said to be.
const AHEAD: usize = 128 * 1024;
/// So far back a value may stand that is pointed at.
const BEHIND: usize = 64 * 1024;
/// A packed store unpacks to so much at most.
const UNPACKED: u64 = 2 * 1024 * 1024;
/// So far back an object's description may begin.
const DESCRIPTION: usize = 2048;
/// Most values that are pointed at and still to come.
const MOST_AWAITED: usize = 64;

pub(crate) fn blank(pipe: &mut Pipe<'_>, found: &mut Found) -> Step<()> {
    let mut names = Names::default();
    let mut editor =
        Editor { found, names: &mut names, awaited: Vec::new(), is_packed: false, effort: 0, informed: 0 };
    let mut from = 0;
    loop {
        let window = pipe.look(WINDOW)?;
        let is_last = window.len() < WINDOW;
        let until = if is_last { window.len() } else { window.len() - AHEAD };
        let done = editor.edit(window, from, until);
        if is_last {
            break;
        }
        let behind = done.min(BEHIND);
        pipe.pass((done - behind) as u64)?;
        from = behind;
    }
    let awaited = std::mem::take(&mut editor.awaited);
    for (_, trace) in awaited {
        found.left |= trace;
    }
    Ok(pipe.pass_rest()?)
}

struct Editor<'f> {
    found: &'f mut Found,
    names: &'f mut Names,
    /// Objects whose text is a value, and what it tells.
    awaited: Vec<(u64, Trace)>,
    /// Is this the inside of a packed store?
    is_packed: bool,
    /// Bytes that may still be looked through: a file made to be slow runs out of them, and the rest of it is left as it is.
    effort: usize,
    /// Up to here, in the window, the texts of the file's information are overwritten.
    informed: usize,
}

impl Editor<'_> {
    /// Overwrites what begins in `from..until`, and says up to where everything is done.
    fn edit(&mut self, window: &mut [u8], from: usize, until: usize) -> usize {
        if !self.is_packed {
            self.effort = self.effort.min(WINDOW) + 8 * (until - from) + AHEAD;
        }
        self.informed = 0;
        let mut at = from;
        while at < until {
            let ahead = &window[at..];
            at += match ahead[0] {
                b'/' => self.key(window, at),
                b'<' if ahead.starts_with(b"<x:xmpmeta") => self.xmp(window, at, b"</x:xmpmeta>"),
                b'<' if ahead.starts_with(b"<rdf:RDF") => self.xmp(window, at, b"</rdf:RDF>"),
                b'o' if ahead.starts_with(b"obj") => self.object(window, at),
                b's' if ahead.starts_with(b"stream") && !self.is_packed => self.stream(window, at),
                _ => 1,
            };
        }
        at.min(window.len())
    }

    /// A key of the file's information, and how long it and its value are.
    fn key(&mut self, window: &mut [u8], at: usize) -> usize {
        let ahead = &window[at..];
        let is =
            |key: &[u8]| ahead.starts_with(key) && ahead.get(key.len()).is_none_or(|next| !is_regular(*next));
        if is(b"/EmbeddedFile") {
            self.found.left |= Trace::Other;
        } else if is(b"/ByteRange") {
            self.found.sign();
        } else if is(b"/PieceInfo") {
            // What programs keep for themselves, paths among it.
            self.found.left |= Trace::Author;
            self.found.left |= Trace::Other;
        } else if is(b"/T") || is(b"/M") {
            return self.note(window, at, 2);
        } else if is(b"/ID") {
            return self.identifier(window, at, 3);
        }
        let is_key = |rule: &&PdfKey| {
            let name = rule.key.as_bytes();
            ahead.starts_with(name) && ahead.get(name.len()).is_none_or(|next| !is_regular(*next))
        };
        let Some(rule) = rules::get().pdf.iter().find(is_key) else { return 1 };
        if self.information(window, at, rule.key.len()) {
            return rule.key.len();
        }
        if rule.beside && !is_information(window, at) {
            return 1;
        }
        if !self.spend(64) {
            self.found.left |= rule.trace;
            return 1;
        }
        let mut value = at + rule.key.len();
        value += space(&window[value..]);
        let len = value_len(&window[value..]);
        if len.is_none() && window.get(value) == Some(&b'(') {
            self.spend(AHEAD / 2);
        }
        let overwritten = match len {
            Some(len) => self.overwrite(&mut window[value..value + len], rule.trace),
            None => self.pointed_at(window, value, rule.trace),
        };
        rule.key.len() + overwritten
    }

    /// Makes a text an empty one.
    fn overwrite(&mut self, value: &mut [u8], trace: Trace) -> usize {
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
    fn pointed_at(&mut self, window: &mut [u8], at: usize, trace: Trace) -> usize {
        let Some((number, len)) = reference(&window[at..]) else { return 0 };
        self.follow(window, at, number, trace);
        len
    }

    /// Overwrites the object with this number where it stands before this place, or waits for it.
    fn follow(&mut self, window: &mut [u8], at: usize, number: u64, trace: Trace) {
        let earliest = at.saturating_sub(2 * BEHIND);
        if !self.spend(at - earliest) {
            self.found.left |= trace;
            return;
        }
        let name = format!("{number} 0 obj");
        let before = memmem::rfind_iter(&window[earliest..at], name.as_bytes())
            .map(|start| earliest + start)
            .find(|start| *start == 0 || !window[start - 1].is_ascii_digit());
        if let Some(start) = before.filter(|_| !self.is_packed) {
            self.whole_text(window, start + name.len(), trace);
        } else if self.awaited.len() < MOST_AWAITED {
            self.awaited.push((number, trace));
        } else {
            self.found.left |= trace;
        }
    }

    /// The text that is all of an object.
    fn whole_text(&mut self, window: &mut [u8], mut at: usize, trace: Trace) {
        at += space(&window[at..]);
        match value_len(&window[at..]) {
            Some(len) => drop(self.overwrite(&mut window[at..at + len], trace)),
            None => self.found.left |= trace,
        }
    }

    /// An object, which may be a value that was pointed at.
    fn object(&mut self, window: &mut [u8], at: usize) -> usize {
        if !self.awaited.is_empty() {
            let before = &window[at.saturating_sub(24)..at];
            let number = number_before(before);
            if let Some(place) = self.awaited.iter().position(|(awaited, _)| Some(*awaited) == number) {
                let (_, trace) = self.awaited.swap_remove(place);
                self.whole_text(window, at + 3, trace);
            }
        }
        3
    }

    /// Is there enough left to look through so many bytes?
    fn spend(&mut self, bytes: usize) -> bool {
        let enough = self.effort >= bytes;
        self.effort = self.effort.saturating_sub(bytes);
        enough
    }

    fn xmp(&mut self, window: &mut [u8], at: usize, end: &[u8]) -> usize {
        let ahead = &mut window[at..];
        let within = ahead.len().min(AHEAD);
        if self.effort < within {
            self.found.left |= Trace::Other;
            return 1;
        }
        let Some(len) = memmem::find(&ahead[..within], end).map(|start| start + end.len()) else {
            self.spend(within);
            self.found.left |= Trace::Other;
            return 1;
        };
        self.found.removed |= Traces::told_by(&ahead[..len]);
        ahead[..len].fill(b' ');
        len
    }

    /// What a stream begins with: a photo with its notes, or a packed store of objects.
    fn stream(&mut self, window: &mut [u8], at: usize) -> usize {
        let keyword = b"stream".len();
        let description = window[at.saturating_sub(DESCRIPTION)..at].trim_ascii_end();
        if !description.ends_with(b">>") || !self.spend(64) {
            return keyword;
        }
        let description =
            memmem::rfind(description, b"obj").map_or(description, |start| &description[start..]);
        let says = |words: &[u8]| memmem::find(description, words).is_some();
        let is_notes = says(b"/Type/Metadata") || says(b"/Type /Metadata") || says(b"/Subtype /XML");
        let is_locked = is_notes && !says(b"/Filter");
        let is_packed = (says(b"/ObjStm") || says(b"/Metadata")) && says(b"/Filter");
        let is_plainly_packed = says(b"/FlateDecode") && !says(b"/DecodeParms") && !says(b"/ASCII");
        let mut start = at + keyword;
        start += usize::from(window.get(start) == Some(&b'\r'));
        start += usize::from(window.get(start) == Some(&b'\n'));
        let data = window.get_mut(start..).unwrap_or_default();
        if data.starts_with(&[0xFF, 0xD8, 0xFF]) {
            jpeg::blank(data, self.found);
        } else if is_locked && !is_xmp(data) {
            // Locked, or in letters that are not looked for.
            self.found.left |= Trace::Author;
            self.found.left |= Trace::Other;
        } else if is_packed {
            let within = data.len().min(AHEAD);
            let len = memmem::find(&data[..within], b"endstream");
            let edited = len.filter(|_| is_plainly_packed).and_then(|len| self.packed(&mut data[..len]));
            match edited {
                Some(pointed) => {
                    for (number, trace) in pointed {
                        self.follow(window, at, number, trace);
                    }
                }
                None => self.found.left |= Trace::Other,
            }
        }
        start - at
    }

    /// Unpacks, overwrites, and packs again into no more room; gives the objects whose text is a value. `None` for what cannot be read.
    fn packed(&mut self, data: &mut [u8]) -> Option<Vec<(u64, Trace)>> {
        let most = UNPACKED.min(self.effort as u64);
        let mut plain = Vec::new();
        ZlibDecoder::new(&data[..]).take(most + 1).read_to_end(&mut plain).ok()?;
        if !self.spend(plain.len()) || plain.len() as u64 > most {
            return None;
        }
        let mut inside = Found::default();
        let mut editor = Editor {
            found: &mut inside,
            names: &mut *self.names,
            awaited: Vec::new(),
            is_packed: true,
            effort: 8 * plain.len(),
            informed: 0,
        };
        let until = plain.len();
        editor.edit(&mut plain, 0, until);
        let awaited = std::mem::take(&mut editor.awaited);
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
    let start = &data[..data.len().min(DESCRIPTION)];
    let words = start.trim_ascii_start();
    let has = |what: &[u8]| memmem::find(start, what).is_some();
    words.starts_with(b"endstream")
        || has(b"<x:xmpmeta")
        || has(b"<rdf:RDF")
        || words.starts_with(b"<?xpacket")
}

/// Is the key at this place one of the file's information, and not of its content?
fn is_information(window: &[u8], at: usize) -> bool {
    let before = &window[at.saturating_sub(DESCRIPTION)..at];
    let after = &window[at..window.len().min(at + DESCRIPTION)];
    let (Some(start), closed) = (memmem::rfind(before, b"<<"), memmem::rfind(before, b">>")) else {
        return false;
    };
    // Information holds nothing nested.
    if closed.is_some_and(|closed| closed > start) {
        return false;
    }
    let before = &before[start..];
    let after = memmem::find(after, b">>").map_or(after, |end| &after[..end]);
    let certain = rules::get().pdf.iter().filter(|rule| !rule.beside);
    certain.into_iter().any(|rule| {
        let name = rule.key.as_bytes();
        memmem::find(before, name).is_some() || memmem::find(after, name).is_some()
    })
}

/// Length of a text, `(…)` or `<…>`.
fn value_len(ahead: &[u8]) -> Option<usize> {
    let ahead = &ahead[..ahead.len().min(AHEAD / 2)];
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
fn reference(ahead: &[u8]) -> Option<(u64, usize)> {
    let text = ahead[..ahead.len().min(24)].utf8_chunks().next()?.valid();
    let (number, rest) = text.split_once(' ')?;
    let rest = rest.strip_prefix("0 R")?;
    Some((number.parse().ok()?, text.len() - rest.len()))
}

/// The number in `12 0 ` at the end.
fn number_before(before: &[u8]) -> Option<u64> {
    let before = before.trim_ascii_end().strip_suffix(b"0")?.trim_ascii_end();
    let digits = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&before[before.len() - digits..]).ok()?.parse().ok()
}

fn space(ahead: &[u8]) -> usize {
    ahead.iter().take_while(|byte| matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)).count()
}

fn is_regular(byte: u8) -> bool {
    !matches!(byte, 0 | 9 | 10 | 12 | 13 | 32 | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'/' | b'%')
}
