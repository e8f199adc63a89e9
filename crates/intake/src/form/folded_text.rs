//! The form of a text on which the detection rules work.
//!
//! A person can write one number in many ways: with full-width or Arabic digits, with spaces that
//! do not break, with invisible characters, with the letter O for zero. The folded form writes all
//! of them alike. It is only searched; passages and redactions are taken from the text itself. The
//! browser script folds alike (`browser/src/folded_text.ts`).

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

/// Characters that a reader does not see, and marks above or below a letter. Text in composed form
/// (NFC) has such marks only in scripts that write the vowels optionally.
static IGNORED: LazyLock<Regex> =
    LazyLock::new(|| class(r"[\p{Default_Ignorable_Code_Point}\p{M}\u{640}]"));
static DASH: LazyLock<Regex> = LazyLock::new(|| class(r"\p{Dash}"));
static SPACE: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{White_Space}\u{2800}]"));
static RUN: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{Alphabetic}\p{N}]+"));

/// The zero of each script whose digits are folded: Arabic-Indic, Persian and N'Ko.
const ZEROS: [char; 3] = ['\u{660}', '\u{6f0}', '\u{7c0}'];

fn class(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a test folds a text")
}

/// A folded text with the origin of each byte.
pub(super) struct FoldedText {
    text: String,
    /// The character of the original text from which each byte comes.
    origins: Vec<Range<usize>>,
}

impl FoldedText {
    /// Folds a text in composed form (NFC).
    pub(super) fn new(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), origins: Vec::new() };
        for (start, character) in original.char_indices() {
            let origin = start..start + character.len_utf8();
            if character.is_ascii() || is_unchanged(character) {
                folded.push(character, &origin);
            } else {
                for part in std::iter::once(character).nfkc() {
                    folded.push(part, &origin);
                }
            }
        }
        folded.text = RUN.replace_all(&folded.text, fold_digit_lookalikes).into_owned();
        folded
    }

    fn push(&mut self, character: char, origin: &Range<usize>) {
        let Some(folded) = fold_character(character) else {
            // It belongs to the character before it, as an accent does.
            if let Some(last) = self.origins.last_mut() {
                last.end = origin.end;
            }
            return;
        };
        self.text.push(folded);
        self.origins.resize(self.text.len(), origin.clone());
    }

    /// Returns the folded text.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the range in the original text for a range in the folded one.
    pub(super) fn original_range(&self, range: &Range<usize>) -> Range<usize> {
        let end = |index: usize| index.checked_sub(1).map_or(0, |last| self.origins[last].end);
        let start = self.origins.get(range.start).map_or_else(|| end(range.start), |o| o.start);
        start..if range.is_empty() { start } else { end(range.end) }
    }
}

/// Returns whether a character has a compatible form (NFKC) that would change the meaning: the
/// signs of Latin-1 such as "º" and "²", and the ellipsis of a redaction.
fn is_unchanged(character: char) -> bool {
    matches!(character, '\u{a1}'..='\u{ff}' | '…')
}

/// Returns the folded form of a character, or `None` for one that a reader does not see.
fn fold_character(character: char) -> Option<char> {
    let mut buffer = [0; 4];
    let encoded: &str = character.encode_utf8(&mut buffer);
    let digit = |zero: char| u32::from(character).checked_sub(u32::from(zero)).filter(|d| *d < 10);
    Some(match character {
        '\n' | '\r' => character,
        '’' | 'ʼ' | 'ʻ' | '‘' | '‛' | '´' | '`' | '′' => '\'',
        '،' => ',',
        '؛' => ';',
        _ if character.is_ascii_graphic() => character,
        _ if IGNORED.is_match(encoded) => return None,
        _ if DASH.is_match(encoded) => '-',
        _ if SPACE.is_match(encoded) => ' ',
        _ => ZEROS
            .into_iter()
            .find_map(digit)
            .and_then(|digit| char::from_digit(digit, 10))
            .unwrap_or(character),
    })
}

/// Writes a run of letters and digits with digits only, if all its letters look like digits.
fn fold_digit_lookalikes(run: &Captures<'_>) -> String {
    let run = &run[0];
    let looks_like_digits = run.bytes().all(|b| b.is_ascii_digit() || b"OoIl".contains(&b));
    let is_number = run.bytes().any(|b| b.is_ascii_digit())
        || (run.len() > 1 && run.bytes().all(|b| b"Oo".contains(&b)));
    if looks_like_digits && is_number {
        run.replace(['O', 'o'], "0").replace(['I', 'l'], "1")
    } else {
        run.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_alike_however_it_is_typed() {
        for (text, folded) in [
            ("７０－１２", "70-12"),
            ("٧٠ ۱۲ ߃߄", "70 12 34"),
            ("7\u{200b}0\u{ad}1\u{feff}2", "7012"),
            ("7\u{fe0f}\u{20e3}0\u{fe0f}\u{20e3}", "70"),
            ("70\u{a0}12\u{202f}34\u{3000}56\t78", "70 12 34 56 78"),
            ("70\u{2011}12–34−56", "70-12-34-56"),
            ("7O OO 2l I3 os lo O", "70 00 21 13 os lo O"),
            ("l’été n.º 5 […]\r\n", "l'été n.º 5 […]\r\n"),
            ("الجُمْرُكِيُّ، نعم", "الجمركي, نعم"),
        ] {
            assert_eq!(FoldedText::new(text).as_str(), folded);
        }
    }

    #[test]
    fn a_range_of_the_folded_text_leads_to_the_original() {
        let text = "é\u{200b}７\u{200b}０ x";
        let folded = FoldedText::new(text);
        assert_eq!(folded.as_str(), "é70 x");
        assert_eq!(&text[folded.original_range(&(2..4))], "７\u{200b}０");
        assert_eq!(&text[folded.original_range(&(0..6))], text);
        assert_eq!(folded.original_range(&(2..2)).len(), 0);
        assert_eq!(FoldedText::new("").original_range(&(0..0)), 0..0);
    }
}
