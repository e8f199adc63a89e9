//! Telephone numbers in texts, as `tel:` links.

use std::sync::LazyLock;

use regex::Regex;

/// Minimum number of digits of a telephone number in a text. Shorter numbers are hours, boxes and
/// streets.
const MIN_DIGITS: usize = 6;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextPiece {
    /// The shown text.
    pub(super) text: String,
    /// The `tel:` link; empty for text that is not a number.
    pub(super) call: String,
}

/// Splits a text into numbers and other text. Numbers have six digits or more, or equal `short`.
pub(super) fn link_phone_numbers(text: &str, short: &str) -> Vec<TextPiece> {
    static PHONE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\+?\d(?:[ .\-/\u00a0\u202f\u2011]{0,2}\d)*").expect("a test compiles it")
    });
    let mut pieces = Vec::new();
    let mut from = 0;
    for found in PHONE_NUMBER.find_iter(text) {
        let digits: String = found.as_str().chars().filter(char::is_ascii_digit).collect();
        if digits.len() < MIN_DIGITS && found.as_str() != short {
            continue;
        }
        if found.start() > from {
            pieces.push(TextPiece {
                text: text[from..found.start()].to_owned(),
                call: String::new(),
            });
        }
        let plus = if found.as_str().starts_with('+') { "+" } else { "" };
        pieces.push(TextPiece {
            text: found.as_str().to_owned(),
            call: format!("tel:{plus}{digits}"),
        });
        from = found.end();
    }
    if from < text.len() {
        pieces.push(TextPiece { text: text[from..].to_owned(), call: String::new() });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked_numbers(text: &str) -> Vec<(String, String)> {
        let short = if text.contains("Appelez") { "17" } else { "" };
        let pieces = link_phone_numbers(text, short);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), text);
        let calls = pieces.into_iter().filter(|piece| !piece.call.is_empty());
        calls.map(|piece| (piece.text, piece.call)).collect()
    }

    #[test]
    fn numbers_become_links_and_the_text_is_unchanged() {
        for (text, number, call) in [
            ("Numéro vert 80 00 11 02, 01 BP 4521 Ouagadougou", "80 00 11 02", "tel:80001102"),
            ("(+226) 25-30-67-00, de 8 h à 17 h 30", "+226", ""),
            ("Appelez le \u{2068}17\u{2069} d’abord", "17", "tel:17"),
            ("+226 25 30 67 00", "+226 25 30 67 00", "tel:+22625306700"),
            ("80\u{a0}00\u{a0}11\u{a0}02", "80\u{a0}00\u{a0}11\u{a0}02", "tel:80001102"),
        ] {
            let found = linked_numbers(text);
            if call.is_empty() {
                assert_eq!(
                    found,
                    [("25-30-67-00".to_owned(), "tel:25306700".to_owned())],
                    "{text}"
                );
            } else {
                assert_eq!(found, [(number.to_owned(), call.to_owned())], "{text}");
            }
        }
        assert_eq!(linked_numbers("plainte@exemple.example, porte 12, ouvert 8-17 h"), []);
    }
}
