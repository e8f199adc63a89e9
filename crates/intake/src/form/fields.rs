//! What can be wrong with a field, and the sizes that a form may have at all.

/// Something is wrong with one field. Never repeats what was typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {problem}")]
pub struct FieldError {
    /// The field's name, such as `a.place` or `category`.
    pub field: String,
    /// What.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Must be filled in.
    #[error("missing")]
    Missing,
    /// Too long for its question; the limit is in characters. The form can still be shown and shortened.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Beyond what a form may carry at all.
    #[error("too much")]
    TooMuch,
    /// Not UTF-8, or with control characters.
    #[error("not text")]
    NotText,
    /// The mailbox of the other report is damaged.
    #[error("damaged")]
    Damaged,
    /// No such option, category or receipt.
    #[error("not on offer")]
    NotOffered,
    /// No field of this form.
    #[error("no field of this form")]
    Unknown,
}

impl FieldError {
    /// A problem of a field. The name is cut: it may be anything that somebody sent.
    pub fn new(field: &str, problem: Problem) -> Self {
        Self { field: field.chars().take(64).collect(), problem }
    }
}

/// Longest value of one field in bytes, before anything looks at it.
const MAX_VALUE: usize = 64 * 1024;
/// All values together, in bytes.
const MAX_TOTAL: usize = 160 * 1024;
/// Most fields in one form; the longest questionnaire has about a hundred.
const MAX_FIELDS: usize = 400;

/// Counts what a form carries and turns bytes into text.
#[derive(Debug, Clone, Default)]
pub(super) struct Intake {
    bytes: usize,
    fields: usize,
}

impl Intake {
    /// The text of a field: UTF-8, line ends as `\n`, no other control characters.
    pub(super) fn take(&mut self, name: &str, value: &[u8]) -> Result<String, FieldError> {
        self.bytes += value.len() + name.len();
        self.fields += 1;
        if value.len() > MAX_VALUE || self.bytes > MAX_TOTAL || self.fields > MAX_FIELDS {
            return Err(FieldError::new(name, Problem::TooMuch));
        }
        let text = std::str::from_utf8(value).map_err(|_| FieldError::new(name, Problem::NotText))?;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(FieldError::new(name, Problem::NotText));
        }
        Ok(text)
    }
}

/// 64 hexadecimal digits as bytes.
pub(super) fn seed(field: &str, text: &str) -> Result<[u8; 32], FieldError> {
    let mut seed = [0; 32];
    hex::decode_to_slice(text, &mut seed).map_err(|_| FieldError::new(field, Problem::NotOffered))?;
    Ok(seed)
}
