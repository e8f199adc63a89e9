//! The document information of a PDF, the authors of annotations, and the file identifiers.
//! the numbers that copies share.

use super::{PdfEditor, dictionary::PdfDictionary, string_len, whitespace_len};
use crate::{metadata_kind::MetadataKind, rules};

impl PdfEditor<'_> {
    /// Overwrites all strings of the document information, including those under unknown keys.
    /// Returns whether the value of this key is one of them.
    pub(super) fn scrub_info_dictionary(
        &mut self,
        window: &mut [u8],
        at: usize,
        key: usize,
    ) -> bool {
        let value_start = at + key + whitespace_len(&window[at + key..]);
        if at < self.info_end {
            // The whole dictionary has been overwritten.
            return matches!(window.get(value_start), Some(b'(' | b'<'));
        }
        let Some(dictionary) = self.enclosing_dictionary(window, at) else { return false };
        let Some(strings) = dictionary.info_texts() else { return false };
        let kind_of = |key: &[u8]| {
            let rule = rules::builtin().pdf.iter().find(|rule| rule.key.as_bytes() == key);
            rule.map_or(MetadataKind::Other, |rule| rule.kind)
        };
        let strings: Vec<_> =
            strings.into_iter().map(|(key, value)| (kind_of(key), value)).collect();
        // If a value is in another object, the rule of its key follows the reference.
        self.info_end = strings.iter().map(|(_, value)| value.end).max().unwrap_or_default();
        let is_value = strings.iter().any(|(_, value)| value.start == value_start);
        for (kind, value) in strings {
            self.overwrite(&mut window[value], kind);
        }
        is_value
    }

    /// Overwrites the author or date of an annotation. Annotations of one author get the same
    /// pseudonym.
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

    /// Replaces an author's name by a pseudonym if it fits.
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

    /// Overwrites the two identifiers that all copies of a file share. Encrypted files need them.
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

    /// Returns the dictionary around a key, unless the budget is exhausted.
    fn enclosing_dictionary<'w>(
        &mut self,
        window: &'w [u8],
        at: usize,
    ) -> Option<PdfDictionary<'w>> {
        if self.budget == 0 {
            return None;
        }
        let (dictionary, searched) = PdfDictionary::enclosing(window, at);
        self.budget = self.budget.saturating_sub(searched);
        dictionary
    }
}
