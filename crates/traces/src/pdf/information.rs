//! What a PDF says of itself, key by key: its information, the authors of notes on its pages, and the numbers that copies share.

use super::{Editor, dictionary::Dictionary, space, value_len};
use crate::{found::Trace, rules};

impl Editor<'_> {
    /// Overwrites all texts of the file's information, also those under keys of its own. Returns whether the value of this
    /// key is one of them.
    pub(super) fn information(&mut self, window: &mut [u8], at: usize, key: usize) -> bool {
        let here = at + key + space(&window[at + key..]);
        if at < self.informed {
            // All of this dictionary is overwritten already.
            return matches!(window.get(here), Some(b'(' | b'<'));
        }
        let Some(dictionary) = self.dictionary(window, at) else { return false };
        let Some(texts) = dictionary.information() else { return false };
        let trace_of = |key: &[u8]| {
            let rule = rules::get().pdf.iter().find(|rule| rule.key.as_bytes() == key);
            rule.map_or(Trace::Other, |rule| rule.trace)
        };
        let texts: Vec<_> = texts.into_iter().map(|(key, value)| (trace_of(key), value)).collect();
        // Where a value stands elsewhere, the rule of its key follows it.
        self.informed = texts.iter().map(|(_, value)| value.end).max().unwrap_or_default();
        let is_here = texts.iter().any(|(_, value)| value.start == here);
        for (trace, value) in texts {
            self.overwrite(&mut window[value], trace);
        }
        is_here
    }

    /// Name or date of a note on a page: other notes of the same author keep the same neutral name.
    pub(super) fn note(&mut self, window: &mut [u8], at: usize, key: usize) -> usize {
        let start = at + key + space(&window[at + key..]);
        if !matches!(window.get(start), Some(b'(' | b'<')) {
            return 1;
        }
        if self.effort < 64 {
            self.found.left |= Trace::History;
            return 1;
        }
        let Some(dictionary) = self.dictionary(window, at) else { return 1 };
        if !dictionary.is_note() {
            return 1;
        }
        let Some(len) = value_len(&window[start..]) else { return 1 };
        let value = &mut window[start..start + len];
        if value.starts_with(b"(D:") {
            self.overwrite(value, Trace::History);
        } else {
            self.rename(value);
        }
        start + len - at
    }

    /// Puts a neutral name in the place of an author's, where it fits.
    fn rename(&mut self, value: &mut [u8]) {
        let [open, text @ .., _] = value else { return };
        if text.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let name = self.names.of(text.trim_ascii());
        let name = if *open == b'(' {
            name.into_bytes()
        } else {
            name.bytes().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()
        };
        if text.trim_ascii() == name {
            return;
        }
        self.overwrite(value, Trace::History);
        if name.len() + 2 > value.len() {
            return;
        }
        value[1..=name.len()].copy_from_slice(&name);
        if value[0] == b'(' {
            value[name.len() + 1] = b')';
            value[name.len() + 2..].fill(b' ');
        }
    }

    /// Two numbers that all copies of a file share. A file that is locked needs them.
    pub(super) fn identifier(&mut self, window: &mut [u8], at: usize, key: usize) -> usize {
        let start = at + key + space(&window[at + key..]);
        if window.get(start) != Some(&b'[') || self.is_packed {
            return 1;
        }
        let Some(dictionary) = self.dictionary(window, at) else { return 1 };
        if !dictionary.has(b"/Root") || dictionary.has(b"/Encrypt") {
            return 1;
        }
        let mut at = start + 1;
        loop {
            at += space(&window[at..]);
            let Some(len) = value_len(&window[at..]) else { return 1 };
            let text = &mut window[at + 1..at + len - 1];
            if text.iter().any(|byte| *byte != b'0') {
                self.found.removed |= Trace::Other;
                text.fill(b'0');
            }
            at += len;
        }
    }

    /// The dictionary around a key, as long as there is something left to look through it.
    fn dictionary<'w>(&mut self, window: &'w [u8], at: usize) -> Option<Dictionary<'w>> {
        if self.effort == 0 {
            return None;
        }
        let (dictionary, looked_at) = Dictionary::around(window, at);
        self.effort = self.effort.saturating_sub(looked_at);
        dictionary
    }
}
