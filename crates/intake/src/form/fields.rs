//! Problems of form fields, and the size limits of forms.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// A problem of one field. It never contains the typed value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {problem}")]
pub struct FieldError {
    /// The name of the field, such as `a.place` or `category`.
    pub field: String,
    /// The problem.
    pub problem: FieldProblem,
}

/// The kind of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    /// The field is required.
    #[error("required")]
    Missing,
    /// The value is too long for its question; the limit is in characters. The form can still be
    /// shown, and the reporter can shorten the value.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// The value does not have the form that its question requires.
    #[error("not of the required form")]
    WrongFormat,
    /// The form exceeds the limits of all forms.
    #[error("too many values")]
    FormTooLarge,
    /// The value is not UTF-8.
    #[error("not valid UTF-8")]
    InvalidUtf8,
    /// The mailbox of the related report is corrupt.
    #[error("corrupt mailbox")]
    MailboxCorrupt,
    /// There is no such option, category or receipt.
    #[error("unknown option")]
    UnknownOption,
    /// The form has no such field.
    #[error("unknown field")]
    UnknownField,
}

impl FieldError {
    /// Creates an error. The name is truncated, because a client may send any name.
    pub fn new(field: &str, problem: FieldProblem) -> Self {
        Self { field: field.chars().take(64).collect(), problem }
    }
}

/// Maximum size of all values of a form, in bytes. It is far larger than a report may be, so that
/// the form can return a text that is too long for its question.
pub const MAX_FORM_BYTES: usize = 320 * 1024;
/// Maximum number of fields in one form. The longest questionnaire has about a hundred.
const MAX_FIELDS: usize = 400;

/// Counts the fields of a form and decodes their values.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldReader {
    bytes: usize,
    fields: usize,
    invalid_utf8: Vec<FieldError>,
}

impl FieldReader {
    /// Returns the value of a field, normalized by [`normalize_text`]. Bytes that are not UTF-8
    /// become U+FFFD, and [`FieldReader::invalid_utf8`] names the field if the reporter types into
    /// it.
    ///
    /// # Errors
    /// [`FieldProblem::FormTooLarge`] if the form exceeds the limits.
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

    /// Returns the fields that were not UTF-8. Their text contains U+FFFD, so the reporter must see
    /// it before sending.
    pub(super) fn invalid_utf8(&self) -> &[FieldError] {
        &self.invalid_utf8
    }
}

/// Returns a text with `\n` for every kind of line end, and without control characters other than
/// tabs. Text that is copied from word processors contains vertical tabs, form feeds and others.
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

/// Returns whether a text has no visible character. Spaces, joiners, fillers and the empty Braille
/// pattern look like an empty field.
pub fn is_blank(text: &str) -> bool {
    static BLANK_TEXT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[\s\p{Default_Ignorable_Code_Point}\u{2800}]*$").expect("a test compiles it")
    });
    BLANK_TEXT.is_match(text)
}

/// Parses a seed of 64 hexadecimal digits.
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
        let mut reader = FieldReader::default();
        let text = reader.decode("a.story", bytes, true).unwrap();
        assert_eq!(reader.invalid_utf8(), []);
        text
    }

    #[test]
    fn control_characters_of_word_processors_become_line_ends_or_are_removed() {
        for line_end in ["\r\n", "\r", "\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            assert_eq!(decode_typed(format!("a{line_end}b").as_bytes()), "a\nb", "{line_end:?}");
        }
        for removed in
            ["\0", "\u{1}", "\u{3}", "\u{8}", "\u{1b}", "\u{1f}", "\u{7f}", "\u{80}", "\u{9f}"]
        {
            assert_eq!(decode_typed(format!("a{removed}b").as_bytes()), "ab", "{removed:?}");
        }
        let unchanged = "tab\t, joiner \u{200d}, mark of direction \u{200f}, 👩🏽‍🌾";
        assert_eq!(decode_typed(unchanged.as_bytes()), unchanged);
    }

    #[test]
    fn invalid_utf8_is_marked_and_the_rest_is_unchanged() {
        let mut reader = FieldReader::default();
        assert_eq!(
            reader.decode("a.story", b"caf\xe9 noir", true),
            Ok("caf\u{fffd} noir".to_owned())
        );
        reader.decode("go", b"\xff", false).unwrap();
        assert_eq!(reader.invalid_utf8(), [FieldError::new("a.story", FieldProblem::InvalidUtf8)]);
    }

    #[test]
    fn a_text_without_visible_characters_is_blank() {
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
