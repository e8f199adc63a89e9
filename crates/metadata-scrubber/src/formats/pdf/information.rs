//! What a PDF says of itself, key by key: its information, the authors of notes on its pages, and
//! the numbers that copies share.

use super::{PdfEditor, dictionary::PdfDictionary, string_len, whitespace_len};
use crate::{rules, summary::MetadataKind};

impl PdfEditor<'_> {
    /// Overwrites all texts of the file's information, also those under keys of its own. Returns
    /// whether the value of this key is one of them.
    pub(super) fn scrub_info_dictionary(
        &mut self,
        window: &mut [u8],
        at: usize,
        key: usize,
    ) -> bool {
        let here = at + key + whitespace_len(&window[at + key..]);
        if at < self.info_end {
            // All of this dictionary is overwritten already.
            return matches!(window.get(here), Some(b'(' | b'<'));
        }
        let Some(dictionary) = self.enclosing_dictionary(window, at) else { return false };
        let Some(texts) = dictionary.info_texts() else { return false };
        let trace_of = |key: &[u8]| {
            let rule = rules::builtin().pdf.iter().find(|rule| rule.key.as_bytes() == key);
            rule.map_or(MetadataKind::Other, |rule| rule.trace)
        };
        let texts: Vec<_> = texts.into_iter().map(|(key, value)| (trace_of(key), value)).collect();
        // Where a value stands elsewhere, the rule of its key follows it.
        self.info_end = texts.iter().map(|(_, value)| value.end).max().unwrap_or_default();
        let is_here = texts.iter().any(|(_, value)| value.start == here);
        for (trace, value) in texts {
            self.overwrite(&mut window[value], trace);
        }
        is_here
    }

    /// Name or date of a note on a page: other notes of the same author keep the same neutral name.
    pub(super) fn scrub_annotation(&mut self, window: &mut [u8], at: usize, key: usize) -> usize {
        let start = at + key + whitespace_len(&window[at + key..]);
        if !matches!(window.get(start), Some(b'(' | b'<')) {
            return 1;
        }
        if self.budget < 64 {
            self.found.left |= MetadataKind::History;
            return 1;
        }
        let Some(dictionary) = self.enclosing_dictionary(window, at) else { return 1 };
        if !dictionary.is_annotation() {
            return 1;
        }
        let Some(len) = string_len(&window[start..]) else { return 1 };
        let value = &mut window[start..start + len];
        if value.starts_with(b"(D:") {
            self.overwrite(value, MetadataKind::History);
        } else {
            self.replace_author(value);
        }
        start + len - at
    }

    /// Puts a neutral name in the place of an author's, where it fits.
    fn replace_author(&mut self, value: &mut [u8]) {
        let [open, text @ .., _] = value else { return };
        if text.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let name = self.pseudonyms.pseudonym_for(text.trim_ascii());
        let name = if *open == b'(' {
            name.into_bytes()
        } else {
            name.bytes().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect()
        };
        if text.trim_ascii() == name {
            return;
        }
        self.overwrite(value, MetadataKind::History);
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
    pub(super) fn scrub_file_id(&mut self, window: &mut [u8], at: usize, key: usize) -> usize {
        let start = at + key + whitespace_len(&window[at + key..]);
        if window.get(start) != Some(&b'[') || self.in_object_stream {
            return 1;
        }
        let Some(dictionary) = self.enclosing_dictionary(window, at) else { return 1 };
        if !dictionary.contains_key(b"/Root") || dictionary.contains_key(b"/Encrypt") {
            return 1;
        }
        let mut at = start + 1;
        loop {
            at += whitespace_len(&window[at..]);
            let Some(len) = string_len(&window[at..]) else { return 1 };
            let text = &mut window[at + 1..at + len - 1];
            if text.iter().any(|byte| *byte != b'0') {
                self.found.removed |= MetadataKind::Other;
                text.fill(b'0');
            }
            at += len;
        }
    }

    /// The dictionary around a key, as long as there is something left to look through it.
    fn enclosing_dictionary<'w>(
        &mut self,
        window: &'w [u8],
        at: usize,
    ) -> Option<PdfDictionary<'w>> {
        if self.budget == 0 {
            return None;
        }
        let (dictionary, looked_at) = PdfDictionary::enclosing(window, at);
        self.budget = self.budget.saturating_sub(looked_at);
        dictionary
    }
}
