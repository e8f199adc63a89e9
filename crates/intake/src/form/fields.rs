//! What can be wrong with a field, and the sizes that a form may have at all.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// Something is wrong with one field. Never repeats what was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {problem}")]
pub struct FieldError {
    /// The field's name, such as `a.place` or `category`.
    pub field: String,
    /// What.
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// Must be filled in.
    #[error("missing")]
    Missing,
    /// Too long for its question; the limit is in characters. The form can still be shown and
    /// shortened.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Beyond what a form may carry at all.
    #[error("too much")]
    FormTooLarge,
    /// Not UTF-8.
    #[error("not text")]
    InvalidUtf8,
    /// The mailbox of the other report is damaged.
    #[error("damaged")]
    MailboxCorrupt,
    /// No such option, category or receipt.
    #[error("not on offer")]
    UnknownOption,
    /// No field of this form.
    #[error("no field of this form")]
    UnknownField,
}

impl FieldError {
    /// A problem of a field. The name is cut: it may be anything that a client sent.
    pub fn new(field: &str, problem: FieldProblem) -> Self {
        Self { field: field.chars().take(64).collect(), problem }
    }
}

/// All values of a form together, in bytes. Far more than a report may hold: a text that is too
/// long for its question comes back in the form, to be shortened.
pub const MAX_FORM_BYTES: usize = 320 * 1024;
/// Most fields in one form; the longest questionnaire has about a hundred.
const MAX_FIELDS: usize = 400;

/// Counts what a form carries and turns bytes into text.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldReader {
    bytes: usize,
    fields: usize,
    invalid_utf8: Vec<FieldError>,
}

impl FieldReader {
    /// The text of a field, as [`normalize_text`] gives it. Bytes that are not UTF-8 become U+FFFD,
    /// and [`FieldReader::invalid_utf8`] names the field, if it is one that the reporter types
    /// into.
    ///
    /// # Errors
    /// The form carries more than a form may.
    pub(super) fn decode(
        &mut self,
        name: &str,
        value: &[u8],
        is_typed: bool,
    ) -> Result<String, FieldError> {
        self.bytes += value.len() + name.len();
        self.fields += 1;
        if self.bytes > MAX_FORM_BYTES || self.fields > MAX_FIELDS {
            return Err(FieldError::new(name, FieldProblem::FormTooLarge));
        }
        let text = String::from_utf8_lossy(value);
        if is_typed && matches!(text, Cow::Owned(_)) {
            self.invalid_utf8.push(FieldError::new(name, FieldProblem::InvalidUtf8));
        }
        Ok(normalize_text(&text))
    }

    /// The fields that were not UTF-8. Their text holds U+FFFD and must be seen before it is sent.
    pub(super) fn invalid_utf8(&self) -> &[FieldError] {
        &self.invalid_utf8
    }
}

/// A text with `\n` for every kind of line end, without other control characters but tabs. Word
/// processors put vertical tabs, form feeds and others into what is copied from them.
fn normalize_text(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter_map(|c| match c {
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\n' | '\t' => Some(c),
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

/// Does a text show nothing at all? Spaces, joiners, fillers and the empty Braille pattern look
/// like an empty field to everybody who reads it.
pub fn is_blank(text: &str) -> bool {
    static BLANK_TEXT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[\s\p{Default_Ignorable_Code_Point}\u{2800}]*$").expect("a test compiles it")
    });
    BLANK_TEXT.is_match(text)
}

/// 64 hexadecimal digits as bytes.
pub(super) fn parse_seed(field: &str, text: &str) -> Result<[u8; 32], FieldError> {
    let mut seed = [0; 32];
    hex::decode_to_slice(text, &mut seed)
        .map_err(|_| FieldError::new(field, FieldProblem::UnknownOption))?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_typed(bytes: &[u8]) -> String {
        let mut intake = FieldReader::default();
        let text = intake.decode("a.story", bytes, true).unwrap();
        assert_eq!(intake.invalid_utf8(), []);
        text
    }

    #[test]
    fn control_characters_of_word_processors_become_line_ends_or_go() {
        for line_end in ["\r\n", "\r", "\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(decode_typed(format!("a{line_end}b").as_bytes()), "a\nb", "{line_end:?}");
        }
        for gone in
            ["\0", "\u{1}", "\u{3}", "\u{8}", "\u{1b}", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}"]
        {
            assert_eq!(decode_typed(format!("a{gone}b").as_bytes()), "ab", "{gone:?}");
        }
        let kept = "tab\t, joiner \u{200d}, mark of direction \u{200f}, 👩🏽‍🌾";
        assert_eq!(decode_typed(kept.as_bytes()), kept);
    }

    #[test]
    fn bytes_that_are_no_text_are_marked_and_the_rest_is_kept() {
        let mut intake = FieldReader::default();
        assert_eq!(
            intake.decode("a.story", b"caf\xe9 noir", true),
            Ok("caf\u{fffd} noir".to_owned())
        );
        intake.decode("go", b"\xff", false).unwrap();
        assert_eq!(intake.invalid_utf8(), [FieldError::new("a.story", FieldProblem::InvalidUtf8)]);
    }

    #[test]
    fn a_text_that_shows_nothing_is_blank() {
        for blank in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{ad}",
            "\u{feff}\u{2060}",
            "\u{a0}\u{3000}",
            "\u{115f}\u{ffa0}",
            "\u{200e}\u{61c}\u{fe0f}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for shown in [".", "é", "0", "\u{200b}a", "؟", "👍"] {
            assert!(!is_blank(shown), "{shown:?}");
        }
    }
}
