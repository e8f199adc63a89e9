//! Dictionaries of a PDF (ISO 32000-2, 7.3.7).

use std::ops::Range;

use super::{is_regular_char, string_len, whitespace_len};
use crate::rules;

/// Maximum distance in bytes from a key to the beginning or end of its dictionary.
const MAX_REACH: usize = 8 * 1024;
/// Maximum number of entries: more than the dictionaries that are parsed have.
const MAX_ENTRIES: usize = 512;
/// Subtypes of annotations that a person adds to a document and that name the author.
const ANNOTATION_SUBTYPES: [&[u8]; 18] = [
    b"/Text",
    b"/FreeText",
    b"/Line",
    b"/Square",
    b"/Circle",
    b"/Polygon",
    b"/PolyLine",
    b"/Highlight",
    b"/Underline",
    b"/Squiggly",
    b"/StrikeOut",
    b"/Stamp",
    b"/Caret",
    b"/Ink",
    b"/FileAttachment",
    b"/Sound",
    b"/Redact",
    b"/Popup",
];

/// A dictionary found around a key.
pub(super) struct PdfDictionary<'w> {
    window: &'w [u8],
    entries: Vec<(Range<usize>, Range<usize>)>,
}

impl<'w> PdfDictionary<'w> {
    /// Returns the dictionary that contains a key, and the number of bytes searched for it. Returns
    /// no dictionary if it is malformed, or if its beginning or end is not near.
    pub(super) fn enclosing(window: &'w [u8], key: usize) -> (Option<Self>, usize) {
        let (start, before) = dictionary_start(window, key);
        let Some(start) = start else { return (None, before) };
        let Some(end) = dictionary_end(window, key) else { return (None, before + MAX_REACH) };
        let entries = parse_entries(window, start..end);
        (entries.map(|entries| Self { window, entries }), 2 * (end - start))
    }

    fn value(&self, key: &[u8]) -> Option<&[u8]> {
        let entry = self.entries.iter().find(|(name, _)| &self.window[name.clone()] == key);
        entry.map(|(_, value)| &self.window[value.clone()])
    }

    /// Returns whether the dictionary has this key.
    pub(super) fn contains_key(&self, key: &[u8]) -> bool {
        self.value(key).is_some()
    }

    /// Returns whether the dictionary is an annotation on a page.
    pub(super) fn is_annotation(&self) -> bool {
        self.value(b"/Subtype").is_some_and(|kind| ANNOTATION_SUBTYPES.contains(&kind))
            && !self.contains_key(b"/FT")
    }

    /// Returns keys and ranges of all strings if this is the document information, which contains
    /// nothing but strings. Returns `None` otherwise.
    pub(super) fn info_texts(&self) -> Option<Vec<(&'w [u8], Range<usize>)>> {
        let is_known =
            |key: &[u8]| rules::builtin().pdf.iter().any(|rule| rule.key.as_bytes() == key);
        let mut strings = Vec::new();
        let mut has_known_key = false;
        for (key, value) in &self.entries {
            let (key, string) = (&self.window[key.clone()], &self.window[value.clone()]);
            has_known_key |= is_known(key);
            match string.first()? {
                b'(' | b'<' if !string.starts_with(b"<<") => strings.push((key, value.clone())),
                _ if key == b"/Trapped" => {}
                // A string in another object. The rule of its key follows the reference.
                _ if is_known(key) && string.ends_with(b"R") => {}
                _ => return None,
            }
        }
        has_known_key.then_some(strings)
    }
}

/// Returns where the dictionary of a key begins, and the number of bytes searched.
fn dictionary_start(window: &[u8], key: usize) -> (Option<usize>, usize) {
    let (mut depth, mut at) = (0, key);
    while at >= 2 && key - at < MAX_REACH {
        match &window[at - 2..at] {
            b"<<" if depth == 0 => return (Some(at - 2), key - at),
            b"<<" => {
                depth -= 1;
                at -= 2;
            }
            b">>" => {
                depth += 1;
                at -= 2;
            }
            b"bj" if depth == 0 && window[..at].ends_with(b"obj") => return (None, key - at),
            _ => at -= 1,
        }
    }
    (None, key - at)
}

fn dictionary_end(window: &[u8], key: usize) -> Option<usize> {
    let (mut depth, mut at) = (0, key);
    while at - key < MAX_REACH {
        match window.get(at..at + 2)? {
            b"<<" => {
                depth += 1;
                at += 2;
            }
            b">>" if depth == 0 => return Some(at + 2),
            b">>" => {
                depth -= 1;
                at += 2;
            }
            [b'(' | b'<', _] => at += string_len(&window[at..])?,
            _ => at += 1,
        }
    }
    None
}

/// Returns keys and values of a dictionary.
fn parse_entries(window: &[u8], range: Range<usize>) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let (mut at, end) = (range.start + 2, range.end - 2);
    let mut entries = Vec::new();
    loop {
        at += whitespace_len(&window[at..end]);
        if at >= end {
            return Some(entries);
        }
        if window[at] != b'/' || entries.len() == MAX_ENTRIES {
            return None;
        }
        let key = at..at + 1 + regular_len(&window[at + 1..end]);
        at = key.end + whitespace_len(&window[key.end..end]);
        let len = any_value_len(&window[at..end])?;
        entries.push((key, at..at + window[at..at + len].trim_ascii_end().len()));
        at += len;
    }
}

/// Returns the length of a value of any type.
fn any_value_len(ahead: &[u8]) -> Option<usize> {
    match ahead {
        [b'<', b'<', ..] => dictionary_end(ahead, 2).filter(|end| *end <= ahead.len()),
        [b'(' | b'<', ..] => string_len(ahead),
        [b'/', rest @ ..] => Some(1 + regular_len(rest)),
        [b'[', ..] => {
            let mut at = 1;
            loop {
                match ahead.get(at)? {
                    b']' => return Some(at + 1),
                    b'[' | b'(' | b'<' => at += any_value_len(&ahead[at..])?,
                    _ => at += 1,
                }
            }
        }
        // A number, a keyword or a reference: up to the next key.
        _ => Some(memchr::memchr(b'/', ahead).unwrap_or(ahead.len())).filter(|len| *len > 0),
    }
}

fn regular_len(ahead: &[u8]) -> usize {
    ahead.iter().take_while(|byte| is_regular_char(**byte)).count()
}
